"""The bundle for Claude Desktop, validated and packed by the official tool, and looked into."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.bundle import CARRIED, TOOL, pack, stage
from scripts.house import PACKAGE
from sora_mcp import __version__
from sora_mcp.server.tools import TOOLS

from .environments import NODE
from .typed import find_environment

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]
MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def tool() -> list[str]:
    """The official tool."""
    environment = find_environment("mcpb")
    return [str(environment.program), str(environment.find_program("mcpb").resolve())]


@pytest.fixture(scope="module")
def unpacked(tool: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a client has after it opened the bundle."""
    folder = tmp_path_factory.mktemp("bundle")
    stage(folder / "staged")
    pack(folder / "staged", folder / "x.mcpb", tool)
    assert (folder / "x.mcpb").stat().st_size < MOST_BYTES
    with zipfile.ZipFile(folder / "x.mcpb") as bundle:
        assert bundle.testzip() is None
        bundle.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture
def manifest(unpacked: Path) -> Mapping[str, Any]:
    return json.loads((unpacked / "manifest.json").read_text("utf-8"))


def test_the_tool_is_the_one_that_make_bundle_runs() -> None:
    assert NODE["mcpb"] == (TOOL,)


def test_the_bundle_holds_the_package_and_no_library(unpacked: Path) -> None:
    ours = {path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    beside = {Path(name) for name in (*CARRIED, "NOTICE.txt", "manifest.json", "icon.png")}
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()} == ours | beside
    assert "nothing of it is distributed" in (unpacked / "NOTICE.txt").read_text("utf-8").lower()


def test_the_manifest_is_of_this_version_and_these_tools(manifest: Mapping[str, Any], unpacked: Path) -> None:
    server = manifest["server"]
    assert (manifest["manifest_version"], manifest["version"], server["type"]) == ("0.4", __version__, "uv")
    assert [tool["name"] for tool in manifest["tools"]] == list(TOOLS)
    assert (unpacked / server["entry_point"]).is_file()
    assert {name: field.get("sensitive", False) for name, field in manifest["user_config"].items()} == {
        "key": True,
        "folder": False,
        "daily": False,
    }


def test_the_unpacked_server_starts_with_nothing_filled_in(manifest: Mapping[str, Any], unpacked: Path, tmp_path: Path) -> None:
    """Every variable arrives as its placeholder, as Claude Desktop leaves it."""
    given = manifest["server"]["mcp_config"]["env"]
    environ = {"HOME": str(tmp_path), "SORA_MCP_HOME": str(tmp_path / "home"), "PYTHONPATH": str(unpacked), **given}
    command = [sys.executable, "-m", "sora_mcp", "doctor", "--offline"]
    done = subprocess.run(command, env=environ, cwd=unpacked, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert "no vendor has a key, so every video is a free sample clip" in done.stdout, done.stderr
    assert "$10.00 a day" in done.stdout and "user_config" not in done.stdout


def test_what_the_user_fills_in_counts(manifest: Mapping[str, Any], unpacked: Path, tmp_path: Path) -> None:
    filled = {"${user_config.key}": "sk-or-v1-0123456789", "${user_config.folder}": str(tmp_path / "clips"), "${user_config.daily}": "3"}
    given = {name: filled[value] for name, value in manifest["server"]["mcp_config"]["env"].items()}
    environ = {"HOME": str(tmp_path), "SORA_MCP_HOME": str(tmp_path / "home"), "PYTHONPATH": str(unpacked), **given}
    command = [sys.executable, "-m", "sora_mcp", "doctor", "--offline"]
    done = subprocess.run(command, env=environ, cwd=unpacked, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    said = " ".join(done.stdout.split())
    assert "OpenRouter: has a key" in said and "$3.00 a day" in said and f"videos: {tmp_path / 'clips'}" in said


def test_a_manifest_that_the_tool_refuses_is_not_packed(tool: list[str], tmp_path: Path) -> None:
    stage(tmp_path / "staged")
    file = tmp_path / "staged" / "manifest.json"
    bad = json.loads(file.read_text("utf-8"))
    del bad["server"]["mcp_config"]
    file.write_text(json.dumps(bad), "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        pack(tmp_path / "staged", tmp_path / "x.mcpb", tool)
    assert not (tmp_path / "x.mcpb").exists()

"""The bundle and the plugin say what the code says; their clients' own tools read them in tests/clients."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from scripts import bundle, plugin
from scripts.house import ROOT
from sora_mcp import __version__
from sora_mcp.config.settings import FLAGS, KEYS
from sora_mcp.server.prompts import PROMPTS
from sora_mcp.server.tools import TOOLS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_plugin_is_current() -> None:
    assert [str(path) for path, text in plugin.files().items() if path.read_text("utf-8") != text] == [], "run: make readme"


def test_the_skill_has_every_rule_of_the_guide_and_names_tools_that_exist() -> None:
    guide = plugin.GUIDE.read_text("utf-8").split("## Families")[0]
    skill = plugin.make_skill()
    rules = re.findall(r"^\d+\. .+$", guide, re.MULTILINE)
    assert len(rules) > 5 and [rule for rule in rules if rule not in skill] == []
    assert set(re.findall(r"`((?:list|get|create|edit|view|cancel|estimate)_\w+)`", skill)) <= {*TOOLS}


def test_each_command_of_the_plugin_names_a_prompt_and_tools_that_exist() -> None:
    commands = {path.stem: path.read_text("utf-8") for path in (ROOT / "plugin" / "commands").glob("*.md")}
    assert commands.keys() == {"storyboard", "spend"}
    assert "storyboard" in {prompt.name for prompt in PROMPTS}
    for text in commands.values():
        assert "$ARGUMENTS" in text and "uy nothing" in text
        assert set(re.findall(r"`([a-z]+_[a-z_]+)`", text)) <= {*TOOLS}


def test_the_plugin_and_the_bundle_start_what_the_package_has() -> None:
    servers = plugin.make_manifest()["mcpServers"]["sora"], bundle.make_manifest()["server"]["mcp_config"]
    for server in servers:
        assert server["command"] == "uv" and server["args"][-1] in PROJECT["scripts"]
        assert server["args"][server["args"].index("--extra") + 1] in PROJECT["optional-dependencies"]


def test_the_bundle_asks_for_a_key_a_folder_and_a_daily_cap() -> None:
    manifest = bundle.make_manifest()
    environ = manifest["server"]["mcp_config"]["env"]
    assert {row.variable for row in (*KEYS, *FLAGS)} >= environ.keys() == {bundle.KEY, bundle.FOLDER, bundle.DAILY}
    assert {*environ.values()} == {f"${{user_config.{name}}}" for name in manifest["user_config"]}
    assert [name for name, field in manifest["user_config"].items() if field.get("sensitive")] == ["key"]
    assert manifest["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]


def test_what_is_staged_has_no_library_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "staged"
    bundle.stage(folder)
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["version"] == __version__
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.suffix in (".so", ".pyd", ".dylib", ".dll", ".whl", ".pyc")] == []
    assert "libx264" in (folder / "NOTICE.txt").read_text("utf-8")
    assert [name for name in ("LICENSE", "README.md", "pyproject.toml", "icon.png") if not (folder / name).is_file()] == []

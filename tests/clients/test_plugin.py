"""The plugin for Claude Code, validated, installed and listed by the real program."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts.house import ROOT
from sora_mcp import __version__

from .typed import Shell, find_environment

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]
PARTS = ("mcpServers: sora stdio uv", "skills: sora-mcp:direct-short-videos", "commands: sora-mcp:spend", "commands: sora-mcp:storyboard")


@pytest.fixture
def claude(tmp_path: Path) -> Shell:
    (home := tmp_path / "home").mkdir()
    return Shell(home, find_environment("claude-code"))


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of what the repository has of the plugin."""
    folder = tmp_path / "clone"
    for name in (".claude-plugin", "plugin"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def test_the_validator_passes_it_with_every_part(claude: Shell, plugin: Path) -> None:
    said = claude.run(["claude", "plugin", "validate", "--strict", str(plugin)])
    assert "Validation passed" in said and "warning" not in said
    assert [part for part in PARTS if part not in said] == []


def test_it_is_installed_from_its_own_marketplace(claude: Shell, plugin: Path) -> None:
    claude.run(["claude", "plugin", "marketplace", "add", str(plugin)])
    claude.run("claude plugin install sora-mcp@sora-mcp")
    [listed] = [one for one in json.loads(claude.run("claude plugin list --json")) if one["id"] == "sora-mcp@sora-mcp"]
    assert (listed["version"], listed["enabled"]) == (__version__, True)
    assert listed["mcpServers"]["sora"]["command"] == "uv"


def test_a_broken_manifest_does_not_pass(claude: Shell, plugin: Path) -> None:
    file = plugin / ".claude-plugin" / "plugin.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "skills": "./nowhere/"}), "utf-8")
    with pytest.raises(AssertionError, match="nowhere"):
        claude.run(["claude", "plugin", "validate", str(plugin)])

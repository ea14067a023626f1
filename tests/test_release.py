"""A release, up to what is uploaded."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from scripts import release, server_json
from scripts.house import ROOT
from sora_mcp import __version__
from tests.each import each

DAY = date(2026, 12, 1)


def read_all() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in release.edit("99.0.0", DAY)}


def test_a_dry_run_says_what_would_change_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = read_all()
    release.main(["99.0.0", "--dry-run"])
    out = capsys.readouterr().out
    assert f'-__version__ = "{__version__}"\n+__version__ = "99.0.0"\n' in out
    assert re.search(r"^\+## \[99\.0\.0\] - \d{4}-\d\d-\d\d$", out, re.MULTILINE)
    assert [path.name for path in before if f"+++ {path.relative_to(ROOT)}" not in out and path.suffix != ".md"] == []
    assert "sora-mcp-99.0.0.mcpb" in out and not (ROOT / "dist" / "99.0.0").exists()
    assert read_all() == before


def test_every_thing_that_is_uploaded_has_a_licence_and_what_carries_pyav_names_the_gpl(capsys: pytest.CaptureFixture[str]) -> None:
    release.main(["99.0.0", "--dry-run"])
    assert release.list_licences() in capsys.readouterr().out
    stages = re.split(r"(?m)^FROM .* AS ", (ROOT / "Dockerfile").read_text("utf-8"))[1:]
    labels = {stage.split()[0]: re.findall(r'licenses="([^"]+)"', stage) for stage in stages}
    assert (labels["base"], labels["slim"], labels["latest"]) == (["MIT"], [], ["MIT AND GPL-2.0-or-later"])
    assert release.LICENCES["image, target latest"].startswith(labels["latest"][0])


def test_each_file_has_the_new_version_and_no_old_one() -> None:
    texts = release.edit("99.0.0", DAY)
    named = [path.name for path, text in texts.items() if "99.0.0" in text]
    assert sorted(named) == ["CHANGELOG.md", "__init__.py", "marketplace.json", "plugin.json", "server.json"]
    assert [path.name for path, text in texts.items() if path.suffix in (".json", ".py") and f'"{__version__}"' in text] == []


def test_what_was_unreleased_stands_under_the_version_and_day() -> None:
    text = release.edit("99.0.0", DAY)[release.CHANGELOG]
    empty, released = text.split("## [Unreleased]\n")[1].split("## [99.0.0] - 2026-12-01\n")
    assert (empty, text.count("## [Unreleased]")) == ("\n", 1)
    assert released == release.CHANGELOG.read_text("utf-8").split("## [Unreleased]\n")[1]


@each("version, why", [("1.0", "three numbers"), ("v1.0.0", "three numbers"), ("0.0.1", "older than")])
def test_a_version_that_cannot_be_is_refused(version: str, why: str) -> None:
    with pytest.raises(SystemExit, match=why):
        release.main([version, "--dry-run"])


def test_a_failed_build_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old", "utf-8")
    with pytest.raises(ValueError, match="version"):
        release.release("no version", {file: "new"}, tmp_path / "dist", build=_fail)
    assert (file.read_text("utf-8"), (tmp_path / "dist").exists()) == ("old", False)


def _fail(version: str, out: Path) -> None:
    out.mkdir()
    raise ValueError(version)


def test_the_released_server_json_names_the_bundle_by_its_hash() -> None:
    """A registry refuses `version` and `registryBaseUrl` in such a package."""
    pypi, mcpb = server_json.content("99.0.0", "0" * 64)["packages"]
    assert pypi["runtimeArguments"][0]["value"] == "sora-mcp[media]==99.0.0"
    assert mcpb == {
        "registryType": "mcpb",
        "identifier": "https://github.com/sora-mcp/sora-mcp/releases/download/v99.0.0/sora-mcp-99.0.0.mcpb",
        "fileSha256": "0" * 64,
        "transport": {"type": "stdio"},
    }

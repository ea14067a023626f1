"""The demo, and watching."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from sora_mcp.cli import main as cli
from sora_mcp.cli.own_command import own_command
from sora_mcp.store import Store

from ..each import each
from ..stored import CAPS, purchase

JOB = re.compile(r"v_[0-9a-z]{10}")
Printed = pytest.CaptureFixture[str]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, text
    return match[1]


def test_the_demo_makes_a_clip_the_way_a_real_one_is_made(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["demo", "a", "red", "kite"], said) == 0
    out = capsys.readouterr().out
    path = Path(found(r"^path +(.+)$", out))
    assert (path.parent, path.read_bytes()[4:8]) == (Path(said["SORA_MCP_OUTPUT_DIR"]), b"ftyp")
    assert "a-red-kite" in path.name
    assert found(r"^price +(.+)$", out) == "$0.00: no vendor was called"
    assert out.splitlines()[-2].startswith("Next: ")

    job = found(r"^job +(.+)$", out)
    assert cli.run(["jobs"], said) == 0
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split() == ["JOB", "STATE", "MODEL", "SIZE", "SECONDS", "PRICE", "CHARGED", "MADE", "PROMPT"]
    assert line.split()[:7] == [job, "completed", "sample:sample", "1280x720", "4", "$0.00", "no"]
    assert line.endswith("a red kite")

    assert cli.run(["show", job.upper()], said) == 0
    shown = capsys.readouterr().out
    assert found(r"^path +(.+)$", shown) == str(path)
    assert found(r"^bytes +(.+)$", shown) == str(path.stat().st_size)
    assert re.fullmatch(r"[0-9a-f]{64}", found(r"^sha256 +(.+)$", shown))


def test_the_next_step_has_the_command_that_starts_this_program_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "sora-mcp"), "demo"])
    assert own_command() == [str(tmp_path / "sora-mcp")]
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "sora_mcp" / "__main__.py"), "demo"])
    assert own_command() == [sys.executable, "-m", "sora_mcp"]


@each("cache", ["cache/uv/archive-v0/HASH/bin", "uv/cache/archive-v0/HASH/Scripts", "uv/environments-v2/sora-mcp-1f/bin"])
def test_a_program_in_uvs_cache_is_started_through_uvx(cache: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / cache / "sora-mcp"), "demo"])
    uvx, *words = own_command()
    assert (Path(uvx).stem, words[0], words[1].startswith("sora-mcp"), words[2:]) == ("uvx", "--from", True, ["sora-mcp"])


def test_a_second_demo_is_made_again(said: dict[str, str], capsys: Printed) -> None:
    assert [cli.run(["demo"], said), cli.run(["demo"], said)] == [0, 0]
    first, second = re.findall(r"^path +(.+)$", capsys.readouterr().out, re.MULTILINE)
    assert first != second


def test_a_demo_that_ends_without_a_video_says_why(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["demo", "fail:content"], said) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("sora-mcp: ")) == ("", 1, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other words for it")
def test_a_demo_that_has_no_folder_for_its_clips_names_it(said: dict[str, str], capsys: Printed) -> None:
    place = Path(said["SORA_MCP_HOME"], "sample")
    place.parent.mkdir()
    place.write_text("a file where the folder should be", "utf-8")
    assert cli.run(["demo"], said) == 1
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"sora-mcp: Sample clips cannot be kept here ([Errno 17] File exists: {str(place)!r}), so nothing was sent.\n",
    )
    assert cli.run(["jobs"], said) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[1:7] == ["failed", "sample:sample", "1280x720", "4", "$0.00", "no"]


def test_watching_until_idle_ends_when_nothing_is_left(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["watch", "--until-idle"], said) == 0
    assert capsys.readouterr().out == ""


def test_watching_finishes_what_another_process_left(said: dict[str, str], store: Store, capsys: Printed) -> None:
    job = store.reservations.reserve.sync(purchase(vendor="gone", model="model"), CAPS)
    store.reservations.cancel_unsent.sync(job)
    assert cli.run(["watch", "--until-idle"], said) == 0
    assert store.jobs.count_live.sync() == 0

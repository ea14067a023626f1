"""The demo, and watching."""

from __future__ import annotations

import re
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from sora_mcp.cli import demo
from sora_mcp.cli.program_path import own_command
from sora_mcp.cli.setup import clients

from ..each import each
from .conftest import Sora

JOB = re.compile(r"v_[0-9a-z]{10}")


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, text
    return match[1]


def test_the_demo_makes_a_clip_the_way_a_real_one_is_made(sora: Sora, said: dict[str, str]) -> None:
    code, out, _ = sora("demo", "a", "red", "kite")
    path = Path(found(r"^path +(.+)$", out))
    assert (code, path.parent, path.read_bytes()[4:8]) == (0, Path(said["SORA_MCP_OUTPUT_DIR"]), b"ftyp")
    assert "a-red-kite" in path.name
    assert found(r"^price +(.+)$", out) == "$0.00: no vendor was called"
    assert out.splitlines()[-2].startswith("Next: ")

    job = found(r"^job +(.+)$", out)
    heading, line = sora("jobs").out.splitlines()
    assert heading.split() == ["JOB", "STATE", "MODEL", "SIZE", "SECONDS", "PRICE", "CHARGED", "MADE", "PROMPT"]
    assert line.split()[:7] == [job, "completed", "sample:sample", "1280x720", "4", "$0.00", "no"]
    assert line.endswith("a red kite")

    shown = sora("show", job.upper()).out
    assert found(r"^path +(.+)$", shown) == str(path)
    assert found(r"^bytes +(.+)$", shown) == str(path.stat().st_size)
    assert re.fullmatch(r"[0-9a-f]{64}", found(r"^sha256 +(.+)$", shown))


def test_a_demo_asks_no_vendor_even_where_keys_are_stored(sora: Sora) -> None:
    with socket.create_server(("127.0.0.1", 0)) as vendor:
        vendor.setblocking(False)
        address = f"http://127.0.0.1:{vendor.getsockname()[1]}"
        assert sora("demo", OPENROUTER_API_KEY="k-1", SORA_MCP_OPENROUTER_BASE_URL=address).code == 0
        with pytest.raises(BlockingIOError):
            vendor.accept()


def test_a_demo_offers_no_client_that_has_the_server(sora: Sora, tmp_path: Path) -> None:
    for client in clients.known_clients(Path.home()):
        if client.title in ("Cursor", "Codex"):
            clients.write_entry(client, own_command())
    last = sora("demo").out.splitlines()[-1]
    assert last == "Next: ask for a video in Cursor or Codex, where the server is set up already."


@pytest.mark.slow
def test_a_second_demo_makes_a_second_clip(sora: Sora) -> None:
    assert len({found(r"^path +(.+)$", sora("demo", "a", "red", "kite").out) for _ in range(2)}) == 2


@each(
    ("folders", "lines"),
    [
        ((".cursor",), ["Next: `sora-mcp setup` adds the server to Cursor, found on this machine. Then ask there for a video."]),
        (
            (".cursor", ".codex"),
            ["Next: `sora-mcp setup` adds the server to Cursor and Codex, found on this machine. Then ask there for a video."],
        ),
        (
            (".cursor", ".claude.json"),
            ["Next: `sora-mcp setup` adds the server to Cursor, found", "In Claude Code:", "claude mcp add sora "],
        ),
        ((".claude.json",), ["Next: add the server to a chat client", "claude mcp add sora "]),
    ],
)
def test_the_next_step_fits_the_clients_of_this_machine(
    folders: tuple[str, ...], lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Path(tempfile.mkdtemp(dir=tmp_path))
    for name in folders:
        (home / name).touch() if name.endswith(".json") else (home / name).mkdir()
    demo._tell_next(clients.find_clients(home))  # pyright: ignore[reportPrivateUsage]
    told = capsys.readouterr().out.replace("\n", " ")
    places = [told.find(line) for line in lines]
    assert places == sorted(places) and places[0] == 0, told


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


@each("cache", [".cache/pipx/483ee8a99a5debc/bin", "Library/Caches/pipx/4/bin", "pipx/Cache/4/Scripts", ".local/share/pipx/.cache/4/bin"])
def test_a_program_in_the_cache_of_pipx_run_is_started_through_it(cache: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / cache / "sora-mcp"), "demo"])
    pipx, *words = own_command()
    assert (Path(pipx).stem, words[:2], words[2].startswith("sora-mcp"), words[3:]) == ("pipx", ["run", "--spec"], True, ["sora-mcp"])


def test_a_program_that_uv_or_pipx_installed_is_started_by_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("uv/tools/sora-mcp/bin", "pipx/venvs/sora-mcp/bin"):
        monkeypatch.setattr(sys, "argv", [str(tmp_path / folder / "sora-mcp"), "demo"])
        assert own_command() == [str(tmp_path / folder / "sora-mcp")]


def test_a_demo_that_ends_without_a_video_says_why(sora: Sora) -> None:
    code, out, err = sora("demo", "fail:content")
    assert (code, out, err.count("\n"), err.startswith("sora-mcp: ")) == (1, "", 1, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other words for it")
def test_a_demo_that_has_no_folder_for_its_clips_names_it(sora: Sora, said: dict[str, str]) -> None:
    place = Path(said["SORA_MCP_HOME"], "sample")
    place.parent.mkdir()
    place.write_text("a file where the folder should be", "utf-8")
    why = f"sora-mcp: Sample clips cannot be kept here ([Errno 17] File exists: {str(place)!r}), so nothing was sent.\n"
    assert sora("demo") == (1, "", why)
    assert sora("jobs").out.splitlines()[1].split()[1:7] == ["failed", "sample:sample", "1280x720", "4", "$0.00", "no"]


def test_watching_until_idle_ends_when_nothing_is_left(sora: Sora) -> None:
    assert sora("watch", "--until-idle")[:2] == (0, "")

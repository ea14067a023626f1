"""A notification on the desktop when a clip ends: how it is found, what it says, and that no word of it is ever read as a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest

from sora_mcp.cli.checks import check_notifications
from sora_mcp.cli.desktop_notification import APPLESCRIPT, BODY, POWERSHELL, TITLE, Notifier, announce_ends, describe_end, find_notifier
from sora_mcp.config.settings import load
from sora_mcp.domain import Job
from tests.each import each
from tests.nouns import a_job
from tests.server.counter import PlayedService, a_done_job
from tests.waiting import eventually

POWERSHELL_FILE = r"System32\WindowsPowerShell\v1.0\powershell.exe"
"""Never by its name alone: Windows would look in the current folder first."""
HOSTILE = "$(touch pwned) `x`; \"'; <b>bold</b> & %PATH%"


def which(name: str) -> str | None:
    return f"/bin/{name}"


@each(
    ("environ", "platform", "first", "variables"),
    [
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, "linux", "/bin/notify-send", {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}),
        ({}, "linux", None, {}),
        ({}, "darwin", "/bin/osascript", {}),
        ({}, "win32", rf"/bin/C:\Windows\{POWERSHELL_FILE}", {}),
        ({"SYSTEMROOT": r"D:\Win"}, "win32", rf"/bin/D:\Win\{POWERSHELL_FILE}", {}),
    ],
)
def test_a_notifier_is_found_where_the_desktop_has_one(
    environ: Mapping[str, str], platform: str, first: str | None, variables: dict[str, str], tmp_path: Path
) -> None:
    found = find_notifier(environ, platform=platform, which=which, run=tmp_path)
    assert (found and found.words[0], dict(found.environ) if found else {}) == (first, variables)
    assert find_notifier(environ, platform=platform, which=lambda name: None, run=tmp_path) is None


def test_a_server_that_was_started_without_the_buss_name_finds_it_in_the_session(tmp_path: Path) -> None:
    (tmp_path / "bus").touch()
    found = find_notifier({}, platform="linux", which=which, run=tmp_path)
    assert found and dict(found.environ) == {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}"}


def test_no_script_holds_a_place_for_a_text() -> None:
    assert all("item" in line or line.startswith(("on", "end")) for line in APPLESCRIPT)
    assert (POWERSHELL.count(f"$env:{TITLE}"), POWERSHELL.count(f"$env:{BODY}"), "%" in POWERSHELL) == (1, 1, False)


@pytest.mark.skipif(sys.platform == "win32", reason="a script that names its interpreter")
@each("takes_words", [True, False])
def test_the_texts_arrive_as_they_are_and_no_key_goes_with_them(takes_words: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUVI_API_KEY", "s3cr3t")
    program, seen = tmp_path / "show", tmp_path / "seen"
    read = "sys.argv[1:]" if takes_words else f"[os.environ['{TITLE}'], os.environ['{BODY}']]"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nopen({str(seen)!r}, 'w').write(repr({read}) + str('MUVI_API_KEY' in os.environ))\n"
    )
    program.chmod(0o700)
    assert Notifier((str(program),), takes_words).show("Your clip is ready", HOSTILE)
    assert seen.read_text("utf-8") == repr(["Your clip is ready", HOSTILE]) + "False"
    assert not (Path.cwd() / "pwned").exists()
    assert not Notifier((str(tmp_path / "none"),)).show("a", "b")


@each(
    ("job", "title", "body"),
    [
        (a_done_job(), "Your clip is ready", "A paper boat drifts down a rainy street\n2026-11-20_a-paper-boat-drifts_v_0123456789.mp4"),
        (
            replace(a_job(), state="failed", charged="no"),
            "A clip was not made",
            "A paper boat drifts down a rainy street\nnot charged; sora-mcp show v_0123456789 says why.",
        ),
        (
            replace(a_job(), state="unknown", charged="unknown", prompt="x" * 100),
            "A clip needs you",
            f"{'x' * 79}…\nsora-mcp show v_0123456789 says why.",
        ),
    ],
)
def test_it_says_which_clip_and_what_happened_to_it(job: Job, title: str, body: str) -> None:
    assert describe_end(job) == (title, body)


def test_nobody_is_told_of_what_they_cancelled() -> None:
    assert describe_end(replace(a_job(), state="cancelled", charged="no")) is None


@dataclass(frozen=True)
class Screen(Notifier):
    """Remembers what it would show."""

    words: tuple[str, ...] = ()
    shown: list[str] = field(default_factory=list[str])

    def show(self, title: str, body: str) -> bool:
        self.shown.append(title)
        return True


async def test_each_end_is_shown_once_and_also_the_last_one_before_the_watch_ends() -> None:
    service: Any = PlayedService({"v_0123456789": a_done_job(), "v_1": replace(a_job(), id="v_1"), "v_2": replace(a_job(), id="v_2")})
    service.put(replace(a_done_job(), id="v_other", principal="anna"))
    screen = Screen()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(announce_ends, service, screen)
        await anyio.wait_all_tasks_blocked()
        service.put(replace(a_done_job(), id="v_1"))
        assert await eventually(lambda: len(screen.shown) == 1)
        service.put(replace(a_job(), id="v_2", state="failed", charged="no"))
        tasks.cancel_scope.cancel()
    assert screen.shown == ["Your clip is ready", "A clip was not made"]


def test_doctor_says_whether_it_works_where_it_is_wanted(said: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")
    assert list(check_notifications(load(said, today=date(2026, 11, 21)))) == []
    settings = load(said | {"SORA_MCP_NOTIFY": "1"}, today=date(2026, 11, 21))
    if sys.platform != "linux":
        return
    (missing,) = check_notifications(settings)
    assert (missing.verdict, "notify-send" in (missing.todo or "")) == ("fix", True)
    (tmp_path / "notify-send").write_text("#!/bin/sh\n")
    os.chmod(tmp_path / "notify-send", 0o700)
    (found,) = check_notifications(settings)
    assert (found.verdict, found.text.startswith("notifications: notify-send shows them")) == ("ok", True)

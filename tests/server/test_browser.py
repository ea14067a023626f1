"""Where the person's browser is, and a yes in it over real pipes: a client without forms, and a script in the browser's place."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sora_mcp.server.transports.browser import OVER_SSH, Browser, find_browser, without_ours
from tests.each import each
from tests.played import Muvi, played
from tests.played.rig import environment
from tests.played.stdio import chat
from tests.waiting import eventually

from .forms import ABOVE, CLIP

XDG = Browser(("/bin/xdg-open", "%s"))
SCREEN = {"DISPLAY": ":0"}
VISIT = """\
#!{python}
import http.cookiejar, re, sys, urllib.parse, urllib.request
address = sys.argv[1]
visit = urllib.request.build_opener(urllib.request.ProxyHandler({{}}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
word = re.search(r'name="word" value="([^"]+)"', visit.open(address).read().decode())[1]
form = urllib.parse.urlencode({{"word": word, "answer": "{answer}"}}).encode()
said = visit.open(urllib.request.Request(address, form, {{"Origin": address.rpartition("/")[0]}}))
open("{seen}", "w").write(address + " " + str(said.status))
"""


def which(name: str) -> str | None:
    """Only these are installed."""
    return f"/bin/{name}" if name in ("xdg-open", "firefox", "w3m", "helper") else None


@each(
    ("environ", "platform", "found"),
    [
        (SCREEN, "linux", XDG),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", XDG),
        ({}, "linux", None),
        ({"DISPLAY": ""}, "linux", None),
        (SCREEN | {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", None),
        ({}, "darwin", Browser(("osascript",), 'open location "%s"')),
        ({"SSH_TTY": "/dev/ttys001"}, "darwin", None),
        ({}, "win32", Browser()),
        ({"BROWSER": "firefox"}, "linux", Browser(("firefox", "%s"))),
        ({"BROWSER": "helper --url=%s &"}, "linux", Browser(("helper", "--url=%s"))),
        ({"BROWSER": "firefox", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"} | SCREEN, "linux", None),
        ({"BROWSER": "w3m"}, "linux", None),
        ({"BROWSER": f"missing{os.pathsep}/usr/bin/w3m{os.pathsep}firefox"}, "linux", Browser(("firefox", "%s"))),
        ({"BROWSER": "'"}, "linux", None),
        ({"BROWSER": ""} | SCREEN, "linux", XDG),
    ],
)
def test_a_browser_is_found_where_a_person_can_see_it(environ: Mapping[str, str], platform: str, found: Browser | None) -> None:
    assert find_browser(environ, platform=platform, which=which) == found


def test_a_browser_gets_no_key_and_no_setting() -> None:
    assert without_ours({"MUVI_API_KEY": "k", "SORA_MCP_HOME": "/h", "DISPLAY": ":0"}) == {"DISPLAY": ":0"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such commands")
def test_a_command_that_fails_at_once_opened_nothing(tmp_path: Path) -> None:
    assert [Browser((name, "%s")).open("http://127.0.0.1:1/") for name in ("true", "false", str(tmp_path / "none"))] == [True, False, False]
    (script := tmp_path / "script").write_text('cat > "$1"\n', "utf-8")
    assert Browser(("sh", str(script), str(tmp_path / "heard")), 'open location "%s"').open("http://127.0.0.1:1/")
    assert (tmp_path / "heard").read_text("utf-8") == 'open location "http://127.0.0.1:1/"'


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="scripts start otherwise there")
@each(("answer", "code"), [("yes", None), ("no", "declined")])
async def test_a_client_without_forms_buys_after_a_yes_in_the_browser(
    answer: str, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OVER_SSH:
        monkeypatch.delenv(name, raising=False)
    seen, script = tmp_path / "seen", tmp_path / "browser"
    script.write_text(VISIT.format(python=sys.executable, answer=answer, seen=seen), "utf-8")
    script.chmod(0o700)
    async with played(Muvi()) as wire:
        env = environment(tmp_path, {"muvi": wire.address}, (wire.host,), CONFIRM_ABOVE_USD=ABOVE, LINGER="0", APPROVAL_PAGE="1")
        async with chat(env | {"BROWSER": str(script)}, stderr=tmp_path / "stderr") as client:
            asked = await client.call("create_video", **CLIP)
            told = await client.call("get_video_status", job_id=asked["error"]["quote"], wait_seconds=50)
            assert told.get("error", {}).get("code") == code
            await eventually(seen.exists)
            bought = await client.call("create_video", **CLIP, quote=asked["error"]["quote"])
            assert bought.get("error", {}).get("code") == code
            address, status = seen.read_text("utf-8").split()
            secret = address.rpartition("/")[2].encode()
            assert (status, secret in client.said, secret in (tmp_path / "stderr").read_bytes()) == ("200", False, False)
        assert len(wire.requests("submit")) <= 1


@pytest.mark.slow
async def test_a_setting_turns_the_page_off(tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        env = environment(tmp_path, {"muvi": wire.address}, (wire.host,), CONFIRM_ABOVE_USD=ABOVE, LINGER="0", APPROVAL_PAGE="0")
        async with chat(env | {"BROWSER": "false"}) as client:
            asked = await client.call("create_video", **CLIP)
            assert "The user runs `" in asked["message"]

"""Show a notification on this machine's desktop when a clip ends while no client is there."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath

import anyio
import anyio.to_thread

from sora_mcp.domain import LIVE, LOCAL, Job
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.prompt_words import shorten_prompt
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.service import VideoService
from sora_mcp.server.charges import describe_charge
from sora_mcp.server.transports.browser import without_ours
from sora_mcp.store.records import Cursor

LOOK_S = 1.0
SHOWS_WITHIN_S = 10.0
MOST_PROMPT = 80
TITLE, BODY = "SORA_NOTE_TITLE", "SORA_NOTE_BODY"
"""Variables in which PowerShell gets the texts: a command line would read them as code."""
APPLESCRIPT = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")
POWERSHELL_AT = ("System32", "WindowsPowerShell", "v1.0", "powershell.exe")
"""Where Windows keeps it: a bare name is looked for in the current folder first."""
POWERSHELL = (
    "[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime];"
    "$x=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02');"
    "$t=$x.GetElementsByTagName('text');"
    f"[void]$t.Item(0).AppendChild($x.CreateTextNode($env:{TITLE}));"
    f"[void]$t.Item(1).AppendChild($x.CreateTextNode($env:{BODY}));"
    "$a='{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe';"
    "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($a)"
    ".Show([Windows.UI.Notifications.ToastNotification]::new($x))"
)
"""A toast under PowerShell's own name, as this program has no entry in the start menu."""


@dataclass(frozen=True)
class Notifier:
    """A program that shows a notification. No shell is between: the texts are words of its own, or variables."""

    words: tuple[str, ...]
    takes_words: bool = True
    """Whether title and body follow as two more words; else they are variables."""
    is_markup: bool = False
    """Whether the body is read as markup."""
    environ: tuple[tuple[str, str], ...] = ()
    """Variables that it needs besides."""

    def show(self, title: str, body: str) -> bool:
        """Show the texts. Return False where that fails."""
        body = html.escape(body, quote=False) if self.is_markup else body
        texts = (title, body) if self.takes_words else ()
        variables = {} if self.takes_words else {TITLE: title, BODY: body}
        try:
            done = subprocess.run(
                (*self.words, *texts),
                env={**without_ours(os.environ), **dict(self.environ), **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SHOWS_WITHIN_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def find_notifier(
    environ: Mapping[str, str], *, platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which, run: Path | None = None
) -> Notifier | None:
    """Return the way to this machine's desktop; None where there is none. `run` is the folder of the user's session on Linux."""
    if platform == "win32":
        found = which(str(PureWindowsPath(environ.get("SYSTEMROOT") or r"C:\Windows", *POWERSHELL_AT)))
        return Notifier((found, "-NoProfile", "-NonInteractive", "-Command", POWERSHELL), takes_words=False) if found else None
    if platform == "darwin":
        found = which("osascript")
        return Notifier((found, *(word for line in APPLESCRIPT for word in ("-e", line)))) if found else None
    found, bus = which("notify-send"), _find_bus(environ, run)
    if found is None or bus is None:
        return None
    return Notifier((found, "--app-name=sora-mcp", "--"), is_markup=True, environ=(("DBUS_SESSION_BUS_ADDRESS", bus),))


def describe_end(job: Job) -> tuple[str, str] | None:
    """Return title and body of the notification about a job that has ended; None where nobody needs one."""
    prompt = ", ".join(filter(None, (shorten_prompt(job.prompt, MOST_PROMPT) or job.id, job.which_take)))
    if job.state == "completed" and job.artifact is not None:
        return "Your clip is ready", f"{prompt}\n{PurePath(job.artifact.path).name}"
    if job.state == "unknown":
        return "A clip needs you", f"{prompt}\n{command_line('show', job.id)} says why."
    if job.state in ("failed", "expired"):
        return "A clip was not made", f"{prompt}\n{describe_charge(job)}; {command_line('show', job.id)} says why."
    return None


async def announce_ends(service: VideoService, notifier: Notifier) -> None:
    """Show a notification for each job of this machine's user that ends from now on, until cancelled; then for the last ones."""
    _, since = await service.store.jobs.look(None)
    try:
        while True:
            await anyio.sleep(LOOK_S)
            since = await _announce(service, since, notifier)
    finally:
        with anyio.move_on_after(SHOWS_WITHIN_S, shield=True):
            await _announce(service, since, notifier)


async def _announce(service: VideoService, since: Cursor, notifier: Notifier) -> Cursor:
    """Show what ended since the last look, and return where the next one begins. A store that does not answer is asked again."""
    try:
        changed, cursor = await service.store.jobs.look(since)
    except SoraError:
        return since
    for job in changed:
        if job.principal == LOCAL and job.state not in LIVE and (texts := describe_end(job)) is not None:
            await anyio.to_thread.run_sync(notifier.show, *texts)
    return cursor


def _find_bus(environ: Mapping[str, str], run: Path | None) -> str | None:
    """Return the address of the session's bus: clients often start a server without the variable that names it."""
    if (named := environ.get("DBUS_SESSION_BUS_ADDRESS")) is not None:
        return named
    if sys.platform == "win32":
        return None
    bus = (run or Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")) / "bus"
    return f"unix:path={bus}" if bus.exists() else None

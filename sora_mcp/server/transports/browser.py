"""Open an address in the browser of the person at this machine, where one can be seen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sora_mcp.config.settings import ROWS

IN_TERMINAL = frozenset({"lynx", "links", "elinks", "w3m", "www-browser"})
"""Browsers that need the terminal, which is the client's here."""
OVER_SSH = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
OPENERS = ("xdg-open", "x-www-browser")
FAILS_WITHIN_S = 1.0
"""Seconds after which a command that still runs is taken for a browser that opens."""


@dataclass(frozen=True)
class Browser:
    """A command that opens an address. Empty words are Windows' own way."""

    words: tuple[str, ...] = ()
    script: str = ""
    """Text for its standard input, with the address in place of `%s`: then no command line shows it."""

    def open(self, address: str) -> bool:
        """Open the address. Return False where that fails at once; an old page may be gone before a slow one shows."""
        if sys.platform == "win32" and not self.words:
            return _start_file(address)
        words = self.words if self.script else tuple(word.replace("%s", address) for word in self.words)
        try:
            process = subprocess.Popen(
                words,
                env=without_ours(os.environ),
                stdin=subprocess.PIPE if self.script else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            if process.stdin is not None:
                with process.stdin as script:
                    script.write(self.script.replace("%s", address).encode())
        except OSError:
            return False
        try:
            return process.wait(FAILS_WITHIN_S) == 0
        except subprocess.TimeoutExpired:
            threading.Thread(target=process.wait, daemon=True).start()
            return True


def find_browser(
    environ: Mapping[str, str],
    *,
    platform: str = sys.platform,
    which: Callable[[str], str | None] = shutil.which,
) -> Browser | None:
    """Return the way to the person's browser; None over SSH, and without a display, as in a container, unless `BROWSER` names one."""
    if any(name in environ for name in OVER_SSH):
        return None
    if (named := environ.get("BROWSER")) and (browser := _read_browser(named, which)) is not None:
        return browser
    if platform == "win32":
        return Browser()
    if platform == "darwin":
        return Browser(("osascript",), 'open location "%s"')
    if not any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return None
    found = next((path for name in OPENERS if (path := which(name)) is not None), None)
    return None if found is None else Browser((found, "%s"))


def without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings and keys: they are no business of a browser."""
    return {name: value for name, value in environ.items() if name not in ROWS}


def _read_browser(named: str, which: Callable[[str], str | None]) -> Browser | None:
    """Return the first command of `BROWSER` that is here and shows a page of its own."""
    for command in named.split(os.pathsep):
        try:
            words = shlex.split(command.rstrip(" &"), posix=os.name == "posix")
        except ValueError:
            continue
        if not words or Path(words[0]).name in IN_TERMINAL or which(words[0]) is None:
            continue
        return Browser(tuple(words) if any("%s" in word for word in words) else (*words, "%s"))
    return None


def _start_file(address: str) -> bool:
    if sys.platform != "win32":
        return False
    try:
        os.startfile(address)
    except OSError:
        return False
    return True

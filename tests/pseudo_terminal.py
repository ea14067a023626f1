"""A process at a terminal of its own, which a test types at and reads."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from .waiting import PATIENCE_S

CTRL_C = "\x03"
ROWS, COLUMNS = 24, 80


class Terminal:
    """The keyboard and the screen of a process."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int) -> None:
        self._process = process
        self._keyboard = keyboard
        self.shown = ""

    def type(self, text: str) -> None:
        """Type a text, in which "\\x03" is Ctrl-C."""
        os.write(self._keyboard, text.encode())

    def wait_for(self, text: str) -> None:
        """Read what is shown until the text is among it."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < until and self._read(), self.shown

    def wait_for_end(self) -> int:
        """Return the exit code, after reading the rest of what is shown."""
        until = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < until, self.shown
        return self._process.wait(PATIENCE_S)

    @property
    def lines(self) -> list[str]:
        """What is shown, in lines."""
        return self.shown.replace("\r\n", "\n").split("\n")

    def _read(self) -> bool:
        """Add what is there to what is shown; return whether there may be more."""
        if select.select([self._keyboard], [], [], 0.1)[0]:
            try:
                read = os.read(self._keyboard, 65536)
            except OSError:  # Linux, when nobody has the terminal open any more
                return False
            self.shown += read.decode(errors="replace")
            return bool(read)
        return self._process.poll() is None


@contextmanager
def open_terminal(command: Sequence[str], environ: Mapping[str, str]) -> Generator[Terminal]:
    """Run a command at a terminal of 24 lines and 80 columns, and kill it at the end where it has not ended."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env={"TERM": "dumb", **environ},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )
    os.close(screen)
    try:
        yield Terminal(process, keyboard)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(keyboard)

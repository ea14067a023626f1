"""Where the log goes: stderr only, and never with a key in it."""

from __future__ import annotations

import logging
import select
import sys
from collections.abc import Iterable
from typing import TextIO

from sora_mcp.config.settings import Settings, unknown
from sora_mcp.security.secrets import Secret

log = logging.getLogger(__name__)
CHATTY = ("httpx2", "httpcore", "httpcore2", "uvicorn.access")
"""They name every address that is asked, links to videos too."""
PIECE = getattr(select, "PIPE_BUF", 512) // 10
"""Characters: a pipe that is ready takes so many bytes without waiting, and stderr writes ten for one that it has to escape."""


class Redacting(logging.Formatter):
    """Takes the keys out of the whole text, tracebacks included, whoever wrote them there."""

    def __init__(self, keys: Iterable[Secret]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._keys = tuple(keys)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with `***` for each key."""
        text = super().format(record)
        for key in self._keys:
            text = key.redact(text)
        return text


class Unheld(logging.StreamHandler[TextIO]):
    """Writes what stderr takes at once. A pipe that is full because nobody reads it loses lines, and holds up no paid call."""

    def emit(self, record: logging.LogRecord) -> None:
        """The line in pieces, each as small as a pipe that is ready takes without waiting."""
        try:
            text = self.format(record) + self.terminator
            for start in range(0, len(text), PIECE):
                if not _is_ready(self.stream):
                    return
                self.stream.write(text[start : start + PIECE])
                self.stream.flush()
        except Exception:
            self.handleError(record)


def _is_ready(stream: TextIO) -> bool:
    """Whether a write would not wait; true of what is no pipe, and on Windows, where nobody can ask."""
    if sys.platform == "win32":
        return True
    try:
        waiting = select.poll()
        waiting.register(stream.fileno(), select.POLLOUT)
        return bool(waiting.poll(0))
    except (OSError, ValueError):
        return True


def to_stderr(settings: Settings) -> None:
    """Every logger of this process writes to stderr from now on; the first lines are about slips in the settings' names."""
    handler = Unheld(sys.stderr)
    handler.setFormatter(Redacting(settings.keys.values()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in settings.strange:
        log.warning("%s", unknown(name))

"""Where the log goes: stderr only, and never with a key in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

from .settings import Secret, Settings

CHATTY = ("httpx2", "httpcore", "httpcore2", "uvicorn.access")
"""They name every address that is asked, links to videos too."""


class Redacting(logging.Formatter):
    """Takes the keys out of the whole text, tracebacks included, whoever wrote them there."""

    def __init__(self, keys: Iterable[Secret]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._keys = tuple(keys)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with `***` for each key."""
        text = super().format(record)
        for key in self._keys:
            text = key.out_of(text)
        return text


def to_stderr(settings: Settings) -> None:
    """Every logger of this process writes to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(settings.keys.values()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)

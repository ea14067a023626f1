"""Write the log to stderr only, and never with a key in it."""

from __future__ import annotations

import logging
import re
import select
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from sora_mcp.config.file_permissions import find_loose_modes
from sora_mcp.config.json_log import describe_record, is_wanted, write_json
from sora_mcp.config.parsers import find_password, has_password
from sora_mcp.config.settings import PREFIX, ROWS, Settings, describe_bad_key
from sora_mcp.config.sources import describe_unknown
from sora_mcp.domain.secret import Secret

log = logging.getLogger(__name__)
AWS_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
CHATTY = ("httpx2", "httpcore", "httpcore2", "urllib3", "uvicorn.access")
"""Loggers that write every URL they request, including links to finished videos."""
LEAST_PASSWORD = 8
"""A shorter password of a database is likely a word, such as its user, and would be taken out of every line that has it."""
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that steer a terminal or hide text: control characters of both sets, bidi marks, zero-width characters."""
PIECE = getattr(select, "PIPE_BUF", 512) // 10
"""Characters written at once: a pipe that is ready takes PIPE_BUF bytes without waiting, and an escaped character may take ten."""


class Redacting(logging.Formatter):
    """A formatter that replaces the keys in the whole text, tracebacks included, and escapes control characters, whoever logged them.

    Strangers choose some of this text, such as a `Host` header: it must neither steer a terminal nor begin a line of its own.
    """

    def __init__(self, keys: Iterable[Secret]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._keys = tuple(keys)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with `***` for each key. Only a traceback has more than one line."""
        first = record.getMessage()
        escaped = logging.makeLogRecord({**record.__dict__, "msg": CONTROLS.sub(_escape, first), "args": None})
        text = super().format(escaped)
        for key in self._keys:
            text = key.redact(text)
        return CONTROLS.sub(lambda found: found[0] if found[0] == "\n" else _escape(found), text)


class JsonLines(logging.Formatter):
    """A formatter that writes one JSON object a line, with `***` for each key."""

    def __init__(self, keys: Iterable[Secret]) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = describe_record(record)
        for key in self._keys:
            fields = {name: key.redact(text) if isinstance(text, str) else text for name, text in fields.items()}
        return write_json(fields)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


class NonBlockingHandler(logging.StreamHandler[TextIO]):
    """A handler that never waits for stderr. A pipe that is full because nobody reads it loses lines, and delays no paid call."""

    _is_cut = False
    """Whether the last line was not written to its end."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line in pieces that a ready pipe takes without waiting."""
        try:
            text = (self.terminator if self._is_cut else "") + self.format(record) + self.terminator
            for start in range(0, len(text), PIECE):
                if not _is_ready(self.stream):
                    self._is_cut = self._is_cut or start > 0
                    return
                self.stream.write(text[start : start + PIECE])
                self.stream.flush()
            self._is_cut = False
        except Exception:
            self.handleError(record)


def _is_ready(stream: TextIO) -> bool:
    """Return whether a write would not wait; True for anything but a pipe, and on Windows, which cannot be asked."""
    if sys.platform == "win32":
        return True
    try:
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLOUT)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def announce(text: str) -> None:
    """Write a line to stderr in the format of the log, whatever its level: that the server can be reached."""
    record = logging.LogRecord(__name__, logging.INFO, "", 0, text, (), None)
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    line = next((found.format(record) for found in formatters if isinstance(found, JsonLines)), text)
    print(line, file=sys.stderr)


def describe_exposed_password(settings: Settings) -> str | None:
    """Return a warning where the store's password is among the flags of this process, which others on the machine can list."""
    name = f"{PREFIX}DATABASE_URL"
    if settings.sources.get(name) != "a flag" or not has_password(settings.database_url):
        return None
    return (
        f"--database-url: others on this machine see its password in the list of processes. Set {name}, or `database_url` in config.toml."
    )


def list_secrets(settings: Settings) -> list[Secret]:
    """Return all that no line may show: keys, the replicas' secret, the bucket's credentials, the store's password."""
    bucket: Mapping[str, Secret] = {} if settings.artifact_url is None else settings.artifact_url.variables
    found = [*settings.keys.values(), *settings.secrets, *(bucket[name] for name in AWS_SECRETS if name in bucket)]
    password = find_password(settings.database_url) or ""
    return [*found, Secret(password)] if len(password) >= LEAST_PASSWORD else found


def log_to_stderr(settings: Settings) -> None:
    """Send every logger of this process to stderr, and warn about settings that have no effect."""
    handler = NonBlockingHandler(sys.stderr)
    handler.setFormatter((JsonLines if settings.log_format == "json" else Redacting)(list_secrets(settings)))
    if settings.log_format == "json":
        handler.addFilter(is_wanted)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in settings.unknown_names:
        log.warning("%s", describe_unknown(name, ROWS))
    for name in settings.bad_keys:
        log.warning("%s", describe_bad_key(settings, name))
    if (exposed := describe_exposed_password(settings)) is not None:
        log.warning("%s", exposed)
    for loose in find_loose_modes(settings):
        log.warning("%s: %s", loose.describe(), loose.todo)

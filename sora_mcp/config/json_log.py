"""Write the log as one JSON object a line. It has no words of exceptions and of other libraries, which may quote anything."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

from sora_mcp.telemetry import get_facts, get_trace_id

OWN = "sora_mcp"
MOST_FRAMES = 20
MOST_CAUSES = 5


def is_own(record: logging.LogRecord) -> bool:
    """Return whether a line is of this program."""
    return record.name.partition(".")[0] == OWN


def is_wanted(record: logging.LogRecord) -> bool:
    """Return whether a line is written: of other libraries only what is a warning or worse."""
    return is_own(record) or record.levelno >= logging.WARNING


def describe_record(record: logging.LogRecord) -> dict[str, object]:
    """Return time, level, event, and what the line is about: job, model, person, request and trace, as far as they are known."""
    found: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        # The arguments of another library's line may be a client's; its template is its own.
        "event": record.getMessage() if is_own(record) or not record.args else str(record.msg),
        **get_facts(),
    }
    if (trace := get_trace_id()) is not None:
        found["trace"] = trace
    if record.exc_info and record.exc_info[1] is not None:
        causes = list(_list_causes(record.exc_info[1]))
        found["error"] = " from ".join(f"{type(error).__module__}.{type(error).__qualname__}" for error in causes)
        found["frames"] = _list_frames(causes[0].__traceback__)
    return found


def write_json(fields: dict[str, object]) -> str:
    """Return the object in one line, in ASCII: no character in it can end the line or steer a terminal."""
    return json.dumps(fields, separators=(",", ":"))


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception, and those that it came from."""
    found: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if found is None:
            return
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _list_frames(found: TracebackType | None) -> list[str]:
    """Return the last frames as `file:line function`."""
    frames = traceback.extract_tb(found)[-MOST_FRAMES:]
    return [f"{'/'.join(frame.filename.replace(chr(92), '/').split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]

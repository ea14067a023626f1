"""The messages between this process and a media worker. Requests are pickled; replies are JSON and bytes only.

A worker that a hostile file has taken over can thus send a wrong reply, but no code.
"""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BadMedia, BrokenRules, MissingMediaExtra, Refused, SoraError
from sora_mcp.media.edit.edits import EditResult
from sora_mcp.media.mp4_probe import VideoInfo
from sora_mcp.media.view.measurements import View

MOST_JSON_BYTES = 1 << 20
MOST_BLOB_BYTES = 1 << 28
HEADER = struct.Struct(">IQ")
"""Lengths of a reply's JSON and of its bytes."""


@dataclass(frozen=True)
class Request:
    """One operation: its name in `media.worker.operations`, its arguments, and its deadline in seconds, None when it takes none."""

    operation: str
    arguments: tuple[Any, ...]
    seconds: float | None


@dataclass(frozen=True)
class Progress:
    """A reply before the last: how much is done, from 0 to 1."""

    done: float


def write_request(file: BinaryIO, request: Request) -> None:
    """Write a request. Raises OSError when the worker is gone."""
    raw = pickle.dumps(request)
    file.write(len(raw).to_bytes(8) + raw)
    file.flush()


def read_request(file: BinaryIO) -> Request | None:
    """Return the next request; None when the parent closed the pipe."""
    size = file.read(8)
    return cast(Request, pickle.loads(file.read(int.from_bytes(size)))) if len(size) == 8 else None


def write_result(file: BinaryIO, result: Any) -> None:
    """Write what an operation returned: a number, bytes, a View, an EditResult or a VideoInfo."""
    match result:
        case View():
            fields = {name: value for name, value in vars(result).items() if name != "jpeg"}
            _write(file, {"kind": "view", **fields}, result.jpeg)
        case EditResult():
            _write(file, {"kind": "edit", **asdict(result)})
        case VideoInfo():
            _write(file, {"kind": "video", **asdict(result)})
        case bytes():
            _write(file, {"kind": "bytes"}, result)
        case _:
            _write(file, {"kind": "number", "value": result})


def write_error(file: BinaryIO, error: SoraError) -> None:
    """Write the error that an operation raised."""
    match error:
        case BrokenRules():
            broken, fixes = [asdict(rule) for rule in error.broken], [asdict(fix) for fix in error.fixes]
            _write(file, {"kind": "broken_rules", "broken": broken, "fixes": fixes, "subject": error.subject})
        case BadMedia():
            _write(file, {"kind": "bad_media", "message": error.message})
        case MissingMediaExtra():
            _write(file, {"kind": "missing", "message": error.message})
        case _:
            _write(file, {"kind": "refused", "message": error.message})


def write_progress(file: BinaryIO, progress: float) -> None:
    """Write how much of an operation is done. Raises OSError when the parent is gone."""
    _write(file, {"kind": "progress", "value": progress})


def read_reply(file: BinaryIO, report: Callable[[float], None] | None = None) -> Any:
    """Return the result, or raise the error, that a worker wrote, and report its progress until then.

    Raises EOFError for a reply that is cut off or malformed.
    """
    while isinstance(result := _read(file), Progress):
        if report is not None:
            report(result.done)
    if isinstance(result, SoraError):
        raise result
    return result


def _read(file: BinaryIO) -> Any:
    """Return one reply: a result, an error, or a Progress."""
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError
    json_bytes, blob_bytes = HEADER.unpack(header)
    if json_bytes > MOST_JSON_BYTES or blob_bytes > MOST_BLOB_BYTES:
        raise EOFError
    raw, blob = file.read(json_bytes), file.read(blob_bytes)
    if len(raw) < json_bytes or len(blob) < blob_bytes:
        raise EOFError
    try:
        return _build(json.loads(raw), blob)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise EOFError from error


def _build(fields: dict[str, Any], blob: bytes) -> Any:
    match fields.pop("kind"):
        case "view":
            return View(jpeg=blob, **fields)
        case "edit":
            return EditResult(**fields)
        case "video":
            return VideoInfo(**fields)
        case "bytes":
            return blob
        case "number":
            return float(fields["value"])
        case "progress":
            return Progress(float(fields["value"]))
        case "broken_rules":
            broken = tuple(BrokenRule(**rule) for rule in fields["broken"])
            return BrokenRules(broken, subject=fields["subject"], fixes=tuple(Fix(**fix) for fix in fields["fixes"]))
        case "bad_media":
            return BadMedia(fields["message"], charged="no")
        case "missing":
            return MissingMediaExtra(fields["message"])
        case _:
            return Refused(fields["message"])


def _write(file: BinaryIO, fields: dict[str, Any], blob: bytes = b"") -> None:
    raw = json.dumps(fields).encode()
    file.write(HEADER.pack(len(raw), len(blob)) + raw + blob)
    file.flush()

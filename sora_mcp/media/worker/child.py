"""The program of a media worker: read requests from standard input, run them, write replies to standard output."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from types import ModuleType
from typing import BinaryIO

from sora_mcp.domain.errors import BadMedia, SoraError
from sora_mcp.media.limits import Deadline
from sora_mcp.media.optional import make_load_refusal
from sora_mcp.media.worker.sandbox import forbid_network, limit_cpu, limit_memory
from sora_mcp.media.worker.wire import Request, read_request, write_error, write_progress, write_result

IDLE_S = 300
"""A worker without work ends itself, so that its memory is free."""
CPU_PER_SECOND = 8
"""CPU seconds for each second of a request: as many threads may decode."""


def main() -> None:
    """Serve requests until the parent closes the pipe, or for IDLE_S without one."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not look like a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the whole group: the parent decides
    limit_memory()
    forbid_network()
    try:
        from sora_mcp.media.worker import operations
    except (ImportError, OSError) as error:
        write_error(replies, make_load_refusal(error))
        return
    write_result(replies, 1.0)  # ready
    while (request := _await_request(sys.stdin.buffer)) is not None:
        _answer(operations, request, replies)


def _await_request(requests: BinaryIO) -> Request | None:
    if sys.platform == "win32":
        return read_request(requests)
    signal.alarm(IDLE_S)  # kills this process
    request = read_request(requests)
    signal.alarm(0)
    return request


def _answer(operations: ModuleType, request: Request, replies: BinaryIO) -> None:
    """Run one operation and write its result or error. What is no error of ours ends the worker with a traceback."""
    limit_cpu((request.seconds or 20.0) * CPU_PER_SECOND)
    deadline = () if request.seconds is None else (Deadline(request.seconds, on_progress=partial(write_progress, replies)),)
    try:
        result = getattr(operations, request.operation)(*request.arguments, *deadline)
    except SoraError as error:
        write_error(replies, error)
    except MemoryError:
        write_error(replies, BadMedia("It takes too much memory to decode."))
        sys.exit(1)  # its heap may be in pieces: the next request gets a fresh worker
    else:
        write_result(replies, result)

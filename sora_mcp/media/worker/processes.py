"""Keep a few media workers warm and run operations in them. Every function blocks; a worker that fails costs one request."""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

from sora_mcp.domain.errors import BadMedia, MissingMediaExtra, Refused
from sora_mcp.media.limits import LEAST_ADDRESSES, Deadline, has_few_addresses
from sora_mcp.media.worker.wire import Request, read_reply, write_request

WORKERS = 2
"""How many requests run at once; each may take 250 MB for 1080p."""
START_S = 30.0
GRACE_S = 1.0
"""Seconds after its deadline before a worker is killed: it usually notices by itself and says so."""
END_S = 1.0
"""Seconds in which a worker ends once no request can come any more."""
TICK_S = 0.02
MOST_REQUESTS = 100
"""A worker is replaced after so many requests, so that what leaks in a codec stays small."""
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from sora_mcp.media.worker.child import main; main()"
ROOT = Path(__file__).parents[3]
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "USERPROFILE")
"""All that a worker sees of this process's environment: no key is among it."""


class Worker:
    """One child process. Used by one thread at a time."""

    def __init__(self, root: Path = ROOT) -> None:
        """Start the process with the package in the folder `root`. Raises MissingMediaExtra when PyAV or Pillow does not load."""
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # Coverage of tests follows subprocesses by variables of its own.
        environment |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "MALLOC_ARENA_MAX": "2"},  # fewer arenas: address space is limited
        )
        self._requests = cast(BinaryIO, self._process.stdin)
        self._replies = cast(BinaryIO, self._process.stdout)
        self.served = 0
        try:
            self._exchange(None, Deadline(START_S))
        except MissingMediaExtra:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def run(self, request: Request, deadline: Deadline) -> Any:
        """Return the operation's result. Raises its error, Refused at the deadline, BadMedia when the worker died of the file."""
        self.served += 1
        return self._exchange(request, deadline)

    def close(self) -> None:
        """Let the process end, kill it where it does not within END_S, and wait for it."""
        with contextlib.suppress(OSError):  # a request that it did not take any more
            self._requests.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._replies.close()

    def _exchange(self, request: Request | None, deadline: Deadline) -> Any:
        """Write a request, None for the first reply after the start, and read the reply while a second thread watches the clock."""
        done = threading.Event()
        watchdog = threading.Thread(target=self._watch, args=(done, deadline), name="media-watchdog", daemon=True)
        watchdog.start()
        try:
            if request is not None:
                write_request(self._requests, request)
            return read_reply(self._replies, deadline.report)
        except (EOFError, OSError) as error:
            self.close()
            deadline.check()
            raise self._explain_end() from error
        except BadMedia as error:
            raise _name_limit(error) from error
        finally:
            done.set()
            watchdog.join()

    def _watch(self, done: threading.Event, deadline: Deadline) -> None:
        """Kill the process when the request was cancelled, or is late by GRACE_S."""
        while not done.wait(TICK_S):
            if deadline.stop.is_set() or deadline.left_s < -GRACE_S:
                self._process.kill()
                return

    def _explain_end(self) -> Refused | BadMedia:
        if sys.platform != "win32" and self._process.returncode == -signal.SIGXCPU:
            return Refused("Stopped: it takes too much computing time. Try a shorter or smaller clip.")
        return _name_limit(BadMedia("It cannot be decoded: the decoder broke off at it.", charged="no"))


def _name_limit(error: BadMedia) -> BadMedia:
    """Return the error, with the limit of addresses where it may be the limit's fault and not the file's."""
    if not has_few_addresses():
        return error
    cause = f"This may be for want of memory: decoding needs {LEAST_ADDRESSES >> 20} MB of addresses (`ulimit -v`)."
    return BadMedia(f"{error.message} {cause}", charged=error.charged)


class WorkerPool:
    """At most WORKERS processes, started when they are needed and used again."""

    def __init__(self, size: int = WORKERS) -> None:
        self._places = threading.Semaphore(size)
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()

    def run(self, operation: str, *arguments: Any, deadline: Deadline, takes_deadline: bool = True) -> Any:
        """Run `media.worker.operations.<operation>` in a worker. Waits for a free one; the deadline includes the wait."""
        self._take_place(deadline)
        try:
            worker = self._take_worker()
            try:
                request = Request(operation, arguments, max(0.0, deadline.left_s) if takes_deadline else None)
                return worker.run(request, deadline)
            finally:
                if worker.is_alive and worker.served < MOST_REQUESTS:
                    self._idle.put(worker)
                else:
                    worker.close()
        finally:
            self._places.release()

    def close(self) -> None:
        """End the idle workers."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _take_place(self, deadline: Deadline) -> None:
        deadline.check()
        while not self._places.acquire(timeout=TICK_S):
            deadline.check()

    def _take_worker(self) -> Worker:
        """Return an idle worker that still lives, else a new one."""
        while True:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                return Worker()
            if worker.is_alive:
                return worker
            worker.close()


POOL = WorkerPool()
"""The workers of this process."""
atexit.register(POOL.close)

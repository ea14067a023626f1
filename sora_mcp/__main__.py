"""`sora-mcp` and `python -m sora_mcp`."""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
import threading

if sys.platform != "win32":
    import resource

LEAST_ADDRESSES = 160 << 20
"""Bytes of addresses that the server needs on Linux, where it takes 115 MB; with fewer, one allocation or another fails at some point."""
SMALL_STACK_BYTES = 1 << 20
M_ARENA_MAX = -8
"""glibc's number for `mallopt`: how many threads get an arena of their own, which takes 64 MB of addresses."""


def main() -> None:
    """Run the command line.

    Until `run` enables the garbage collector again it is off, which saves an eighth of the loading time. To build the SDK's
    models at their first use saves as much again.
    """
    gc.disable()
    _meet_address_limit()
    from sora_mcp.cli.deferred_models import defer_models

    defer_models()
    from sora_mcp.cli.main import run

    # A terminal that closes stops the server as SIGTERM does, so that a paid call can still end; under nohup it is ignored.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop)
    sys.exit(run(sys.argv[1:]))


def _meet_address_limit() -> None:
    """Fit into a limit of addresses (`ulimit -v`), of which stacks of 8 MB and arenas would fill 256 MB; exit where it is too low."""
    if sys.platform == "win32":
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return
    if limit < LEAST_ADDRESSES:
        allowed, needed = limit >> 20, LEAST_ADDRESSES >> 20
        sys.exit(f"sora-mcp: `ulimit -v` allows {allowed} MB of addresses, but {needed} MB are needed. Raise the limit.")
    threading.stack_size(SMALL_STACK_BYTES)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)


def _stop(*_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()

"""Wait in tests: until a thing happens, however slow the machine is. Who waits in vain says for what."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import anyio

PATIENCE_S = 300.0
"""Far more than a healthy machine takes, and less than the `timeout` of pytest: no test passes or fails by this figure."""


async def eventually(fact: Callable[[], Awaitable[bool] | bool], *, seconds: float = PATIENCE_S) -> bool:
    """Return True once `fact` holds; raise AssertionError with the fact's source when it does not within `seconds`."""
    end, pause = time.monotonic() + seconds, 0.01
    while True:
        held = fact()
        if held if isinstance(held, bool) else await held:
            return True
        if time.monotonic() > end:
            raise AssertionError(f"waited for {seconds:g} s until: {_read_source(fact)}")
        await anyio.sleep(pause)
        pause = min(pause * 1.1, 0.1)  # who waits for long looks seldom: a look may cost as much as the thing


def wait_until(fact: Callable[[], bool], *, seconds: float = PATIENCE_S) -> bool:
    """Do as `eventually` where no event loop runs."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            raise AssertionError(f"waited for {seconds:g} s until: {_read_source(fact)}")
        time.sleep(0.02)
    return True


@contextmanager
def patience(what: str, seconds: float = PATIENCE_S) -> Generator[None]:
    """Bound the block's awaiting; raise AssertionError that names `what` when it does not end within `seconds`."""
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError as error:
        raise AssertionError(f"waited for {seconds:g} s for {what}") from error


def _read_source(fact: Callable[..., object]) -> str:
    try:
        return inspect.getsource(fact).strip()
    except OSError:
        return repr(fact)

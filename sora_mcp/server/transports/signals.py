"""The signals that ask this process to stop."""

from __future__ import annotations

import signal

import anyio


async def wait_for_stop() -> None:
    """Return at the first SIGINT or SIGTERM; a second one then ends the process. Never return where the loop receives no signals."""
    try:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                return
    except NotImplementedError:  # Windows, where Ctrl-C is a KeyboardInterrupt
        await anyio.sleep_forever()

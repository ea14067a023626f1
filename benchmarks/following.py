"""A worker for half a minute: prints its share of a core and its memory. `python -m benchmarks.following`"""

from __future__ import annotations

import os
import resource
import time
from datetime import date
from pathlib import Path

import anyio

from sora_mcp.config.settings import load
from sora_mcp.jobs.runtime import open_service

SETTLE_S, WATCHED_S = 8.0, 30.0


async def main() -> None:
    """Once it has settled."""
    async with open_service(load(os.environ, today=date.today())):
        await anyio.sleep(SETTLE_S)
        used, began = time.process_time(), time.monotonic()
        await anyio.sleep(WATCHED_S)
        share = (time.process_time() - used) / (time.monotonic() - began)
    print(share, peak_mib())


def peak_mib() -> float:
    """The most memory that this process had. Linux says it without what the parent had when it forked."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # macOS counts bytes
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    anyio.run(main)

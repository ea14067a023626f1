"""Keep room on the disk: looked at before a file is downloaded, edited or rendered."""

from __future__ import annotations

import os
from pathlib import Path

from sora_mcp.domain.errors import StorageError

LEAST_FREE_BYTES = 256 << 20


def check_free_space(folder: Path, size: int) -> None:
    """Raise StorageError unless the disk has room for `size` more bytes and keeps LEAST_FREE_BYTES free."""
    try:
        stats = os.statvfs(folder) if hasattr(os, "statvfs") else None
    except OSError:
        return  # the write itself says what is wrong
    if stats is not None and stats.f_blocks and stats.f_bavail * stats.f_frsize - size < LEAST_FREE_BYTES:
        raise StorageError(
            f"The disk of {folder} is nearly full: {size >> 20} MiB more would leave less than {LEAST_FREE_BYTES >> 20} MiB free."
        )

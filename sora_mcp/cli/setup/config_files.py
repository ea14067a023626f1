"""Replace files of other programs: completely or not at all, with a backup."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from sora_mcp.domain.private_folder import make_private_folder


def replace_file(path: Path, content: bytes) -> None:
    """Write the file atomically, readable by the user only. A link in its place is replaced, never followed."""
    make_private_folder(path.parent)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def back_up(path: Path) -> Path:
    """Return a copy of the file beside it, under a new name."""
    content = path.read_bytes()
    for number in range(1, 1000):
        beside = path.with_name(f"{path.name}.{number}.bak")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return beside
    raise FileExistsError(f"{path.name} already has 999 backups")

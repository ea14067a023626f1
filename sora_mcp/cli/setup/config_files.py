"""Files of others that a command writes into: whole or not at all, with a copy of what was there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def replaced(path: Path, content: bytes) -> None:
    """Only the user may read it; a link in its place is replaced, never followed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def backed_up(path: Path) -> Path:
    """A copy beside it, under a name that was free."""
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
    raise FileExistsError(f"{path.name} has a thousand copies")

"""Tell which worker processes on this machine are alive: each holds a lock on a file of its own, which the kernel releases when it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sora_mcp.domain.private_folder import make_private_folder

if sys.platform != "win32":
    import fcntl


class Processes:
    """The folder of lock files, one for each owner of leases. On Windows it stays empty, and leases alone tell who is alive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def sign_on(self, owner: str) -> None:
        """Hold this owner's file until `sign_off`, or until the process ends."""
        if sys.platform == "win32" or owner in self._held:
            return
        make_private_folder(self._folder)
        path = self._folder / owner
        while True:
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(file, path):
                break
            os.close(file)  # between its making and its lock, another process took it for a dead owner's
        self._held[owner] = file

    def sign_off(self, owner: str) -> None:
        """Remove the file, then release it."""
        file = self._held.pop(owner, None)
        if file is not None:
            (self._folder / owner).unlink(missing_ok=True)
            os.close(file)

    def count_others(self) -> int:
        """Count the other processes that hold a file here."""
        if sys.platform == "win32" or not self._folder.is_dir():
            return 0
        return sum(_is_held(path) for path in self._folder.iterdir() if path.name not in self._held)

    def close(self) -> None:
        """Release every file, as the end of the process would."""
        while self._held:
            os.close(self._held.popitem()[1])

    def find_dead(self) -> Iterator[str]:
        """Yield the owners whose lock is free. A file is removed when the caller asks for the next owner, and stays when it fails."""
        if sys.platform == "win32" or not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.name in self._held:
                continue
            try:
                file = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(file, path):
                    yield path.name
                    path.unlink(missing_ok=True)
            except BlockingIOError:
                continue
            finally:
                os.close(file)


def _is_held(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _is_at(file: int, path: Path) -> bool:
    """Return whether the path still leads to this open file."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False

"""Keep copies of files that are on S3 in a folder with a bound, by their sha256. The copy that was not used for longest goes first."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from sora_mcp.artifacts.s3 import Bucket
from sora_mcp.domain.errors import StorageError, UnwritableFile
from sora_mcp.domain.free_space import check_free_space
from sora_mcp.domain.private_folder import make_private_folder

MOST_BYTES = 2 << 30
ABANDONED_S = 3600.0
"""After this time a file that is still being written is left over from a process that ended."""
PART = ".part"


@dataclass(frozen=True)
class Cache:
    """The copies of one machine; several processes may share it. Every call blocks."""

    folder: Path
    most_bytes: int = MOST_BYTES

    def find(self, sha256: str, ending: str) -> Path | None:
        """Return the copy, which counts as used now; None where there is none."""
        path = self._name(sha256, ending)
        try:
            os.utime(path, follow_symlinks=False)
        except OSError:
            return None
        return path if path.is_file() and not path.is_symlink() else None

    def fetch(self, bucket: Bucket, key: str, *, size: int, sha256: str) -> Path:
        """Return a copy that was fetched from the bucket and checked. StorageError or NotFinished where there is none; nothing is left."""
        final = self._name(sha256, key.rpartition(".")[2])
        part = self._prepare_part(sha256, size)
        try:
            bucket.fetch(key, part, size=size, sha256=sha256)
            os.replace(part, final)
        except OSError as error:
            raise UnwritableFile(self.folder, error) from None
        finally:
            with suppress(OSError):
                part.unlink()
        return final

    def move_in(self, path: Path, sha256: str) -> None:
        """Move a file in that is on S3 already, also from another disk. Where that fails it stays at its place."""
        with suppress(OSError, StorageError):
            part = self._prepare_part(sha256, path.stat().st_size)
            try:
                shutil.move(path, part)
                os.replace(part, self._name(sha256, path.suffix.removeprefix(".")))
            finally:
                with suppress(OSError):
                    part.unlink()

    def remove(self, name: str) -> None:
        """Delete the copy of this name, if there is one."""
        with suppress(OSError):
            (self.folder / Path(name).name).unlink()

    def _name(self, sha256: str, ending: str) -> Path:
        return self.folder / f"{sha256}.{ending}"

    def _prepare_part(self, sha256: str, size: int) -> Path:
        """Return the name under which a file is written, once there is room for it."""
        try:
            make_private_folder(self.folder)
            self._make_room(size)
        except OSError as error:
            raise UnwritableFile(self.folder, error) from None
        check_free_space(self.folder, size)
        return self.folder / f".{sha256[:16]}.{token_hex(4)}{PART}"

    def _make_room(self, size: int) -> None:
        """Remove the copies that were not used for longest until `size` more bytes fit, and what dead processes left."""
        copies: list[tuple[float, int, str]] = []
        for entry in os.scandir(self.folder):
            with suppress(OSError):
                state = entry.stat(follow_symlinks=False)
                if not entry.name.endswith(PART):
                    copies.append((state.st_mtime, state.st_size, entry.path))
                elif time.time() - state.st_mtime > ABANDONED_S:
                    os.unlink(entry.path)
        total = size + sum(copy[1] for copy in copies)
        for _, freed, path in sorted(copies):
            if total <= self.most_bytes:
                return
            with suppress(OSError):
                os.unlink(path)
            total -= freed

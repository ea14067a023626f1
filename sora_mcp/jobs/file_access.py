"""Which files of this computer a caller may name: what was made for another is as if it were not there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from sora_mcp.artifacts.local import read_job_id
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LOCAL
from sora_mcp.domain.errors import NotFound
from sora_mcp.store import Store


@dataclass(frozen=True)
class Reach:
    """The folders that the user opened, and who owns what lies among the finished files."""

    settings: Settings
    store: Store

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where a file may lie."""
        return (self.settings.output_dir, *self.settings.image_dirs)

    async def hides(self, path: Path, principal: str) -> bool:
        """Whether this real path is a finished file, or one beside it, that is not the caller's. The user of this machine sees all."""
        if principal == LOCAL or not await anyio.to_thread.run_sync(self._is_made_here, path):
            return False
        if (job_id := read_job_id(path.name)) is None:
            return True
        try:
            await self.store.jobs.get(job_id, principal)
        except NotFound:
            return True
        return False

    def _is_made_here(self, path: Path) -> bool:
        """Whether the innermost opened folder around it is that of the finished files, in whatever case a disk that knows none is asked."""
        for parent in path.parents:
            if _same(parent, self.settings.output_dir):
                return True
            if any(_same(parent, folder) for folder in self.settings.image_dirs):
                return False
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False

"""Decide whose files a principal may name: finished files of another one are treated as missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from sora_mcp.artifacts.local import read_job_id
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LOCAL
from sora_mcp.domain.errors import BrokenRules, NotFound
from sora_mcp.jobs.allowed_paths import resolve_path
from sora_mcp.jobs.missing_files import refuse_folder, refuse_missing
from sora_mcp.media.images.probe import refuse_image
from sora_mcp.store import Store

STRANGERS = "files of another computer are not seen here"


@dataclass(frozen=True)
class FileAccess:
    """The folders that the user opened, and the owners of the finished files in them."""

    settings: Settings
    store: Store

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in which a file may lie."""
        return (self.settings.output_dir, *self.settings.image_dirs)

    async def find_path(self, text: str, principal: str, endings: Sequence[str] = ()) -> Path:
        """Return the real path of the file that a principal named. BrokenRules say why there is none, or none of theirs; only the user of
        this machine is told the nearest name, because others share the output folder."""
        try:
            path = await anyio.to_thread.run_sync(resolve_path, text, self.folders)
        except BrokenRules:
            if principal == LOCAL:
                raise
            refuse_image(text[:200], allowed=f"an https:// URL or a data: URI: {STRANGERS}", is_quoted=True)
        is_own, is_hidden = principal == LOCAL, await self.hides(path, principal)

        def check() -> None:
            if is_hidden or not os.path.lexists(path):
                refuse_missing(text, path, self.folders, endings=endings, is_own=is_own)
            if os.path.isdir(path):
                refuse_folder(text, path, endings, is_own=is_own)

        await anyio.to_thread.run_sync(check)
        return path

    async def hides(self, path: Path, principal: str) -> bool:
        """Return whether this real path is a finished file, or one beside it, of another principal. The user of this machine sees all."""
        if principal == LOCAL or not await anyio.to_thread.run_sync(self._is_in_output_dir, path):
            return False
        if (job_id := read_job_id(path.name)) is None:
            return True
        try:
            await self.store.jobs.get(job_id, principal)
        except NotFound:
            return True
        return False

    def _is_in_output_dir(self, path: Path) -> bool:
        """Return whether the innermost opened folder around the path is that of the finished files, also on disks that ignore case."""
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

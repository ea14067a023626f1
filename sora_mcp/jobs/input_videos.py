"""Read the video that is to be edited: a finished job's, a file inside the folders that the user opened, or an address."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import anyio

from sora_mcp.catalogue.input_videos import SPARE_S
from sora_mcp.domain import EDITS, JOB_ID, Clip
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, UntrustedURL
from sora_mcp.domain.file_names import VIDEO_ENDINGS, is_path
from sora_mcp.jobs.allowed_paths import drop_data_uri, read_allowed
from sora_mcp.jobs.continuation import is_sample
from sora_mcp.jobs.file_access import FileAccess
from sora_mcp.jobs.finished_files import FinishedFiles
from sora_mcp.media.containers import ISO_MEDIA
from sora_mcp.media.mp4_probe import measure_stored_s
from sora_mcp.media.probe import probe_media
from sora_mcp.net.urls import is_fetchable, parse_url

MOST_BYTES = 16_000_000
"""What a paid call carries in the store until it is sent."""
FORMS = "a finished job, an MP4 file or an https:// link that the vendor can reach"


@dataclass(frozen=True)
class InputVideos:
    """Videos that may be named."""

    access: FileAccess
    files: FinishedFiles

    async def read(self, text: str, *, principal: str) -> Clip:
        """Return the video that a caller named. BrokenRules, NotFound or NotFinished say why there is none."""
        if JOB_ID.fullmatch(text):
            job = await self.access.store.jobs.get(text, principal)
            clip = await anyio.to_thread.run_sync(_read_file, await self.files.find(job))
            return replace(clip, job_id=job.id, is_sample=await is_sample(self.access.store, job))
        if not is_path(text):
            return _read_address(text.strip())
        try:
            path = await self.access.find_path(text, principal, VIDEO_ENDINGS)
            return await anyio.to_thread.run_sync(_read_file, path)
        except BrokenRules as error:
            named = (replace(rule, argument=EDITS, allowed=drop_data_uri(rule.allowed), code="invalid_argument") for rule in error.broken)
            raise BrokenRules(tuple(named)) from None


def _read_file(path: Path) -> Clip:
    """Return an MP4 with its bytes, measured and hashed."""
    raw = read_allowed(path, MOST_BYTES)
    info = probe_media(path)
    if info.container not in ISO_MEDIA or info.duration_s is None:
        _refuse(path.name, "an MP4 video")
    stored_s = measure_stored_s(path)  # a vendor may bill all that is stored, whatever the header says
    length = stored_s if stored_s > info.duration_s + SPARE_S else info.duration_s
    clip = Clip(f"data:video/mp4;base64,{base64.b64encode(raw).decode()}", len(raw), length)
    _ = clip.sha256  # is kept, so that no megabytes are hashed on the event loop
    return clip


def _read_address(url: str) -> Clip:
    try:
        parse_url(url)
    except UntrustedURL:
        _refuse(None, FORMS)
    return Clip(url) if is_fetchable(url) else _refuse(None, FORMS)


def _refuse(got: str | None, allowed: str) -> NoReturn:
    raise BrokenRules((BrokenRule(EDITS, got, allowed, "invalid_argument"),))

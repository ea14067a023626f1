"""Read what a request names: its pictures, the video that it edits, and the job that it continues."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from sora_mcp.domain import PICTURES, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import is_file_name
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.continuation import continue_job, find_maker, refuse_other_frame
from sora_mcp.jobs.extension import extend
from sora_mcp.jobs.file_access import FileAccess
from sora_mcp.jobs.first_frame import FirstFrames
from sora_mcp.jobs.input_videos import InputVideos
from sora_mcp.jobs.named_videos import is_edited, name_as_image, name_clip_of


@dataclass(frozen=True)
class RequestInputs:
    """Read the pictures and videos that requests name. BrokenRules, NotFound and NotFinished say why one cannot be read."""

    context: JobContext
    frames: FirstFrames

    async def read(self, request: VideoRequest, *, principal: str) -> VideoRequest:
        """Return the request with its pictures and videos read, after the catalogue was brought up to date for it."""
        await self.context.availability.look(request.model)
        return await self._read(request, principal=principal)

    async def _read(self, request: VideoRequest, *, principal: str) -> VideoRequest:
        if request.edits is not None and request.continues is not None:
            allowed = "left out: edits changes a video, and continues makes another"
            raise BrokenRules((BrokenRule("continues", request.continues, allowed, "invalid_argument"),))
        if isinstance(request.edits, str):
            request = replace(request, edits=await self._videos.read(request.edits, principal=principal))
        if request.continues is not None:
            request = await self._continue(request, request.continues.strip().removesuffix("#last"), principal)
            await self.context.availability.look(request.model)
        if request.options.keys() & set(PICTURES):
            request = await self.frames.read_pictures(request, principal=principal)
        if not isinstance(request.image, str):
            return request
        return replace(request, image=await self.frames.read(request.image, principal=principal))

    async def read_for_estimate(self, request: VideoRequest, *, principal: str) -> VideoRequest:
        """Return the request of an estimate, read. An estimate names the video to edit where it names a picture."""
        await self.context.availability.look(request.model)
        named = name_clip_of(request, self.context.catalogue)
        try:
            read = await self._read(named, principal=principal)
            if named is request or is_edited(read, self.context.catalogue, today=self.context.today):
                return read
        except BrokenRules as error:
            if named is request or request.model is not None:
                raise name_as_image(error) from None
        return await self._read(request, principal=principal)

    @property
    def _videos(self) -> InputVideos:
        return InputVideos(FileAccess(self.context.settings, self.context.store), self.context.files)

    async def _continue(self, request: VideoRequest, named: str, principal: str) -> VideoRequest:
        """Return the request with what it takes from the job that was named; from a video file it takes the last frame alone."""
        if is_file_name(named):
            refuse_other_frame(request, named)
            return replace(request, image=await self.frames.read_end(named, principal=principal), continues=None)
        store, catalogue = self.context.store, self.context.catalogue
        job = await store.jobs.get(named, principal)
        maker = await find_maker(store, job)
        read = partial(self._videos.read, job.id, principal=principal)
        extended = await extend(request, job, catalogue, read, maker=maker, today=self.context.today)
        return extended or continue_job(request, job, catalogue, maker=maker)

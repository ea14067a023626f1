"""First frames: read a picture, take one out of a finished job, bring it to the video's size."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from sora_mcp.catalogue.frame_shapes import find_target
from sora_mcp.catalogue.rules import FIT
from sora_mcp.catalogue.sizes import count_lines, name_lines, of_shape
from sora_mcp.config.settings import Settings
from sora_mcp.domain import CONTINUES, JOB_ID, PICTURES, Artifact, Image, Job, Order, Size, VideoRequest, list_pictures, read_uri
from sora_mcp.domain.broken_rule import BrokenRule, format_bytes
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import PICTURE_ENDINGS, VIDEO_ENDINGS, find_file_name, is_path, is_video_name
from sora_mcp.jobs.allowed_paths import drop_data_uri, open_allowed, read_allowed
from sora_mcp.jobs.continuation import is_sample
from sora_mcp.jobs.file_access import FileAccess
from sora_mcp.jobs.finished_files import FinishedFiles
from sora_mcp.jobs.input_images import MOMENTS, clip_frame_of, data_of, frame_of, picture_at, picture_of, read_image
from sora_mcp.media.api import extract_frame, fit_image, measure_seconds
from sora_mcp.media.limits import Deadline
from sora_mcp.media.pool import MediaPool
from sora_mcp.store import Store

MOST_BYTES = 25_000_000
MOST_CLIP_BYTES = 500_000_000
"""Of a video file of which one frame is taken."""
SOFT = "the video will look soft, and a larger picture is better"
MOST_PICTURES = 10
"""Pictures of one option: no model takes more."""


@dataclass(frozen=True)
class FirstFrames:
    """Read first frames, and bring them to the size of a video."""

    settings: Settings
    store: Store
    media_pool: MediaPool
    files: FinishedFiles

    async def read(self, text: str, *, principal: str) -> Image:
        """Return the picture that a caller named. BrokenRules, NotFound or NotFinished say why there is none."""
        named = frame_of(text)
        if named is not None or JOB_ID.fullmatch(text):
            job = await self.store.jobs.get(named[0] if named else text, principal)
            image = await self._of_job(job, named)
            return replace(image, job_id=job.id, origin=text.strip(), is_sample=await is_sample(self.store, job))
        access = FileAccess(self.settings, self.store)
        if (clip := clip_frame_of(text)) is not None:
            return replace(await self._of_file(clip[0], clip[1], access, principal), origin=text.strip())
        if is_video_name(text):
            await access.find_path(text, principal, VIDEO_ENDINGS)
            allowed = f"a frame of this video: {MOMENTS.format(find_file_name(text) or text)}"
            raise BrokenRules((BrokenRule("image", text[:200], allowed, "invalid_image"),))
        if is_path(text):
            path = await access.find_path(text, principal, PICTURE_ENDINGS)
            image = await anyio.to_thread.run_sync(lambda: picture_of(read_allowed(path, MOST_BYTES)))
            return replace(image, origin=text.strip())
        image = await anyio.to_thread.run_sync(lambda: read_image(text, access.folders, most_bytes=MOST_BYTES))
        return replace(image, origin=text.strip()) if image.is_url else image

    async def read_end(self, text: str, *, principal: str) -> Image:
        """Return the last frame of a video file that a caller continues. BrokenRules say why there is none."""
        if not is_video_name(text):
            allowed = "a finished job or a video file: a picture goes into image, and of a link no last frame can be taken"
            raise BrokenRules((BrokenRule(CONTINUES, text[:200], allowed, "invalid_argument"),))
        try:
            return await self.read(f"{text}#last", principal=principal)
        except BrokenRules as error:
            rules = tuple(replace(rule, argument=CONTINUES, allowed=drop_data_uri(rule.allowed)) for rule in error.broken)
            got = text[:200]
            raise BrokenRules(tuple(replace(rule, got=got) if rule.got == f"{got}#last" else rule for rule in rules)) from None

    async def read_pictures(self, request: VideoRequest, *, principal: str) -> VideoRequest:
        """Return the request with the pictures of its options read. BrokenRules name the option as the caller did."""
        read = {name: await self._read_option(name, request, principal) for name in PICTURES if list_pictures(request.options.get(name))}
        return replace(request, options={**request.options, **read}) if read else request

    async def _read_option(self, option: str, request: VideoRequest, principal: str) -> str:
        """Return the pictures of one option as addresses and `data:` URIs, with blanks between. All together stay below MOST_BYTES."""
        texts, name, uris, room = list_pictures(request.options[option]), request.name_option(option), list[str](), MOST_BYTES
        if len(texts) > MOST_PICTURES:
            raise BrokenRules((BrokenRule(name, len(texts), f"at most {MOST_PICTURES} pictures", "invalid_image"),))
        for text in texts:
            try:
                image = await self.read(text, principal=principal)
            except BrokenRules as error:
                raise BrokenRules(tuple(replace(rule, argument=name) for rule in error.broken)) from None
            room -= image.bytes or 0
            if room < 0:
                raise BrokenRules(
                    (BrokenRule(name, "more", f"at most {format_bytes(MOST_BYTES)} in all", "invalid_image", is_quoted=False),)
                )
            uris.append(image.uri)
        return " ".join(uris)

    async def _of_job(self, job: Job, named: tuple[str, float | None] | None) -> Image:
        """Return a job's picture, or the frame that was named of its clip. A clip itself is no picture."""
        path = await self.files.find(job)
        if path.suffix != ".mp4":
            return await anyio.to_thread.run_sync(lambda: picture_at(path, most_bytes=MOST_BYTES))
        if named is None:
            frames = BrokenRule("image", job.id, f"a frame of this video: {MOMENTS.format(job.id)}", "invalid_image")
            raise BrokenRules((frames,))
        return await self._frame(job, path, named[1])

    async def _of_file(self, text: str, moment: float | None, access: FileAccess, principal: str) -> Image:
        """Return a frame of a video file in the user's folders. What is decoded is a copy: the file may be replaced meanwhile."""
        path = await access.find_path(text, principal, VIDEO_ENDINGS)

        def extract(deadline: Deadline) -> bytes:
            with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder, open_allowed(path, MOST_CLIP_BYTES) as file:
                copy = Path(folder) / f"clip{path.suffix}"
                with copy.open("wb") as target:
                    shutil.copyfileobj(file, target)
                if moment is not None:
                    _check_moment(moment, measure_seconds(copy), find_file_name(text))
                return extract_frame(copy, moment, deadline)

        return picture_of(await self.media_pool.run(extract))

    async def _frame(self, job: Job, path: Path, moment: float | None) -> Image:
        """Return one frame, in the video's own size."""
        file = job.artifact
        if moment is not None and file is not None and file.duration_s is not None:
            _check_moment(moment, file.duration_s, job.id)
        raw = await self.media_pool.run(lambda deadline: extract_frame(path, moment, deadline))
        return picture_of(raw)

    async def fit(self, order: Order, how: str, text: str | None = None) -> Order:
        """Return the order with its first frame cropped or padded to the video's size, or to the shape that the caller's `text` says,
        and with a warning of that, of a small one, or of a last frame of another shape."""
        image, rule = order.image, order.offer.image
        if image is None or rule is None:
            return order
        order = _warn_if_unlike(order, image)
        if how == "none":
            return _warn_if_small(order, image)
        if image.is_url:
            raise BrokenRules((BrokenRule(f"options.{FIT}", how, "left out: the picture at a URL stays as it is", "invalid_option"),))
        size = find_target(image, order.size, how, text)
        if size == (image.width, image.height) and image.media_type in rule.types and (image.bytes or 0) <= rule.most_bytes:
            return order
        raw = data_of(image)
        made = picture_of(await self.media_pool.run(lambda _: fit_image(raw, size, how, rule.types, rule.most_bytes)))
        done = "cropped" if how == "crop" else "padded"
        note = f"The first frame was {done} from {image.width}x{image.height} to {made.width}x{made.height}."
        if is_far_too_small(image, size, how):
            note += f" It is less than half of that: {SOFT}."
        return replace(order, image=replace(made, job_id=image.job_id, origin=image.origin), warnings=(*order.warnings, note))


def _check_moment(moment: float, duration_s: float, clip: str) -> None:
    """Raise BrokenRules for a moment after the end of a clip."""
    if moment >= duration_s:
        end = f"a second before the clip's end at {duration_s:g} s, or {clip}#last"
        raise BrokenRules((BrokenRule("image", f"{moment:g} s", end, "invalid_image", is_quoted=False),))


def _warn_if_small(order: Order, image: Image) -> Order:
    """Return the order with a warning where its vendor has to enlarge the first frame to more than twice its sides."""
    size, lines = order.size.pixels, count_lines(order.size)
    if not image.width or not image.height:
        return order
    is_small = is_far_too_small(image, size, "pad") if size else lines > 2 * min(image.width, image.height)
    note = (
        f"The first frame is {image.width}x{image.height}, less than half of {order.size.text if size else name_lines(order.size)}: {SOFT}."
    )
    return replace(order, warnings=(*order.warnings, note)) if is_small else order


def _warn_if_unlike(order: Order, image: Image) -> Order:
    """Return the order with a warning where its last frame has another shape than the first: no vendor says what it does with it."""
    last = read_uri(str(order.options.get("last_image", "")))
    if last.bytes is None or not image.width:
        return order
    last = picture_of(data_of(last))
    if of_shape(last, (Size(f"{image.width}x{image.height}"),)):
        return order
    shapes = f"The last frame is {last.width}x{last.height}, the first {image.width}x{image.height}: of another shape"
    return replace(order, warnings=(*order.warnings, f"{shapes}, so the vendor may cut or stretch it."))


def frame_like(file: Artifact) -> Image:
    """Return a first frame as one taken from this clip would be, without its bytes."""
    return Image("data:image/png;base64,", "image/png", file.width, file.height, 1)


def is_far_too_small(image: Image, size: tuple[int, int], how: str) -> bool:
    """Return whether a picture that is cropped or padded to `size` is enlarged to more than twice its sides."""
    scales = (size[0] / (image.width or 1), size[1] / (image.height or 1))
    return (max(scales) if how == "crop" else min(scales)) > 2

"""Turn a video in another container, or an animation, into an MP4 that browsers play: copy the packets where that is possible."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV's own stubs leave its packets, and Pillow's its frames, without a type.

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from PIL import Image, ImageSequence

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.colours import SDR, tag_colours
from sora_mcp.media.containers import ANIMATIONS, AVI, read_container
from sora_mcp.media.edit.edits import EditResult, round_even
from sora_mcp.media.edit.transcode import H264, HERTZ, LOST_SOUND, Segment, read_shape, read_sound, transcode
from sora_mcp.media.images.transform import flatten
from sora_mcp.media.limits import NO_FRAME, Deadline
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.media.safe_reader import MOST_FRAMES, OpenVideo, TooManyFrames, check_pixels, open_video

COPIED_PICTURES = ("h264", "hevc", "av1", "vp9")
COPIED_SOUND = ("aac", "mp3", "opus")
"""Codecs that MP4 has a place for and that browsers play from it. Sound in another one is encoded again while the pictures are copied."""
MOST_DIFFERENCE_S = 0.5
"""Between the lengths of a copy and of its source; a larger one shows that the source's times cannot be trusted."""
LEAST_STEP_MS, MOST_STEP_MS = 20, 100
"""Of an animation's frames as they are written; a longer one is repeated."""
UNSTATED_MS = 100
"""What browsers show a GIF's frame for that states 10 ms or less."""


def make_mp4(path: Path, target: Path, deadline: Deadline) -> EditResult:
    """Write the file as MP4 to `target`; the result's note says what was encoded again, and is empty for a copy.

    Raises BadMedia when it cannot be decoded, Refused when that takes longer than the deadline.
    """
    container = read_container(path)
    if container in ANIMATIONS:
        _encode_animation(path, target, deadline)
        return _measure(target, f"It came as {container.words} and was encoded as MP4.")
    copied = None if container is AVI else _copy(path, target, deadline)  # AVI states no times of frames that are out of order
    if copied is not None:
        return copied
    note = transcode([Segment(path)], read_shape(path), target, deadline)
    return _measure(target, f"It came as {container.words} and was encoded again as MP4. {note}".rstrip())


def _copy(path: Path, target: Path, deadline: Deadline) -> EditResult | None:
    """Write the packets into an MP4; None when its codecs, its times or its packets do not allow that."""
    try:
        with open_video(path) as clip:
            if clip.video.codec.canonical_name not in COPIED_PICTURES:
                return None
            seconds = clip.seconds
            note = _copy_packets(path, clip, target, deadline)
        result = _measure(target, note)
        with open_video(target) as copy:
            copy.decode_first(deadline)
    except (BadMedia, FFmpegError, ValueError):
        return None
    is_whole = result.duration_s is not None and (not seconds or abs(result.duration_s - seconds) <= MOST_DIFFERENCE_S)
    return result if is_whole else None


def _copy_packets(path: Path, clip: OpenVideo, target: Path, deadline: Deadline) -> str:
    """Copy pictures and sound, the sound as AAC where MP4 has no place for it. Return a note about what was not copied."""
    sound, note = clip.audio, LOST_SOUND if clip.lost_sound else ""
    copies_sound = sound is not None and sound.codec.canonical_name in COPIED_SOUND
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        tracks: dict[int, Stream] = {clip.video.index: out.add_stream_from_template(clip.video, opaque=True)}
        if clip.video.codec.canonical_name == "hevc":
            tracks[clip.video.index].codec_tag = "hvc1"  # QuickTime and Safari play no other tag
        if sound is not None and copies_sound:
            tracks[sound.index] = out.add_stream_from_template(sound, opaque=True)
        encoder = None if sound is None or copies_sound else out.add_stream("aac", rate=HERTZ, layout="stereo")
        mux_packets(clip, tracks, out, deadline)
        if encoder is not None:
            samples, note = 0, "Its sound was encoded again as AAC."
            for chunk in read_sound(Segment(path), round(clip.seconds * HERTZ), deadline):
                chunk.pts, chunk.time_base = samples, Fraction(1, HERTZ)
                out.mux(encoder.encode(chunk))
                samples += chunk.samples
            out.mux(encoder.encode(None))
    return note


def mux_packets(clip: OpenVideo, tracks: dict[int, Stream], out: OutputContainer, deadline: Deadline) -> None:
    """Write the packets of the streams in `tracks`, by their index, with times from 0 on."""
    last: dict[int, int] = {}
    for packet in clip.container.demux():
        deadline.check()
        index = packet.stream.index
        if index not in tracks or packet.size == 0:
            continue
        start = round(clip.start_s / packet.time_base)
        time = packet.dts if packet.dts is not None else packet.pts
        if time is None:
            continue
        packet.dts = max(time - start, last.get(index, time - start - 1) + 1)
        packet.pts = packet.dts if packet.pts is None else max(packet.pts - start, packet.dts)
        last[index] = packet.dts
        packet.stream = tracks[index]
        out.mux(packet)


def _encode_animation(path: Path, target: Path, deadline: Deadline) -> None:
    """Write an animated GIF, WebP or PNG on white, its frames as long as it shows them. Raises BadMedia for a single picture."""
    try:
        with Image.open(path, formats=("GIF", "WEBP", "PNG")) as picture:
            check_pixels(picture.width, picture.height)
            lengths = _measure_frames(picture, deadline)
            if len(lengths) < 2:
                raise BadMedia("It is a single picture, no video.")
            step = _choose_step(lengths)
            _write_pictures(_repeat_frames(picture, lengths, step, deadline), Fraction(1000, step), target)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadMedia(NO_FRAME) from error


def _measure_frames(picture: Image.Image, deadline: Deadline) -> list[int]:
    """Return how many milliseconds each frame is shown."""
    lengths: list[int] = []
    for frame in ImageSequence.Iterator(picture):
        deadline.check()
        if len(lengths) > MOST_FRAMES:
            raise TooManyFrames
        frame.load()  # a WebP states a frame's duration only once it is decoded
        stated = round(frame.info.get("duration", 0))
        lengths.append(stated if stated > 10 else UNSTATED_MS)
    return lengths


def _choose_step(lengths: list[int]) -> int:
    """Return the milliseconds from one frame of the video to the next, such that every frame's length is a multiple where possible."""
    common = math.gcd(*lengths)
    return max(LEAST_STEP_MS, common // -(-common // MOST_STEP_MS))


def _repeat_frames(picture: Image.Image, lengths: list[int], step: int, deadline: Deadline) -> Iterator[Image.Image]:
    """Yield a picture for each step of the video."""
    end = written = 0
    for frame, length in zip(ImageSequence.Iterator(picture), lengths, strict=False):
        deadline.check()
        end += length
        still = flatten(frame)
        for _ in range(max(0, round(end / step) - written)):
            written += 1
            yield still


def _write_pictures(pictures: Iterator[Image.Image], fps: Fraction, target: Path) -> None:
    """Write pictures of one size as H.264 in the colours of HD video."""
    scaler = VideoReformatter()
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("libx264", rate=fps, options=H264)
        for count, picture in enumerate(pictures):
            wide, high = round_even(picture.width), round_even(picture.height)
            if not count:
                stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
                tag_colours(stream.codec_context, SDR)
            frame = scaler.reformat(
                VideoFrame.from_image(picture), wide, high, "yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range="MPEG"
            )
            frame.pts, frame.time_base, frame.pict_type = count, 1 / fps, PictureType.NONE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _measure(target: Path, note: str) -> EditResult:
    info = probe_mp4(target)
    return EditResult(info.width, info.height, info.duration_s, note)

"""Join clips: copy their packets when their streams match and the seams stay as they are, else transcode to the first one's shape."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from PIL import Image

from sora_mcp.media.colours import read_colours
from sora_mcp.media.edit.caption import add_title
from sora_mcp.media.edit.edits import RATIOS, Edit
from sora_mcp.media.edit.seams import find_repeats
from sora_mcp.media.edit.transcode import Segment, Shape, read_shape, transcode
from sora_mcp.media.limits import Deadline
from sora_mcp.media.orientation import read_turn
from sora_mcp.media.safe_reader import open_video
from sora_mcp.media.view.frames import shrink

COPIED_LAYOUTS = (("video",), ("video", "audio"), ("audio", "video"))
"""Streams of clips whose packets may be copied by stream index; another stream, such as a time code, would be mistaken for one of them."""
FADE_S = 0.5
"""Seconds in which a clip turns into the next one; at most a third of the shortest clip."""
REPEATED = "The picture at which a clip continues another is shown once; for that the clips were encoded again."
IMPLIED = ("tracks", "encoding")
"""Differences that follow from the others, and are named where they are the only ones."""
SHOWN_ONCE = "The picture at which a clip continues another is shown once."
SAME_SHAPE = 1.03
"""How many times wider one picture may be than another before bars are drawn that a person sees."""


@dataclass(frozen=True)
class Start:
    """Parameters and first picture of a clip."""

    parameters: Mapping[str, object]
    """All that must be equal for the packets of two clips to follow each other, by what a person calls it."""
    picture: Image.Image
    """The first one, small and grey."""


def join_clips(edit: Edit, target: Path, deadline: Deadline) -> str:
    """Write the joined clips to `target` as MP4, with the text as their title. Return a note when they were encoded again unasked."""
    paths, fades = edit.paths, edit.transition == "fade"
    starts = [_read_start(path) for path in paths]
    repeats = find_repeats(paths, [start.picture for start in starts], edit.continues, deadline)
    differing = find_differing(starts)
    if not (differing or fades or edit.text or any(repeats)):
        _remux(paths, target, deadline)
        return ""
    shape = read_shape(paths[0])
    segments = [Segment(path, skips_first=repeat) for path, repeat in zip(paths, repeats, strict=True)]
    fade_s = min(FADE_S, min(map(_measure_seconds, paths)) / 3) if fades else 0.0
    lost = transcode(segments, add_title(shape, edit) if edit.text else shape, target, deadline, fade_s=fade_s)
    once = SHOWN_ONCE if any(repeats) and not fades else ""
    if differing:
        why = f"{describe_difference(differing, shape, [read_shape(path) for path in paths])} {once}".strip()
    else:
        why = once if edit.text or not once else REPEATED
    return f"{why} {lost}".strip()


def find_differing(starts: Sequence[Start]) -> tuple[str, ...]:
    """Return what keeps the packets of clips from following each other, in a word each."""
    first = starts[0].parameters
    names = tuple(name for name in first if any(start.parameters[name] != first[name] for start in starts))
    if not names and first["tracks"] not in COPIED_LAYOUTS:
        return ("tracks",)
    return tuple(name for name in names if name not in IMPLIED) or names[:1]


def describe_difference(differing: Sequence[str], first: Shape, shapes: Sequence[Shape]) -> str:
    """Say what joining clips that differ so, and are of these shapes, in that of the first one does to the others, and how to avoid black
    bars."""
    wide = first.width / first.height
    barred = [n for n, one in enumerate(shapes, 1) if not 1 / SAME_SHAPE <= one.width / one.height / wide <= SAME_SHAPE]
    if not barred:
        kinds = " and ".join(filter(None, (", ".join(differing[:-1]), differing[-1])))
        size = " in the size of the first one" if "size" in differing else ""
        return f"The clips differ in {kinds}, so they were encoded again{size}."
    which = f"clip {barred[0]} has" if len(barred) == 1 else f"clips {', '.join(map(str, barred[:-1]))} and {barred[-1]} have"
    ratio = next((name for name, (width, height) in RATIOS.items() if 1 / SAME_SHAPE <= width / height / wide <= SAME_SHAPE), None)
    fill = "" if ratio is None else f' To fill the picture, reframe first: edit_video(action="reframe", ratio="{ratio}"), then join.'
    return f"The clips differ in shape, so {which} black bars in the size of the first one.{fill}"


def _measure_seconds(path: Path) -> float:
    with open_video(path) as clip:
        return clip.seconds


def _read_start(path: Path) -> Start:
    """Return how a clip is made, and how it begins."""
    with open_video(path) as clip:
        video, audio = clip.video, clip.audio
        first = clip.decode_first(Deadline())
        parameters: dict[str, object] = {
            "size": (video.width, video.height, clip.pixel_aspect),
            "rotation": read_turn(first),
            "colours": read_colours(first),
            "codec": video.codec.name,
            "frame rate": video.average_rate,
            "sound": audio and (audio.codec.name, audio.rate, audio.layout.name),
            "tracks": ("video", "sound without a decoder") if clip.lost_sound else tuple(stream.type for stream in clip.container.streams),
            "encoding": [(stream.codec_context.extradata, stream.time_base) for stream in (video, audio) if stream],
        }
        return Start(parameters, shrink(first))


def _remux(paths: Sequence[Path], target: Path, deadline: Deadline) -> None:
    """Read the clips through FFmpeg's concat demuxer, which computes the timestamps, and write their packets."""
    with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder:
        playlist = Path(folder) / "clips.txt"
        lines = ["file '" + str(path.absolute()).replace("'", "'\\''") + "'\n" for path in paths]
        playlist.write_text("".join(lines), "utf-8")
        options = {"safe": "0", "protocol_whitelist": "file", "auto_convert": "0"}  # auto_convert would rewrite every packet
        with (
            av.open(str(playlist), format="concat", options=options) as clips,
            av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out,
        ):
            _copy_packets(clips, out, deadline)


def _copy_packets(clips: InputContainer, out: OutputContainer, deadline: Deadline) -> None:
    streams = {stream.index: out.add_stream_from_template(stream, opaque=True) for stream in (*clips.streams.video, *clips.streams.audio)}
    last: dict[int, int] = {}
    for packet in clips.demux():
        deadline.check()
        index = packet.stream.index
        if packet.dts is None or index not in streams:
            continue
        if packet.dts <= last.get(index, packet.dts - 1):  # an audio stream that is a little longer than its video
            packet.dts = last[index] + 1
            packet.pts = max(packet.pts or 0, packet.dts)
        last[index] = packet.dts
        packet.stream = streams[index]
        out.mux(packet)

"""Join clips: copy their packets when their streams match, else transcode them to the first one's shape."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from sora_mcp.media.colours import read_colours
from sora_mcp.media.edit.transcode import Segment, read_shape, transcode
from sora_mcp.media.limits import Deadline
from sora_mcp.media.orientation import read_turn
from sora_mcp.media.safe_reader import open_video

COPIED_LAYOUTS = (("video",), ("video", "audio"), ("audio", "video"))
"""Streams of clips whose packets may be copied by stream index; another stream, such as a time code, would be mistaken for one of them."""
ENCODED = "The clips differ, so they were encoded again in the size of the first one."


def join_clips(paths: Sequence[Path], target: Path, deadline: Deadline) -> str:
    """Write the joined clips to `target` as MP4. Return a note when they were encoded again, nothing when packets were copied."""
    parameters = {_read_parameters(path) for path in paths}
    if len(parameters) == 1 and parameters.pop()[-1] in COPIED_LAYOUTS:
        _remux(paths, target, deadline)
        return ""
    note = transcode([Segment(path) for path in paths], read_shape(paths[0]), target, deadline)
    return f"{ENCODED} {note}".rstrip()


def _read_parameters(path: Path) -> tuple[object, ...]:
    """Return all that must be equal for the packets of two clips to follow each other; the last item is the streams' types."""
    with open_video(path) as clip:
        video, audio = clip.video, clip.audio
        first = clip.decode_first(Deadline())
        size = (video.width, video.height, clip.pixel_aspect, read_turn(first), read_colours(first))
        picture = (video.codec.name, video.codec_context.extradata, size, video.time_base, video.average_rate)
        sound = audio and (audio.codec.name, audio.codec_context.extradata, audio.rate, audio.layout.name, audio.time_base)
        kinds = tuple(stream.type for stream in clip.container.streams)
        return (picture, sound, ("video", "sound without a decoder") if clip.lost_sound else kinds)


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

"""Joins clips: packet for packet where their streams agree, else anew in the first one's shape."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from sora_mcp.media.edit.transcode import Piece, remake, shape_of
from sora_mcp.media.limits import Allowance
from sora_mcp.media.safe_reader import opened

PLAIN = (("video",), ("video", "audio"), ("audio", "video"))
"""The tracks of clips whose packets are copied by their places; another track, such as a time code, would be taken for one of them."""


def join(paths: Sequence[Path], target: Path, allowance: Allowance) -> bool:
    """Whether nothing had to be encoded again."""
    kinds = {_kind(path) for path in paths}
    if len(kinds) == 1 and kinds.pop()[-1] in PLAIN:
        _copied(paths, target, allowance)
        return True
    remake([Piece(path) for path in paths], shape_of(paths[0]), target, allowance)
    return False


def _kind(path: Path) -> tuple[object, ...]:
    """What has to be equal for packets to follow each other."""
    with opened(path) as reel:
        video, audio = reel.video, reel.audio
        size = (video.width, video.height, reel.stretch, reel.first(Allowance()).rotation)
        seen = (video.codec.name, video.codec_context.extradata, size, video.time_base, video.average_rate)
        heard = audio and (audio.codec.name, audio.codec_context.extradata, audio.rate, audio.layout.name, audio.time_base)
        return (seen, heard, tuple(stream.type for stream in reel.container.streams))


def _copied(paths: Sequence[Path], target: Path, allowance: Allowance) -> None:
    """FFmpeg's own list of files reckons the times; only its packets are written."""
    with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder:
        listed = Path(folder) / "clips.txt"
        lines = ["file '" + str(path.absolute()).replace("'", "'\\''") + "'\n" for path in paths]
        listed.write_text("".join(lines), "utf-8")
        options = {"safe": "0", "protocol_whitelist": "file", "auto_convert": "0"}  # it would write every packet anew
        with (
            av.open(str(listed), format="concat", options=options) as clips,
            av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out,
        ):
            _muxed(clips, out, allowance)


def _muxed(clips: InputContainer, out: OutputContainer, allowance: Allowance) -> None:
    streams = {stream.index: out.add_stream_from_template(stream) for stream in (*clips.streams.video, *clips.streams.audio)}
    last: dict[int, int] = {}
    for packet in clips.demux():
        allowance.check()
        index = packet.stream.index
        if packet.dts is None or index not in streams:
            continue
        if packet.dts <= last.get(index, packet.dts - 1):  # a sound track that is a little longer than its pictures
            packet.dts = last[index] + 1
            packet.pts = max(packet.pts or 0, packet.dts)
        last[index] = packet.dts
        packet.stream = streams[index]
        out.mux(packet)

"""Small clips for the tests, made by PyAV itself and not by the code under test."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image

FPS = 24
HERTZ = 48_000


def a_clip(path: Path, *, colours: tuple[str, ...] = ("red", "blue"), size: tuple[int, int] = (320, 180), sound: bool = True) -> Path:
    """Write a clip with a second of each colour and a tone under it, which is encoded once in a run."""
    path.write_bytes(_encode(colours, size, sound))
    return path


@cache
def _encode(colours: tuple[str, ...], size: tuple[int, int], sound: bool) -> bytes:
    with av.open(content := BytesIO(), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = out.add_stream("aac", rate=HERTZ, layout="mono") if sound else None
        for at in range(len(colours) * FPS):
            frame = VideoFrame.from_image(Image.new("RGB", size, colours[at // FPS]))
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for part in tone(len(colours)) if audio else ():
            out.mux(audio.encode(part))
        if audio:
            out.mux(audio.encode(None))
    return content.getvalue()


def tone(seconds: float) -> Iterator[AudioFrame]:
    """Yield a loud tone of 480 Hz."""
    for at in range(int(seconds * HERTZ) // 1000):
        part = AudioFrame(format="s16", layout="mono", samples=1000)
        part.planes[0].update(
            b"".join(struct.pack("<h", 8000 if n // 50 % 2 else -8000) for n in range(1000)).ljust(part.planes[0].buffer_size, b"\0")
        )
        part.sample_rate, part.pts, part.time_base = HERTZ, at * 1000, Fraction(1, HERTZ)
        yield part


UNTURNED = 1 << 16
"""1 as the matrix of a track's header writes it, in 16.16."""


def a_turned_clip(path: Path, clockwise: int) -> Path:
    """A second of four fields, red and blue over lime and white, and a header that says how far to turn it before it is shown."""
    wide, high = 320, 180
    picture = Image.new("RGB", (wide, high), "red")
    for colour, left, top in (("blue", wide // 2, 0), ("lime", 0, high // 2), ("white", wide // 2, high // 2)):
        picture.paste(colour, (left, top, left + wide // 2, top + high // 2))
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = wide, high, "yuv420p"
        for at in range(FPS):
            frame = VideoFrame.from_image(picture)
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    one = UNTURNED
    matrix = {
        0: (one, 0, 0, 0, one, 0, 0, 0),
        90: (0, one, 0, -one, 0, 0, high * one, 0),
        180: (-one, 0, 0, 0, -one, 0, wide * one, high * one),
        270: (0, -one, 0, one, 0, 0, 0, wide * one),
    }[clockwise]
    raw = bytearray(path.read_bytes())
    at = raw.find(b"tkhd") + 44
    raw[at : at + 36] = struct.pack(">9i", *matrix, 1 << 30)
    path.write_bytes(raw)
    return path


def colour_of(picture: Image.Image, at: tuple[float, float] = (0.5, 0.5)) -> str:
    """The name of the nearest plain colour at a place of the picture."""
    pixel = picture.convert("RGB").getpixel((int((picture.width - 1) * at[0]), int((picture.height - 1) * at[1])))
    names = {"red": (255, 0, 0), "blue": (0, 0, 255), "lime": (0, 255, 0), "black": (0, 0, 0), "white": (255, 255, 255)}
    return min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))


def remuxed(path: Path, source: Path, *, order: str = "video audio", late: Mapping[str, float] = {}, **options: str) -> Path:
    """The same packets with the tracks in this order, some of them so many seconds later, written with these options of the muxer."""
    with av.open(str(source)) as clip, av.open(str(path), "w", format="mp4", options=options) as out:
        kinds = {"video": clip.streams.video[0], "audio": next(iter(clip.streams.audio), None)}
        tracks = {kind: out.add_stream_from_template(stream) for kind in order.split() if (stream := kinds[kind]) is not None}
        if "write_tmcd" in options:
            tracks["video"].metadata["timecode"] = "00:00:00:00"
        for packet in clip.demux():
            kind = packet.stream.type
            if packet.dts is None or packet.pts is None or packet.time_base is None or kind not in tracks:
                continue
            packet.dts += round(late.get(kind, 0) / packet.time_base)
            packet.pts += round(late.get(kind, 0) / packet.time_base)
            packet.stream = tracks[kind]
            out.mux(packet)
    return path


def a_clip_at(path: Path, times: Sequence[float], *, rate: Fraction = Fraction(FPS), stretch: int = 1) -> Path:
    """A red picture of 320x180 at each of these seconds; pixels are so many times as wide as high."""
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(stretch)
        for time in times:
            frame = VideoFrame.from_image(Image.new("RGB", (320, 180), "red"))
            frame.pts, frame.time_base = round(time * rate), 1 / rate
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


def without_pictures(path: Path, source: Path) -> Path:
    """Only the packets that build on others: no decoder makes a picture of them."""
    with av.open(str(source)) as clip, av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(video=0):
            if packet.dts is not None and not packet.is_keyframe:
                packet.stream = track
                out.mux(packet)
    return path


def a_sound(path: Path, *, seconds: float = 1.0) -> Path:
    """A tone as WAV, MP3 or M4A, by the path's ending."""
    codec, kind = {".wav": ("pcm_s16le", "wav"), ".mp3": ("mp3", "mp3"), ".m4a": ("aac", "ipod")}[path.suffix]
    with av.open(str(path), "w", format=kind) as out:
        stream = out.add_stream(codec, rate=HERTZ, layout="mono")
        out.mux([packet for frame in tone(seconds) for packet in stream.encode(frame)])
        out.mux(stream.encode(None))
    return path

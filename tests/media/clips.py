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
    return encode_pictures([Image.new("RGB", size, colour) for colour in colours for _ in range(FPS)], sound=sound)


TONE = b"".join(struct.pack("<h", 8000 if n // 50 % 2 else -8000) for n in range(1000))


def tone(seconds: float | Fraction, layout: str = "mono") -> Iterator[AudioFrame]:
    """Yield a loud tone of 480 Hz, or of 960 Hz in stereo."""
    for at in range(int(seconds * HERTZ) // 1000):
        part = AudioFrame(format="s16", layout=layout, samples=1000)
        part.planes[0].update((TONE * len(part.layout.channels)).ljust(part.planes[0].buffer_size, b"\0"))
        part.sample_rate, part.pts, part.time_base = HERTZ, at * 1000, Fraction(1, HERTZ)
        yield part


WIDE, HIGH = 160, 90
"""Pixels of a turned clip before it is turned."""
QUARTERS = {
    0: ((1, 0, 0, 1), (0, 0)),
    90: ((0, 1, -1, 0), (HIGH, 0)),
    180: ((-1, 0, 0, -1), (WIDE, HIGH)),
    270: ((0, -1, 1, 0), (0, WIDE)),
}
"""Degrees clockwise, with the signs of a track's matrix and the place to which it moves the picture."""


def a_turned_clip(path: Path, signs: Sequence[int], moved: Sequence[int] = (0, 0)) -> Path:
    """Half a second of four fields, red and blue over lime and white, and a header that says how to turn it before it is shown."""
    a, b, c, d, x, y = (part << 16 for part in (*signs, *moved))
    raw = bytearray(_encode_fields())
    at = raw.find(b"tkhd") + 44
    raw[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, x, y, 1 << 30)
    path.write_bytes(raw)
    return path


@cache
def _encode_fields() -> bytes:
    picture = Image.new("RGB", (WIDE, HIGH), "red")
    for colour, left, top in (("blue", WIDE // 2, 0), ("lime", 0, HIGH // 2), ("white", WIDE // 2, HIGH // 2)):
        picture.paste(colour, (left, top, left + WIDE // 2, top + HIGH // 2))
    return encode_pictures([picture] * (FPS // 2))


def encode_pictures(
    pictures: Sequence[Image.Image],
    *,
    times: Sequence[float] | None = None,
    rate: Fraction = Fraction(FPS),
    stretch: int = 1,
    sound: bool = False,
) -> bytes:
    """Return an MP4 of these pictures, one at each of these seconds, by default one after the other; with a tone under them."""
    with av.open(content := BytesIO(), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = *pictures[0].size, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(stretch)
        audio = out.add_stream("aac", rate=HERTZ, layout="mono") if sound else None
        for at, picture in enumerate(pictures):
            frame = VideoFrame.from_image(picture)
            frame.pts, frame.time_base = at if times is None else round(times[at] * rate), 1 / rate
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            out.mux([packet for part in tone(len(pictures) / rate) for packet in audio.encode(part)])
            out.mux(audio.encode(None))
    return content.getvalue()


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
    path.write_bytes(encode_pictures([Image.new("RGB", (320, 180), "red")] * len(times), times=times, rate=rate, stretch=stretch))
    return path


DOWNLOAD_SIZE, DOWNLOAD_S = (64, 48), 2


@cache
def encode_download(form: str, codec: str, sound: str = "", **options: str) -> bytes:
    """Return a red second and a blue one at 8 frames a second in any container, with a tone in the codec `sound`."""
    with av.open(content := BytesIO(), "w", format=form, options=options) as out:
        video = out.add_stream(codec, rate=8)
        video.width, video.height, video.pix_fmt = *DOWNLOAD_SIZE, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = out.add_stream(sound, rate=HERTZ, layout="stereo") if sound else None
        if audio is not None and sound == "vorbis":
            audio.codec_context.options = {"strict": "experimental"}
        for at in range(DOWNLOAD_S * 8):
            frame = VideoFrame.from_image(Image.new("RGB", DOWNLOAD_SIZE, "red" if at < 8 else "blue"))
            frame.pts, frame.time_base = at, Fraction(1, 8)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            out.mux([packet for part in tone(DOWNLOAD_S, "stereo") for packet in audio.encode(part)])
            out.mux(audio.encode(None))
    return content.getvalue()


def an_animation(path: Path, form: str, *, milliseconds: int = 500) -> Path:
    """Two red pictures and two blue ones, each shown for so long."""
    pictures = [Image.new("RGB", DOWNLOAD_SIZE, colour) for colour in ("red", "red", "blue", "blue")]
    pictures[0].save(content := BytesIO(), form, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    path.write_bytes(content.getvalue())
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


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of an MP4 with these contents."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def a_sound(path: Path, *, seconds: float = 1.0) -> Path:
    """A tone as WAV, MP3 or M4A, by the path's ending."""
    codec, kind = {".wav": ("pcm_s16le", "wav"), ".mp3": ("mp3", "mp3"), ".m4a": ("aac", "ipod")}[path.suffix]
    with av.open(str(path), "w", format=kind) as out:
        stream = out.add_stream(codec, rate=HERTZ, layout="mono")
        out.mux([packet for frame in tone(seconds) for packet in stream.encode(frame)])
        out.mux(stream.encode(None))
    return path

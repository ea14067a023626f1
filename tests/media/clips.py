"""Small clips for the tests, made by PyAV itself and not by the code under test."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image

FPS = 24
HERTZ = 48_000


def a_clip(path: Path, *, colours: tuple[str, ...] = ("red", "blue"), size: tuple[int, int] = (320, 180), sound: bool = True) -> Path:
    """A second of each colour, with a tone under it."""
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = out.add_stream("aac", rate=HERTZ, layout="mono") if sound else None
        for at in range(len(colours) * FPS):
            frame = VideoFrame.from_image(Image.new("RGB", size, colours[at // FPS]))
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for at in range(len(colours) * HERTZ // 1000 if audio else 0):
            part = AudioFrame(format="s16", layout="mono", samples=1000)
            part.planes[0].update(
                b"".join(struct.pack("<h", 8000 if n // 50 % 2 else -8000) for n in range(1000)).ljust(part.planes[0].buffer_size, b"\0")
            )
            part.sample_rate, part.pts, part.time_base = HERTZ, at * 1000, Fraction(1, HERTZ)
            out.mux(audio.encode(part))
        if audio:
            out.mux(audio.encode(None))
    return path


def colour_of(picture: Image.Image, at: tuple[float, float] = (0.5, 0.5)) -> str:
    """The name of the nearest plain colour at a place of the picture."""
    pixel = picture.convert("RGB").getpixel((int((picture.width - 1) * at[0]), int((picture.height - 1) * at[1])))
    names = {"red": (255, 0, 0), "blue": (0, 0, 255), "lime": (0, 255, 0), "black": (0, 0, 0), "white": (255, 255, 255)}
    return min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))

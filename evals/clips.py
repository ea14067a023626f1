"""Make clips, pictures and sounds as a person or a vendor would have them: of any size and length, and cheap."""

from __future__ import annotations

import itertools
import math
import wave
from array import array
from importlib.resources import files
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from PIL import Image, ImageOps

from sora_mcp.media.sample.render_pyav import H264, draw_frames
from sora_mcp.media.sample.scene import FPS, Clip

DRAWN_SIDE = 200
"""The shorter side in which a scene is drawn, in pixels: it is enlarged to what was ordered."""
FULL_HD = 1920 * 1088
"""Pixels above which a clip has fewer frames a second: encoding them would take a minute."""
HERTZ = 24_000
STILLS = files("sora_mcp.media.sample") / "stills"


def save_clip(path: Path, prompt: str, size: tuple[int, int], seconds: int, *, audio: bool) -> None:
    """Save an MP4 of a scene that the prompt's words choose, in exactly this size and length. Blocks for a second or more."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        every = 2 if math.prod(size) <= FULL_HD else 6
        picture = out.add_stream("libx264", rate=FPS // every, options=H264)
        picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
        picture.codec_context.thread_count = 1
        sound = out.add_stream("aac", rate=HERTZ, layout="mono") if audio else None
        drawn = _shrink(Clip(prompt, *size, seconds))
        frames = draw_frames(drawn, Image.new("RGBA", (drawn.width, drawn.height)))
        for frame in itertools.islice(frames, 0, None, every):
            enlarged = frame.reformat(*size, interpolation="FAST_BILINEAR")
            enlarged.pts, enlarged.time_base = frame.pts, frame.time_base
            out.mux(picture.encode(enlarged))
        out.mux(picture.encode(None))
        if sound is not None:
            for samples in _split(_make_tone(seconds)):
                out.mux(sound.encode(samples))
            out.mux(sound.encode(None))


def save_photo(path: Path, still: str, size: tuple[int, int]) -> None:
    """Save one of the ready pictures, cropped to this size, in the format that the name's ending says."""
    with (STILLS / still).open("rb") as file, Image.open(file) as picture:
        ImageOps.fit(picture.convert("RGB"), size).save(path)


def save_logo(path: Path) -> None:
    """Save a round logo on a transparent ground."""
    mask = Image.radial_gradient("L").point([255 if value < 120 else 0 for value in range(256)])
    logo = Image.new("RGBA", mask.size, "#e4572e")
    logo.putalpha(mask)
    logo.save(path)


def save_song(path: Path, seconds: int) -> None:
    """Save a tune as WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HERTZ)
        file.writeframes(_make_tone(seconds).tobytes())


def _shrink(clip: Clip) -> Clip:
    """Return the clip in the size in which it is drawn: even sides, and the shorter one no longer than DRAWN_SIDE."""
    part = min(1.0, DRAWN_SIDE / clip.unit)
    return Clip(clip.prompt, *(max(2, round(side * part / 2) * 2) for side in (clip.width, clip.height)), clip.seconds)


def _make_tone(seconds: int) -> array[int]:
    """Return samples of three notes that follow each other, one a second."""
    notes = (220.0, 277.2, 329.6)
    return array("h", (round(6000 * math.sin(math.tau * notes[at // HERTZ % 3] * at / HERTZ)) for at in range(seconds * HERTZ)))


def _split(samples: array[int]) -> list[AudioFrame]:
    frames: list[AudioFrame] = []
    for at in range(0, len(samples), 1024):
        part = samples[at : at + 1024]
        frame = AudioFrame("s16", "mono", len(part))
        frame.planes[0].update(part.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = HERTZ, at
        frames.append(frame)
    return frames

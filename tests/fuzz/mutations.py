"""Files to begin with, and ways to damage them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image

RED_HEIC = Path(__file__).parents[1] / "media" / "red.heic"
CLIP = Path(__file__).parents[1] / "played" / "clip.mp4"
SIZE = (64, 48)
HEAD_BYTES = 400
NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xfe", b"\0\0\xff\xff")
"""What parsers get wrong: nothing, the most, the most with a sign, one."""
Mutation = Callable[[bytearray, random.Random], None]


def make_seeds() -> Mapping[str, bytes]:
    """Return a whole file of each kind, by its ending."""
    return {
        "mp4": CLIP.read_bytes(),
        "fragmented.mp4": _encode("libx264", "mp4", {"movflags": "frag_keyframe+empty_moov"}),
        "webm": _encode("libvpx", "webm", {}),
        "heic": RED_HEIC.read_bytes(),
        "png": _draw("PNG"),
        "gif": _draw("GIF", save_all=True, append_images=[Image.new("RGB", SIZE, "blue")] * 3, duration=100),
    }


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """Return the file with one to three damages, half of them near its beginning, where its headers are."""
    content = bytearray(raw)
    for _ in range(chance.randint(1, 3)):
        chance.choice(MUTATIONS)(content, chance)
    return bytes(content)


def _encode(codec: str, form: str, options: dict[str, str]) -> bytes:
    with av.open(content := BytesIO(), "w", format=form, options=options) as out:
        video = out.add_stream(codec, rate=12)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for at in range(12):
            frame = VideoFrame.from_image(Image.new("RGB", SIZE, (20 * at, 80, 200)))
            frame.pts, frame.time_base = at, Fraction(1, 12)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return content.getvalue()


def _draw(form: str, **options: object) -> bytes:
    picture = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    picture.save(content := BytesIO(), form, **options)
    return content.getvalue()


def _choose_place(content: bytearray, chance: random.Random) -> int:
    return chance.randrange(max(1, min(len(content), HEAD_BYTES) if chance.random() < 0.5 else len(content)))


def _flip(content: bytearray, chance: random.Random) -> None:
    if content:
        content[_choose_place(content, chance)] ^= 1 << chance.randrange(8)


def _set_number(content: bytearray, chance: random.Random) -> None:
    at = _choose_place(content, chance)
    content[at : at + 4] = chance.choice(NUMBERS)


def _scramble(content: bytearray, chance: random.Random) -> None:
    at, size = _choose_place(content, chance), chance.randint(1, 32)
    content[at : at + size] = chance.randbytes(size)


def _cut_out(content: bytearray, chance: random.Random) -> None:
    at = _choose_place(content, chance)
    del content[at : at + chance.randint(1, 64)]


def _repeat(content: bytearray, chance: random.Random) -> None:
    at, size = _choose_place(content, chance), chance.randint(1, 64)
    content[at:at] = content[at : at + size] * chance.randint(1, 20)


def _cut_off(content: bytearray, chance: random.Random) -> None:
    if chance.random() < 0.3:
        del content[chance.randrange(len(content) + 1) :]


MUTATIONS: tuple[Mutation, ...] = (_flip, _flip, _set_number, _set_number, _scramble, _cut_out, _repeat, _cut_off)

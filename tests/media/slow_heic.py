"""A HEIC photo of a few hundred kilobytes that takes long to decode: 64 megapixels of noise, by one tile that is shown 256 times."""

from __future__ import annotations

import io
import random
import struct

import av
from av.video.frame import VideoFrame

from .clips import box

SIDE, ACROSS = 500, 16


def slow_heic() -> bytes:
    """Return the photo. Raises ValueError (av.codec.codec.UnknownCodecError) where PyAV has no encoder for it."""
    settings, tile = _encode_tile()
    items = range(1, ACROSS * ACROSS + 1)
    grid = len(items) + 1
    info = [_full(b"infe", struct.pack(">HH4sB", item, 0, b"grid" if item == grid else b"hvc1", 0), version=2) for item in (*items, grid)]
    shapes = box(b"ipco", settings, _shape(SIDE), _shape(SIDE * ACROSS))
    used = [struct.pack(">HBBB", item, 2, 0x81, 2) for item in items] + [struct.pack(">HBB", grid, 1, 3)]
    boxes = (
        _full(b"hdlr", bytes(4), b"pict", bytes(13)),
        _full(b"pitm", struct.pack(">H", grid)),
        _full(b"iinf", struct.pack(">H", grid), *info),
        box(b"iprp", shapes, _full(b"ipma", struct.pack(">I", grid), *used)),
        _full(b"iref", box(b"dimg", struct.pack(f">HH{len(items)}H", grid, len(items), *items))),
    )
    layout = struct.pack(">BBBBII", 0, 1, ACROSS - 1, ACROSS - 1, SIDE * ACROSS, SIDE * ACROSS)
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def index(at: int) -> bytes:
        places = [struct.pack(">HHHII", item, 0, 1, at, len(tile)) for item in items]
        last = struct.pack(">HHHII", grid, 0, 1, at + len(tile), len(layout))
        return _full(b"meta", *boxes, _full(b"iloc", b"\x44\0", struct.pack(">H", grid), *places, last))

    return start + index(len(start) + len(index(0)) + 8) + box(b"mdat", tile, layout)


def _encode_tile() -> tuple[bytes, bytes]:
    """Return the decoder's settings and the packet of a picture of noise."""
    file, chance = io.BytesIO(), random.Random(1)
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx265", rate=1, options={"preset": "ultrafast", "x265-params": "qp=4:keyint=1:log-level=none"})
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        frame = VideoFrame(SIDE, SIDE, "yuv420p")
        for plane in frame.planes:
            plane.update(chance.randbytes(plane.buffer_size))
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    raw = file.getvalue()
    return _cut(raw, b"hvcC"), _cut(raw, b"mdat")[8:]


def _cut(raw: bytes, kind: bytes) -> bytes:
    at = raw.index(kind) - 4
    return raw[at : at + struct.unpack_from(">I", raw, at)[0]]


def _full(kind: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def _shape(side: int) -> bytes:
    return _full(b"ispe", struct.pack(">II", side, side))

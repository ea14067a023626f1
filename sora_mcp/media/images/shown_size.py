"""Read the size at which a picture is shown, from its headers: upright, as its camera was held."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.images.metadata import strip_metadata
from sora_mcp.media.images.probe import is_avif, is_heic, probe_image, refuse_image
from sora_mcp.media.mp4_boxes import Box, BoxReader, find_box

TURNED = 5
"""From this EXIF orientation on a picture is stored lying on its side."""
MOST_LINKS = 1 << 20
"""Bytes of the table that says which properties an item has."""
DAMAGED = "It states no size."


def read_shown_size(raw: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a PNG, JPEG, WebP, HEIC or AVIF picture. Raises BrokenRules for anything else."""
    if is_heic(raw) or is_avif(raw):
        try:
            return _read_heif_size(raw)
        except (BadMedia, struct.error, IndexError, ZeroDivisionError):
            refuse_image("a damaged one")
    info = probe_image(raw)
    is_turned = strip_metadata(raw, info.media_type).orientation >= TURNED
    return (info.height, info.width) if is_turned else (info.width, info.height)


def _read_heif_size(raw: bytes) -> tuple[int, int]:
    """Return the size of the primary item, whose properties are applied in their order (ISO/IEC 23008-12).

    Its EXIF orientation does not count: readers of HEIF turn a picture by its properties alone.
    """
    reader = BoxReader(io.BytesIO(raw))
    meta = find_box(reader.read_top_level(len(raw)), b"meta", DAMAGED)
    boxes = list(reader.iterate_boxes(meta.body + 4, meta.end))  # behind version and flags
    primary = _read_primary(reader.read_content(find_box(boxes, b"pitm", DAMAGED), 8))
    iprp = find_box(boxes, b"iprp", DAMAGED)
    parts = list(reader.iterate_boxes(iprp.body, iprp.end))
    ipco = find_box(parts, b"ipco", DAMAGED)
    properties = list(reader.iterate_boxes(ipco.body, ipco.end))
    links = reader.read_content(find_box(parts, b"ipma", DAMAGED), MOST_LINKS)
    width, height = 0, 0
    for number in _list_links(links, primary):
        if number:  # 0 stands for no property
            width, height = _apply(properties[number - 1], reader, width, height)
    if not width or not height:
        raise BadMedia(DAMAGED)
    return width, height


def _read_primary(content: bytes) -> int:
    return struct.unpack_from(">I" if content[0] else ">H", content, 4)[0]


def _list_links(content: bytes, item: int) -> Iterator[int]:
    """Yield the numbers of an item's properties, from 1 on, in the table of an `ipma` box."""
    ids, is_wide = ">I" if content[0] else ">H", bool(content[3] & 1)
    (count,), at = struct.unpack_from(">I", content, 4), 8
    for _ in range(count):
        (found,) = struct.unpack_from(ids, content, at)
        at += struct.calcsize(ids) + 1
        links = content[at - 1]
        if found == item:
            numbers = struct.unpack_from(f">{links}{'H' if is_wide else 'B'}", content, at)
            yield from (number & (0x7FFF if is_wide else 0x7F) for number in numbers)
            return
        at += links * (2 if is_wide else 1)


def _apply(one: Box, reader: BoxReader, width: int, height: int) -> tuple[int, int]:
    """Return the size behind a property: the stored size, what is cut to, or a turn."""
    match one.kind:
        case b"ispe":
            return struct.unpack_from(">II", reader.read_content(one, 12), 4)
        case b"clap":
            wide, wide_parts, high, high_parts = struct.unpack(">4I", reader.read_content(one, 16))
            return wide // wide_parts, high // high_parts
        case b"irot" if reader.read_content(one, 1)[0] & 1:
            return height, width
        case _:
            return width, height

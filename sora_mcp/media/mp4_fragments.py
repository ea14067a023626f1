"""Measure the fragments (moof boxes) of an MP4: how many samples a track has in them, and for how long.

Layout of the boxes: ISO/IEC 14496-12, sections 8.8.3 (trex), 8.8.7 (tfhd) and 8.8.8 (trun).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.mp4_boxes import Box, BoxReader

TFHD_BASE_OFFSET, TFHD_DESCRIPTION, TFHD_DURATION = 0x01, 0x02, 0x08
TRUN_DATA_OFFSET, TRUN_FIRST_FLAGS, TRUN_DURATION = 0x001, 0x004, 0x100
TRUN_FIELDS = (TRUN_DURATION, 0x200, 0x400, 0x800)
"""Fields of four bytes that each sample of a trun may have; the duration is the first."""
MOST_TRUN_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Samples:
    """Samples of one track: their number, and their length in the track's ticks."""

    samples: int
    ticks: int


def read_fragments(reader: BoxReader, top_level: list[Box], mvex: Box, track_id: int) -> Samples:
    """Return the fragments of a track. Raises BadMedia when one of them declares more than it has."""
    default = _read_default_duration(reader, mvex, track_id)
    samples = ticks = 0
    for moof in (box for box in top_level if box.kind == b"moof"):
        for traf in reader.iterate_boxes(moof.body, moof.end, inside="a fragment"):
            if traf.kind == b"traf":
                count, duration = _read_traf(reader, traf, track_id, default)
                samples, ticks = samples + count, ticks + duration
    return Samples(samples, ticks)


def _read_default_duration(reader: BoxReader, mvex: Box, track_id: int) -> int:
    for box in reader.iterate_boxes(mvex.body, mvex.end, inside="the mvex box"):
        if box.kind == b"trex" and len(content := reader.read_content(box, 24)) == 24:
            _, owner, _, duration = struct.unpack_from(">4I", content)
            if owner == track_id:
                return duration
    return 0


def _read_traf(reader: BoxReader, traf: Box, track_id: int, default: int) -> tuple[int, int]:
    """Return number and ticks of the samples of one track fragment; (0, 0) for another track."""
    boxes = list(reader.iterate_boxes(traf.body, traf.end, inside="a track fragment"))
    header = next((reader.read_content(box, 40) for box in boxes if box.kind == b"tfhd"), b"")
    if len(header) < 8 or int.from_bytes(header[4:8], "big") != track_id:
        return 0, 0
    flags = int.from_bytes(header[1:4], "big")
    if flags & TFHD_DURATION:
        at = 8 + (8 if flags & TFHD_BASE_OFFSET else 0) + (4 if flags & TFHD_DESCRIPTION else 0)
        default = int.from_bytes(header[at : at + 4], "big")
    runs = [_read_trun(reader, box, default) for box in boxes if box.kind == b"trun"]
    return sum(count for count, _ in runs), sum(ticks for _, ticks in runs)


def _read_trun(reader: BoxReader, box: Box, default: int) -> tuple[int, int]:
    content = reader.read_content(box, MOST_TRUN_BYTES)
    if len(content) < 8:
        return 0, 0
    flags, count = int.from_bytes(content[1:4], "big"), int.from_bytes(content[4:8], "big")
    start = 8 + (4 if flags & TRUN_DATA_OFFSET else 0) + (4 if flags & TRUN_FIRST_FLAGS else 0)
    size = 4 * sum(1 for field in TRUN_FIELDS if flags & field)
    if start + count * size > len(content):
        raise BadMedia(f"One of its fragments declares {count} samples, and has room for {max(0, len(content) - start) // size}.")
    if not flags & TRUN_DURATION:
        return count, count * default
    return count, sum(struct.unpack_from(">I", content, start + at * size)[0] for at in range(count))

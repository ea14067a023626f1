"""Read the boxes of an MP4 or QuickTime file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from sora_mcp.domain.errors import BadMedia

MOST_BOXES = 100_000
"""Of one file. A fragmented hour has a few thousand boxes."""
FOLLOWING = (b"moof", b"mfra", b"sidx", b"ssix", b"emsg", b"prft", b"meta", b"mdat")
"""Top-level boxes that may follow later."""
LEADING = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"styp", b"pnot")
"""Boxes that an MP4 or QuickTime file may begin with."""


@dataclass(frozen=True)
class Box:
    """A box's kind, such as `b"moov"`, and the offsets of its content's begin and end."""

    kind: bytes
    body: int
    end: int


class BoxReader:
    """Reads the boxes of one file, at most MOST_BOXES, so that a hostile file ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_BOXES

    def read_top_level(self, size: int) -> list[Box]:
        """Return the top-level boxes. Bytes after a whole movie that begin no known box are ignored: some servers append them."""
        found: list[Box] = []
        try:
            found.extend(self.iterate_boxes(0, size))  # keeps those before a damaged one
        except BadMedia:
            if not {b"ftyp", b"moov", b"mdat"} <= {box.kind for box in found} or self._begins_box(found[-1].end):
                raise
        return found

    def _begins_box(self, start: int) -> bool:
        """Return whether a known box begins at this offset, or a truncated header of one."""
        header = self._read(start, 8)
        short = len(header) < 8 and header[:1] == b"\0"
        return any(kind == header[4:] or (short and kind.startswith(header[4:])) for kind in (*LEADING, *FOLLOWING))

    def iterate_boxes(self, start: int, end: int, *, inside: str = "the file") -> Iterator[Box]:
        """Yield every box between two offsets. Raises BadMedia when one does not lie between them."""
        while start < end:
            box = self._read_box(start, end, inside)
            if box is None:
                return
            yield box
            start = box.end

    def _read_box(self, start: int, end: int, inside: str) -> Box | None:
        self._left -= 1
        if self._left < 0:
            raise BadMedia(f"It has more than {MOST_BOXES} boxes, which no real clip has.")
        header = self._read(start, min(16, end - start))
        if len(header) < 8:
            return None if not any(header) else raise_truncated(inside)  # some QuickTime lists end with a few zeros
        declared, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if declared == 1:
            if len(header) < 16:
                raise_truncated(inside)
            declared, head = int.from_bytes(header[8:], "big"), 16
        if declared == 0 and inside == "the file":
            declared = end - start  # the last box may extend to the end of the file
        if declared < head:
            raise BadMedia(f"The box {format_kind(kind)} says that it is {declared} bytes long, which is shorter than its own header.")
        if start + declared > end:
            needs = f"the box {format_kind(kind)} needs {declared} bytes"
            raise BadMedia(f"It is cut off: {needs}, and {inside} ends after {end - start} of them.")
        return Box(kind, start + head, start + declared)

    def _read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        return self._file.read(count)

    def read_content(self, box: Box, most: int) -> bytes:
        """Return at most `most` bytes of a box's content. Raises BadMedia when it is empty."""
        content = self._read(box.body, min(most, box.end - box.body))
        return content or raise_truncated(f"the box {format_kind(box.kind)}")


def find_box(boxes: list[Box], kind: bytes, otherwise: str) -> Box:
    """Return the first box of a kind. Raises BadMedia with the message `otherwise` when there is none."""
    found = next((box for box in boxes if box.kind == kind), None)
    if found is None:
        raise BadMedia(otherwise)
    return found


def raise_truncated(inside: str) -> NoReturn:
    """Raise BadMedia for a file that ends inside of something."""
    raise BadMedia(f"It is cut off in the middle of {inside}.")


def format_kind(kind: bytes) -> str:
    """Return a box's kind for a message: as text, else in hexadecimal digits."""
    return kind.decode("ascii") if kind.isalnum() else kind.hex()

"""Everything that needs the media extra, by name: looking at a clip, taking frames, cutting, fitting pictures. One at a time."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media import mp4_probe as mp4
from sora_mcp.media import optional as extra
from sora_mcp.media.edit.actions import Edit, Made
from sora_mcp.media.limits import Allowance

SHORT_S = 8.5
FEW, SEVERAL = 6, 9
"""Pictures of a short clip, and of a longer one."""
LONGEST = 1000
CODE_LETTERS = "ACDEFHJKLMNPRTUVWXY"
"""Those that nobody takes for a digit or for one another."""
_one_at_a_time = threading.Lock()
"""A clip of 1080p takes 250 MB."""


@dataclass(frozen=True)
class View:
    """A contact sheet, and what can be said of the clip without eyes."""

    jpeg: bytes
    frames: int
    seconds: float
    code: str
    words: str


def view(path: Path, frames: int | None, allowance: Allowance) -> View:
    """The clip at a glance. MissingMediaExtra, or BadMedia with nothing charged."""
    extra.need("A contact sheet")
    # PyAV and Pillow take 0.2 s and 60 MB to load, and may not be there: here and below they wait until they are needed.
    from sora_mcp.media.view import contact_sheet as sheet
    from sora_mcp.media.view import frames as looking

    with _one_at_a_time:
        count = frames or (FEW if (mp4.inspect(path).duration_s or 0) <= SHORT_S else SEVERAL)
        seen = looking.look(path, count, allowance, longest=LONGEST if count < FEW else LONGEST // 2)
        code = check_code(path, count)
        words = seen.digest.words if seen.digest else "too long to measure"
        return View(sheet.contact_sheet(seen.pictures, code), len(seen.pictures), seen.seconds, code, words)


def length(path: Path) -> float:
    """Seconds, from the headers, or from the decoder where a fragmented file does not tell there."""
    if (seconds := mp4.inspect(path).duration_s) is not None:
        return seconds
    extra.need("The length of this clip")
    from sora_mcp.media import safe_reader as reel

    with reel.opened(path) as opened:
        return opened.seconds


def check_code(path: Path, count: int) -> str:
    """A letter and two digits, the same for the same file and number of pictures."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    number = int.from_bytes(digest[:4], "big") + count
    return f"{CODE_LETTERS[number % len(CODE_LETTERS)]}{number // len(CODE_LETTERS) % 90 + 10}"


def frame(path: Path, moment: float | None, allowance: Allowance) -> bytes:
    """The frame shown at `moment` in the video's own size: PNG, or JPEG where that would be too large; None is the last one."""
    extra.need("A frame of a clip")
    from sora_mcp.media.images import transform as pictures
    from sora_mcp.media.view import frames as looking

    with _one_at_a_time:
        return pictures.written(looking.still(path, moment, allowance)[1])


def fitted(raw: bytes, size: tuple[int, int], how: str, types: tuple[str, ...], most_bytes: int) -> bytes:
    """The picture in exactly this size: cut, or between bars."""
    extra.need("A first frame that is made to fit")
    from sora_mcp.media.images import transform as pictures

    with _one_at_a_time:
        return pictures.fitted(raw, size, how, types, most_bytes)


def upright(raw: bytes) -> bytes:
    """A picture turned as its camera was held; a HEIC one as JPEG."""
    from sora_mcp.media.images import transform as pictures

    with _one_at_a_time:
        return pictures.upright(raw)


def edit(wish: Edit, target: Path, allowance: Allowance) -> Made:
    """Writes the edit to `target`."""
    extra.need("edit_video")
    from sora_mcp.media.edit import dispatch as cutting

    with _one_at_a_time:
        return cutting.cut(wish, target, allowance)


def uncharged(error: BadMedia) -> BadMedia:
    """Of a file that is only looked at: nothing was bought."""
    error.charged = "no"
    return error

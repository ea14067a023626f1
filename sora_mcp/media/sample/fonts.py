"""Which font file can write which characters: DejaVu Sans comes along, the system's fonts are asked for the rest."""

from __future__ import annotations

import os
import struct
import sys
import unicodedata
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

BUNDLED = Path(__file__).parent / "typefaces" / "DejaVuSans.ttf"
"""Latin, Greek, Cyrillic, Hebrew, Arabic, arrows and signs."""
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
MOST_FILES = 3_000
MOST_CMAP_BYTES = 4 * 1024 * 1024
UNPLEASANT = ("bold", "black", "light", "thin", "italic", "oblique", "mono", "serif", "condensed", "color")
"""In a file's name: taken only where nothing plainer writes the character."""

CLINGING = ("Zs", "Mn", "Mc", "Me", "Cf")
"""Unicode's categories of what belongs to the character before it."""


@dataclass(frozen=True)
class Run:
    """A piece of text that one font writes."""

    text: str
    font: Path


def runs(text: str, fonts: tuple[Path, ...]) -> list[Run]:
    """The text in pieces, each with the first font that writes it. Blanks, marks and what none writes stay with their neighbour."""
    found: list[Run] = []
    for char in text:
        font = next((font for font in fonts if writes(font, ord(char))), None)
        if found and (unicodedata.category(char) in CLINGING or font in (None, found[-1].font)):
            found[-1] = Run(found[-1].text + char, found[-1].font)
        else:
            found.append(Run(char, font or BUNDLED))
    return found


def fonts_for(text: str, folders: tuple[Path, ...] | None = None) -> tuple[Path, ...]:
    """The bundled font, and as many of the system's as the text needs."""
    visible = {char for char in text if char.isprintable() and not char.isspace()}
    missing = frozenset(code for code in map(ord, visible) if not writes(BUNDLED, code))
    return (BUNDLED, *_system(missing, folders or places())) if missing else (BUNDLED,)


@lru_cache(maxsize=32)
def _system(missing: frozenset[int], folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """System fonts that write the missing characters, best first; each one adds something."""
    able = {path: frozenset(code for code in missing if writes(path, code)) for path in files(folders)}
    chosen: list[Path] = []
    while missing and able:
        best = min(able, key=lambda path: (-len(able[path] & missing), _plainness(path)))
        if not able[best] & missing:
            break
        chosen.append(best)
        missing -= able.pop(best)
    return tuple(chosen)


def files(folders: tuple[Path, ...]) -> Iterator[Path]:
    """Font files in these folders and below, in a steady order, up to a limit."""
    left = MOST_FILES
    for folder in folders:
        for root, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES) and (left := left - 1) >= 0:
                    yield Path(root, name)


def places() -> tuple[Path, ...]:
    """Where this system keeps fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts")


def writes(path: Path, code: int) -> bool:
    """Whether the font has a glyph for this character. Of a collection, the first font is asked."""
    spans = _spans(path)
    at = bisect(spans, (code, 0x110000)) - 1
    return at >= 0 and code <= spans[at][1]


@lru_cache(maxsize=4096)
def _spans(path: Path) -> tuple[tuple[int, int], ...]:
    """First and last characters that the font writes, sorted; none when it cannot be read."""
    try:
        with path.open("rb") as file:
            return tuple(sorted(set(_codes(_cmap(file)))))
    except (OSError, ValueError, struct.error):
        return ()


def _plainness(path: Path) -> tuple[int, int, str]:
    name = path.name.lower()
    return (sum(word in name for word in UNPLEASANT), len(name), str(path))


def _cmap(file: BinaryIO) -> bytes:
    """The table that maps characters to glyphs. https://learn.microsoft.com/typography/opentype/spec/cmap"""
    start = 0
    if file.read(4) == b"ttcf":
        start = struct.unpack(">8xI", file.read(12))[0]
    file.seek(start + 4)
    (count,) = struct.unpack(">H6x", file.read(8))
    for _ in range(count):
        tag, offset, length = struct.unpack(">4s4xII", file.read(16))
        if tag == b"cmap":
            file.seek(offset)
            return file.read(min(length, MOST_CMAP_BYTES))
    raise ValueError("no cmap table")


def _codes(cmap: bytes) -> Iterator[tuple[int, int]]:
    """First and last of each span, of every Unicode subtable. Formats 4 and 12 are what fonts use."""
    (count,) = struct.unpack_from(">2xH", cmap)
    for at in range(4, 4 + 8 * count, 8):
        platform, _, offset = struct.unpack_from(">HHI", cmap, at)
        (form,) = struct.unpack_from(">H", cmap, offset)
        if platform in (0, 3) and form == 4:
            yield from _segments(cmap, offset)
        elif platform in (0, 3) and form == 12:
            yield from _groups(cmap, offset)


def _segments(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Format 4: a list of last codes and a list of first ones. 0xFFFF only ends them."""
    count = struct.unpack_from(">6xH", cmap, offset)[0] // 2
    lasts = struct.unpack_from(f">{count}H", cmap, offset + 14)
    firsts = struct.unpack_from(f">{count}H", cmap, offset + 16 + 2 * count)
    return ((first, last) for first, last in zip(firsts, lasts, strict=True) if first != 0xFFFF)


def _groups(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Format 12: first code, last code and glyph of each group."""
    (count,) = struct.unpack_from(">12xI", cmap, offset)
    return ((first, last) for first, last, _ in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * count]))

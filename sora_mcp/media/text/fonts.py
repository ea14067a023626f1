"""Choose fonts for a text: the bundled DejaVu Sans first, then the system's fonts for the characters it lacks."""

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
LESS_PLAIN = ("bold", "black", "light", "thin", "italic", "oblique", "mono", "serif", "condensed", "color")
"""Words in a file's name. Such a font is taken only when no plainer one has the character."""
ATTACHED = ("Zs", "Mn", "Mc", "Me", "Cf")
"""Unicode categories of characters that stay in the run of the one before them."""


@dataclass(frozen=True)
class Run:
    """A piece of text drawn in one font."""

    text: str
    font: Path


def split_runs(text: str, fonts: tuple[Path, ...]) -> list[Run]:
    """Split the text into runs, each in the first font that has its characters.

    Spaces, marks and characters that no font has stay in their neighbour's run.
    """
    found: list[Run] = []
    for char in text:
        font = next((font for font in fonts if has_glyph(font, ord(char))), None)
        if found and (unicodedata.category(char) in ATTACHED or font in (None, found[-1].font)):
            found[-1] = Run(found[-1].text + char, found[-1].font)
        else:
            found.append(Run(char, font or BUNDLED))
    return found


def choose_fonts(text: str, folders: tuple[Path, ...] | None = None) -> tuple[Path, ...]:
    """Return the bundled font and as many of the system's as the text needs. `folders` replace the system's font folders."""
    visible = {char for char in text if char.isprintable() and not char.isspace()}
    missing = frozenset(code for code in map(ord, visible) if not has_glyph(BUNDLED, code))
    return (BUNDLED, *_choose_system_fonts(missing, folders or list_font_folders())) if missing else (BUNDLED,)


def forget_fonts() -> None:
    """Let the next choice look for installed fonts again."""
    _choose_system_fonts.cache_clear()


@lru_cache(maxsize=32)
def _choose_system_fonts(missing: frozenset[int], folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return system fonts that have the missing characters, best first; each adds at least one."""
    able = {path: frozenset(code for code in missing if has_glyph(path, code)) for path in find_font_files(folders)}
    chosen: list[Path] = []
    while missing and able:
        best = min(able, key=lambda path: (-len(able[path] & missing), _rank(path)))
        if not able[best] & missing:
            break
        chosen.append(best)
        missing -= able.pop(best)
    return tuple(chosen)


def find_font_files(folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the font files in these folders and below, in a stable order, at most MOST_FILES."""
    left = MOST_FILES
    for folder in folders:
        for root, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES) and (left := left - 1) >= 0:
                    yield Path(root, name)


def list_font_folders() -> tuple[Path, ...]:
    """Return the folders in which this operating system keeps fonts."""
    home = Path(os.path.expanduser("~"))  # of a user id without a name it stays as it is: a folder that is not there
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts")


def has_glyph(path: Path, code: int) -> bool:
    """Return whether the font, or the first one of a collection, has a glyph for the code point."""
    ranges = _list_ranges(path)
    at = bisect(ranges, (code, 0x110000)) - 1
    return at >= 0 and code <= ranges[at][1]


@lru_cache(maxsize=4096)
def _list_ranges(path: Path) -> tuple[tuple[int, int], ...]:
    """Return the ranges of code points (first, last) that the font has, sorted; none when it cannot be read."""
    try:
        with path.open("rb") as file:
            return tuple(sorted(set(_read_ranges(_read_cmap(file)))))
    except (OSError, ValueError, struct.error):
        return ()


def _rank(path: Path) -> tuple[int, int, str]:
    name = path.name.lower()
    return (sum(word in name for word in LESS_PLAIN), len(name), str(path))


def _read_cmap(file: BinaryIO) -> bytes:
    """Return the table that maps characters to glyphs: https://learn.microsoft.com/typography/opentype/spec/cmap"""
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


def _read_ranges(cmap: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges of code points in every Unicode subtable of format 4 or 12, which are the ones that fonts use."""
    (count,) = struct.unpack_from(">2xH", cmap)
    for at in range(4, 4 + 8 * count, 8):
        platform, _, offset = struct.unpack_from(">HHI", cmap, at)
        (form,) = struct.unpack_from(">H", cmap, offset)
        if platform in (0, 3) and form == 4:
            yield from _read_format_4(cmap, offset)
        elif platform in (0, 3) and form == 12:
            yield from _read_format_12(cmap, offset)


def _read_format_4(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of format 4: a list of last codes and a list of first ones, both ended by 0xFFFF."""
    count = struct.unpack_from(">6xH", cmap, offset)[0] // 2
    lasts = struct.unpack_from(f">{count}H", cmap, offset + 14)
    firsts = struct.unpack_from(f">{count}H", cmap, offset + 16 + 2 * count)
    return ((first, last) for first, last in zip(firsts, lasts, strict=True) if first != 0xFFFF)


def _read_format_12(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of format 12: first code, last code and glyph of each group."""
    (count,) = struct.unpack_from(">12xI", cmap, offset)
    return ((first, last) for first, last, _ in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * count]))

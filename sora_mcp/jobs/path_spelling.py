"""Read a path as clients and people spell it: quoted, escaped, as a file:// address, with other blanks or accents than on the disk."""

from __future__ import annotations

import difflib
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from sora_mcp.security.text import is_harmless

FILE = re.compile(r"file:(?://(?:localhost)?)?(/(?!/).*)", re.IGNORECASE | re.DOTALL)
"""An address of a file of this machine: no other host is named in it."""
QUOTES = (('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u2018", "\u2019"))
MOST_NAMES = 5000
"""Names of a folder that are looked at."""


def find_spellings(text: str) -> Iterator[str]:
    """Yield what a text may mean as a path, first the text as it is."""
    seen = {text: None}
    yield text
    for change in (str.strip, _unquote, _strip_at, _unquote, _read_address, _unescape):
        text = change(text)
        if text not in seen:
            seen[text] = None
            yield text


def is_file_address(text: str) -> bool:
    """Return whether a text is a file:// address of this machine."""
    return FILE.fullmatch(_unquote(text.strip())) is not None


def find_same_name(path: Path) -> Path | None:
    """Return the only file of the path's folder whose name is the same but for the kind of its blanks and accents; None for none."""
    wanted = _fold(path.name)
    same = [name for name in _list_names(path.parent) if _fold(name) == wanted]
    return path.parent / same[0] if len(same) == 1 else None


def find_nearest_name(path: Path) -> str | None:
    """Return the name in the path's folder that is spelt most like it."""
    folded = {_fold(name).casefold(): name for name in _list_names(path.parent)}
    near = difflib.get_close_matches(_fold(path.name).casefold(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def _list_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False) if not entry.name.startswith(".")]
    except OSError:
        return []
    return [name for name in names if is_harmless(name)]


def _fold(name: str) -> str:
    """Return a name in NFC with every blank of Unicode as an ordinary one."""
    return "".join(" " if unicodedata.category(char) == "Zs" else char for char in unicodedata.normalize("NFC", name))


def _unquote(text: str) -> str:
    for begin, end in QUOTES:
        if len(text) > 2 and text.startswith(begin) and text.endswith(end):
            return text[1:-1].strip()
    return text


def _strip_at(text: str) -> str:
    return text[1:] if len(text) > 1 and text.startswith("@") else text


def _read_address(text: str) -> str:
    found = FILE.fullmatch(text)
    if found is None:
        return text
    path = unquote(found[1])
    return path[1:] if sys.platform == "win32" and re.match(r"/[A-Za-z]:", path) else path


def _unescape(text: str) -> str:
    """Return the text without a shell's backslashes; on Windows they separate folders."""
    return text if sys.platform == "win32" else re.sub(r"\\([^\w/])", r"\1", text)

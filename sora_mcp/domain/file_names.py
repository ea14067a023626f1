"""Read a text as the name of a file, in the ways in which people and clients spell one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from urllib.parse import unquote

from sora_mcp.domain.text import is_harmless

SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,40}):.*", re.IGNORECASE | re.DOTALL)
"""Two letters at least: one letter is a drive of Windows."""
BARE = re.compile(r"(?:iVBORw0KGgo|/9j/|UklGR)[A-Za-z0-9+/=\s]{60,}")
"""Base64 of a PNG, JPEG or WebP without a head."""
FILE = re.compile(r"file:(?://(?:localhost)?)?(/(?!/).*)", re.IGNORECASE | re.DOTALL)
"""An address of a file of this machine: no other host is named in it."""
QUOTES = (('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u2018", "\u2019"))
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif")
VIDEO_ENDINGS = (".mp4", ".mov", ".webm", ".mkv", ".m4v", ".gif")
SOUND_ENDINGS = (".mp3", ".m4a", ".wav")


def is_path(text: str) -> bool:
    """Return whether the text means a file: it begins like no address of another machine and is no picture itself."""
    bare = text.strip().strip("\"'`")
    return is_file_address(text) or (SCHEME.fullmatch(bare) is None and BARE.fullmatch(bare) is None)


def is_video_name(text: str) -> bool:
    """Return whether the text means a file that its ending calls a video."""
    return is_path(text) and text.strip().strip("\"'`").casefold().endswith(VIDEO_ENDINGS)


def is_file_name(text: str) -> bool:
    """Return whether the text means a file, and no job: by its ending, or because it is a path or a link."""
    bare = text.strip().strip("\"'`").casefold()
    return bare.endswith((*VIDEO_ENDINGS, *PICTURE_ENDINGS)) or "/" in bare or "\\" in bare


def is_relative(text: str) -> bool:
    """Return whether the text names a file without saying where the way to it begins."""
    *_, spelling = find_spellings(text)
    return not os.path.isabs(spelling) and not spelling.startswith("~")


def find_file_name(text: str) -> str:
    """Return the name of the file at the end of a path, as it can be repeated in a call; empty where there is none."""
    *_, spelling = find_spellings(text)
    name = re.split(r"[/\\\\]", spelling)[-1]
    return name if name not in ("", ".", "..", "~") and is_harmless(name) and '"' not in name else ""


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

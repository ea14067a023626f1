"""Find the characters that no font of this machine writes, so that nobody gets boxes, and name the packages that bring such fonts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from sora_mcp.media.text.fonts import ATTACHED, choose_fonts, forget_fonts, has_glyph
from sora_mcp.media.text.layout import clean_text

CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")
"""First words of the Unicode names of characters that fonts-noto-cjk has."""
PICTURES = ((0x1F000, 0x1FAFF), (0x2600, 0x27BF), (0x2B00, 0x2BFF))
"""Code points of emoji and other pictures."""
MOST_NAMED = 8
NOTHING_LEFT = "(This machine has no font for this prompt.)"


def find_missing(text: str, fonts: tuple[Path, ...] | None = None) -> str:
    """Return each character of the text once that none of the fonts has, by default none of this machine's."""
    line = clean_text(text)
    chosen = choose_fonts(line) if fonts is None else fonts
    visible = (char for char in dict.fromkeys(line) if unicodedata.category(char) not in ATTACHED)
    missing = "".join(char for char in visible if not any(has_glyph(font, ord(char)) for font in chosen))
    if missing and fonts is None:
        forget_fonts()  # so that a font that is installed now is found the next time
    return missing


def list_packages(missing: str) -> tuple[str, ...]:
    """Return the packages of Debian and Ubuntu that have these characters."""
    return tuple(sorted({_find_package(char) for char in missing}))


def describe_missing(missing: str) -> str:
    """Return as part of a sentence how many characters have no font, which, and what to install."""
    named = " ".join(missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
    count = "1 character that has" if len(missing) == 1 else f"{len(missing)} characters that have"
    return f"{count} no font on this machine ({named}); install {' and '.join(list_packages(missing))} or other fonts for them"


def has_nothing_left(text: str) -> bool:
    """Return whether this machine's fonts write so little of the text that a caption of it shows NOTHING_LEFT."""
    return leave_out(text, choose_fonts(clean_text(text))) == NOTHING_LEFT


def leave_out(text: str, fonts: tuple[Path, ...]) -> str:
    """Return the text with an ellipsis for each piece that these fonts cannot write, and NOTHING_LEFT when that is all of it."""
    missing: Mapping[str, bool] = dict.fromkeys(find_missing(text, fonts), True)
    if not missing:
        return text
    kept = "".join("\0" if char in missing else char for char in text)
    kept = re.sub(r"\0[\0\s\u200d\ufe0f]*", "… ", kept)
    return kept.strip() if any(char.isalnum() for char in kept) else NOTHING_LEFT


def _find_package(char: str) -> str:
    if unicodedata.name(char, "").split(" ")[0].split("-")[0] in CJK:
        return "fonts-noto-cjk"
    if any(first <= ord(char) <= last for first, last in PICTURES):
        return "fonts-noto-color-emoji"
    return "fonts-noto-core"

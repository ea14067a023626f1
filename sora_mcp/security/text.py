"""The words of others, made harmless: they are shown, cut and filtered, and never woven into a sentence of ours."""

from __future__ import annotations

import re
import unicodedata

MOST = 500
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?", re.DOTALL)
"""Terminal sequences: colours, titles, links, the clipboard."""
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Zero-width, bidi, tag, variation and surrogate characters: invisible to a person, not to a model."""


def vendor_text(text: object, most: int = MOST) -> str | None:
    """A vendor's words on one line; None when they are no text, or nothing is left."""
    if not isinstance(text, str):
        return None
    seen = HIDDEN.sub("", ESCAPES.sub("", text[: most * 20]))
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zs") else char for char in seen)
    words = " ".join(unicodedata.normalize("NFC", plain).split())
    return (words if len(words) <= most else words[: most - 1] + "…") or None


def sendable(text: str) -> bool:
    """Whether every store and every vendor can hold it: valid Unicode, without NUL."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)

"""Sanitize text from vendors and files before a person or a model sees it. Such text is quoted, never woven into our sentences."""

from __future__ import annotations

import json
import re
import unicodedata

MOST = 500
"""Characters of a sanitized text."""
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?", re.DOTALL)
"""Terminal escape sequences: colours, window titles, links, clipboard access."""
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Zero-width, bidi, tag, variation and surrogate characters: invisible to a person, but read by a model."""

STEERING = re.compile(f"[\x7f-\x9f]|{HIDDEN.pattern}")
"""DEL, the second set of control characters, and hidden ones; JSON itself escapes the first set."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def sanitize(text: object, most: int = MOST) -> str | None:
    """Return `text` as one line of at most `most` characters, without escapes and hidden characters; None when nothing is left."""
    if not isinstance(text, str):
        return None
    begin = text[: most * 20]
    line = " ".join((begin if is_plain(begin) else _sanitize(begin)).split())
    return (line if len(line) <= most else line[: most - 1] + "…") or None


def _sanitize(text: str) -> str:
    visible = HIDDEN.sub("", ESCAPES.sub("", text))
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zs") else char for char in visible)
    return unicodedata.normalize("NFC", plain)


def is_plain(text: str) -> bool:
    """Return whether a text is of visible ASCII characters and blanks, as most are: nothing in it can be hidden or steer anything."""
    return text.isascii() and text.isprintable()


def describe_prompt(text: str, most: int) -> str | None:
    """Return a prompt on one line, and where it is longer, how many characters more there are."""
    whole = sanitize(text, max(len(text), 1))
    if whole is None or len(whole) <= most:
        return whole
    return f"{whole[:most]}… ({len(whole) - most:,} more characters)"


def is_harmless(text: str) -> bool:
    """Return whether a text has neither control characters nor lone surrogates: every blank and joiner of a script is harmless."""
    return is_plain(text) or not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


def escape_hidden(text: str) -> str:
    """Return JSON in which characters that steer a terminal or hide text are escaped, as in `\\u202e`: it means the same."""
    return STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)


def is_storable_text(text: str) -> bool:
    """Return whether every database and every vendor accepts `text`: valid Unicode without NUL characters."""
    return UNSTORABLE.search(text) is None

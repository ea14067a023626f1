"""Read the names of models as people write them: blanks, dots and hyphens are alike, 2 is 2.0, and the maker may be named too."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Collection

from sora_mcp.vendors.model_makers import BRANDS, SPELLINGS

MOST_NAME = 100
"""Characters of a name up to which it is compared with those of models."""
PIECES = re.compile(r"[^\W_]+")
LETTERS_FIRST = re.compile(r"(v|[a-z]{2,})(\d+)")
DIGITS_FIRST = re.compile(r"(\d+)([a-z]{2,})")
DIGITS_BETWEEN = re.compile(r"([a-z]{2,})(\d+)([a-z]{2,})")
SPARE = frozenset(("v", "version", "model", "ai", "the"))
"""Words that tell no model from another."""
ALIKE = 0.7
"""How much alike a misspelled word is to the one that was meant, of 1."""


def squeeze(name: str) -> str:
    """Return the letters and digits of a name, which are all that tells it from others."""
    return "".join(PIECES.findall(name[:MOST_NAME].casefold()))


@functools.lru_cache(maxsize=2048)
def read_words(name: str) -> frozenset[str]:
    """Return the words of a name: `Kling v3.0 std` and `kling-3-standard` have the same ones. A version is one word."""
    words, version = list[str](), list[str]()
    for word in [*split_name(name[:MOST_NAME].casefold()), ""]:
        if word.isdecimal():
            version.append(str(int(word)))
            continue
        while len(version) > 1 and version[-1] == "0":
            version.pop()
        words += [".".join(version)] if version else []
        version.clear()
        words.append(SPELLINGS.get(word, word))
    return frozenset(words) - SPARE - {""}


def drop_makers(words: frozenset[str]) -> frozenset[str]:
    """Return the words without those of makers, unless these are all."""
    return words.difference(BRANDS) or words


def is_by_makers(model: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether a model with these words is of every maker that the other words name."""
    return all(BRANDS[word] & model for word in words & BRANDS.keys())


def is_version(word: str) -> bool:
    """Return whether a word is a version, such as `3.1`."""
    return word[:1].isdecimal() and word.replace(".", "").isdecimal()


def correct(words: frozenset[str], known: Collection[str]) -> frozenset[str]:
    """Return the words, the misspelled ones as they are known; what is like none is left out."""
    near = [[word] if word in known else difflib.get_close_matches(word, known, n=1, cutoff=ALIKE) for word in sorted(words)]
    return frozenset(word for found in near for word in found)


def split_name(name: str) -> list[str]:
    """Return the pieces of a name; a number is one of its own, but for that of `o3` or `4k`."""
    pieces = list[str]()
    for piece in PIECES.findall(name):
        apart = LETTERS_FIRST.fullmatch(piece) or DIGITS_FIRST.fullmatch(piece) or DIGITS_BETWEEN.fullmatch(piece)
        pieces += apart.groups() if apart else [piece]
    return pieces

"""Read the words that people have for sizes: places that show videos, directions, and names of resolutions."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

BETWEEN_SIDES = re.compile(r"(?<=\d)\s*([x×*:/])\s*(?=\d)")
SHORT_SIDES = re.compile(r"\d{1,2}x\d{1,2}")
"""No video has fewer than a hundred pixels a side."""
LINES = re.compile(r"(?:360|480|540|720|1080|1440|2160)")
APART = re.compile(r"[\s,;()]+")
SPARE = frozenset(("a", "an", "as", "aspect", "clip", "for", "format", "in", "mode", "ratio", "resolution", "size", "the", "video"))
"""Words that say nothing about a size."""
TALL = (
    "tiktok",
    *(f"{maker}{word}" for maker in ("", "instagram ", "insta ", "facebook ") for word in ("reel", "reels", "story", "stories")),
    *("shorts", "youtube short", "youtube shorts", "snapchat", "snapchat spotlight", "whatsapp status"),
)
MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(TALL, "9:16"),
    **dict.fromkeys(("youtube", "widescreen"), "16:9"),
    **dict.fromkeys(("horizontal", "wide", "querformat", "paysage", "orizzontale", "横屏", "横版", "横"), "landscape"),
    **dict.fromkeys(("vertical", "tall", "upright", "vertikal", "hochformat", "hochkant", "verticale", "竖屏", "竖版", "縦"), "portrait"),
    **dict.fromkeys(("squared", "quadratisch", "cuadrado", "quadrado", "quadrato", "carré", "方形", "正方形"), "square"),
    **dict.fromkeys(("full hd", "fullhd", "fhd"), "1080p"),
    **dict.fromkeys(("uhd", "ultra hd", "2160p"), "4k"),
}
"""What is shown in one shape only, by the rules of the places themselves, and names that mean one thing only."""
MANY: Mapping[str, tuple[str, ...]] = {
    "hd": ("720p", "1080p"),
    **dict.fromkeys(("cinema", "cinematic", "cinemascope", "movie", "film", "ultrawide"), ("21:9", "16:9")),
    **dict.fromkeys(("instagram", "insta", "instagram post", "instagram feed", "facebook", "linkedin"), ("9:16", "1:1", "4:5", "16:9")),
    **dict.fromkeys(("phone", "smartphone", "iphone"), ("9:16", "16:9")),
    **dict.fromkeys(("a3", "a4", "a5"), ("3:4", "4:3")),
}
"""What may mean several sizes, or none exactly: the nearest ones, for the caller to choose."""


@functools.cache
def _known_words() -> re.Pattern[str]:
    """Return a pattern of the words with meanings, of which the longest counts; it takes longer to compile than all others."""
    words = sorted((*MEANINGS, *MANY), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")


@functools.lru_cache(maxsize=4096)
def read_size_words(text: str) -> tuple[str, ...]:
    """Return the words of a size: `1280 x 720` and `1280×720` are the same, `9x16` is a ratio, `TikTok` is 9:16, `vertical` is portrait."""
    plain = _known_words().sub(lambda found: MEANINGS.get(found[0], found[0]), _join_sides(text))
    return tuple(_read_word(word) for word in APART.split(plain) if word and word not in SPARE)


def list_meanings(text: str) -> tuple[str, ...]:
    """Return the sizes that a text may mean, where a word of it has several meanings; none where it is plain."""
    return tuple(_replace_many(_join_sides(text)))


def _replace_many(text: str) -> Iterator[str]:
    for found in _known_words().finditer(text):
        for meaning in MANY.get(found[0], ()):
            yield " ".join(read_size_words(f"{text[: found.start()]}{meaning}{text[found.end() :]}"))


def _join_sides(text: str) -> str:
    return BETWEEN_SIDES.sub(lambda found: ":" if found[1] == ":" else "x", text.casefold())


def _read_word(word: str) -> str:
    if SHORT_SIDES.fullmatch(word):
        return word.replace("x", ":")
    return MEANINGS.get(f"{word}p", f"{word}p") if LINES.fullmatch(word) else word

"""Shorten prompts so that clips can be told apart: to their first words, and of several that begin alike to where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile

from sora_mcp.domain.text import sanitize

MOST_WORDS = 40
"""Characters of a prompt that name its clip."""
MOST_COMPARED = 4_000
"""Characters of a prompt in which a difference is looked for."""
MOST_WORD_BYTES = 40
"""Of a word that is not cut. What is longer is a sentence in a script without blanks."""


def shorten_prompt(prompt: str, most: int = MOST_WORDS) -> str:
    """Return the first words of a prompt; empty where nothing of it can be shown."""
    return _keep_words(sanitize(prompt, most + 1) or "", most)


def shorten_prompts(prompts: Sequence[str], most: int = MOST_WORDS) -> list[str]:
    """Return each prompt as `shorten_prompt` does. Of different ones that would look the same, the common beginning is shortened, so that
    the words in which they differ are seen."""
    names = [shorten_prompt(prompt, most) for prompt in prompts]
    alike = defaultdict[str, set[str]](set)
    for name, prompt in zip(names, prompts, strict=True):
        alike[name].add(prompt)
    shown = dict[str, str]()
    for group in alike.values():
        if len(group) > 1:
            shown |= _tell_apart({prompt: sanitize(prompt[:MOST_COMPARED], MOST_COMPARED) or "" for prompt in group}, most)
    return [shown.get(prompt, name) for name, prompt in zip(names, prompts, strict=True)]


def _tell_apart(lines: dict[str, str], most: int) -> dict[str, str]:
    """Return a name for each line: the first words of all, then the words from the one on in which they differ; none where none does."""
    least, greatest = min(lines.values()), max(lines.values())
    if least == greatest:
        return {}
    common = least[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(least, greatest, strict=False)))]
    begin = _find_word(common, most)
    longest = max(len(line) for line in lines.values()) - begin
    head = _keep_words(common[:begin], max(most // 3, most - longest - 1)).removesuffix("…").strip()
    names = {prompt: f"{head}… {_keep_words(line[begin:], most - len(head) - 2)}" for prompt, line in lines.items()}
    alike = defaultdict[str, dict[str, str]](dict)
    for prompt, name in names.items():
        alike[name][prompt] = lines[prompt]
    for group in alike.values():
        if 1 < len(group) < len(lines):
            names |= _tell_apart(group, most)
    return names


def _find_word(common: str, most: int) -> int:
    """Return where the word begins in which lines with this common beginning differ; in scripts without blanks, the character."""
    begin = common.rfind(" ") + 1
    return begin if len(common) - begin <= most // 3 else len(common)


def _keep_words(line: str, most: int) -> str:
    """Return as many whole words of a line as have room, with an ellipsis where that is not all."""
    if len(line) <= most:
        return line
    whole, _, begin = line[:most].rpartition(" ")
    word = begin + line[most:].partition(" ")[0]
    return f"{whole if whole and len(word.encode()) <= MOST_WORD_BYTES else line[: most - 1]}…"

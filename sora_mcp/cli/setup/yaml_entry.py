"""Read one entry of a YAML file by its lines, and print one. Such files are never written: no YAML library is installed with us."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FIELD = re.compile(r"([A-Za-z_]+):(?:\s+(.*))?")
COMMENT = re.compile(r"(^|\s)#.*$")


def format_entry(section: str, name: str, fields: Mapping[str, Any]) -> str:
    """Return the section with one entry; values are in JSON, which YAML reads too."""
    lines = [f"{section}:", f"  {name}:", *(f"    {field}: {json.dumps(value, ensure_ascii=False)}" for field, value in fields.items())]
    return "\n".join(lines)


def read_entry(text: str, section: str, name: str) -> dict[str, Any] | None:
    """Return the fields of `name` in the top-level `section`; None where there is no such entry.

    Only plain and quoted texts and lists of them are read. Raise ValueError for a section in another form than an indented block.
    """
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    found = [at for at, (indent, line) in enumerate(lines) if indent == 0 and re.match(rf"[\"']?{section}[\"']?\s*:", line)]
    if not found:
        return None
    if len(found) > 1 or not re.fullmatch(r"[^:]+:\s*(\{\}|#.*)?", lines[found[0]][1]):
        raise ValueError
    block = list(_take_block(lines, found[0]))
    for at, (indent, line) in enumerate(block):
        if indent == block[0][0] and re.fullmatch(rf"[\"']?{name}[\"']?:", COMMENT.sub("", line).strip()):
            return _read_fields(list(_take_block(block, at)))
    return None


def _take_block(lines: Sequence[tuple[int, str]], head: int) -> Iterator[tuple[int, str]]:
    """Yield the lines below a heading that are indented deeper than it."""
    for indent, line in lines[head + 1 :]:
        if indent <= lines[head][0]:
            return
        yield indent, line


def _read_fields(block: Sequence[tuple[int, str]]) -> dict[str, Any]:
    fields = dict[str, Any]()
    last = ""
    for indent, line in block:
        if line.startswith("- ") and last and isinstance(fields[last], list):
            fields[last].append(_read_value(line[2:]))
        elif indent == block[0][0] and (match := FIELD.fullmatch(line)):
            last = match[1]
            fields[last] = _read_value(match[2]) if match[2] else []
    return fields


def _read_value(text: str) -> Any:
    """Return a text without its quotes, or a list in brackets."""
    text = text.strip()
    if text.startswith(('"', "[")):
        try:
            return json.loads(text)
        except ValueError:
            pass
    if text.startswith("["):
        return [_read_value(part) for part in text.strip("[]").split(",") if part.strip()]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return COMMENT.sub("", text).strip()

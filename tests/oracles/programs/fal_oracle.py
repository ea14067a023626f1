# /// script
# dependencies = ["fal-client==1.0.3", "litellm==1.110.2", "pydantic"]
# [tool.npm]
# dependencies = ["@fal-ai/client@1.10.1"]
# ///
"""The fields of fal's models by its library for TypeScript, and the states of its queue as its library for Python, and LiteLLM, read them.

The types are of 2026-05-04: models and values that are newer are not among them, so words and numbers are compared by their kind only.
They have every list of values as texts, also of numbers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from fal_client import client
from litellm.llms.fal_ai.videos import transformation as litellm
from typed import KNOWN, answer, list_words

TYPES = Path("node_modules/@fal-ai/client/src/types/endpoints.d.ts")
NEWER = {"wan/v2.6/image-to-video/flash": ("generate_audio",)}
"""Fields that fal's list of models of 2026-09-01 has, and these types have not, which give one type to several models.
https://github.com/gokayfem/ComfyUI-fal-API"""
OBJECT = re.compile(r"^export (?:type|interface) (\w+)(?: =| extends \w+)? \{\n(.*?)^\}", re.M | re.S)
ALIAS = re.compile(r"^export type (\w+) = (\w+);", re.M)
ENDPOINT = re.compile(r"^    \"([^\"]+)\": \{\n        input: (\w+);", re.M)
FIELD = re.compile(r"^    (\w+)(\??): ([^;]+);$", re.M)


def find_errors(path: str, body: dict[str, Any]) -> list[str] | None:
    """Return None for a model that the types do not have."""
    fields = _list_fields(path.lstrip("/"))
    if fields is None:
        return None
    errors = [f".{name} is no field" for name in body if name not in fields and name not in NEWER.get(path.lstrip("/"), ())]
    errors += [f".{name} is missing" for name, (_, is_needed) in fields.items() if is_needed and name not in body]
    return errors + [
        f".{name}: {value!r} is no {fields[name][0]}"
        for name, value in body.items()
        if name in fields and not _fits(value, fields[name][0])
    ]


def _fits(value: object, kinds: str) -> bool:
    values = re.findall(r"\"([^\"]*)\"", kinds)
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int | float):
        return "number" in kinds or any(one.isdecimal() for one in values)
    return "Array<" in kinds if isinstance(value, list) else "string" in kinds or bool(values)


@cache
def _list_fields(endpoint: str) -> dict[str, tuple[str, bool]] | None:
    """Return the fields of a model's input: each its type, and whether it is needed."""
    objects, aliases, endpoints = _read_types()
    kind = endpoints.get(endpoint)
    while kind in aliases:
        kind = aliases[kind]
    return None if kind is None else {name: (told, not optional) for name, optional, told in FIELD.findall(objects[kind])}


@cache
def _read_types() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    text = TYPES.read_text("utf-8")
    return dict(OBJECT.findall(text)), dict(ALIAS.findall(text)), dict(ENDPOINT.findall(text))


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield every state of the queue, each with and without an error."""
    words = list_words(inspect.getsource(client._BaseRequestHandle._parse_status))
    parts = {field.name: "x" for field in fields(client.Completed) if field.name.startswith("error")}
    for status in sorted({word for word in words if word.isupper()} | set(litellm._STATUS_MAP)):
        reply = {"status": status, "request_id": KNOWN["id"].rpartition("/")[2], "queue_position": 0, "logs": [], "metrics": {}}
        yield from ({"status": 200, "body": reply | more} for more in ({}, parts))


if __name__ == "__main__":
    answer(find_errors, list_replies)

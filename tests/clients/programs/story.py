"""What every program does: buy a sample clip, wait for it, look at it, edit it, and be refused. Needs nothing but Python."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_WAITS = 20
CLIP = {"prompt": "A paper boat in the rain", "model": "sample:sample", "size": "640x360"}
NEUTRAL = {"ratio": "same", "seed": -1}
"""Values that say nothing, of arguments for which neither zero nor the first of the legal values does."""
ZEROS: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}


@dataclass(frozen=True)
class Server:
    """How the server under test is started."""

    command: str
    args: list[str]
    env: dict[str, str]


@dataclass(frozen=True)
class Call:
    """One call of a tool."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What the client, or the model's API behind it, was given for one call."""

    tool: str
    text: str
    pictures: list[str]
    """Of each picture, the client's own type of it and the media type."""
    refused: bool


@dataclass
class Seen:
    """What a client made of the server."""

    tools: dict[str, Any] = field(default_factory=dict[str, Any])
    """By name: the schema of the arguments, after the client's own converter."""
    steps: list[Step] = field(default_factory=list[Step])
    data: list[Any] = field(default_factory=list[Any])
    """Typed results, of clients that make them."""


Telling = Generator[Call, str, None]


def tell() -> Telling:
    """Yield each call; the text of its result is sent back."""
    started = yield Call("create_video", {**CLIP, "seconds": 4})
    job = find_job(started)
    for _ in range(MOST_WAITS):
        waited = yield Call("get_video_status", {"job_id": job, "wait_seconds": 50})
        if ".mp4" in waited:
            break
    yield Call("view_video", {"job_id": job, "frames": 4})
    yield Call("edit_video", {"inputs": [job], "action": "trim", "start": 1, "end": 2})
    yield Call("create_video", {**CLIP, "seconds": 3})


def find_job(text: str) -> str:
    """Return the job's id, which a model would read in the text. Raise ValueError with the text that has none."""
    found = re.search(r"\bv_[0-9a-z]{10}\b", text)
    if found is None:
        raise ValueError(f"no job is named in: {text}")
    return found[0]


async def follow(ask: Callable[[Call], Awaitable[Step]]) -> list[Step]:
    """Return what `ask` made of each call."""
    steps: list[Step] = []
    telling = tell()
    call = next(telling)
    while True:
        steps.append(await ask(call))
        try:
            call = telling.send(steps[-1].text)
        except StopIteration:
            return steps


def fill(call: Call, schema: Mapping[str, Any]) -> Call:
    """Return the call with a value for every argument that the schema requires, as a model in a strict mode has to send it."""
    return Call(call.tool, {**_fill_object(schema), **call.arguments})


def _fill_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _fill_value(name, schema["properties"][name]) for name in schema.get("required", ())}


def _fill_value(name: str, schema: Mapping[str, Any]) -> Any:
    if name in NEUTRAL:
        return NEUTRAL[name]
    if schema["type"] == "object":
        return _fill_object(schema)
    return schema.get("minimum") or next(iter(schema.get("enum", ())), ZEROS[schema["type"]])


def read_result(value: Any) -> tuple[str, list[str]]:
    """Return all words and the pictures of a result in whatever shape an API wants it."""
    parts = [*_walk(value, "")]
    return "\n".join(text for kind, text in parts if not kind), [f"{kind} {text}" for kind, text in parts if kind]


def _walk(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield ("", a text) and (the type of a picture, its media type)."""
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one, name)
    elif isinstance(value, dict):
        media_type = _find_media_type(value)
        if media_type.startswith("image/"):
            yield str(value.get("type", name)), media_type
            return
        for key, one in value.items():
            if key != "type":
                yield from _walk(one, key)


def _find_media_type(value: Mapping[str, Any]) -> str:
    """Return the media type of what an object holds, also where it stands in a source inside of it or in a data: URL."""
    for key in ("media_type", "mime_type", "mimeType"):
        if isinstance(value.get(key), str):
            return value[key]
    if isinstance(value.get("source"), dict):
        return _find_media_type(value["source"])
    url = value.get("image_url")
    found = re.match(r"data:([\w/]+);base64,", url["url"] if isinstance(url, dict) else url) if url else None
    return found[1] if found else ""


def read_server() -> Server:
    """Return what the test wrote into the first argument of the command."""
    return Server(**json.loads(sys.argv[1]))


def report(*seen: Seen) -> None:
    """Print one line of JSON, the last of the output."""
    print(json.dumps([asdict(one) for one in seen]))

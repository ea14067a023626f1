# /// script
# dependencies = ["litellm==1.110.2"]
# ///
"""MiniMax as LiteLLM types it: MiniMax itself has no library for its videos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litellm.llms.minimax.videos import transformation as litellm
from typed import answer, compare, list_samples


def find_errors(path: str, body: dict[str, Any]) -> Iterator[str]:
    yield from (f".{name} is no field" for name in body if name not in ("model", "content", *litellm._CREATE_BODY_KEYS))
    for place, part in enumerate(body["content"]):
        if part["type"] == "text":
            yield from compare(part, litellm._ContentItem, f".content[{place}]")
        else:
            yield from compare(part, litellm._CallerMediaItem, f".content[{place}]")


def list_replies() -> Iterator[dict[str, Any]]:
    for status in litellm._STATUS_MAP:
        yield from ({"status": 200, "body": {"task": {**task, "status": status}}} for task in list_samples(litellm._MiniMaxTask))


if __name__ == "__main__":
    answer(find_errors, list_replies)

# /// script
# dependencies = ["wavespeed==2.0.5", "pydantic"]
# ///
"""What WaveSpeed's own library sends for an order, and the states that it waits for. It does not know the models' fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from typed import KNOWN, answer, list_words
from wavespeed.api import client


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield a task in every state that the library's code compares with."""
    code = inspect.getsource(client)
    states = re.findall(r"status\w*(?:\"\))? (?:==|!=|in) (\(.*?\)|\"\w+\")", code)
    for status in sorted({word for text in states for word in list_words(text)}):
        task = {"id": KNOWN["id"], "status": status, "outputs": [], "error": ""}
        yield {"status": 200, "body": {"code": 200, "data": task}}
        yield {"status": 200, "body": {"code": 200, "data": {**task, "outputs": ["https://example.com/fox.mp4"], "error": "x"}}}
    yield from ({"status": status, "body": {}} for status in client._RETRYABLE_STATUS_CODES)


if __name__ == "__main__":
    answer(list_replies=list_replies)

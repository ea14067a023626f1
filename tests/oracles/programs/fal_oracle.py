# /// script
# dependencies = ["fal-client==1.0.3", "litellm==1.110.2"]
# ///
"""The states of fal's queue as fal's own library reads them, and LiteLLM's."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from fal_client import client
from litellm.llms.fal_ai.videos import transformation as litellm
from typed import KNOWN, answer, list_words


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield every state of the queue, each with and without an error."""
    words = list_words(inspect.getsource(client._BaseRequestHandle._parse_status))
    parts = {field.name: "x" for field in fields(client.Completed) if field.name.startswith("error")}
    for status in sorted({word for word in words if word.isupper()} | set(litellm._STATUS_MAP)):
        reply = {"status": status, "request_id": KNOWN["id"].rpartition("/")[2], "queue_position": 0, "logs": [], "metrics": {}}
        yield from ({"status": 200, "body": reply | more} for more in ({}, parts))


if __name__ == "__main__":
    answer(list_replies=list_replies)

# /// script
# dependencies = ["byteplus-python-sdk-v2==3.0.63", "litellm==1.110.2"]
# ///
"""BytePlus' own types of a task, and those of LiteLLM for its maker's other site."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from byteplussdkarkruntime import _exceptions
from byteplussdkarkruntime.resources.content_generation.tasks import Tasks
from byteplussdkarkruntime.types.content_generation import content_generation_task
from litellm.llms.volcengine.videos import transformation as litellm
from typed import answer, compare_call, list_refusals, list_samples

HEADERS = ("extra_headers", "extra_query", "extra_body", "timeout", "return")


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    create = inspect.getclosurevars(Tasks.create).nonlocals["func"]  # it is wrapped in a check for a key
    return compare_call(body, create, but=HEADERS)


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield tasks of both, in each state: BytePlus names them in a sentence, LiteLLM in a table."""
    named = re.search(r"status of the task \((.*?)\)", inspect.getsource(content_generation_task))
    assert named is not None
    for status in sorted({*named[1].split(", "), *litellm._STATUS_MAP}):
        tasks = (*list_samples(content_generation_task.ContentGenerationTask), *list_samples(litellm._Task))
        yield from ({"status": 200, "body": {**task, "status": status}} for task in tasks)
    yield from list_refusals(_exceptions.ArkAPIStatusError.__subclasses__())


if __name__ == "__main__":
    answer(find_errors, list_replies)

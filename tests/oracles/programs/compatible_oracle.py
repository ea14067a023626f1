# /// script
# dependencies = ["openai==3.57.0", "litellm==1.110.2"]
# ///
"""OpenAI's own types of its `/v1/videos`, and the replies as LiteLLM's gateway types them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
from litellm.types.videos.main import VideoObject
from openai.types import Video, VideoCreateParams
from typed import answer, compare, list_refusals, list_samples


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    return compare(body, VideoCreateParams)


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield OpenAI's videos, and those of the gateway, whose states are its providers': a text by its type."""
    videos = list_samples(Video)
    states = {video["status"] for video in videos}
    yield from ({"status": 200, "body": video} for video in videos)
    yield from ({"status": 200, "body": {**video, "status": state}} for video in list_samples(VideoObject) for state in sorted(states))
    yield from list_refusals(openai.APIStatusError.__subclasses__())


if __name__ == "__main__":
    answer(find_errors, list_replies)

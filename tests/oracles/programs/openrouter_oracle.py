# /// script
# dependencies = ["openrouter==1.3.84"]
# ///
"""OpenRouter's own types: what a request may be, and every answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from openrouter import video_generation
from openrouter.components.videogenerationrequest import VideoGenerationRequest
from openrouter.components.videogenerationresponse import VideoGenerationResponse
from typed import answer, compare, list_samples


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    VideoGenerationRequest.model_validate(body)
    return compare(body, VideoGenerationRequest)


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield every video as typed, and the statuses that the library's code has an error for."""
    yield from ({"status": 200, "body": video} for video in list_samples(VideoGenerationResponse))
    statuses = set(re.findall(r'match_response\(http_res, "([45]\d\d)"', inspect.getsource(video_generation)))
    yield from ({"status": int(status), "body": {"error": {"code": int(status), "message": "x"}}} for status in sorted(statuses))


if __name__ == "__main__":
    answer(find_errors, list_replies)

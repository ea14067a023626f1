# /// script
# dependencies = ["openrouter==1.3.84"]
# ///
"""OpenRouter's own types of what a request may be."""

from __future__ import annotations

from typing import Any

from openrouter.components.videogenerationrequest import VideoGenerationRequest
from typed import answer, compare


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    VideoGenerationRequest.model_validate(body)
    return compare(body, VideoGenerationRequest)


if __name__ == "__main__":
    answer(find_errors)

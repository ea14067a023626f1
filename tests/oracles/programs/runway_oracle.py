# /// script
# dependencies = ["runwayml==5.24.0", "pydantic"]
# ///
"""Runway's own types: what a request may be, and every task that its answer may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import runwayml
from runwayml.types import TaskRetrieveResponse
from runwayml.types.image_to_video_create_params import ImageToVideoCreateParams
from runwayml.types.text_to_video_create_params import TextToVideoCreateParams
from runwayml.types.video_to_video_create_params import VideoToVideoCreateParams
from typed import answer, compare, list_refusals, list_samples

PARAMS = {
    "/v1/text_to_video": TextToVideoCreateParams,
    "/v1/image_to_video": ImageToVideoCreateParams,
    "/v1/video_to_video": VideoToVideoCreateParams,
}


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    return compare(body, PARAMS[path])


def list_replies() -> Iterator[dict[str, Any]]:
    yield from ({"status": 200, "body": task} for task in list_samples(TaskRetrieveResponse))
    yield from list_refusals(runwayml.APIStatusError.__subclasses__())


if __name__ == "__main__":
    answer(find_errors, list_replies)

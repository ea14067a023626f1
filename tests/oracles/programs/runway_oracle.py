# /// script
# dependencies = ["runwayml==5.24.0", "pydantic"]
# ///
"""Runway's own types of what a request may be."""

from __future__ import annotations

from typing import Any

from runwayml.types.image_to_video_create_params import ImageToVideoCreateParams
from runwayml.types.text_to_video_create_params import TextToVideoCreateParams
from runwayml.types.video_to_video_create_params import VideoToVideoCreateParams
from typed import answer, compare

PARAMS = {
    "/v1/text_to_video": TextToVideoCreateParams,
    "/v1/image_to_video": ImageToVideoCreateParams,
    "/v1/video_to_video": VideoToVideoCreateParams,
}


def find_errors(path: str, body: dict[str, Any]) -> list[str]:
    return compare(body, PARAMS[path])


if __name__ == "__main__":
    answer(find_errors)

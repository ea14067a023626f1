# /// script
# dependencies = ["xai-sdk==1.21.0"]
# ///
"""xAI's own message of what a request may be. It is that of gRPC: by HTTP, pictures and videos have `url`, and shapes their plain names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from typed import answer, compare
from xai_sdk.proto import video_pb2
from xai_sdk.types.video import VideoAspectRatio, VideoResolution

WORDS = {"aspect_ratio": VideoAspectRatio, "resolution": VideoResolution}


def find_errors(path: str, body: dict[str, Any]) -> Iterator[str]:
    for name, words in WORDS.items():
        if name in body:
            yield from compare(body[name], words, name)
    message = {name: value if name == "video" else _rename(value) for name, value in body.items() if name not in WORDS}
    try:
        ParseDict(message, video_pb2.GenerateVideoRequest())
    except ParseError as error:
        yield str(error)


def _rename(value: Any) -> Any:
    if isinstance(value, list):
        return [_rename(one) for one in value]
    return {"imageUrl": value["url"]} if isinstance(value, dict) and set(value) == {"url"} else value


if __name__ == "__main__":
    answer(find_errors)

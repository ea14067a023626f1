# /// script
# dependencies = ["xai-sdk==1.21.0"]
# ///
"""xAI's own messages: what a request may be, and every state and part of its answer.

They are those of gRPC: by HTTP, pictures and videos have `url`, and shapes and states their plain names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from typed import KNOWN, answer, compare
from xai_sdk.proto import deferred_pb2, video_pb2
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


def list_replies() -> Iterator[dict[str, Any]]:
    """Yield every state, with each part of an answer beside it."""
    videos = [{"url": KNOWN["url"], "duration": 6, "respect_moderation": moderated} for moderated in (True, False)]
    made = {"model": "x", "usage": {"cost_in_usd_ticks": 1}, "progress": 1}
    parts = [{}, made, *({"video": video} for video in videos), *({"video": video, **made} for video in videos)]
    parts += [{"error": {field.name: "x" for field in video_pb2.VideoError.DESCRIPTOR.fields}}]
    for status in deferred_pb2.DeferredStatus.DESCRIPTOR.values_by_name:
        if not status.startswith("INVALID"):
            yield from ({"status": 200, "body": {"status": status.lower(), **part}} for part in parts)


def _rename(value: Any) -> Any:
    if isinstance(value, list):
        return [_rename(one) for one in value]
    return {"imageUrl": value["url"]} if isinstance(value, dict) and set(value) == {"url"} else value


if __name__ == "__main__":
    answer(find_errors, list_replies)

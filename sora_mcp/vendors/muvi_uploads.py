"""Muvi's place for pictures (read 2026-11-29). https://developer.muvi.video/docs/api-reference/uploads/presign"""

from __future__ import annotations

from sora_mcp.domain import Call, Reply, Upload, UploadSlot

MOST_BYTES = 10_485_760
"""What one place takes."""


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call for a place: open for 15 minutes, of at most MOST_BYTES."""
    return Call("POST", "/v1/uploads/presign", {"filename": name, "contentType": media_type})


def read_upload(reply: Reply) -> UploadSlot:
    """Return where the picture is put, and its address."""
    body = reply.body.get("data", reply.body)
    return UploadSlot(body["uploadUrl"], body["fileUrl"])


FRAMES = ("image_url", "start_frame_url", "end_frame_url", "end_image_url", "first_frame_url", "last_frame_url")
LISTS = ("image_urls", "omni_images", "images")
UPLOAD = Upload(ask_upload, read_upload, tuple(f"input.{name}" for name in (*FRAMES, *LISTS, "video_url")), good_for_s=3600.0)

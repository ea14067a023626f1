"""Google's Files: pictures are put there first, so that neither the order nor a status reply carries them. Files stay for 48 hours.

https://ai.google.dev/gemini-api/docs/files, and Google's library (google-genai 3.6.1, read 2026-11-30)
"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Reply, Upload, UploadSlot


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call for a place in Files"""
    upload = (("X-Goog-Upload-Protocol", "resumable"), ("X-Goog-Upload-Command", "start"))
    headers = (*upload, ("X-Goog-Upload-Header-Content-Type", media_type))
    return Call("POST", "/upload/v1beta/files", {"file": {"display_name": name}}, headers=headers)


def read_upload(reply: Reply) -> UploadSlot:
    """Return where the bytes are sent: a header says so, and the answer to them has the address."""
    return UploadSlot(reply.headers["x-goog-upload-url"])


def read_file(body: Any) -> str | None:
    """Return the address of a file that can be used."""
    return body["file"]["uri"] if body["file"].get("state", "ACTIVE") == "ACTIVE" else None


UPLOAD = Upload(
    ask_upload,
    read_upload,
    ("input.content.uri",),
    good_for_s=172_800.0,
    size_header="X-Goog-Upload-Header-Content-Length",
    method="POST",
    headers=(("X-Goog-Upload-Command", "upload, finalize"), ("X-Goog-Upload-Offset", "0")),
    address=read_file,
)

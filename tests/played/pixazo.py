"""Pixazo, played to the letter of its page: https://www.pixazo.ai/models/text-to-video/sora-2-api"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import PICTURE, Field, Fields, Played, complaint, numbered, prompt

SORA: Fields = {
    "prompt": prompt(),
    "model": Field(allowed=("sora-2-pro",)),
    "size": Field(allowed=("1280x720", "720x1280", "1792x1024", "1024x1792")),
    "seconds": Field("integer", (4, 8, 12)),
    "callback_url": Field(picture=("https://",)),
}
VEO: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", (8,)),
    "aspect_ratio": Field(allowed=("16:9",)),
    "resolution": Field(allowed=("1080p",)),
    "negative_prompt": Field(),
    "generate_audio": Field("boolean"),
    "seed": Field("integer", range(2**31)),
}
GROK: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", (6,)),
    "aspect_ratio": Field(allowed=("16:9",)),
    "resolution": Field(allowed=("720p",)),
}
LTX: Fields = {"prompt": prompt(), "resolution": Field(allowed=("1080p",)), "duration": Field("integer", (6,))}
PATHS: Mapping[str, tuple[str, Fields]] = {
    "/sora-video/v1/video/generate": ("sora-video", SORA),
    "/sora-video/v1/video/i2v/generate": ("sora-video", {**SORA, "image": PICTURE}),
    "/veo/v1/text-to-video": ("veo", VEO),
    "/grok-imagine-video-1-5/v1/text-to-video": ("grok-imagine-video-1-5", GROK),
    "/ltx-2-5-pro/v1/text-to-video": ("ltx-2-5-pro", LTX),
}


@dataclass
class Pixazo(Played):
    """`disabled` answers as for a model that is switched off."""

    walk: tuple[str, ...] = ("QUEUED", "PROCESSING", "COMPLETED")
    disabled: bool = False

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/"):
            return "media"
        if heard.path.startswith("/v2/requests/status/"):
            return "status"
        return "submit" if heard.method == "POST" else "other"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.headers.get("ocp-apim-subscription-key") != self.key:
            return said(401, {"error": "Unauthorized", "message": "Access denied due to invalid subscription key."})
        if heard.method == "POST" and heard.path in PATHS:
            return self._submit(heard, address)
        if heard.method == "GET" and heard.path.startswith("/v2/requests/status/"):
            return self._status(heard.path.removeprefix("/v2/requests/status/"), address)
        return said(400, {"error": "Model not found", "message": "Model not found or is disabled"})

    def _submit(self, heard: Heard, address: str) -> Answer:
        model, fields = PATHS[heard.path]
        if self.disabled:
            return said(400, {"error": "Model not found", "message": f"Model '{model}' not found or is disabled"})
        if (wrong := complaint(fields, heard.body)) is not None:
            return said(400, {"error": "Bad Request", "message": wrong})
        job = self.make(f"{model}_{numbered(len(self.made) + 1)}", heard)
        return said(202, {"request_id": job, "status": "QUEUED", "polling_url": f"{address}/v2/requests/status/{job}"})

    def _status(self, job: str, address: str) -> Answer:
        if self.job(job) is None:
            return said(404, {"error": "Not Found", "message": "Request not found"})
        state = self.state(job)
        done = state == "COMPLETED"
        output = {"media_url": [self.link(job, address)], "media_type": "application/octet-stream"} if done else None
        body: dict[str, Any] = {
            "request_id": job,
            "status": state,
            "model_id": job.partition("_")[0],
            "error": "Description of the error" if state in ("FAILED", "ERROR") else None,
            "output": output,
            "created_at": "2026-11-20T10:00:00.000Z",
            "updated_at": "2026-11-20T10:00:15.000Z",
            "completed_at": "2026-11-20T10:00:15.000Z" if done else None,
        }
        return said(200, body)

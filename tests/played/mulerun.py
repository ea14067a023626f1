"""MuleRun, played to the letter of its pages: https://mulerun.com/docs/api-reference"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as with_
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import PICTURE, Field, Fields, Played, complaint, numbered, prompt

SECONDS = Field(allowed=("4", "8", "12"))
OPTIONAL = with_(PICTURE, required=False)
PATHS: Mapping[str, Fields] = {
    "/vendors/openai/v1/sora/generation": {
        "prompt": prompt(2000),
        "model": Field(allowed=("sora-2",)),
        "image": OPTIONAL,
        "seconds": SECONDS,
        "size": Field(allowed=("720x1280", "1280x720")),
    },
    "/vendors/openai/v1/sora-2-pro/generation": {
        "prompt": prompt(2000),
        "input_reference": OPTIONAL,
        "seconds": SECONDS,
        "size": Field(allowed=("720x1280", "1280x720", "1024x1792", "1792x1024")),
    },
    "/vendors/google/v1/veo/generation": {
        "prompt": prompt(2000),
        "model": Field(allowed=("veo-3.1", "veo-3.1-fast", "veo-3")),
        "image": OPTIONAL,
        "last_frame": OPTIONAL,
        "duration": Field("integer", (4, 6, 8)),
        "aspect_ratio": Field(allowed=("16:9", "9:16")),
        "resolution": Field(allowed=("720p", "1080p")),
        "negative_prompt": Field(),
        "reference_images": Field("list"),
    },
    "/vendors/klingai/v1/kling-v3/text-to-video/generation": {
        "prompt": prompt(2500),
        "duration": Field("integer", range(3, 16)),
        "aspect_ratio": Field(allowed=("16:9", "9:16", "1:1")),
        "mode": Field(allowed=("std", "pro")),
        "multi_shot": Field(allowed=("true", "false")),
        "negative_prompt": Field(most=2500),
        "sound": Field(allowed=("on", "off")),
    },
    "/vendors/klingai/v1/kling-v3/image-to-video/generation": {
        "prompt": prompt(2500),
        "duration": Field("integer", range(3, 16)),
        "first_frame": PICTURE,
        "last_frame": OPTIONAL,
        "mode": Field(allowed=("std", "pro")),
        "multi_shot": Field(allowed=("true", "false")),
        "negative_prompt": Field(most=2500),
        "sound": Field(allowed=("on", "off")),
    },
    "/vendors/alibaba/v1/wan2.6-t2v/generation": {
        "prompt": prompt(2000),
        "negative_prompt": Field(most=500),
        "size": Field(allowed=("1280*720", "720*1280", "960*960", "1920*1080", "1080*1920", "1440*1440", "832*480", "480*832")),
        "duration": Field("integer", (5, 10, 15)),
        "prompt_extend": Field("boolean"),
        "multi_shots": Field(allowed=("single", "multi")),
        "audio": Field("boolean"),
        "seed": Field("integer", range(2**31)),
        "safety_filter": Field("boolean"),
    },
    "/vendors/alibaba/v1/wan2.6-i2v/generation": {
        "prompt": prompt(2000),
        "negative_prompt": Field(most=500),
        "image": PICTURE,
        "resolution": Field(allowed=("480P", "720P", "1080P")),
        "duration": Field("integer", (5, 10, 15)),
        "prompt_extend": Field("boolean"),
        "multi_shots": Field(allowed=("single", "multi")),
        "audio": Field("boolean"),
        "seed": Field("integer", range(2**31)),
        "safety_filter": Field("boolean"),
    },
}
ROUTER = {"pending": "queued", "processing": "running", "completed": "succeeded", "failed": "failed"}


@dataclass
class MuleRun(Played):
    """`words` is `mulerun` (pending, processing, completed) or `mulerouter` (queued, running, succeeded)."""

    walk: tuple[str, ...] = ("pending", "processing", "completed")
    words: str = "mulerun"

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/"):
            return "media"
        if heard.path.endswith("/generation"):
            return "submit"
        return "status" if "/generation/" in heard.path else "other"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.headers.get("authorization") != f"Bearer {self.key}":
            return said(401, {"detail": "Token expired or invalid"})
        path, _, job = heard.path.rpartition("/")
        if heard.method == "POST" and heard.path in PATHS:
            return self._submit(heard)
        if heard.method == "GET" and path in PATHS:
            return self._status(path, job, address)
        return said(404, {"detail": "Not Found"})

    def _submit(self, heard: Heard) -> Answer:
        if (wrong := complaint(PATHS[heard.path], heard.body)) is not None:
            return said(400, {"detail": wrong})
        job = self.make(numbered(len(self.made) + 1), heard)
        return said(202, {"task_info": self._task(job, "pending")})

    def _status(self, path: str, job: str, address: str) -> Answer:
        made = self.job(job)
        if made is None or made.path != path:
            return said(404, {"detail": "Not Found"})
        state = self.state(job)
        body: dict[str, Any] = {"task_info": self._task(job, state)}
        if state == "failed":
            detail = "Video generation failed: Prompt contains restricted content"
            body["task_info"]["error"] = {"code": 3001, "title": "Task Execution Error", "detail": detail}
        if state == "completed":
            body["videos"] = [self.link(job, address)]
        return said(200, body)

    def _task(self, job: str, state: str) -> dict[str, Any]:
        word = ROUTER.get(state, state) if self.words == "mulerouter" else state
        return {"id": job, "status": word, "created_at": "2026-11-20T10:00:00.000Z", "updated_at": "2026-11-20T10:00:00.000Z"}

"""OpenRouter, played as its pages have it: a public list, strict values, files that need the key and links that do not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import Field, Fields, Played, complaint, numbered, prompt

LIST: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vendors/openrouter/list/models.json").read_text("utf-8"))
PER_SECOND = 0.083
"""What this played account is charged: less than the list says."""


@dataclass
class OpenRouter(Played):
    """`signed` names links without a key; `listed` False answers the list with an error; `cost` False tells no cost."""

    walk: tuple[str, ...] = ("pending", "in_progress", "completed")
    signed: bool = True
    listed: bool = True
    refused: int = 0
    """A status with which every order is refused."""

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/") or heard.path.endswith("/content"):
            return "media"
        if heard.path == "/api/v1/videos/models":
            return "list"
        return "submit" if heard.method == "POST" else "status"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.path == "/api/v1/videos/models":
            return said(200, LIST) if self.listed else _no(503, "Service unavailable")
        if heard.headers.get("authorization") != f"Bearer {self.key}":
            return _no(401, "No auth credentials found")
        match heard.method, heard.path.split("/")[4:]:
            case "POST", []:
                return self._submit(heard, address)
            case "GET", [job]:
                return self._status(job, address)
            case "GET", [job, "content"] if self.job(job) and dict(heard.query) == {"index": "0"}:
                return Answer(200, self.clip, (("Content-Type", "video/mp4"),))
            case _:
                return _no(404, "Not found")

    def _submit(self, heard: Heard, address: str) -> Answer:
        body = heard.body if isinstance(heard.body, dict) else {}
        row = next((row for row in LIST["data"] if row.get("id") == body.get("model")), None)
        if self.refused or row is None:
            return _no(self.refused or 404, f"No endpoints found for {body.get('model')}.")
        if (wrong := complaint(_fields(row), body)) is not None:
            return _no(400, wrong)
        job = self.make(f"gen-vid-{numbered(len(self.made) + 1)}", heard)
        return said(202, {"id": job, "polling_url": f"{address}/api/v1/videos/{job}", "status": "pending"})

    def _status(self, job: str, address: str) -> Answer:
        made = self.job(job)
        if made is None:
            return _no(404, "Job not found")
        body: dict[str, Any] = {"id": job, "polling_url": f"{address}/api/v1/videos/{job}", "status": self.state(job)}
        if body["status"] == "completed":
            body |= {"generation_id": f"gen-{job}", "usage": {"cost": PER_SECOND * made.body["duration"], "is_byok": False}}
            body |= {"unsigned_urls": [f"{address}/api/v1/videos/{job}/content?index=0"]}
            body |= {"urls": [self.link(job, address)], "expires_at": 1_795_179_600} if self.signed else {}
        if body["status"] == "failed":
            body |= {"error": "Provider returned error", "usage": {"cost": 0}}
        return said(200, body)


def _fields(row: dict[str, Any]) -> Fields:
    return {
        "model": Field(required=True),
        "prompt": prompt(),
        "duration": Field("integer", tuple(row["supported_durations"])),
        "resolution": Field(allowed=tuple(row["supported_resolutions"] or ())),
        "aspect_ratio": Field(allowed=tuple(row["supported_aspect_ratios"] or ())),
        "size": Field(allowed=tuple(row["supported_sizes"] or ())),
        "frame_images": Field("list"),
        "generate_audio": Field("boolean"),
        "seed": Field("integer", range(2**31)),
    }


def _no(status: int, message: str) -> Answer:
    return said(status, {"error": {"code": status, "message": message}})

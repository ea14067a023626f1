"""fal's queue, played as its pages have it: three addresses for each job, units in a header, and what units cost elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import PICTURE, Field, Fields, Played, complaint, numbered, prompt

RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
SEEDANCE: Fields = {
    "prompt": prompt(),
    "duration": Field(allowed=tuple(str(n) for n in range(4, 16))),
    "resolution": Field(allowed=("480p", "720p", "1080p", "4k")),
    "aspect_ratio": Field(allowed=RATIOS),
    "generate_audio": Field("boolean"),
}
H3: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", range(5, 16)),
    "resolution": Field(allowed=("480P", "768P", "2K", "4K")),
    "aspect_ratio": Field(allowed=RATIOS),
}
LAST = Field(picture=("https://", "http://", "data:image/"))
KLING: Fields = {
    "prompt": prompt(most=2500),
    "negative_prompt": Field(most=2500),
    "duration": Field(allowed=tuple(str(n) for n in range(3, 16))),
    "generate_audio": Field("boolean"),
}
VEO: Fields = {
    "prompt": prompt(),
    "negative_prompt": Field(),
    "seed": Field("integer"),
    "duration": Field(allowed=("4s", "6s", "8s")),
    "resolution": Field(allowed=("720p", "1080p", "4k")),
    "aspect_ratio": Field(allowed=("16:9", "9:16")),
    "generate_audio": Field("boolean"),
}
PATHS = {
    "/bytedance/seedance-2.0/text-to-video": SEEDANCE,
    "/bytedance/seedance-2.0/image-to-video": {**SEEDANCE, "image_url": PICTURE, "end_image_url": LAST},
    "/bytedance/seedance-2.5/text-to-video": {**SEEDANCE, "duration": Field(allowed=tuple(str(n) for n in range(4, 31)))},
    "/bytedance/seedance-2.5/image-to-video": {**SEEDANCE, "image_url": PICTURE, "end_image_url": LAST},
    "/fal-ai/kling-video/v3/standard/text-to-video": {**KLING, "aspect_ratio": Field(allowed=("16:9", "9:16", "1:1"))},
    "/fal-ai/kling-video/v3/standard/image-to-video": {**KLING, "start_image_url": PICTURE, "end_image_url": LAST},
    "/minimax/h3/text-to-video": H3,
    "/fal-ai/veo3.1/fast": VEO,
}
REPEATED = "A" * (2 << 20)
JOB = re.compile(r"/([^/]+/[^/]+)/requests/([^/]+)(/status|/cancel)?")
UNIT_PRICE = 0.25


@dataclass
class Fal(Played):
    """`verdict` is how a job ends that is completed: with a video, an `error` in its state, or a status of its result. A "repeated" one's
    answer has the picture in it that it refuses, as bytes."""

    walk: tuple[str, ...] = ("IN_QUEUE", "IN_PROGRESS", "COMPLETED")
    verdict: str = "OK"
    bills: bool = True
    prices: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What units cost, by endpoint."""

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/"):
            return "media"
        if heard.path.startswith("/v1/models/pricing"):
            return "prices" if heard.method == "GET" else "price"
        if heard.path.startswith("/storage/"):
            return "presign"
        return "submit" if heard.method == "POST" else "status"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.headers.get("authorization") != f"Key {self.key}":
            return said(401, {"detail": "Cannot access application. Authentication is required to access this application."})
        if heard.path == "/v1/models/pricing":
            asked = dict(heard.query)["endpoint_id"].split(",")
            rows = [row for row in self.prices if row["endpoint_id"] in asked]
            return (
                said(200, {"prices": rows, "has_more": False, "next_cursor": None})
                if len(asked) <= 50
                else said(422, {"detail": "Too many"})
            )
        if heard.path == "/v1/models/pricing/estimate":
            return self._estimate(heard.body)
        if heard.path == "/storage/upload/initiate":
            kept = f"{self.cdn or address}/temp/{heard.body['file_name']}"
            return said(200, {"upload_url": f"{kept}?sig=s%2Fg", "file_url": kept})
        if heard.method == "POST":
            return self._submit(heard, address)
        found = JOB.fullmatch(heard.path)
        job = self.job(found[2]) if found else None
        if found is None or job is None or not job.path.startswith(f"/{found[1]}/"):
            return said(404, {"detail": "Request not found"})
        if found[3] == "/cancel":
            return self._cancel(found[2]) if heard.method == "PUT" else said(405, {"detail": "Method Not Allowed"})
        return self._state(found[1], found[2], address) if found[3] else self._made(found[2], address)

    def _submit(self, heard: Heard, address: str) -> Answer:
        fields = PATHS.get(heard.path)
        if fields is None:
            return said(404, {"detail": f"Application {heard.path!r} not found"})
        if (wrong := complaint(fields, heard.body)) is not None:
            return said(422, {"detail": [{"loc": ["body"], "msg": wrong, "type": "value_error"}]})
        job = self.make(f"764cabcf-b745-{numbered(len(self.made) + 1)[9:]}", heard)
        base = f"{address}/{'/'.join(heard.path.split('/')[1:3])}/requests/{job}"
        urls = {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
        return said(200, {"request_id": job, **urls, "queue_position": 0})

    def _state(self, app: str, job: str, address: str) -> Answer:
        state = self.state(job)
        body: dict[str, Any] = {"status": state, "request_id": job, "response_url": f"{address}/{app}/requests/{job}"}
        if state == "COMPLETED" and self.verdict == "error":
            body |= {"error": "The runner ended before it was done", "error_type": "runner_disconnected"}
        return said(200 if state == "COMPLETED" else 202, body)

    def _made(self, job: str, address: str) -> Answer:
        made = self.job(job)
        if self.verdict == "repeated":
            given = f"data:image/png;base64,{REPEATED}"
            wrong = {"loc": ["body", "image_url"], "msg": "The picture cannot be read.", "type": "image_load_error", "input": given}
            return said(422, {"detail": [wrong]})
        if self.verdict == "refused" or made is None:
            told = {"loc": ["body", "prompt"], "msg": "The content was flagged by a content checker.", "type": "content_policy_violation"}
            return said(422, {"detail": [told]}, ("x-fal-error-type", "content_policy_violation"))
        video = {"url": self.link(job, address), "content_type": "video/mp4", "file_name": "output.mp4"}
        return said(200, {"video": video, "seed": 7}, ("x-fal-billable-units", f"{int(str(made.body['duration']).rstrip('s'))}.008"))

    def _cancel(self, job: str) -> Answer:
        if self.states.get(job) == "COMPLETED":
            return said(400, {"status": "ALREADY_COMPLETED"})
        self.states[job] = "COMPLETED"
        self.verdict = "error"
        return said(202, {"status": "CANCELLATION_REQUESTED"})

    def _estimate(self, body: Any) -> Answer:
        if not self.bills:
            return said(500, {"detail": "Internal error"})
        [(endpoint, asked)] = body["endpoints"].items()
        if body["estimate_type"] != "unit_price" or f"/{endpoint}" not in PATHS:
            return said(404, {"error": {"type": "not_found", "message": "Model not found"}})
        return said(200, {"estimate_type": "unit_price", "total_cost": asked["unit_quantity"] * UNIT_PRICE, "currency": "USD"})

"""Muvi, played to the letter of its pages: https://developer.muvi.video/docs"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .nouns import Answer, Created, Heard, said
from .vendor import URL, Field, Fields, Played, complaint, numbered, prompt

BOTH, KLING = ("16:9", "9:16"), ("16:9", "9:16", "1:1")
SORA: Fields = {"aspect_ratio": Field(allowed=BOTH), "duration": Field(allowed=("4", "8", "12"))}
PRO: Fields = {**SORA, "resolution": Field(allowed=("720p", "1080p"))}
SOUND = Field(allowed=("true", "false"))
SEED = Field("integer", range(2**31))
VEO: Fields = {
    "prompt": prompt(4000),
    "aspect_ratio": Field(allowed=BOTH),
    "duration": Field(allowed=("4", "6", "8")),
    "resolution": Field(allowed=("720p", "1080p", "4k")),
    "has_sound": SOUND,
    "seed": SEED,
}
SEEDANCE: Fields = {
    "prompt": prompt(5000),
    "aspect_ratio": Field(allowed=("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")),
    "duration": Field(allowed=tuple(str(n) for n in range(4, 16))),
    "resolution": Field(allowed=("720p", "1440p")),
    "fps": Field(allowed=("24", "30", "60")),
}
KLING_3: Fields = {
    "prompt": prompt(2500),
    "aspect_ratio": Field(allowed=KLING),
    "duration": Field(allowed=("5", "10", "15")),
    "has_sound": SOUND,
}
SHORT: Fields = {"duration": Field(allowed=("5", "10")), "negative_prompt": Field(most=1000)}
MODELS: Mapping[str, Fields] = {
    "openai/sora-2-pro/text-to-video": {"prompt": prompt(1000), **PRO},
    "openai/sora-2-pro/image-to-video": {"image_url": URL, **PRO},
    "openai/sora-2/text-to-video": {"prompt": prompt(1000), **SORA},
    "openai/sora-2/image-to-video": {"image_url": URL, **SORA},
    **{f"google/{name}/text-to-video": VEO for name in ("veo-3.1-fast", "veo-3.1")},
    **{f"google/{name}/image-to-video": {**VEO, "image_url": URL} for name in ("veo-3.1-fast", "veo-3.1")},
    **{f"kling/kling-3.0-{name}/text-to-video": KLING_3 for name in ("pro", "standard")},
    **{f"kling/kling-3.0-{name}/image-to-video": {**KLING_3, "image_url": URL} for name in ("pro", "standard")},
    "kling/kling-3.0-pro/start-end-frame-to-video": {**KLING_3, "start_frame_url": URL, "end_frame_url": URL},
    "bytedance/seedance-2.0/text-to-video": SEEDANCE,
    "bytedance/seedance-2.0/omni-reference": {**SEEDANCE, "omni_images": Field("list")},
    "bytedance/seedance-2.0/image-to-video": {**{name: SEEDANCE[name] for name in SEEDANCE if name != "aspect_ratio"}, "image_url": URL},
    "kling-plus/kling-o3-standard/video-edit": {"prompt": prompt(), "video_url": URL},
    "kling-plus/kling-2.6-standard/text-to-video": {**SHORT, "prompt": prompt(2500), "aspect_ratio": Field(allowed=KLING)},
    "kling-plus/kling-2.5-turbo-standard/image-to-video": {**SHORT, "prompt": Field(most=2500), "image_url": URL},
    "bytedance-plus/seedance-1.5-pro-super/image-to-video": {
        "prompt": prompt(5000),
        "image_url": URL,
        "aspect_ratio": SEEDANCE["aspect_ratio"],
        "duration": Field(allowed=tuple(str(n) for n in range(4, 13))),
        "resolution": Field(allowed=("480p", "720p", "1080p")),
        "generate_audio": Field("boolean"),
        "camera_fixed": Field("boolean"),
    },
    "google/veo-3.1-ecl/image-to-video": {**{name: VEO[name] for name in VEO if name != "seed"}, "image_url": URL},
    **{
        f"alibaba-plus/wan-2.6-{tier}/image-to-video": {
            "prompt": Field(most=2500),
            "image_url": URL,
            "duration": Field(allowed=("5", "10", "15")),
            "resolution": Field(allowed=resolutions),
            "negative_prompt": Field(most=1000),
        }
        for tier, resolutions in (("pro", ("1080p", "2k", "4k")), ("super", ("720p", "1080p")))
    },
    "alibaba-plus/wan-2.6/text-to-video": {
        "prompt": prompt(2500),
        "aspect_ratio": Field(allowed=BOTH),
        "duration": Field(allowed=("5", "10", "15")),
        "negative_prompt": Field(most=1000),
    },
}
BASE = {
    "openai/sora-2-pro": 300_000,
    "openai/sora-2": 100_000,
    "google/veo-3.1-fast": 200_000,
    "google/veo-3.1": 200_000,
    "kling/kling-3.0-pro": 112_000,
    "kling/kling-3.0-standard": 84_000,
    "bytedance/seedance-2.0": 240_000,
    "alibaba-plus/wan-2.6": 100_000,
    "alibaba-plus/wan-2.6-pro": 150_000,
    "alibaba-plus/wan-2.6-super": 100_000,
    "kling-plus/kling-2.6-standard": 50_000,
    "kling-plus/kling-2.5-turbo-standard": 35_000,
    "bytedance-plus/seedance-1.5-pro-super": 15_000,
    "google/veo-3.1-ecl": 200_000,
}
FLAT = {"kling-plus/kling-o3-standard": 30_000}
FACTORS = {
    ("openai/sora-2-pro", "resolution", "1080p"): "1.67",
    ("google/veo-3.1-fast", "resolution", "4k"): "1.5",
    ("google/veo-3.1", "resolution", "4k"): "1.5",
    ("bytedance/seedance-2.0", "resolution", "1440p"): "2",
    ("bytedance/seedance-2.0", "fps", "30"): "1.1",
    ("bytedance/seedance-2.0", "fps", "60"): "1.25",
    ("alibaba-plus/wan-2.6-pro", "resolution", "4k"): "4",
    ("alibaba-plus/wan-2.6-super", "resolution", "1080p"): "1.5",
    ("bytedance-plus/seedance-1.5-pro-super", "resolution", "720p"): "1.8667",
    ("bytedance-plus/seedance-1.5-pro-super", "resolution", "1080p"): "3.7333",
    ("bytedance-plus/seedance-1.5-pro-super", "generate_audio", "True"): "2",
}
UPLOAD: Fields = {
    "filename": Field(required=True),
    "contentType": Field(required=True, allowed=("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4")),
}
OUTER: Fields = {"model": Field(required=True), "version": Field(), "webhookUrl": Field(picture=("https://",))}
FAILED = {"code": "GENERATION_FAILED", "message": "The model failed. Credits have been refunded."}
ENDED = ("completed", "failed", "cancelled")


def cost(model: str, given: Mapping[str, Any]) -> int:
    """What the pages say: base x duration x factor x factor, in millionths of a dollar."""
    family = model.rpartition("/")[0]
    if (flat := FLAT.get(family)) is not None:
        return flat
    sum_ = Decimal(BASE[family]) * int(given.get("duration", "4"))
    for name, value in given.items():
        sum_ *= Decimal(FACTORS.get((family, name, str(value)), "1"))
    return int(sum_ * Decimal("1.5" if given.get("has_sound") == "true" else "1"))


@dataclass
class Muvi(Played):
    """`shape` is `flat`, as the reference answers, or `enveloped`, as the quickstart does."""

    walk: tuple[str, ...] = ("pending", "processing", "completed")
    shape: str = "flat"
    created_at: str = "2026-11-20T10:00:00Z"
    """When the list says that its jobs were taken."""
    strangers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Rows of the list that nobody asked for."""
    unlisted: set[str] = field(default_factory=set[str])
    """Ids that the list does not show."""
    page: int = 100
    account: str = "1"
    """What this account pays of the pages' prices, as its estimates say."""
    estimates: bool = True
    presigned: int = 0
    """How many places for uploads were named."""

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path == "/v1/jobs/submit":
            return "submit"
        if heard.path == "/v1/uploads/presign":
            return "presign"
        if heard.method == "PUT" and heard.path.startswith("/temp/"):
            return "upload"
        if heard.path.startswith("/files/"):
            return "media"
        if heard.path.endswith("/cancel"):
            return "cancel"
        if heard.path.endswith("/estimate"):
            return "estimate"
        return "status" if heard.path.startswith("/v1/jobs/") else "other"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.role == "upload":
            return Answer(200, b"", ())
        if heard.headers.get("authorization") != f"Bearer {self.key}":
            return _no(401, "UNAUTHORIZED", "Missing or invalid Authorization header. Provide a valid API key as a Bearer token.")
        match heard.method, heard.path.strip("/").split("/"):
            case "POST", ["v1", "jobs", "submit"]:
                return self._submit(heard)
            case "POST", ["v1", "jobs", "estimate"] if self.estimates:
                return self._estimate(heard.body)
            case "POST", ["v1", "uploads", "presign"]:
                return self._presign(heard, address)
            case "GET", ["v1", "jobs"]:
                return self._list(dict(heard.query))
            case "GET", ["v1", "jobs", job]:
                return self._status(job, address)
            case "POST", ["v1", "jobs", job, "cancel"]:
                return self._cancel(job)
            case _:
                return _no(404, "NOT_FOUND", "Route not found")

    def _submit(self, heard: Heard) -> Answer:
        body = heard.body if isinstance(heard.body, dict) else {}
        outer = complaint({**OUTER, "input": Field()}, {name: value for name, value in body.items() if name != "input"})
        if outer is not None or not isinstance(body.get("input"), dict):
            return _no(400, "INVALID_INPUT", outer or "input must be an object")
        if body["model"] not in MODELS:
            return _no(404, "MODEL_NOT_FOUND", f"Model {body['model']} not found")
        if (inner := complaint(MODELS[body["model"]], body["input"])) is not None:
            return _no(400, "INVALID_INPUT", inner)
        job = self.make(f"job_{numbered(len(self.made) + 1).replace('-', '')}", heard)
        price = cost(body["model"], body["input"])
        if self.shape == "enveloped":
            data = {"jobId": job, "status": "pending", "model": body["model"], "estimatedCost": price, "createdAt": "2026-11-20T10:00:00Z"}
            return said(200, {"success": True, "data": data, "requestId": "req_1"})
        flat = {"jobId": job, "requestId": "req_1", "status": "pending", "estimatedCompletionTime": "2026-11-20T10:04:00Z"}
        return said(200, {**flat, "costMicroCents": price})

    def _presign(self, heard: Heard, address: str) -> Answer:
        if (wrong := complaint(UPLOAD, heard.body)) is not None:
            return _no(400, "VALIDATION_ERROR", wrong)
        self.presigned += 1
        file = f"{self.cdn or address}/temp/user_1/{numbered(self.presigned)}_{heard.body['filename']}"
        put = f"{file}?X-Amz-Expires=900&X-Amz-Signature=s%2Fg"
        data = {"uploadUrl": put, "fileUrl": file, "fileId": "file_1", "expiresAt": "2026-11-20T11:00:00Z", "maxSize": 10_485_760}
        return said(200, {"success": True, "data": data, "requestId": "req_up_1"})

    def _estimate(self, body: Any) -> Answer:
        if body["model"] not in MODELS:
            return _no(404, "MODEL_NOT_FOUND", f"Model {body['model']} not found")
        price = int(cost(body["model"], body["input"]) * Decimal(self.account))
        if self.shape == "enveloped":
            data = {"estimatedCost": price, "baseCost": price, "factors": {}, "currency": "micro-cents"}
            return said(200, {"success": True, "data": data, "requestId": "req_est_1"})
        return said(200, {"baseCostMicroCents": price, "estimatedCostMicroCents": price, "breakdown": [], "hasDiscount": False})

    def _status(self, job: str, address: str) -> Answer:
        made = self.job(job)
        if made is None:
            return _no(404, "JOB_NOT_FOUND", "Job not found")
        state = self.state(job)
        done = state == "completed"
        url = self.link(job, address) if done else None
        body: dict[str, Any] = {
            "jobId": job,
            "status": state,
            "progress": {"processing": 50, "completed": 100}.get(state, 0),
            "output": url,
            "outputs": [{"url": url, "type": "video", "thumbnail": f"{url}.jpg", "posterImage": f"{url}.png"}] if done else None,
            "error": {"code": "GENERATION_FAILED", "message": "The model failed. Credits have been refunded."}
            if state == "failed"
            else None,
            "createdAt": "2026-11-20T10:00:00Z",
            "completedAt": "2026-11-20T10:02:30Z" if state in ENDED else None,
        }
        if self.shape == "flat":
            return said(200, body)
        del body["outputs"]
        body |= {"output": {"url": url, "contentType": "video/mp4", "durationSeconds": 4} if done else None}
        body |= {"cost": cost(made.body["model"], made.body["input"])} if done else {}
        return said(200, {"success": True, "data": body, "requestId": "req_2"})

    def _list(self, query: Mapping[str, str]) -> Answer:
        """Newest first, a page at a time; the cursor is the number of the first row."""
        rows = [*self.strangers, *(self._row(made) for made in reversed(self.made) if made.id not in self.unlisted)]
        wanted = [row for row in rows if query.get("modelId") in (None, row["model"]) or row in self.strangers]
        first, limit = int(query.get("cursor", "0")), min(int(query.get("limit", "20")), self.page)
        more = first + limit < len(wanted)
        return said(200, {"jobs": wanted[first : first + limit], "nextCursor": str(first + limit) if more else None, "hasMore": more})

    def _row(self, made: Created) -> dict[str, Any]:
        state = {"jobId": made.id, "status": self.states.get(made.id, "pending"), "progress": 0}
        return {**state, "model": made.body["model"], "createdAt": self.created_at, "completedAt": None}

    def _cancel(self, job: str) -> Answer:
        made = self.job(job)
        if made is None:
            return _no(404, "JOB_NOT_FOUND", "Job not found")
        if self.states.get(job) or self.walk[min(self.asked.get(job, 0), len(self.walk) - 1)] != "pending":
            return _no(400, "JOB_CANNOT_BE_CANCELLED", "Only pending jobs can be cancelled")
        self.states[job] = "cancelled"
        return said(200, {"jobId": job, "status": "cancelled", "refundedMicroCents": cost(made.body["model"], made.body["input"])})


def _no(status: int, code: str, message: str) -> Answer:
    return said(status, {"success": False, "error": {"code": code, "message": message, "details": {}}, "requestId": "req_0"})

"""AI/ML API, played to the letter of its pages: https://docs.aimlapi.com"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import PICTURE, Field, Fields, Played, complaint, numbered, prompt

RATIOS = ("16:9", "9:16")
SORA: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", (4, 8, 12)),
    "aspect_ratio": Field(allowed=RATIOS),
    "resolution": Field(allowed=("720p",)),
}
PRO: Fields = {**SORA, "resolution": Field(allowed=("720p", "1080p"))}
VEO: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", (4, 6, 8)),
    "aspect_ratio": Field(allowed=RATIOS),
    "resolution": Field(allowed=("720p", "1080p")),
    "generate_audio": Field("boolean"),
}
VEO_WORDS: Fields = {**VEO, "seed": Field("integer", range(2**31)), "negative_prompt": Field(), "enhance_prompt": Field("boolean")}
SEEDANCE: Fields = {
    "prompt": prompt(),
    "duration": Field("integer", range(4, 16)),
    "resolution": Field(allowed=("480p", "720p", "1080p", "4k")),
    "aspect_ratio": Field(allowed=("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")),
    "image_url": replace(PICTURE, required=False),
    "last_image_url": replace(PICTURE, required=False),
    "generate_audio": Field("boolean"),
    "seed": Field("integer", range(2**31)),
    "image_urls": Field("list"),
}
KLING: Fields = {
    "prompt": Field(),
    "duration": Field("integer", range(3, 16)),
    "generate_audio": Field("boolean"),
    "negative_prompt": Field(),
}
MODELS: Mapping[str, Fields] = {
    "openai/sora-2-t2v": SORA,
    "openai/sora-2-i2v": {**SORA, "image_url": PICTURE},
    "openai/sora-2-pro-t2v": PRO,
    "openai/sora-2-pro-i2v": {**PRO, "image_url": PICTURE},
    "google/veo-3.1-t2v": VEO_WORDS,
    "google/veo-3.1-t2v-fast": VEO_WORDS,
    "google/veo-3.1-i2v": {**VEO, "image_url": PICTURE},
    "google/veo-3.1-i2v-fast": {**VEO, "image_url": PICTURE},
    "google/veo-3.1-first-last-image-to-video-fast": {**VEO, "image_url": PICTURE, "last_image_url": PICTURE},
    "bytedance/seedance-2-0": SEEDANCE,
    "klingai/video-v3-pro-text-to-video": {**KLING, "aspect_ratio": Field(allowed=("16:9", "9:16", "1:1"))},
    "klingai/video-v3-pro-image-to-video": {**KLING, "image_url": PICTURE},
}
PER_SECOND = Decimal("0.125")
CREDITS_PER_USD = 2_000_000
CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def usd(body: Mapping[str, Any]) -> Decimal:
    """What this played account is charged: no page states a price."""
    return PER_SECOND * body.get("duration", 4)


@dataclass
class AimlApi(Played):
    """`ids` is `old` (with `:` and `/`) or `new`."""

    walk: tuple[str, ...] = ("queued", "generating", "completed")
    ids: str = "old"
    created_at: str = "2026-11-20T12:00:00.000Z"
    """When the log says that its requests were made."""
    logs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Rows of the request log, newest first."""
    log_says: str = "succeeded"
    page: int = 100
    models: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Rows of the public list of models."""
    """The most rows of one answer."""

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/"):
            return "media"
        if heard.path == "/v1/models":
            return "prices"
        if heard.path != "/v2/video/generations":
            return "other"
        return "submit" if heard.method == "POST" else "status"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if heard.path == "/v1/models":  # "No API key is required for this request"
            asked = dict(heard.query)["id"].split(",")
            return said(200, {"object": "list", "data": [row for row in self.models if {row["id"], *row["aliases"]} & {*asked}]})
        if heard.headers.get("authorization") != f"Bearer {self.key}":
            return self._no(heard, 401, "This request requires a valid API key. You can create a new API key on the Billing page.")
        match heard.method, heard.path:
            case "POST", "/v2/video/generations":
                return self._submit(heard)
            case "GET", "/v2/video/generations":
                return self._status(heard, address)
            case "GET", "/v2/logs":
                return self._log(heard)
            case "GET", "/v2/billing":
                return said(200, {"current_balance": 123.45, "currency": "USD"})
            case _:
                return self._no(heard, 404, f"Cannot {heard.method} {heard.path}")

    def _submit(self, heard: Heard) -> Answer:
        body = heard.body if isinstance(heard.body, dict) else {}
        model = body.get("model")
        if model not in MODELS:
            return self._no(heard, 400, f"Body validation error! Invalid enum value. Expected 'openai/sora-2-t2v', received {model!r}")
        if (wrong := complaint({"model": Field(required=True), **MODELS[model]}, body)) is not None:
            return self._no(heard, 400, f"Body validation error! {wrong}")
        number = len(self.made) + 1
        job = self.make(f"video_{numbered(number).replace('-', '')}:{model}" if self.ids == "old" else f"rLCxsu-1_rTB{number:08d}J", heard)
        echo = heard.headers.get("x-client-request-id", "")
        charged = self.log_says == "succeeded"
        cost = {"usd": float(usd(body)) if charged else 0, "credits": int(usd(body) * CREDITS_PER_USD) if charged else 0}
        row = {
            "created": self.created_at,
            "status": self.log_says,
            "origin": "api",
            "model": model,
            "cost": cost,
            "request_id": f"req-{number}",
        }
        self.logs.insert(0, {**row, "inference_id": job, "client_request_id": echo if CORRELATION.fullmatch(echo) else None})
        headers = [("x-inference-id", job), *([("x-client-request-id", echo)] if CORRELATION.fullmatch(echo) else [])]
        return said(200, {"id": job, "status": "queued", "meta": {"usage": {"credits_used": int(usd(body) * CREDITS_PER_USD)}}}, *headers)

    def _log(self, heard: Heard) -> Answer:
        """One page of the log, as https://docs.aimlapi.com/api-references/service-endpoints/usage-logs has it."""
        asked = dict(heard.query)
        if not {"start", "end"} <= asked.keys() or len(asked) != len(heard.query) or not 1 <= int(asked.get("limit", "50")) <= 100:
            return self._no(heard, 400, "Provide either period or both start and end")
        start, end = (datetime.fromisoformat(asked[name]) for name in ("start", "end"))
        rows = [row for row in self.logs if start <= datetime.fromisoformat(row["created"]) <= end]
        limit, offset = min(int(asked.get("limit", "50")), self.page), int(asked.get("offset", "0"))
        pages = {"limit": limit, "offset": offset, "total": len(rows), "has_more": offset + limit < len(rows)}
        return said(200, {"data": rows[offset : offset + limit], "pagination": pages})

    def _status(self, heard: Heard, address: str) -> Answer:
        made = self.job(dict(heard.query).get("generation_id", ""))
        if made is None or len(heard.query) != 1:
            return self._no(heard, 404, "Generation not found")
        state = self.state(made.id)
        body: dict[str, Any] = {"id": made.id, "status": state, "model": made.body["model"]}
        if state == "completed":
            price = usd(made.body)
            body["video"] = {"url": self.link(made.id, address)}
            body["meta"] = {"usage": {"credits_used": int(price * CREDITS_PER_USD), "usd_spent": float(price)}}
        if state == "error":
            body["error"] = {"name": "GenerationError", "message": "The provider could not generate this video."}
        return said(200, body)

    def _no(self, heard: Heard, status: int, message: str) -> Answer:
        times = {"requestId": "798b860e-98c2-4e8e-8c50-550bcfc2eccc", "statusCode": str(status), "timestamp": "2026-11-20T10:00:00.000Z"}
        return said(status, {"message": message, "path": heard.path, **times})

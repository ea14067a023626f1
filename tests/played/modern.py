"""The vendors of today, played to the letter of their pages: Google, Runway, xAI, and any `/v1/videos` server."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from .nouns import Answer, Heard, said
from .vendor import Played, numbered

LARGE_STEP = {"type": "user_input", "content": [{"type": "image", "data": "A" * (3 << 20), "mime_type": "image/png"}]}
"""A picture that was sent, as an answer may have it."""
TICKS = 2_100_000_000
"""What every video of xAI's costs here: $0.21."""


@dataclass
class Modern(Played):
    """Bearer keys, one address to order, one to ask, files elsewhere. A subclass says how it answers."""

    walk: tuple[str, ...] = ()
    order: str = ""
    question: str = ""
    """Where jobs are asked for, up to the id."""

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/") or heard.path.endswith(("/content", ":download")):
            return "media"
        if heard.method == "DELETE" or heard.path.endswith("/cancel"):
            return "cancel"
        if heard.path in ("/upload/v1beta/files", "/v1/uploads"):
            return "presign"
        return "submit" if heard.method == "POST" else "status"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if (file := self.file(heard)) is not None:
            return file
        if not self.known(heard):
            return said(401, {"error": {"message": "Who are you?"}})
        match self.role(heard):
            case "submit":
                return self.took(self.make(f"job-{numbered(len(self.made) + 1)}", heard))
            case "status" if self.job(job := heard.path.removeprefix(self.question)) is not None:
                return self.told(job, self.state(job), address)
            case "media":
                return self.media(heard, address)
            case "presign":
                return self.place(heard, self.cdn or address)
            case "cancel":
                return self.cancelled(heard.path.removeprefix(self.question).removesuffix("/cancel"))
            case _:
                return said(404, {"error": {"message": "Not found"}})

    def known(self, heard: Heard) -> bool:
        """Whether the right key is in the right header."""
        return heard.headers.get("authorization") == f"Bearer {self.key}"

    def took(self, job: str) -> Answer:
        """The answer to an order."""
        raise NotImplementedError

    def told(self, job: str, state: str, address: str) -> Answer:
        """The answer to a question."""
        raise NotImplementedError

    def media(self, heard: Heard, address: str) -> Answer:
        """A file at the vendor's own address, behind the key."""
        return Answer(200, self.clip, (("Content-Type", "video/mp4"),))

    def place(self, heard: Heard, address: str) -> Answer:
        """The answer to the question where a file is put."""
        return said(404, {})

    def cancelled(self, job: str) -> Answer:
        """The answer to calling back."""
        return said(404, {})


@dataclass
class Xai(Modern):
    """Says nothing while it works, and the sum in ticks at the end."""

    walk: tuple[str, ...] = ("pending", "pending", "done")
    question: str = "/v1/videos/"
    moderated: bool = False

    def took(self, job: str) -> Answer:
        """An id and no more."""
        return said(200, {"request_id": job})

    def told(self, job: str, state: str, address: str) -> Answer:
        """202 without a body, or the end."""
        if state == "pending":
            return Answer(202, b"")
        video = {"url": None if self.moderated else self.link(job, address), "duration": 3, "respect_moderation": not self.moderated}
        return said(200, {"status": state, "video": video, "usage": {"cost_in_usd_ticks": TICKS}})


@dataclass
class Runway(Modern):
    """Credits: 30 at the order, 36 at the end."""

    walk: tuple[str, ...] = ("PENDING", "RUNNING", "SUCCEEDED")
    question: str = "/v1/tasks/"

    def known(self, heard: Heard) -> bool:
        """The version is asked for as strictly as the key."""
        return super().known(heard) and heard.headers.get("x-runway-version") == "2024-11-06"

    def place(self, heard: Heard, address: str) -> Answer:
        """A form, and a name."""
        fields = {"key": f"a/{heard.body['filename']}", "policy": "p=="}
        return said(200, {"uploadUrl": f"{address}/temp", "fields": fields, "runwayUri": f"runway://a/{heard.number}"})

    def took(self, job: str) -> Answer:
        """An estimate."""
        return said(200, {"id": job, "estimatedCost": {"credits": 30}})

    def told(self, job: str, state: str, address: str) -> Answer:
        """A task."""
        end: dict[str, Any] = {"output": [self.link(job, address)], "cost": {"credits": 36}} if state == "SUCCEEDED" else {}
        free = {"cost": {"credits": 0}} if state == "CANCELLED" else {}
        return said(200, {"id": job, "status": state, **({"progress": 0.5} if state == "RUNNING" else {}), **end, **free})

    def cancelled(self, job: str) -> Answer:
        """Nothing to say."""
        self.states[job] = "CANCELLED"
        return Answer(204, b"")


@dataclass
class Google(Modern):
    """The file is at its own address, and wants the key. `repeats` puts what was sent into each answer, `inline` the file into the last."""

    walk: tuple[str, ...] = ("queued", "in_progress", "completed")
    question: str = "/v1beta/interactions/"
    repeats: bool = False
    inline: bool = False

    def known(self, heard: Heard) -> bool:
        """Its own header."""
        return heard.headers.get("x-goog-api-key") == self.key

    def place(self, heard: Heard, address: str) -> Answer:
        """A header with the address."""
        return said(200, {}, ("X-Goog-Upload-URL", f"{address}/temp?upload_id=s%2Fg"))

    def took(self, job: str) -> Answer:
        """An interaction."""
        return said(200, {"id": job, "status": "queued"})

    def told(self, job: str, state: str, address: str) -> Answer:
        """The same."""
        made = self.job(job)
        steps = [*made.body["input"], LARGE_STEP] if made is not None and self.repeats else []
        if state == "completed":
            link = {"data": base64.b64encode(self.clip).decode()} if self.inline else {"uri": f"{address}/v1beta/files/{job}"}
            steps.append({"type": "model_output", "content": [{"type": "video", "mime_type": "video/mp4", **link}]})
        usage = {"output_tokens_by_modality": [{"modality": "video", "tokens": 17_376}], "total_thought_tokens": 500}
        body = {"id": job, "status": state, "steps": steps, "model": "gemini-omni-1.1-flash"}
        return said(200, body | ({"usage": usage} if state == "completed" else {}))

    def cancelled(self, job: str) -> Answer:
        """The interaction."""
        self.states[job] = "cancelled"
        return said(200, {"id": job, "status": "cancelled"})


@dataclass
class Compatible(Modern):
    """OpenAI's shape; `/content` leads to a file host."""

    walk: tuple[str, ...] = ("queued", "in_progress", "completed")
    question: str = "/v1/videos/"

    def took(self, job: str) -> Answer:
        """A video object."""
        return said(200, {"id": job, "object": "video", "status": "queued", "progress": 0})

    def told(self, job: str, state: str, address: str) -> Answer:
        """The same."""
        end = {"usage": {"cost": 0.35}} if state == "completed" else {}
        return said(200, {"id": job, "object": "video", "status": state, "progress": 50, **end})

    def media(self, heard: Heard, address: str) -> Answer:
        """A redirect to another host."""
        job = heard.path.removeprefix(self.question).removesuffix("/content")
        return Answer(302, b"", (("Location", self.link(job, address)),))


@dataclass
class FormServer(Compatible):
    """vLLM-Omni's manners: forms only, the file itself at `/content`, no word about costs, and whatever word for a state `walk` has."""

    @property
    def name(self) -> str:
        """That of any such server."""
        return "compatible"

    def answer(self, heard: Heard, address: str) -> Answer:
        """Refuse JSON as vLLM does."""
        if heard.role == "submit" and not heard.headers.get("content-type", "").startswith("multipart/form-data"):
            return said(
                400, {"error": {"message": "[{'type': 'missing', 'loc': ('body', 'prompt'), 'msg': 'Field required'}]", "code": 400}}
            )
        return super().answer(heard, address)

    def took(self, job: str) -> Answer:
        """The whole video object."""
        return self.told(job, "queued", "")

    def told(self, job: str, state: str, address: str) -> Answer:
        """The same."""
        video = {"id": job, "object": "video", "status": state, "progress": 50, "model": "wan", "size": "1280x720", "seconds": "4"}
        return said(200, {**video, "created_at": 1_795_176_000})

    def media(self, heard: Heard, address: str) -> Answer:
        """The clip."""
        return Answer(200, self.clip, (("Content-Type", "video/mp4"),))

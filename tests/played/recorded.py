"""A vendor played from its recorded conversations: it needs no code of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sora_mcp.domain import Done, Pending
from sora_mcp.vendors import EVERY

from ..stories import FOLDER, LIST, Story, facts, stories
from ..stories import Answer as Reply
from .nouns import Answer, Heard, said
from .vendor import Played, numbered


@dataclass
class Recorded(Played):
    """Takes bodies with recorded names only, and answers as in `text_to_video.json`, one reply further at each status call."""

    walk: tuple[str, ...] = ()
    vendor: str = field(kw_only=True)

    @property
    def name(self) -> str:
        """The vendor's."""
        return self.vendor

    @cached_property
    def replies(self) -> list[Reply]:
        """The success from text."""
        return list(Story(FOLDER / self.vendor / "text_to_video.json").answers())

    @cached_property
    def names(self) -> set[str]:
        """Every name that a recorded order has, and those of our token and our address."""
        token = {vendor.token_field.partition(".")[0] for vendor in EVERY if vendor.name == self.vendor and vendor.token_field}
        return (
            token
            | {*facts(self.vendor).get("webhook", {}).get("body", {})}
            | {name for story in stories() if story.vendor == self.vendor for name in story.call.body or {}}
        )

    @cached_property
    def paths(self) -> set[str]:
        """Every path at which something is ordered: some vendors name the model there."""
        tables = FOLDER / self.vendor / "orders.json"
        groups = json.loads(tables.read_text("utf-8")) if tables.exists() else []
        return {story.call.path for story in stories() if story.vendor == self.vendor} | {group["path"] for group in groups}

    @cached_property
    def place(self) -> Mapping[str, Any]:
        """The recorded place for a picture: how it is asked for, and what is answered."""
        return facts(self.vendor).get("upload", {"call": {}})

    @cached_property
    def list(self) -> str | None:
        """Where the models are listed, for a vendor whose offers come from there."""
        return next((vendor.listing.path for vendor in EVERY if vendor.name == self.vendor and vendor.listing is not None), None)

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        if heard.path.startswith("/files/"):
            return "media"
        if (heard.method, heard.path) == (self.place["call"].get("method"), self.place["call"].get("path")):
            return "presign"
        if heard.path == self.list:
            return "list"
        return "submit" if heard.method == "POST" else "status"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The recorded answer to one request."""
        header, value = next(vendor.auth for vendor in EVERY if vendor.name == self.vendor)
        if (file := self.file(heard)) is not None:
            return file
        if heard.headers.get(header.lower()) != value.format(key=self.key):
            return said(401, {"error": {"message": "Who are you?"}})
        if self.role(heard) == "presign":
            return self._name_place(heard, address)
        if self.role(heard) == "list":
            return said(200, json.loads((FOLDER / self.vendor / LIST).read_text("utf-8")))
        if heard.method == "POST" and heard.path in self.paths:
            return self._submit(heard, address)
        job = next((made.id for made in self.made if made.id in heard.path or made.id in dict(heard.query).values()), None)
        return said(404, {"error": {"message": "Not found"}}) if job is None else self._status(job, heard, address)

    def _name_place(self, heard: Heard, address: str) -> Answer:
        """The recorded place, on the host of files; where the file came with the question, only its address."""
        there = f"{self.cdn or address}/temp/{heard.number}"
        text = json.dumps([self.place.get("body", {}), self.place.get("headers", {})])
        for name in ("put", "url"):
            text = text.replace(json.dumps(self.place[name]), json.dumps(there)) if self.place[name].startswith("https:") else text
        body, headers = json.loads(text)
        return said(200, body, *headers.items())

    def _submit(self, heard: Heard, address: str) -> Answer:
        if not isinstance(heard.body, dict) or not set(heard.body) <= self.names:
            return said(400, {"error": {"message": "Unrecognized key(s)"}})
        return self._say(self.replies[0], self.make(f"job-{numbered(len(self.made) + 1)}", heard), address)

    def _status(self, job: str, heard: Heard, address: str) -> Answer:
        count = self.asked[job] = self.asked.get(job, 0) + 1
        reply = self.replies[min(count, len(self.replies) - 1)]
        asked, known = reply.reply.call, (heard.path, heard.query)
        query = tuple((name, value.replace(self._id, job)) for name, value in asked.query)
        is_known = known == (asked.path.replace(self._id, job), query) or self._is_elsewhere(job)
        return self._say(reply, job, address) if is_known else said(404, {})

    def _is_elsewhere(self, job: str) -> bool:
        """Whether the job was ordered at another address than the recorded one, below which some vendors want to be asked."""
        return any(made.id == job and made.path != self.replies[0].reply.call.path for made in self.made)

    @property
    def _id(self) -> str:
        first = self.replies[0].reading
        assert isinstance(first, Pending)
        # The model stands before the id that fal's answer has.
        return first.id if json.dumps(first.id) in json.dumps(self.replies[0].reply.body) else first.id.rpartition("/")[2]

    def _say(self, reply: Reply, job: str, address: str) -> Answer:
        text = json.dumps(reply.reply.body)
        if isinstance(reply.reading, Done):
            text = text.replace(json.dumps(reply.reading.media.path), json.dumps(self.link(job, address)))
        return said(reply.reply.status, json.loads(text.replace(self._id, job)))

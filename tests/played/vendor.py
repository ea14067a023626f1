"""What all played vendors share: a key, jobs that get on by one word at each question, strict fields, a clip."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .nouns import Answer, Created, Heard, said

CLIP = Path(__file__).with_name("clip.mp4").read_bytes()
KEY = "canary-Zk9%q/w+1=tail"
KINDS: Mapping[str, type | tuple[type, ...]] = {"string": str, "integer": int, "boolean": bool, "list": list}


@dataclass(frozen=True)
class Field:
    """One parameter as the vendor's page types it."""

    kind: str = "string"
    allowed: tuple[Any, ...] | range = ()
    most: int | None = None
    required: bool = False
    picture: tuple[str, ...] = ()
    """What an image may begin with."""

    def takes(self, value: object) -> bool:
        """Whether the value has the type and is one of the values."""
        if not isinstance(value, KINDS[self.kind]) or (isinstance(value, bool) and self.kind != "boolean"):
            return False
        if self.allowed and value not in self.allowed:
            return False
        if isinstance(value, str) and (not value or (self.most is not None and len(value) > self.most)):
            return False
        return not self.picture or (isinstance(value, str) and value.startswith(self.picture))


Fields = Mapping[str, Field]
URL = Field(required=True, picture=("https://", "http://"))
PICTURE = Field(required=True, picture=("https://", "http://", "data:image/"))


def prompt(most: int | None = None) -> Field:
    """The text that says what to show."""
    return Field(required=True, most=most)


def complaint(fields: Fields, body: object) -> str | None:
    """The first thing that is wrong with a body: strange, missing, of another type, out of range."""
    if not isinstance(body, dict):
        return "Body must be a JSON object"
    strange = [name for name in body if name not in fields]
    if strange:
        return f"Unrecognized key(s) in object: {strange[0]!r}"
    for name, field_ in fields.items():
        if name not in body and field_.required:
            return f"{name} is required"
        if name in body and not field_.takes(body[name]):
            return f"Invalid value of {name}"
    return None


@dataclass
class Played:
    """One vendor. Subclasses say which paths there are and how they answer."""

    walk: tuple[str, ...]
    """The state at each question; the last one stays."""
    key: str = KEY
    clip: bytes = CLIP
    cdn: str = ""
    """Where the files are; empty is the vendor's own address."""
    made: list[Created] = field(default_factory=list[Created])
    asked: dict[str, int] = field(default_factory=dict[str, int])
    """How often each job was asked for."""
    states: dict[str, str] = field(default_factory=dict[str, str])
    """A state that was set from outside, or by a cancel."""

    @property
    def name(self) -> str:
        """The vendor's."""
        return type(self).__name__.lower()

    def make(self, job_id: str, heard: Heard) -> str:
        """Takes a job: from here on it is charged."""
        self.made.append(Created(job_id, time.time(), heard.path, heard.body))
        return job_id

    def job(self, job_id: str) -> Created | None:
        """One that was taken."""
        return next((made for made in self.made if made.id == job_id), None)

    def state(self, job_id: str) -> str:
        """The job's state at this question; the next one finds it further on."""
        count = self.asked[job_id] = self.asked.get(job_id, 0) + 1
        return self.states.get(job_id) or self.walk[min(count, len(self.walk)) - 1]

    def link(self, job_id: str, address: str) -> str:
        """Where the file of a job is."""
        number = next(index for index, made in enumerate(self.made) if made.id == job_id)
        return f"{self.cdn or address}/files/{number}/video.mp4?sig=s%2Fg"

    def file(self, heard: Heard) -> Answer | None:
        """The clip, where a file is asked for."""
        if heard.method == "GET" and heard.path.startswith("/files/"):
            return Answer(200, self.clip, (("Content-Type", "video/mp4"), ("Content-Disposition", 'attachment; filename="../../.bashrc"')))
        return None


@dataclass
class Cdn:
    """A host that has files and nothing else, and should never see a key."""

    clip: bytes = CLIP
    made: list[Created] = field(default_factory=list[Created])

    def role(self, heard: Heard) -> str:
        """Everything is a file, asked for or put there."""
        return "upload" if heard.method in ("PUT", "POST") else "media"

    def answer(self, heard: Heard, address: str) -> Answer:
        """The clip; nothing for a file that is put there, and for one that is posted what Google's Files say of it."""
        if heard.method == "PUT":
            return Answer(200, b"", ())
        if heard.method == "POST":
            return said(200, {"file": {"uri": f"{address}/v1beta/files/{heard.number}", "state": "ACTIVE"}})
        return Answer(200, self.clip, (("Content-Type", "application/octet-stream"),))


def numbered(count: int) -> str:
    """The middle of an id, the same in every run."""
    return f"{count:08x}-89ab-4cde-8f01-23456789abcd"

"""What goes over a played wire: a request as heard, a job as taken, an answer as meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

REASONS = {200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True)
class Heard:
    """One request, as it came in."""

    number: int
    at: float
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """Its JSON, the bytes of a picture or a video, or None."""
    raw_path: str = ""
    size: int = 0
    role: str = ""
    connection: int = 0
    """Which one it came on."""


@dataclass(frozen=True)
class Created:
    """One job that the vendor took: what a user would be billed for."""

    id: str
    at: float
    path: str
    body: Any


@dataclass(frozen=True)
class Answer:
    """What the vendor means to say."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)

    def head(self, *more: tuple[str, str], length: int | None = -1) -> bytes:
        """The status line and the headers. A length of -1 is the true one, None leaves it out."""
        told = len(self.body) if length == -1 else length
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}", *(f"{k}: {v}" for k, v in (*self.headers, *more))]
        if told is not None and self.status != 204:
            lines.append(f"Content-Length: {told}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def said(status: int, body: Any, *headers: tuple[str, str]) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(body).encode(), (("Content-Type", "application/json"), *headers))


class App(Protocol):
    """What is played on the wire."""

    made: list[Created]

    def role(self, heard: Heard) -> str:
        """`submit`, `status`, `media`, `cancel` or `other`: what faults are armed for."""
        ...

    def answer(self, heard: Heard, address: str) -> Answer:
        """The answer, with its effect: a submit that is taken appends to `made`."""
        ...

"""Calls to vendors and their replies, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """One HTTP call as data, so that it can wait in the store. `path` is under the vendor's address, or a whole https URL."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    body: Mapping[str, Any] | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    is_form: bool = False
    """Send the body as multipart/form-data, one text each, instead of as JSON."""
    file: str = ""
    """The field of such a form whose `data:` URI is sent as a file."""
    inside: str = ""
    """Of a file: where the JSON answer has its bytes, as `video.data`, in base64 or a `data:` URI; empty where the answer is the file."""

    def with_field(self, path: str, value: object) -> Call:
        """Return the call with the value at that path of its body, such as `options.external_task_id`."""
        return replace(self, body=_add_field(self.body or {}, path, value))

    def with_header(self, name: str, value: str) -> Call:
        """Return the call with one header more."""
        return replace(self, headers=(*self.headers, (name, value)))


@dataclass(frozen=True)
class Reply:
    """The vendor's answer to `call`. `body` is its JSON object, or None when it was none."""

    call: Call
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names in lower case."""


def _add_field(body: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    return {**body, name: _add_field(body.get(name, {}), rest, value) if rest else value}

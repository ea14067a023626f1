"""The result of one check of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "ok",
    "note",  # works, but less than it could
    "fix",  # something will fail
]


@dataclass(frozen=True)
class Finding:
    """A verdict in words, and what to do about it."""

    verdict: Verdict
    text: str
    todo: str | None = None

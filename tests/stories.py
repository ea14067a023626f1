"""Recorded conversations: one file a story, one folder a vendor. Read by test_vendors, which finds them by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from sora_mcp.domain import Call, Done, DoneWithoutLink, Failed, Image, Pending, Reading, Reply, Vendor, VideoRequest
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read_offers

FOLDER = Path(__file__).parent / "vendors"
FACTS = "vendor.json"
READINGS: dict[str, type[Reading] | type[DoneWithoutLink]] = {
    "pending": Pending,
    "done": Done,
    "failed": Failed,
    "linkless": DoneWithoutLink,
}


@dataclass(frozen=True)
class Answer:
    """One reply of the vendor, and what it has to mean to us."""

    reply: Reply
    reading: Reading | DoneWithoutLink | None
    is_refusal: bool
    refused: dict[str, Any] | None
    """Of a reply that is no success: the error it becomes; None where it leaves open whether money moved."""


@dataclass(frozen=True)
class Story:
    """A wish, the call it becomes, and the vendor's replies in order."""

    path: Path

    @cached_property
    def told(self) -> dict[str, Any]:
        """The file."""
        return json.loads(self.path.read_text("utf-8"))

    @property
    def vendor(self) -> str:
        """The folder."""
        return self.path.parent.name

    @property
    def request(self) -> VideoRequest:
        """What the caller wants."""
        wish = dict(self.told["request"])
        image = wish.pop("image", None)
        return VideoRequest(**wish, image=Image(**image) if image else None)

    @property
    def call(self) -> Call:
        """What has to be sent."""
        return _call(self.told["call"])

    def answers(self) -> Iterator[Answer]:
        """Each reply belongs to the call that stood last: the submit, or what the last pending one said to ask next."""
        call = self.call
        for told in self.told["replies"]:
            reading = _reading(told["reading"])
            reply = Reply(call, told["status"], told["body"], told.get("headers", {}))
            yield Answer(reply, reading, "refused" in told, told.get("refused"))
            call = reading.next if isinstance(reading, Pending) else call


def listed(vendors: tuple[Vendor, ...] = EVERY) -> tuple[Vendor, ...]:
    """The vendors, with the recorded list where their offers come from one."""
    return tuple(_listed(vendor) for vendor in vendors)


def _listed(vendor: Vendor) -> Vendor:
    recorded = FOLDER / vendor.name / "list" / "models.json"
    if vendor.listing is None or not recorded.exists():
        return vendor
    reply = Reply(vendor.listing, 200, json.loads(recorded.read_text("utf-8")))
    return replace(vendor, offers=read_offers(vendor, reply, checked=date(2026, 11, 20)) or ())


def stories() -> list[Story]:
    """Every recorded conversation."""
    return [Story(path) for path in sorted(FOLDER.glob("*/*.json")) if path.name != FACTS]


def facts(vendor: str) -> dict[str, Any]:
    """Return the vendor's `vendor.json`; empty where it has none."""
    path = FOLDER / vendor / FACTS
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _reading(told: dict[str, Any] | None) -> Reading | DoneWithoutLink | None:
    if told is None:
        return None
    parts = {name: _call(value) if name in ("next", "media") else value for name, value in told.items() if name != "is"}
    return READINGS[told["is"]](**parts)


def _call(told: dict[str, Any]) -> Call:
    pairs = {name: tuple((key, value) for key, value in told[name]) for name in ("query", "headers") if name in told}
    return Call(told["method"], told["path"], told.get("body"), **pairs)

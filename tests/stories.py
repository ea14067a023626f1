"""Recorded conversations: one file each, one folder a vendor. ADDING_A_VENDOR.md has the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from sora_mcp.domain import Call, Clip, Done, DoneWithoutLink, Failed, Image, Pending, Reading, Reply, Vendor, VideoRequest
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read_offers

FOLDER = Path(__file__).parent / "vendors"
FACTS = "vendor.json"
"""What a vendor's conversations share, and facts about the vendor."""
LIST = "list/models.json"
"""A vendor's recorded list of models, where its offers come from one."""
ORDERS = "orders.json"
"""What a vendor is sent for orders of each model, and what they cost, for whole purchases at the played vendor."""
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
    """The error that a reply becomes that is no success; None where it leaves open whether money moved."""


@dataclass(frozen=True)
class Story:
    """A request, the call it becomes, and the vendor's replies in order."""

    path: Path

    @cached_property
    def told(self) -> dict[str, Any]:
        """The file, merged onto what the vendor's conversations share."""
        shared = facts(self.vendor)
        common = {name: shared[name] for name in ("source", "model", "request", "call") if name in shared}
        return merge(common, json.loads(self.path.read_text("utf-8")))

    @property
    def vendor(self) -> str:
        """The folder."""
        return self.path.parent.name

    @property
    def name(self) -> str:
        """Folder and file, for messages."""
        return f"{self.vendor}/{self.path.stem}"

    @property
    def request(self) -> VideoRequest:
        """What the caller wants."""
        asked = dict(self.told["request"])
        image, edits = asked.pop("image", None), asked.pop("edits", None)
        return VideoRequest(**asked, image=Image(**image) if image else None, edits=Clip(**edits) if edits else None)

    @property
    def call(self) -> Call:
        """What has to be sent."""
        return _call(self.told["call"])

    def answers(self) -> Iterator[Answer]:
        """Yield each reply to the call before it: the submit, or what the last pending reading said to ask next."""
        call, shared = self.call, facts(self.vendor)
        for part in self.told["replies"]:
            told = shared["replies"][part] if isinstance(part, str) else part
            reading = _reading(told.get("reading"), shared.get("readings", {}))
            reply = Reply(call, told.get("status", 200), told["body"], told.get("headers", {}))
            refused = told.get("refused")
            yield Answer(reply, reading, "refused" in told, {"charged": "no", **refused} if refused else None)
            call = reading.next if isinstance(reading, Pending) else call


def merge(base: Any, patch: Any) -> Any:
    """Return `base` changed by a JSON merge patch (RFC 7396): objects are merged, null removes a name."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(cast("dict[str, Any]", base)) if isinstance(base, dict) else {}
    for name, value in cast("dict[str, Any]", patch).items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def listed(vendors: tuple[Vendor, ...] = EVERY) -> tuple[Vendor, ...]:
    """Return the vendors, with the recorded list where their offers come from one."""
    return tuple(_listed(vendor) for vendor in vendors)


def _listed(vendor: Vendor) -> Vendor:
    recorded = FOLDER / vendor.name / LIST
    if vendor.listing is None or not recorded.exists():
        return vendor
    reply = Reply(vendor.listing, 200, json.loads(recorded.read_text("utf-8")))
    return replace(vendor, offers=read_offers(vendor, reply, checked=date(2026, 11, 20)) or ())


@cache
def facts(vendor: str) -> dict[str, Any]:
    """Return the vendor's `vendor.json`; empty where it has none."""
    path = FOLDER / vendor / FACTS
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


@cache
def orders() -> tuple[dict[str, Any], ...]:
    """Return every group of orders of one model: `model`, `path`, `body`, with a first frame `image`, and `rows` of what differs."""
    return tuple(group for path in sorted(FOLDER.glob(f"*/{ORDERS}")) for group in json.loads(path.read_text("utf-8")))


@cache
def stories() -> tuple[Story, ...]:
    """Return every recorded conversation."""
    return tuple(Story(path) for path in sorted(FOLDER.glob("*/*.json")) if path.name not in (FACTS, ORDERS))


def _reading(told: dict[str, Any] | None, shared: dict[str, Any]) -> Reading | DoneWithoutLink | None:
    if told is None:
        return None
    whole = merge(shared.get(told["is"], {}), told)
    parts = {name: _call(value) if name in ("next", "media") else value for name, value in whole.items() if name != "is"}
    return READINGS[told["is"]](**parts)


def _call(told: dict[str, Any]) -> Call:
    pairs = {name: tuple((key, value) for key, value in told[name]) for name in ("query", "headers") if name in told}
    return Call(told["method"], told["path"], told.get("body"), **pairs, inside=told.get("inside", ""))

"""Vendors that take any order, and deliver what was ordered: their recorded words, and clips as the person's store has the order."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from sora_mcp.domain import Call, Done, Failed, Pending, Vendor
from sora_mcp.domain import Reply as VendorReply
from sora_mcp.domain.job import LINES, PIXELS, SHAPE
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read
from tests.played import Cdn
from tests.played.nouns import Answer, Heard, said
from tests.played.recorded import Recorded
from tests.played.vendor import numbered
from tests.stories import Answer as Reply
from tests.stories import stories

from .clips import save_clip

UNIT_PRICE = 0.25
"""Dollars that fal's units cost."""
PROBED = 1000
"""How many times larger a number is made to see whether it is the cost."""
OVERCHARGE = 1.5
TAKES_S = 6.0
SLOW_S = 600.0
QUEUED_S = 1.0
"""After which a job is under way."""


@dataclass(frozen=True)
class Ordered:
    """What the person's store says of an order."""

    model: str
    prompt: str
    size: str
    seconds: int
    options: Mapping[str, Any]
    micros: int

    @property
    def has_sound(self) -> bool:
        """Return whether the clip is to have sound; a model of which nothing is known makes some."""
        offer = next((offer for vendor in EVERY for offer in vendor.offers if offer.id == self.model), None)
        return self.options.get("audio", offer is None or offer.sound is not False) is not False

    def is_in(self, body: Any) -> bool:
        """Return whether this may be the order of a paid call with this body."""
        return json.dumps(self.prompt)[1:-1] in json.dumps(body)


@dataclass
class Manners:
    """How long a vendor takes, and what it does amiss. May change between two orders."""

    takes_s: float = TAKES_S
    fails: bool = False
    overcharges: bool = False


@dataclass
class Lenient(Recorded):
    """Takes any body at any path, and walks through its recorded success while the time of the order passes."""

    host: ClipHost = field(kw_only=True)
    store: Path = field(kw_only=True)
    manners: Manners = field(default_factory=Manners)
    taken: dict[str, Manners] = field(default_factory=dict[str, Manners])
    """The manners in which each job was taken."""

    @cached_property
    def facts(self) -> Vendor:
        """The vendor as the server knows it."""
        return next(vendor for vendor in EVERY if vendor.name == self.vendor)

    @cached_property
    def told(self) -> list[Reply]:
        """Every recorded answer about a job, those of the success from text first."""
        others = [answer for story in stories() if story.vendor == self.vendor for answer in story.answers()]
        return [one for one in (*self.replies, *others) if one.reply.call.method == "GET"]

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        recorded = super().role(heard)
        if heard.method != "GET" and self._find_job(heard) is not None:
            return "cancel"
        return "bill" if heard.path.endswith("/estimate") else recorded

    def answer(self, heard: Heard, address: str) -> Answer:
        """Answer as recorded; whatever is asked beside orders and jobs is not to be had here."""
        job = self._find_job(heard)
        if heard.path.endswith("/content") and job is not None:
            return self.host.send(self.vendor, job)
        match self.role(heard):
            case "cancel" if job is not None:
                self.states[job] = "cancelled"
                return said(200, {})
            case "bill":
                return self._bill(heard.body)
            case "submit" | "presign" | "list":
                return super().answer(heard, address)
            case _ if job is not None:
                return self._status(job, heard, address)
            case _:
                return said(404, {"error": {"message": "Not found"}})

    @cached_property
    def paths(self) -> Any:
        """Every path there is."""
        return _Everything()

    def link(self, job_id: str, address: str) -> str:
        """Where the file of a job is."""
        return f"{self.host.address}/files/{self.vendor}/{job_id}/video.mp4?sig=s%2Fg"

    def _name_place(self, heard: Heard, address: str) -> Answer:
        """Answer as recorded, with a name for the file that no other one has."""
        answer, there, named = super()._name_place(heard, address), f"{self.cdn}/temp/{heard.number}", self.place["url"]
        if isinstance(heard.body, dict) and isinstance(file := heard.body.get(self.place["call"].get("file")), bytes):
            self.host.pictures[there] = file
        if named.startswith("https:"):
            return answer
        self.host.names[f"{named}-{heard.number}"] = there
        return replace(answer, body=answer.body.replace(named.encode(), f"{named}-{heard.number}".encode()))

    def _find_job(self, heard: Heard) -> str | None:
        return next((made.id for made in self.made if made.id in heard.path or made.id in dict(heard.query).values()), None)

    def _submit(self, heard: Heard, address: str) -> Answer:
        job = self.make(f"job-{numbered(len(self.made) + 1)}", heard)
        self.taken[job] = replace(self.manners)
        sent = [one for one in self._find_orders("vendor_id IS NULL AND submit_token IS NOT NULL") if one.is_in(heard.body)]
        return self._write(self._state_cost(self.replies[0], self.taken[job], sent[-1] if sent else None), job, address)

    def _status(self, job: str, heard: Heard, address: str) -> Answer:
        """Answer a question after a job: what stands behind its id in the address says which of the vendor's questions it is."""
        manners, made = self.taken[job], self.job(job)
        ordered = next(iter(self._find_orders("vendor_id = ? OR vendor_id LIKE ?", job, f"%/{job}")), None)
        if made is None or ordered is None:
            return said(404, {})
        self.host.begin(self.vendor, job, ordered, made.body)
        fitting = [one for one in self.told if self._ends_in(one.reply.call, heard.path.partition(job)[2])]
        cancelled = _find(fitting, lambda one: isinstance(one, Failed) and one.state == "cancelled")
        if self.states.get(job) == "cancelled" and cancelled is not None:
            return self._write(cancelled.reply, job, address)
        elapsed = time.time() - made.at
        if elapsed < manners.takes_s or not self.host.has(self.vendor, job):
            waiting = [one for one in fitting if isinstance(one.reading, Pending) and one.reading.next.path == one.reply.call.path]
            waiting = [one for one in waiting if one in self.replies] or waiting
            answer = waiting[0 if elapsed < QUEUED_S else -1]
            return self._write(self._state_cost(answer, manners, ordered), job, address)
        refused = _find(fitting, lambda one: isinstance(one, Failed) and one.code == "content_refused" and bool(one.message))
        if manners.fails and refused is not None:
            return self._write(refused.reply, job, address)
        end = [one for one in self.replies if one in fitting][-1]
        return self._write(self._state_cost(end, manners, ordered), job, address, end.reading)

    def _state_cost(self, answer: Reply, manners: Manners, ordered: Ordered | None) -> VendorReply:
        factor = OVERCHARGE if manners.overcharges else 1
        return set_cost(self.facts, answer.reply, None if ordered is None else round(ordered.micros * factor))

    def _ends_in(self, call: Call, after: str) -> bool:
        whole = call.path if self._id in call.path else f"{call.path}{self._id}"
        return whole.partition(self._id)[2] == after

    def _write(self, reply: VendorReply, job: str, address: str, reading: object = None) -> Answer:
        """Return a recorded answer as one about this job."""
        text = json.dumps(reply.body)
        if isinstance(reading, Done):
            text = text.replace(json.dumps(reading.media.path), json.dumps(self.link(job, address)))
        return said(reply.status, json.loads(text.replace(self._id, job)), *reply.headers.items())

    def _find_orders(self, where: str, *values: str) -> list[Ordered]:
        """Return what the person's store has of this vendor, oldest first."""
        query = f"SELECT model, prompt, size, seconds, options, micros FROM jobs WHERE vendor = ? AND ({where}) ORDER BY created_at"
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as connection:
            rows = connection.execute(query, (self.vendor, *values)).fetchall()
        return [Ordered(*row[:4], json.loads(row[4]), row[5]) for row in rows]

    def _bill(self, body: Any) -> Answer:
        """Answer what units cost; no order is priced before it is made."""
        if not isinstance(body, dict) or body.get("estimate_type") != "unit_price":
            return said(404, {"error": {"message": "Not found"}})
        ((_, asked),) = body["endpoints"].items()
        total = round(float(asked["unit_quantity"]) * UNIT_PRICE, 6)
        return said(200, {"estimate_type": "unit_price", "total_cost": total, "currency": "USD"})


@dataclass
class ClipHost(Cdn):
    """The host of files: it renders each clip as ordered, and keeps pictures that are put there."""

    folder: Path = field(kw_only=True)
    address: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Those that were put here, by address."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses by names that only a vendor knows."""
    rendered: dict[str, Future[None]] = field(default_factory=dict[str, "Future[None]"])
    renderer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def answer(self, heard: Heard, address: str) -> Answer:
        """Send the clip; take any file."""
        match heard.path.strip("/").split("/"):
            case ["files", vendor, job, *_] if heard.method == "GET":
                return self.send(vendor, job)
            case _ if heard.method == "GET":
                return Answer(404, b"", ())
            case _:
                answer = super().answer(heard, address)
                file = heard.body.get("file") if isinstance(heard.body, dict) else heard.body
                if isinstance(file, bytes):
                    self.pictures |= dict.fromkeys((f"{address}{heard.path}", _read_uri(answer)), file)
                return answer

    def begin(self, vendor: str, job: str, ordered: Ordered, body: Any) -> None:
        """Begin to render a job's clip, once."""
        if f"{vendor}/{job}" not in self.rendered:
            size = find_pixels(ordered.size, self._find_shape(body))
            path = self._place(vendor, job)
            work = self.renderer.submit(save_clip, path, ordered.prompt, size, ordered.seconds, audio=ordered.has_sound)
            self.rendered[f"{vendor}/{job}"] = work

    def has(self, vendor: str, job: str) -> bool:
        """Return whether the clip is there. Raises what went wrong with it."""
        work = self.rendered[f"{vendor}/{job}"]
        return work.done() and work.result() is None

    def send(self, vendor: str, job: str) -> Answer:
        """Return the clip."""
        return Answer(200, self._place(vendor, job).read_bytes(), (("Content-Type", "video/mp4"),))

    def _find_shape(self, body: Any) -> tuple[int, int] | None:
        """Return the size of the first picture in an order's body."""
        if isinstance(body, str):
            file = self.pictures.get(self.names.get(body, body))
            inline = body.partition(";base64,")[2] if body.startswith("data:image/") else ""
            return _measure(file or base64.b64decode(inline))
        parts = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
        return next((found for part in parts if (found := self._find_shape(part)) is not None), None)

    def _place(self, vendor: str, job: str) -> Path:
        return self.folder / f"{vendor}-{job}.mp4"


def find_pixels(size: str, picture: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return the pixels of a size that was ordered; where that leaves the shape open, it is that of the picture that was sent."""
    if PIXELS.fullmatch(size):
        width, _, height = size.partition("x")
        return int(width), int(height)
    shape, lines = SHAPE.search(size), LINES.search(size)
    width, height = (int(shape[1]), int(shape[2])) if shape else picture or (16, 9)
    shorter = int(lines[1]) if lines else 2160 if "4k" in size.lower() else 720
    longer = round(shorter * max(width, height) / min(width, height) / 2) * 2
    return (longer, shorter) if width >= height else (shorter, longer)


def set_cost(vendor: Vendor, reply: VendorReply, micros: int | None) -> VendorReply:
    """Return the reply with this sum in it, where it states one: the number is found by how the vendor's reader takes another one there."""
    reading, whole = read(vendor, reply), {"body": reply.body, "headers": dict(reply.headers)}
    if isinstance(reading, Done) and reading.units is not None and micros is not None:
        units = f"{micros / 1e6 / UNIT_PRICE:.6f}"
        return replace(reply, headers={name: units if value == reading.units else value for name, value in reply.headers.items()})
    stated = getattr(reading, "micros", None)
    if not stated:
        return reply
    for place, value in _walk(whole):
        kind, now, larger = type(value), float(value), float(value) * PROBED
        probed = getattr(read(vendor, replace(reply, **_put(whole, place, kind(larger)))), "micros", None)
        if probed is None or probed == stated:
            continue
        if micros is None:
            return replace(reply, **_put(whole, place, None))
        right = now + (micros - stated) * (larger - now) / (probed - stated)
        if right >= 0:  # else another number has the greater part of the cost
            return replace(reply, **_put(whole, place, int(right) if kind is int else kind(round(right, 6))))
    return reply


def _walk(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], int | float | str]]:
    """Yield the place and the value of every number, and of every text that is one."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _walk(part, (*place, name))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and value.replace(".", "", 1).isdecimal()):
        yield place, value


def _put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """Return a copy with another value in this place; without the place for None."""
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if new is None and len(place) == 1:
        del copy[place[0]]
    else:
        copy[place[0]] = _put(copy[place[0]], place[1:], new)
    return copy


def _find(answers: list[Reply], fits: Callable[[Any], bool]) -> Reply | None:
    return next((one for one in answers if one.reply.status < 500 and fits(one.reading)), None)


def _measure(file: bytes) -> tuple[int, int] | None:
    """Return the size of a picture; None for anything else."""
    try:
        with Image.open(BytesIO(file)) as picture:
            return picture.size
    except (OSError, ValueError):
        return None


def _read_uri(answer: Answer) -> str:
    """Return the address that an answer to a file names."""
    return json.loads(answer.body)["file"]["uri"] if answer.body else ""


class _Everything:
    """Contains whatever is looked for."""

    def __contains__(self, item: object) -> bool:
        return True

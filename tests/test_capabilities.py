"""One played purchase of each capability at each vendor, over a real socket: a recorded order that uses it, followed to its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.rules import check
from sora_mcp.domain import Offer, Order, Pending
from tests.each import each
from tests.played import CLIP
from tests.played.recorded import Recorded
from tests.played.rig import TODAY, Rig, leaks, picture, rig
from tests.stories import Story, listed, stories

OFFERS: Mapping[str, Offer] = {offer.id: offer for vendor in listed() for offer in vendor.offers if vendor.keys}
NAMES = sorted({offer.vendor for offer in OFFERS.values()})
PRICES = "\n".join(f'["{offer.id}"]\nper_video = "1.00"' for offer in OFFERS.values() if not offer.rates)
"""A price of the user's for each model that has none."""
ENDS = ("completed", "failed", "cancelled", "expired", "unknown")
FILM = "film.mp4"


def list_sold(offer: Offer) -> set[str]:
    """What an offer can be asked for, but to go on from a clip: tests/test_continuing.py buys that."""
    ways = {"edits": offer.keeps_length, "image": offer.image, "text": offer.text and not offer.video}
    return {name for name, sold in ways.items() if sold} | {rule.param for rule in offer.options}


def list_used(order: Order) -> set[str]:
    """What an order asks for."""
    ways = {"edits": order.clip, "image": order.image, "text": order.clip is None and order.image is None}
    return {name for name, used in ways.items() if used} | {*order.options}


def choose(vendor: str) -> dict[str, Story]:
    """A recorded order for each capability, as few as come to mind."""
    chosen: dict[str, Story] = {}
    for story in stories():
        if story.vendor == vendor and isinstance(next(story.answers()).reading, Pending):
            order = check(story.request, OFFERS[story.told["model"]], today=TODAY)
            used = list_used(order) if order.clip is None or not order.clip.is_continued else ()
            for name in used:
                chosen.setdefault(name, story)
    return chosen


def ask(story: Story, folder: Path) -> dict[str, Any]:
    """The request as a user makes it: bytes are a picture, or a film, of this computer."""
    request = story.request
    asked = {"prompt": request.prompt, "size": request.size, "seconds": request.seconds, "options": dict(request.options)}
    if request.image is not None:
        asked["image"] = request.image.uri if request.image.is_url else picture(request.image.width or 1280, request.image.height or 720)
    for name in ("last_image", "references"):
        if str(asked["options"].get(name, "")).startswith("data:"):
            asked["options"][name] = picture(640, 360)
    if request.clip is not None:
        asked["edits"] = request.clip.uri if request.clip.is_url else str(folder / FILM)
    return {name: value for name, value in asked.items() if value is not None}


def test_every_capability_of_a_vendor_has_a_recorded_order() -> None:
    sold = {name: {part for offer in OFFERS.values() if offer.vendor == name for part in list_sold(offer)} for name in NAMES}
    assert {name: parts - {*choose(name)} for name, parts in sold.items() if parts - {*choose(name)}} == {}


@pytest.mark.slow
@each("name", NAMES, at_once=3)
async def test_each_capability_of_a_vendor_is_bought_and_settled(name: str, tmp_path: Path) -> None:
    bought = list({story.path: story for story in choose(name).values()}.values())
    films = tmp_path / "films"
    films.mkdir()
    (films / FILM).write_bytes(CLIP)
    async with rig(Recorded(vendor=name), tmp_path, prices=PRICES, IMAGE_DIRS=str(films)) as at:
        await at.service.availability.look()
        sums: list[int] = []
        for story in bought:
            job = await at.bought(story.told["model"], **ask(story, films))
            job = await at.until(job.id, *ENDS)
            assert (job.state, job.charged, at.held()) == ("completed", "yes", 0), (story.name, job.error)
            sums.append(job.micros if job.actual is None else job.actual)
            assert at.wire.made[-1].path == story.call.path, story.name
            if "data:" not in str(story.told["request"]):
                assert _drop_token(at, story) == story.call.body, story.name
        assert (len(at.wire.made), (await at.service.budget()).day_spent) == (len(bought), sum(sums))
        assert not any("authorization" in heard.headers for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


def _drop_token(at: Rig, story: Story) -> Any:
    """The body that was sent, without our own token."""
    sent = dict(at.wire.made[-1].body)
    token = next((vendor.token_field for vendor in listed() if vendor.name == story.vendor), None)
    if token is not None:
        sent.pop(token.partition(".")[0])
    return sent

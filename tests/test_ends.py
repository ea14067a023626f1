"""A model whose end is announced: named from that announcement on, and passed over from its last day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.matrix import describe_ends, markdown, rows
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Ended, VideoRequest
from sora_mcp.jobs.availability import Availability
from sora_mcp.net.client import VendorClient
from sora_mcp.server.offers_view import describe_model
from sora_mcp.store import Store
from sora_mcp.vendors import EVERY
from tests.stored import place_empty_store

TODAY = date(2026, 11, 20)
LAST = TODAY + timedelta(days=13)
MODEL = "muvi:veo-3.1-fast"
ENDS = Ended("Veo 3.1 Fast", "Google", LAST, "https://example.com/ends", successor="veo-4-fast")
WORDS = "Google ends Veo 3.1 Fast on 2026-12-03; veo-4-fast follows it."


def written() -> Catalogue:
    """Muvi with one model whose end is announced."""
    [muvi] = [vendor for vendor in EVERY if vendor.name == "muvi"]
    offers = [replace(offer, ends=ENDS) if offer.id == MODEL else offer for offer in muvi.offers]
    return Catalogue((replace(muvi, offers=tuple(offers)),), frozenset({"muvi"}))


def test_until_its_last_day_it_is_sold_and_says_when_it_ends() -> None:
    catalogue = written().on_day(TODAY)
    order, _ = plan(VideoRequest("a fox", MODEL), catalogue, today=TODAY)
    assert order.warnings == (WORDS,)
    assert MODEL in {offer.id for offer in catalogue.buyable_offers}
    described = describe_model(MODEL, catalogue, today=TODAY)
    assert (described["offers"][0]["ends"], "(ends 2026-12-03)" in described["message"]) == (
        {"on": "2026-12-03", "source": "https://example.com/ends"},
        True,
    )
    assert f"`{MODEL}` (ends 2026-12-03)" in markdown(rows(catalogue, today=TODAY))


def test_from_that_day_on_it_is_an_ended_model() -> None:
    catalogue = written().on_day(LAST)
    assert MODEL not in {offer.id for offer in catalogue.buyable_offers}
    offer = catalogue.get(MODEL)
    assert offer and (offer.ended, offer.ends) == (ENDS, None)
    order, _ = plan(VideoRequest("a fox", MODEL), catalogue, today=LAST)
    assert (order.offer.id, order.warnings) == (MODEL, ()), "named, it is still sent"
    assert catalogue.on_day(LAST) is catalogue


async def test_a_server_that_runs_over_that_day_passes_it_over(tmp_path: Path) -> None:
    now = datetime(2026, 12, 2, 23, 59, tzinfo=UTC).timestamp()
    store = Store(place_empty_store(tmp_path), tmp_path)
    async with VendorClient(tmp_path, {}) as client:
        availability = Availability(written(), store, client, lambda: now)
        await availability.load()
        assert MODEL in {offer.id for offer in availability.catalogue.buyable_offers}
        now += 60
        await availability.load()
        assert MODEL not in {offer.id for offer in availability.catalogue.buyable_offers}
    store.close()


def test_an_end_was_past_on_the_day_of_the_look_and_an_announced_one_to_come() -> None:
    wrong: Mapping[str, object] = {
        offer.id: (offer.ended, offer.ends)
        for vendor in EVERY
        for offer in vendor.offers
        if (offer.ended and offer.ended.on > offer.checked) or (offer.ends and offer.ends.on <= offer.checked)
    }
    assert wrong == {}


def test_no_model_of_the_registry_is_chosen_on_the_day_of_its_end() -> None:
    everything = Catalogue(EVERY, frozenset(vendor.name for vendor in EVERY))
    ends = {offer.id: offer.ends.on for vendor in EVERY for offer in vendor.offers if offer.ends is not None}
    chosen = {(model, day) for model, on in ends.items() for day in (on, on + timedelta(days=400)) if is_chosen(everything, model, day)}
    assert (chosen, {model for model, on in ends.items() if not is_chosen(everything, model, on - timedelta(days=1))}) == (set(), set())


def is_chosen(catalogue: Catalogue, model: str, day: date) -> bool:
    """Whether it may be chosen on that day where the request names no model."""
    return model in {offer.id for offer in catalogue.on_day(day).buyable_offers}


def test_the_page_lists_announced_ends_with_the_soonest_first() -> None:
    later = replace(ENDS, what="Wan 2.6", by="Alibaba", on=LAST + timedelta(days=1), successor="")
    [muvi] = written().vendors
    offers = [replace(offer, ends=later) if offer.id == "muvi:wan-2.6" else offer for offer in muvi.offers]
    page = describe_ends(Catalogue((replace(muvi, offers=tuple(reversed(offers))),)))
    assert page.splitlines()[2:] == [
        f"| 2026-12-03 | `{MODEL}` | Google: Veo 3.1 Fast | veo-4-fast | https://example.com/ends |",
        "| 2026-12-04 | `muvi:wan-2.6` | Alibaba: Wan 2.6 | - | https://example.com/ends |",
    ]

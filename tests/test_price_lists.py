"""Public lists of prices for offers that are written here: what their rows mean, what is told of a change, what is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from sora_mcp.catalogue.catalogue import Catalogue, set_addresses
from sora_mcp.catalogue.planner import plan
from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Image, Offer, Reply, VideoRequest
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.jobs.availability import Availability
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store
from sora_mcp.vendors import aimlapi, fal
from sora_mcp.vendors.fal_prices import MOST_ASKED, UNITS
from sora_mcp.vendors.reading import read_price_list
from tests.each import each
from tests.played import AimlApi, Fal, played
from tests.played.rig import NOON, PROMPT, rig
from tests.stored import place_empty_store

TODAY = date(2026, 11, 30)
DAY = 86_400.0
FAST = "aimlapi:veo-3.1-fast"
URL = "https://api.aimlapi.com/v1/models"
SECOND = {"unit": "second", "per": 1}
BY_SIZE = {
    "kind": "variants",
    "dimensions": ["resolution"],
    "variants": [{"when": {"resolution": "720p"}, "price": 0.39, **SECOND}, {"when": {"resolution": "1080p"}, "price": 0.65, **SECOND}],
}
"""The example of the page about reading prices."""


def flat(price: object, **facts: Any) -> dict[str, Any]:
    """A price for each second of any video."""
    return {"kind": "fixed", "currency": "USD", "units": [{"name": "second", "measure": "output", "price": price, "per": 1, **facts}]}


def row(slug: str, pricing: dict[str, Any], *aliases: str) -> dict[str, Any]:
    """A model of the list."""
    return {"id": slug, "aliases": list(aliases), "type": "internal/video-generations/submit", "info": {}, "tags": [], "pricing": pricing}


def priced(*rows: dict[str, Any]) -> dict[str, Offer]:
    """The vendor's offers by this list."""
    price_list = aimlapi.VENDOR.price_list
    assert price_list is not None
    found = read_price_list(aimlapi.VENDOR, Reply(price_list.ask, 200, {"object": "list", "data": list(rows)}), checked=TODAY)
    assert found is not None
    return {offer.id: offer for offer in found[0]}


def cost(offer: Offer, **wish: Any) -> int | None:
    """What an order costs; None where nobody says it."""
    try:
        return quote(check(VideoRequest(PROMPT, **wish), offer, today=TODAY), today=TODAY).micros
    except PriceUnknown:
        return None


T2V, I2V = "google/veo-3.1-t2v-fast", "google/veo-3.1-i2v-fast"
HD, FULL = {"size": "1280x720", "seconds": 4}, {"size": "1920x1080", "seconds": 4}


@each(
    ("pricing", "wish", "micros"),
    [
        (flat(0.13), HD, 520_000),
        (flat(130, per=1000), HD, 520_000),
        (flat("0.13"), FULL, 520_000),
        (BY_SIZE, HD, 1_560_000),
        (BY_SIZE, FULL, 2_600_000),
        ({"kind": "variants", "variants": [{"when": {"resolution": "720P"}, "price": 0.39, **SECOND}]}, HD, 1_560_000),
        ({"kind": "variants", "variants": [{"when": {"resolution": "720p"}, "price": 0.39, **SECOND}]}, FULL, None),
        (
            {"kind": "variants", "variants": [{"price": 0.1, **SECOND}, {"when": {"generate_audio": True}, "price": 0.2, **SECOND}]},
            HD,
            800_000,
        ),
        ({"kind": "variants", "variants": [{"when": {"duration": s}, "price": s, **SECOND} for s in (4, 6, 8)]}, HD, 16_000_000),
        ({"kind": "variants", "variants": [{"when": {"aspect_ratio": "16:9"}, "price": 1, **SECOND}]}, HD, 4_000_000),
    ],
    ids=["flat", "per thousand", "as a text", "small", "large", "in capitals", "of another size", "the narrower", "by length", "by shape"],
)
def test_a_row_prices_an_offer(pricing: dict[str, Any], wish: dict[str, Any], micros: int | None) -> None:
    offer = priced(row(T2V, pricing), row(I2V, pricing))[FAST]
    assert cost(offer, **wish) == micros
    assert (offer.source, offer.checked, offer.confidence, offer.written and offer.written.id) == (URL, TODAY, "live", FAST)


@each(
    "pricing",
    [
        {"kind": "variable"},
        {"kind": "of another kind"},
        flat(0),
        flat(0.13, name="token"),
        flat(0.13, measure="input"),
        {**flat(0.13), "currency": "EUR"},
        {"kind": "variants", "variants": [{"when": {"mood": "blue"}, "price": 0.39, **SECOND}]},
        {"kind": "variants", "variants": [{"price": 0.39, "unit": "video", "per": 1}, {"price": 0.39, **SECOND}]},
        {"kind": "variants", "variants": []},
    ],
    ids=["variable", "unknown kind", "free", "by tokens", "of the input", "in euros", "by mood", "in two units", "empty"],
)
def test_a_price_that_cannot_be_quoted_leaves_the_dated_one(pricing: dict[str, Any]) -> None:
    offer = priced(row(T2V, pricing), row(I2V, pricing))[FAST]
    assert (cost(offer, **HD), offer.confidence, offer.written) == (520_000, "listed", None)


def test_a_model_with_a_first_frame_has_the_price_of_its_own_row() -> None:
    offer = priced(row(T2V, flat(0.1)), row(I2V, flat(0.2)))[FAST]
    frame = Image("https://example.com/fox.png")
    assert [cost(offer, **HD), cost(offer, **HD, image=frame)] == [400_000, 800_000]
    dearer = priced(row(T2V, flat(0.1)), row(I2V, BY_SIZE), row("google/veo-3.1-first-last-image-to-video-fast", flat(0.5)))[FAST]
    assert [cost(dearer, **size, image=frame) for size in (HD, FULL)] == [2_000_000, 2_600_000]  # the dearest row with a frame
    only_words = priced(row(T2V, flat(0.1)))[FAST]
    assert [cost(only_words, **HD), cost(only_words, **HD, image=frame)] == [400_000, None]


def test_a_model_that_takes_words_only_needs_one_row() -> None:
    [only] = [replace(offer, image=None, image_slug=None, option_slugs={}) for offer in aimlapi.VENDOR.offers if offer.id == FAST]
    price_list = aimlapi.VENDOR.price_list
    assert price_list is not None
    assert {rate.micros for rate in price_list.read({"data": [row(T2V, flat(0.1))]}, only) or ()} == {100_000}


def test_where_the_vendor_chooses_the_resolution_the_dearest_counts() -> None:
    offer = priced(row("x-ai/grok-imagine-video", BY_SIZE))["aimlapi:grok-imagine-video"]
    frame = Image("https://example.com/fox.png")
    assert [cost(offer, size=size, seconds=1) for size in ("16:9 720p", "16:9 1080p", "16:9 480p")] == [390_000, 650_000, None]
    assert cost(offer, size="16:9", seconds=1, image=frame) == 650_000


def test_a_model_is_found_by_its_alias_in_any_case() -> None:
    assert cost(priced(row("google/veo-new", flat(0.1), T2V.upper(), I2V))[FAST], **HD) == 400_000


def test_a_list_names_what_it_does_not_have_and_is_asked_for_every_living_model() -> None:
    price_list = aimlapi.VENDOR.price_list
    assert price_list is not None
    found = read_price_list(aimlapi.VENDOR, Reply(price_list.ask, 200, {"data": [row(T2V, flat(0.1))]}), checked=TODAY)
    living = {offer.id for offer in aimlapi.VENDOR.offers if offer.ended is None}
    assert found is not None and found[1] == living - {FAST}
    asked = dict(price_list.ask.query)
    offers = [offer for offer in aimlapi.VENDOR.offers if offer.ended is None]
    slugs = {slug for offer in offers for slug in (offer.slug, offer.image_slug, *offer.option_slugs.values()) if slug}
    assert (set(asked["id"].split(",")), asked["include"]) == (slugs, "pricing")


@each("body", [None, {}, {"data": None}, {"data": []}, {"data": [{"id": T2V}]}, {"data": [row("a/b", flat(1))]}], ids=str)
def test_what_is_no_such_list_changes_nothing(body: Any) -> None:
    price_list = aimlapi.VENDOR.price_list
    assert price_list is not None
    assert read_price_list(aimlapi.VENDOR, Reply(price_list.ask, 200, body), checked=TODAY) is None


@each(
    ("price", "told"),
    [
        (0.136, ()),
        (0.124, ()),
        (0.1365, ()),
        (0.17, ("The vendor's own price is 31% above the $0.52 of 2026-11-20.",)),
        (0.1, ("The vendor's own price is 23% below the $0.52 of 2026-11-20.",)),
    ],
    ids=["4.6 % above", "4.6 % below", "5 % above", "far above", "far below"],
)
async def test_a_live_price_counts_and_is_told_where_it_differs_by_more_than_5_percent(
    price: float, told: tuple[str, ...], tmp_path: Path
) -> None:
    models = [row(T2V, flat(price)), row(I2V, flat(price))]
    async with rig(AimlApi(models=models), tmp_path) as at:
        await at.service.availability.look(FAST)
        order, found = plan(VideoRequest(PROMPT, FAST, **HD), at.service.catalogue, today=date(2026, 11, 20))
        assert (found.micros, found.confidence, order.warnings) == (round(price * 4_000_000), "live", told)
        job = await at.bought(FAST, **HD)
        assert (job.micros, at.held(), job.warnings) == (found.micros, found.micros, told)


async def test_the_users_own_price_wins_over_a_live_one(tmp_path: Path) -> None:
    models = [row("bytedance/seedance-2-0", flat(9))]
    async with rig(AimlApi(models=models), tmp_path) as at:
        await at.service.availability.look("aimlapi:seedance-2.0")
        [offer] = at.service.catalogue.find_named("aimlapi:seedance-2.0")
        assert (offer.confidence, offer.written) == ("configured", None)


async def test_a_model_that_its_list_does_not_have_is_not_chosen_while_the_list_is_fresh(tmp_path: Path) -> None:
    now = [NOON]
    models = [row("bytedance/seedance-2-5", flat(0.2))]
    async with rig(AimlApi(models=models), tmp_path, clock=lambda: now[0]) as at:
        await at.service.availability.look()
        catalogue = at.service.catalogue
        assert [offer.id for offer in catalogue.eligible_offers] == ["aimlapi:seedance-2.5"]
        assert catalogue.absent[FAST] == date(2026, 11, 20)
        models.clear()  # a list that has none of its models is not believed, and the last copy stays
        now[0] += DAY + 1
        await at.service.availability.look()
        assert len(at.wire.requests("prices")) == 2
        [old] = at.service.catalogue.find_named("aimlapi:seedance-2.5")
        assert (old.confidence, old.checked, FAST in at.service.catalogue.absent) == ("listed", date(2026, 11, 20), False)


async def test_a_list_of_prices_is_fetched_once_a_day_and_not_for_a_name_that_nobody_knows(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(AimlApi(models=[row(T2V, flat(0.13))]), tmp_path, clock=lambda: now[0]) as at:
        for name in (FAST, FAST, "aimlapi:unknown", "unknown"):
            now[0] += 61
            await at.service.availability.look(name)
        assert len(at.wire.requests("prices")) == 1
        [heard] = at.wire.requests("prices")
        assert dict(heard.query)["include"] == "pricing"


PRO = "fal:kling-3.0-pro"
ENDPOINTS = ("fal-ai/kling-video/v3/pro/text-to-video", "fal-ai/kling-video/v3/pro/image-to-video")
SILENT, LOUD = cast("list[dict[str, Any]]", [{"size": "16:9", "seconds": 10, "options": {"audio": audio}} for audio in (False, True)])


def unit(endpoint: str, price: Any, name: str = "seconds", currency: str = "USD") -> dict[str, Any]:
    """The price of a billing unit, as the page's example shows it."""
    return {"endpoint_id": endpoint, "unit_price": price, "unit": name, "currency": currency}


def billed(*rows: dict[str, Any]) -> Offer:
    """fal's Kling 3.0 Pro by these prices of units."""
    price_list = fal.VENDOR.price_list
    assert price_list is not None
    found = read_price_list(fal.VENDOR, Reply(price_list.ask, 200, {"prices": list(rows), "has_more": False}), checked=TODAY)
    assert found is not None and found[1] == frozenset()  # a list of units says of no model that it is gone
    return next(offer for offer in found[0] if offer.id == PRO)


@each(
    ("prices", "micros"),
    [((0.14, 0.14), (1_120_000, 1_680_000)), ((0.21, 0.21), (1_680_000, 2_520_000)), ((0.14, "0.175"), (1_400_000, 2_100_000))],
    ids=["as known", "half more", "more with a first frame"],
)
def test_a_written_price_rises_with_its_billing_unit(prices: tuple[Any, Any], micros: tuple[int, int]) -> None:
    offer = billed(*(unit(endpoint, price) for endpoint, price in zip(ENDPOINTS, prices, strict=True)))
    assert (cost(offer, **SILENT), cost(offer, **LOUD)) == micros
    assert (offer.source, offer.checked, offer.confidence) == ("https://api.fal.ai/v1/models/pricing", TODAY, "live")


@each(
    "rows",
    [
        (unit(ENDPOINTS[0], 0.07), unit(ENDPOINTS[1], 0.07)),
        (unit(ENDPOINTS[0], 0.28), unit(ENDPOINTS[1], 0.28, "compute seconds")),
        (unit(ENDPOINTS[0], 0.28),),
        (unit(ENDPOINTS[0], 0.28, currency="EUR"), unit(ENDPOINTS[1], 0.28)),
        (unit(ENDPOINTS[0], 0), unit(ENDPOINTS[1], 0)),
        (),
    ],
    ids=["cheaper", "of another unit", "of one endpoint only", "in euros", "free", "empty"],
)
def test_a_unit_that_is_cheaper_or_not_known_leaves_the_dated_price(rows: tuple[dict[str, Any], ...]) -> None:
    offer = billed(*rows)
    assert (cost(offer, **LOUD), offer.confidence, offer.written) == (1_680_000, "listed", None)


def test_the_units_of_models_that_are_sold_are_asked_for_in_one_call() -> None:
    price_list = fal.VENDOR.price_list
    assert price_list is not None
    asked = dict(price_list.ask.query)["endpoint_id"].split(",")
    sold = {offer.model: {slug.strip("/") for slug in (offer.slug, offer.image_slug) if slug} for offer in fal.VENDOR.offers}
    assert UNITS.keys() <= sold.keys()
    assert (set(asked), len(asked) <= MOST_ASKED) == ({path for model in UNITS for path in sold[model]}, True)


def test_a_unit_without_a_price_is_no_list() -> None:
    price_list = fal.VENDOR.price_list
    assert price_list is not None
    body = {"prices": [unit(endpoint, None) for endpoint in ENDPOINTS]}
    assert read_price_list(fal.VENDOR, Reply(price_list.ask, 200, body), checked=TODAY) is None


async def test_a_dearer_unit_is_told_and_held_and_asked_for_with_the_key_once_a_day(tmp_path: Path) -> None:
    model = "fal:kling-3.0-standard"
    paths = ("fal-ai/kling-video/v3/standard/text-to-video", "fal-ai/kling-video/v3/standard/image-to-video")
    async with rig(Fal(prices=[unit(path, 0.21) for path in paths]), tmp_path) as at:
        for _ in range(2):
            await at.service.availability.look(model)
        order, found = plan(VideoRequest(PROMPT, model, **LOUD), at.service.catalogue, today=date(2026, 11, 20))
        assert (found.micros, order.warnings) == (1_890_000, ("The vendor's own price is 50% above the $1.26 of 2026-11-30.",))
        job = await at.bought(model, **LOUD)
        assert (job.micros, at.held()) == (1_890_000, 1_890_000)
        [heard] = at.wire.requests("prices")
        assert len(dict(heard.query)["endpoint_id"].split(",")) <= 50


async def test_a_list_that_is_refused_is_asked_for_again_after_an_hour(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(Fal(key="another"), tmp_path, clock=lambda: now[0]) as at:
        for wait_s in (0, 61, 3_000, 600):
            now[0] += wait_s
            await at.service.availability.look(PRO)
        assert len(at.wire.requests("prices")) == 2
        [offer] = at.service.catalogue.find_named(PRO)
        assert (offer.confidence, PRO in at.service.catalogue.absent) == ("listed", False)


async def test_a_list_behind_a_key_is_not_asked_for_without_one(tmp_path: Path) -> None:
    store = Store(place_empty_store(tmp_path), tmp_path)
    async with played(Fal()) as wire, VendorClient(tmp_path, {}) as client:
        written = Catalogue(set_addresses((fal.VENDOR,), {"fal": wire.address}))
        await Availability(written, store, client, lambda: NOON).look(PRO)
        assert wire.requests("prices") == []
        await Availability(replace(written, keyed=frozenset({"fal"})), store, client, lambda: NOON).look(PRO)
        assert len(wire.requests("prices")) == 1
    store.close()

"""Formulas of a vendor's list: what they mean, and that one which is not understood prices nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from sora_mcp.catalogue.planner import plan
from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Offer, Reply, Rule, VideoRequest
from sora_mcp.vendors import wavespeed
from sora_mcp.vendors.reading import cut_price_list, read_price_list
from sora_mcp.vendors.shared.formulas import Value, read_formula
from sora_mcp.vendors.wavespeed_prices import read_prices
from tests.each import each
from tests.legal import list_requests
from tests.played.nouns import Answer, Heard, said
from tests.played.recorded import Recorded
from tests.played.rig import PROMPT, rig

TODAY = date(2026, 11, 30)
VALUES: dict[str, Value] = {"base_price": Decimal("0.3"), "duration": Decimal(8), "resolution": "1080p", "sound": True, "length": "5s"}
TOTAL = '{"total_price": %s}'


@each(
    ("text", "value"),
    [
        ("base_price * duration / 5", "0.48"),
        ('{"total_price":base_price * 1}', "0.3"),
        ('base_price * (resolution = "1080p" ? 2 : 1)', "0.6"),
        ("base_price * (resolution != '1080p' ? 2 : 1)", "0.3"),
        ('resolution = "480p" ? 1 : resolution = "720p" ? 2 : 3', "3"),
        ("sound ? base_price * 2 : base_price", "0.6"),
        ("sound = true and duration > 5 ? 2 : 1 - 0.5 - 0.25", "2"),
        ("sound = false or duration <= 7 ? 2 : 1 - 0.5 - 0.25", "0.25"),
        ("$max([5, $min([$ceil(duration / 3), 600])]) / 5 * base_price", "0.3"),
        ("$floor(2.5) + 2 * 3 - 8 / 4", "6"),
        ('length = "5s" ? 1 : unknown', "1"),
    ],
    ids=str,
)
def test_a_formula_is_arithmetic_with_choices(text: str, value: str) -> None:
    assert read_formula(text)(VALUES) == Decimal(value)


@each(
    "text",
    [
        *("", "base_price *", "(base_price", "base_price)", "1 2", "{base_price}", '{"price": 1}', '{"total_price": 1', "5 + -1"),
        *("base_price * get_duration_v3(audio)", "$length(resolution)", "$max(1, 2)", "audio * 2", "base_price ** 2", "a.b", "a[0]"),
        *("($x := 2; $x * base_price)", "resolution * 2", "duration = '8'", "duration ? 1 : 2", "1 / 0", 'resolution in ["1080p"]'),
        *("null", "or", "(" * 60 + "1" + ")" * 60, "1?" * 60, "1" + "+1" * 2_000, '"\\u0041"', "base_price # 2"),
    ],
    ids=lambda text: str(text)[:30],
)
def test_a_formula_that_is_not_understood_is_not_guessed_at(text: str) -> None:
    with pytest.raises((ValueError, LookupError, ArithmeticError)):
        read_formula(text)(VALUES)


def model(slug: str, formula: str | None, base: Any = 0.1) -> dict[str, Any]:
    """A row of WaveSpeed's list, as its command line's types have it."""
    return {"model_id": slug, "name": slug, "description": "A model", "base_price": base, "formula": formula, "api_schema": {}}


def priced(*rows: dict[str, Any]) -> tuple[dict[str, Offer], frozenset[str]]:
    """The vendor's offers by this list, of which only a part is kept; and what is gone."""
    price_list = wavespeed.VENDOR.price_list
    assert price_list is not None
    whole = Reply(price_list.ask, 200, {"code": 200, "message": "success", "data": list(rows)})
    found, kept = (
        read_price_list(wavespeed.VENDOR, Reply(price_list.ask, 200, body), checked=TODAY)
        for body in (whole.body, cut_price_list(wavespeed.VENDOR, whole))
    )
    assert found is not None and found == kept
    return {offer.id: offer for offer in found[0]}, found[1]


def cost(offer: Offer, **wish: Any) -> int:
    return quote(check(VideoRequest(PROMPT, **wish), offer, today=TODAY), today=TODAY).micros


KLING = ("kwaivgi/kling-v3.0-std/text-to-video", "kwaivgi/kling-v3.0-std/image-to-video")
SEEDANCE = ("bytedance/seedance-2.0/text-to-video", "bytedance/seedance-2.0/image-to-video")


def test_a_formula_prices_a_model_that_nobody_else_does() -> None:
    offers, _ = priced(*(model(slug, TOTAL % "base_price * duration * (sound ? 1.5 : 1)") for slug in KLING))
    offer = offers["wavespeed:kling-3.0-standard"]
    assert [cost(offer, size="16:9", seconds=10, options={"audio": audio}) for audio in (True, False)] == [1_500_000, 1_000_000]
    assert (offer.source, offer.checked, offer.confidence) == ("https://api.wavespeed.ai/api/v3/models", TODAY, "live")
    assert sorted((rate.per, rate.micros, dict(rate.when)) for rate in offer.rates)[0] == ("second", 100_000, {"audio": False})


def test_a_price_that_is_none_by_the_second_stands_for_each_length() -> None:
    formula = 'base_price * (resolution = "1080p" ? 2 : 1) * (duration > 10 ? 3 : 1)'
    offer = priced(*(model(slug, formula) for slug in SEEDANCE))[0]["wavespeed:seedance-2.0"]
    sizes = ("16:9 480p", "16:9 1080p")
    assert [cost(offer, size=size, seconds=seconds) for size in sizes for seconds in (4, 15)] == [100_000, 300_000, 200_000, 600_000]


def test_a_resolution_that_is_not_sold_with_a_first_frame_has_no_price_with_one() -> None:
    offer = next(offer for offer in wavespeed.VENDOR.offers if offer.id == "wavespeed:kling-4.0")
    with_frame = tuple(size for size in offer.sizes_by_frame[True] if size.resolution == "720p")
    limited = replace(offer, rules=(*offer.rules, Rule("size", with_frame, {"image": True})))
    formula = TOTAL % 'base_price * duration * (resolution = "720p" ? 1 : 2)'
    rates = read_prices({"data": [model(slug, formula) for slug in (offer.slug, offer.image_slug) if slug]}, limited)
    assert rates is not None
    assert {rate.when.get("resolution") for rate in rates if rate.when.get("image") is True} == {"720p"}


def test_every_legal_order_has_one_price_by_formulas_of_its_fields() -> None:
    rows: dict[str, str] = {}
    for offer in wavespeed.VENDOR.offers:
        parts = ["base_price * 7"]
        wire = wavespeed.make_inputs(check(next(list_requests(offer)), offer, today=TODAY))
        parts += ["duration"] if type(wire.get("duration")) is int else []
        parts += ['(resolution = "720p" ? 1 : 2)'] if "resolution" in wire else []
        parts += [f"({name} ? 2 : 1)" for name in ("sound", "generate_audio") if name in wire]
        rows |= dict.fromkeys(filter(None, (offer.slug, offer.image_slug)), " * ".join(parts))
    offers, gone = priced(*(model(slug, formula) for slug, formula in rows.items()))
    live = [offer for offer in offers.values() if offer.confidence == "live"]
    edits = {offer.id for offer in offers.values() if offer.keeps_length}
    assert (gone, {offer.id for offer in offers.values()} - {offer.id for offer in live}) == (frozenset(), edits)
    for offer in live:
        assert all(quote(check(request, offer, today=TODAY), today=TODAY).micros > 0 for request in list_requests(offer)), offer.id


@each(
    "rows",
    [
        [model(slug, "base_price * reference_videos") for slug in KLING],
        [model(KLING[0], "base_price * duration")],
        [model(KLING[0], "base_price * duration"), model(KLING[1], None)],
        [model(slug, "base_price * duration", base) for slug, base in zip(KLING, (0.1, 0), strict=True)],
        [model(slug, "base_price * duration", None) for slug in KLING],
        [model(slug, "sound") for slug in KLING],
    ],
    ids=["by what is not sent", "of words only", "without a formula", "free", "without a price", "no number"],
)
def test_a_price_that_cannot_be_worked_out_leaves_the_dated_one(rows: list[dict[str, Any]]) -> None:
    offer = priced(*rows)[0]["wavespeed:kling-3.0-standard"]
    assert (offer.rates, offer.confidence) == ((), "listed")


def test_a_model_that_the_list_does_not_have_is_gone() -> None:
    _, gone = priced(*(model(slug, "base_price") for slug in SEEDANCE))
    assert "wavespeed:seedance-2.0" not in gone and "wavespeed:kling-3.0-standard" in gone


@each("body", [None, {}, {"data": None}, {"data": [{"name": "x"}]}, {"data": []}], ids=str)
def test_what_is_no_such_list_changes_nothing(body: Any) -> None:
    price_list = wavespeed.VENDOR.price_list
    assert price_list is not None
    reply = Reply(price_list.ask, 200, body)
    assert read_price_list(wavespeed.VENDOR, reply, checked=TODAY) is None
    assert read_price_list(wavespeed.VENDOR, Reply(price_list.ask, 200, cut_price_list(wavespeed.VENDOR, reply)), checked=TODAY) is None


@dataclass
class Listing(Recorded):
    """WaveSpeed with a list of models, which is as long as a real one."""

    models: list[dict[str, Any]] = field(kw_only=True)

    def role(self, heard: Heard) -> str:
        """What a request is for."""
        return "prices" if heard.path == "/api/v3/models" else super().role(heard)

    def answer(self, heard: Heard, address: str) -> Answer:
        """The documented answer to one request."""
        if heard.path == "/api/v3/models" and heard.headers.get("authorization") == f"Bearer {self.key}":
            return said(200, {"code": 200, "message": "success", "data": self.models})
        return super().answer(heard, address)


async def test_a_long_list_is_fetched_with_the_key_and_cut_before_it_is_kept(tmp_path: Path) -> None:
    others = [{**model(f"other/model-{n}", "base_price * 1"), "description": "x" * 20_000} for n in range(100)]
    formula = TOTAL % "base_price * duration"
    ours = [*(model(slug, formula) for slug in KLING), *(model(slug, formula, 0.2) for slug in SEEDANCE)]
    vendor = Listing(vendor="wavespeed", models=[*others, *ours])
    async with rig(vendor, tmp_path) as at:
        await at.service.availability.look("wavespeed:seedance-2.0")
        wish = {"size": "16:9 720p", "seconds": 5}
        _, found = plan(VideoRequest(PROMPT, "wavespeed:seedance-2.0", **cast("Any", wish)), at.service.catalogue, today=date(2026, 11, 20))
        assert (found.micros, found.confidence) == (1_000_000, "live")
        [kept] = (await at.service.store.vendor_lists.load())[0]
        assert {row["model_id"] for row in kept.body["data"]} == {*KLING, *SEEDANCE}
        assert len(at.wire.requests("prices")) == 1

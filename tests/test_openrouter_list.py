"""A public list of models becomes offers: what can be read, and what is left out."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from sora_mcp.catalogue.catalogue import apply_prices
from sora_mcp.catalogue.rules import breaches, quote, rate_of, sizes_of
from sora_mcp.domain import Offer, Order, Rate, Reply
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import usd
from sora_mcp.server.offers_view import ANY_IMAGE
from sora_mcp.vendors.openrouter import VENDOR
from sora_mcp.vendors.reading import read_offers

from .stories import listed

TODAY = date(2026, 11, 21)
ROW: dict[str, Any] = {
    "id": "maker/model-1",
    "supported_durations": [5, 10],
    "supported_resolutions": ["720p", "4K"],
    "supported_aspect_ratios": ["16:9", "9:16"],
    "supported_sizes": ["1280x720", "1112x834"],
    "supported_frame_images": ["first_frame"],
    "generate_audio": True,
    "seed": None,
    "pricing_skus": {"duration_seconds": "0.10"},
}
RECORDED = {offer.model: offer for vendor in listed() if vendor.name == "openrouter" for offer in vendor.offers}


def sold(*rows: object, **change: Any) -> tuple[Offer, ...] | None:
    assert VENDOR.listing is not None
    return read_offers(VENDOR, Reply(VENDOR.listing, 200, {"data": list(rows) or [{**ROW, **change}]}), checked=TODAY)


def one(**change: Any) -> Offer:
    offers = sold(**change)
    assert offers is not None
    [offer] = offers
    return offer


def per_second(offer: Offer, size: str, *, audio: bool = True, image: bool = False) -> int | None:
    [found] = [each for each in sizes_of(offer) if each.text == size]
    facts = {"size": size, "ratio": found.ratio, "resolution": found.resolution, "seconds": 5, "image": image, "audio": audio}
    rate = rate_of(facts, offer.rates, today=TODAY)
    return None if rate is None else rate.micros


def test_the_recorded_list_sells_what_it_describes_whole() -> None:
    assert sorted(RECORDED) == [
        "gen-4.5",
        "grok-imagine-video",
        "hailuo-3",
        "kling-3.0-standard",
        "seedance-2.0",
        "veo-3.1-fast",
    ]
    assert {offer.confidence for name, offer in RECORDED.items() if name != "seedance-2.0"} == {"live"}


def test_every_legal_request_has_one_price_or_none_and_one_call() -> None:
    for offer in RECORDED.values():
        options = {rule.param: rule.default for rule in offer.options if rule.default is not None}
        images = (None, ANY_IMAGE) if offer.image else (None,)
        for size, seconds, image in itertools.product(sizes_of(offer), offer.seconds, images):
            order = Order(offer, "a fox", size, seconds, image, options)
            assert not list(breaches(order)), (offer.model, size, seconds)
            try:
                assert quote(order, today=TODAY).micros > 0
            except PriceUnknown:
                assert offer.model == "seedance-2.0"
            assert VENDOR.submit(order).body["model"] == offer.slug  # type: ignore[index]


def test_sizes_are_pixels_only_where_they_are_exactly_that() -> None:
    assert [size.text for size in sizes_of(one())] == ["1280x720", "9:16 720p", "16:9 4K", "9:16 4K"]


def test_a_row_that_cannot_be_read_is_left_out_and_an_answer_that_is_no_list_is_none() -> None:
    nowhere = dict.fromkeys(("supported_resolutions", "supported_aspect_ratios", "supported_sizes"))
    lengths: list[dict[str, Any]] = [{"supported_durations": said} for said in (None, ["5"], [0, -5])]
    for change in (*lengths, nowhere, {"id": None}, {"id": "../admin"}, {"id": "a b"}):
        assert sold(**change) == (), change
    assert VENDOR.listing is not None
    for body in (None, {}, {"data": None}, {"data": 7}, {"error": {"code": 500}}):
        assert read_offers(VENDOR, Reply(VENDOR.listing, 200, body), checked=TODAY) is None, body


NO_PRICES: tuple[dict[str, Any] | None, ...] = (
    None,
    {},
    *({"duration_seconds": price} for price in ("free", 0.1, "-1", "NaN", "1e5000")),
    {"duration_seconds": "0.10", "per_moon_phase": "1"},
    {"cents_per_second_output": "12", "minimum_cents_per_generation": "some"},
    {"video_tokens": "0.00001", "video_tokens_4k": "0.00002"},
    {"cents_per_image_input": "1"},
    {"duration_seconds": "0.10", "cents_per_image_input": "1e999999"},
    {"duration_seconds": "0.10", "cents_per_image_input": "1e-999999999999999999999"},
)


def test_a_price_that_cannot_be_read_whole_is_no_price() -> None:
    assert [skus for skus in NO_PRICES if one(pricing_skus=skus).rates != ()] == []


def test_the_narrowest_price_holds_and_of_several_the_highest() -> None:
    veo = {"duration_seconds_with_audio": "0.12", "duration_seconds_without_audio": "0.10", "duration_seconds_with_audio_720p": "0.10"}
    kling = {"duration_seconds": "0.084", "duration_seconds_with_audio": "0.126", "text_to_video_duration_seconds_720p": "0.084"}
    assert per_second(one(pricing_skus=veo), "1280x720") == 100_000
    assert per_second(one(pricing_skus=veo), "16:9 4K") == 120_000
    assert per_second(one(pricing_skus=kling), "1280x720") == 126_000
    assert per_second(one(pricing_skus=kling), "1280x720", audio=False) == 84_000


def test_a_model_whose_sound_is_not_chosen_costs_what_the_more_expensive_one_does() -> None:
    skus = {"duration_seconds_with_audio": "0.12", "duration_seconds_without_audio": "0.10"}
    assert per_second(one(pricing_skus=skus, generate_audio=None), "1280x720") == 120_000


def test_cents_are_no_dollars() -> None:
    assert per_second(one(pricing_skus={"cents_per_video_output_second_720p": "7"}), "1280x720") == 70_000


def test_a_picture_and_the_least_of_a_video_have_their_own_price() -> None:
    offer = one(pricing_skus={"cents_per_second_output": "7", "cents_per_image_input": "0.2", "minimum_cents_per_generation": "56"})
    assert [(rate.micros, rate.picture, rate.least) for rate in offer.rates] == [(70_000, 2_000, 560_000)]


FREE: tuple[dict[str, str], ...] = (
    *({"duration_seconds": price} for price in ("0", "-0", "0.0000")),
    {"duration_seconds": "0", "cents_per_image_input": "0.2"},
    {"duration_seconds_with_audio": "0.12", "duration_seconds_without_audio": "0"},
    {"video_tokens": "0"},
    {"video_tokens": "0.00001", "video_tokens_without_audio": "0"},
)


def test_a_price_of_nothing_is_no_price_because_only_the_user_calls_a_model_free() -> None:
    [mine] = apply_prices((VENDOR,), {"openrouter:model-1": (Rate(usd("0"), "second"),)}, checked=TODAY)
    assert mine.listing is not None
    for skus in FREE:
        assert one(pricing_skus=skus).rates == (), skus
        [free] = read_offers(mine, Reply(mine.listing, 200, {"data": [{**ROW, "pricing_skus": skus}]}), checked=TODAY) or ()
        assert [rate.micros for rate in free.rates] == [0], skus


def test_a_second_of_nothing_with_a_least_price_has_that_price() -> None:
    offer = one(pricing_skus={"cents_per_second_output": "0", "minimum_cents_per_generation": "56"})
    assert [(rate.micros, rate.least) for rate in offer.rates] == [(0, 560_000)]


def test_tokens_are_a_sum_of_ours() -> None:
    offer = one(pricing_skus={"video_tokens": "0.0000107", "video_tokens_without_audio": "0.00000535"})
    assert (offer.confidence, per_second(offer, "1280x720"), per_second(offer, "1280x720", audio=False)) == ("derived", 231_120, 115_560)
    assert per_second(offer, "9:16 720p") is None


def test_two_makers_models_of_one_name_keep_their_makers() -> None:
    offers = sold(ROW, {**ROW, "id": "other/model-1"}) or ()
    assert [offer.model for offer in offers] == ["maker/model-1", "other/model-1"]


DIGITS = "9" * 5_000
ODD: tuple[Any, ...] = (
    *(5, -1, 1.5, 10**400, "", "x", DIGITS, [], {}, None, True, [None], [[]], [{}], [True], [10**400], {"": ""}, {"x": None}, {"x": "1"}),
    *([f"{DIGITS}p"], [f"{DIGITS}x{DIGITS}"], [f"{DIGITS}:{DIGITS}"], ["0p"], ["0x0"], ["0:0"], ["\u0663:\u0664"], ["\u0667p"]),
    ["16:9"] * 3,
    *(
        {name: value}
        for name in ("duration_seconds", "video_tokens", "cents_per_image_input")
        for value in (None, 5, [], "1e999999", DIGITS)
    ),
)


def test_whatever_stands_in_a_field_of_one_row_the_other_rows_stay() -> None:
    other = {**ROW, "id": "maker/model-2"}
    [alone] = sold(other) or ()
    for name, value in itertools.product((*ROW, "seen for the first time"), ODD):
        offers = sold({**ROW, name: value}, other)
        assert offers is not None and offers[-1] == alone, (name, str(value)[:40])
        assert len(offers) <= 2
        for offer in offers:
            assert all(0 <= rate.micros <= 10**12 for rate in offer.rates), (name, str(value)[:40])
    for row in (None, 5, "x", [], {}, [ROW], True):
        assert sold(row, ROW) == sold(ROW), row

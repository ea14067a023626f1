"""What an offer takes and what it costs: every legal request of every offer, and the borders around it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.planner import plan
from sora_mcp.catalogue.rules import check, find_order, holds, one_of, quote, rate_of, sizes_of, words
from sora_mcp.catalogue.sizes import count_lines, fitting, has_shape, name_lines, orientation
from sora_mcp.domain import Image, ImageRule, Offer, Order, Rate, Rule, Scalar, Size, Text, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, PriceUnknown, UnpricedModel
from sora_mcp.domain.money import usd
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.legal import URL, find_frame, list_requests
from tests.nouns import find_offer, name_inputs

TODAY = date(2026, 11, 21)
OFFERS = Catalogue(EVERY).offers
CATALOGUE = Catalogue(EVERY, frozenset(vendor.name for vendor in EVERY))
PAID = [offer for offer in OFFERS if Catalogue(EVERY).needs_key(offer)]
each_offer = each("offer", OFFERS, ids=lambda offer: offer.id)
each_paid = each("offer", PAID, ids=lambda offer: offer.id)


def picture(width: int, height: int, **more: Any) -> Image:
    return Image("data:image/png;base64,AAAA", **{"media_type": "image/png", "width": width, "height": height, "bytes": 3, **more})


def broken(request: VideoRequest, sold: Offer) -> tuple[BrokenRule, ...]:
    with pytest.raises(BrokenRules) as caught:
        check(request, sold, today=TODAY)
    return caught.value.broken


# Every legal request


def inputs(sold: Offer) -> dict[str, Any]:
    """The first frame, or the video, without which this offer sells nothing."""
    return name_inputs(sold) if sold.text or sold.video else {"image": find_frame(sold)}


@each_offer
def test_every_legal_request_has_one_order_one_rate_and_one_call(offer: Offer) -> None:
    requests, vendor = list(list_requests(offer)), Catalogue().get_vendor(offer)
    assert requests
    for request in requests:
        order = check(request, offer, today=TODAY)
        assert (order.prompt, order.size.text, order.seconds, order.image) == (request.prompt, request.size, request.seconds, request.image)
        assert request.options.items() <= order.options.items()
        rows = [row for row in offer.rates if holds(row.when, order.facts)]
        assert len(rows) == (1 if offer.rates else 0)
        call = vendor.submit(order)
        assert (call.method, call.path[0], call.path[:2] != "//", call.query) == ("POST", "/", True, ())
        body = json.dumps(call.body)
        assert (json.loads(body), "null" in body) == (call.body, False)


@each_offer
def test_an_offer_without_a_word_on_prices_is_not_sold(offer: Offer) -> None:
    order = check(next(list_requests(offer)), offer, today=TODAY)
    if offer.rates:
        assert quote(order, today=TODAY).micros >= 0
        return
    with pytest.raises(PriceUnknown, match=f"{offer.id} has no published price"):
        quote(order, today=TODAY)


@each_paid
def test_an_offer_says_where_and_when_its_facts_were_read(offer: Offer) -> None:
    assert offer.source.startswith("https://")
    assert date(2026, 9, 1) <= offer.checked <= datetime.now(UTC).date()


def test_sora_and_the_preview_of_omni_ended_at_their_makers_and_nothing_else_did() -> None:
    ended = {offer.id: offer.ended.on for offer in PAID if offer.ended}
    makers = {
        "muvi": ("sora-2-pro", "sora-2"),
        "mulerun": ("sora-2-pro", "sora-2"),
        "aimlapi": ("sora-2-pro", "sora-2"),
        "pixazo": ("sora-2-pro",),
    }
    sora = {f"{vendor}:{model}": date(2026, 9, 24) for vendor, models in makers.items() for model in models}
    assert ended == {**sora, "runway:gemini-omni-flash": date(2026, 11, 6)}


def test_every_vendor_sells_living_models_too() -> None:
    writes = {vendor.name: vendor.offers for vendor in EVERY if vendor.keys and not vendor.own and vendor.listing is None}
    living = {name: sum(sold.ended is None for sold in offers) for name, offers in writes.items()}
    assert all(count >= 1 for count in living.values()), living


@each(
    ("name", "size", "options", "micros"),
    [
        ("muvi:veo-3.1-fast", "1280x720", {}, 1_200_000),
        ("muvi:veo-3.1-fast", "1280x720", {"audio": False}, 800_000),
        ("muvi:veo-3.1-fast", "1920x1080", {"audio": True}, 1_200_000),
        ("muvi:veo-3.1-fast", "3840x2160", {"audio": False}, 1_200_000),
        ("muvi:veo-3.1-fast", "3840x2160", {"audio": True}, 1_800_000),
        ("muvi:veo-3.1", "1280x720", {}, 800_000),
        ("muvi:kling-3.0-pro", "16:9", {}, 560_000),
        ("muvi:kling-3.0-pro", "16:9", {"audio": True}, 840_000),
        ("muvi:kling-3.0-standard", "16:9", {"audio": True}, 630_000),
        ("muvi:seedance-2.0", "16:9 720p", {}, 960_000),
        ("muvi:seedance-2.0", "16:9 720p", {"fps": 30}, 1_056_000),
        ("muvi:seedance-2.0", "16:9 720p", {"fps": 60}, 1_200_000),
        ("muvi:seedance-2.0", "16:9 1440p", {}, 1_920_000),
        ("muvi:seedance-2.0", "16:9 1440p", {"fps": 30}, 2_112_000),
        ("muvi:seedance-2.0", "16:9 1440p", {"fps": 60}, 2_400_000),
        ("muvi:wan-2.6", "16:9", {}, 500_000),
        ("aimlapi:veo-3.1-fast", "1920x1080", {}, 520_000),
    ],
)
def test_sound_frames_and_resolution_change_the_price_as_the_page_says(
    name: str, size: str, options: dict[str, Scalar], micros: int
) -> None:
    offer = find_offer(name)
    order = check(VideoRequest("a fox", size=size, options=options), offer, today=TODAY)
    assert quote(order, today=TODAY).micros == micros


# Outside of the rules


@each_paid
@each(
    "size",
    ["1920x1081", "640x479", "21:10", "", "   ", "1280x720x3", "1280 720", "A4", "x", "²x²", "landscape portrait", "auto 4k", "0x0"],
)
def test_a_size_that_no_page_names_is_refused_with_sizes_that_work(offer: Offer, size: str) -> None:
    request = VideoRequest("a fox", size=size, **inputs(offer))
    found = broken(request, offer)
    assert [(rule.argument, rule.got, rule.code) for rule in found] == [("size", size, "invalid_size")]


@each_paid
@each("seconds", [0, -4, 60, 10**9, True, False, 8.0, float("nan"), float("inf"), "8", "eight", [8]])
def test_a_length_that_no_page_names_is_refused(offer: Offer, seconds: Any) -> None:
    found = broken(VideoRequest("a fox", seconds=seconds, **inputs(offer)), offer)
    assert [(rule.argument, rule.code) for rule in found] == [("seconds", "invalid_seconds")]


@each_paid
def test_an_option_that_is_not_sold_is_refused_by_its_name(offer: Offer) -> None:
    found = broken(VideoRequest("a fox", **inputs(offer), options={"sparkle": 1}), offer)
    assert [(rule.argument, rule.got, rule.code) for rule in found] == [("options.sparkle", 1, "invalid_option")]


SWITCH, SEED = "true or false", "a whole number from 0 to 2147483647"
BAD_OPTIONS: tuple[tuple[str, str, str, tuple[Any, ...]], ...] = (
    ("muvi:veo-3.1-fast", "audio", SWITCH, ("true", 1, 0, None, "on", [True])),
    ("muvi:veo-3.1-fast", "seed", SEED, (-1, 2**31, 7.0, True, "7")),
    ("muvi:sora-2", "variation", SEED, (-1, 2**31, "1", True, 1.0)),
    ("muvi:wan-2.6", "negative_prompt", "a text of at most 1000 characters", ("", "x" * 1001, 5, "\ud800", "a\0b")),
)


@each(("model", "option", "allowed", "values"), BAD_OPTIONS)
def test_an_option_takes_no_other_type_and_nothing_outside_of_its_range(model: str, option: str, allowed: str, values: Any) -> None:
    for value in values:
        found = broken(VideoRequest("a fox", options={option: value}), find_offer(model))
        assert found == (BrokenRule(f"options.{option}", value, allowed, "invalid_option"),), value


def test_a_text_option_may_be_as_long_as_its_limit() -> None:
    order = check(VideoRequest("a fox", options={"negative_prompt": "x" * 1000}), find_offer("muvi:wan-2.6"), today=TODAY)
    assert order.options["negative_prompt"] == "x" * 1000


def test_a_variation_is_not_part_of_the_order() -> None:
    order = check(VideoRequest("a fox", options={"variation": 3}), find_offer("muvi:sora-2"), today=TODAY)
    assert order == Order(find_offer("muvi:sora-2"), "a fox", Size("1280x720", "16:9", "720p"), 4, None, {})


NO_WORDS, NO_TEXT = "a text that says what to show", "valid Unicode text, without lone surrogates and NUL"


@each(
    ("prompt", "allowed"),
    [("", NO_WORDS), (" \n\t", NO_WORDS), (" \u200b\u2060\n", NO_WORDS), ("a \ud83d fox", NO_TEXT), ("a \0 fox", NO_TEXT)],
)
def test_a_prompt_says_something_that_can_be_sent(prompt: str, allowed: str) -> None:
    assert broken(VideoRequest(prompt), find_offer("muvi:sora-2")) == (BrokenRule("prompt", None, allowed, "invalid_prompt"),)


def test_a_prompt_may_be_as_long_as_the_page_says_and_no_longer() -> None:
    sold = find_offer("muvi:sora-2")
    assert check(VideoRequest("🦊" * 1000), sold, today=TODAY).prompt == "🦊" * 1000
    assert broken(VideoRequest("x" * 1001), sold) == (BrokenRule("prompt", "1001 characters", "at most 1000 characters", "invalid_prompt"),)
    assert check(VideoRequest("x" * 50_000), find_offer("pixazo:sora-2-pro"), today=TODAY).seconds == 4, "no page names a limit"


def test_where_a_vendor_counts_units_of_utf16_an_emoji_is_two() -> None:
    sold = find_offer("runway:gen4.5")
    assert check(VideoRequest("🦊" * 500), sold, today=TODAY).prompt == "🦊" * 500
    said = ("1002 characters", "at most 1000 characters, where an emoji counts as two")
    assert broken(VideoRequest("🦊" * 501), sold) == (BrokenRule("prompt", *said, "invalid_prompt", is_quoted=False),)
    said = ("1001 characters", "at most 1000 characters")
    assert broken(VideoRequest("x" * 1001), sold) == (BrokenRule("prompt", *said, "invalid_prompt", is_quoted=False),)


def test_all_broken_rules_are_named_at_once() -> None:
    request = VideoRequest("", size="3:1", seconds=6, image=Image("https://example.com/a.png"), options={"audio": "yes", "sparkle": 1})
    found = broken(request, find_offer("muvi:wan-2.6"))
    assert [(rule.argument, rule.code) for rule in found] == [
        ("prompt", "invalid_prompt"),
        ("image", "invalid_image"),
        ("options.audio", "invalid_option"),
        ("options.sparkle", "invalid_option"),
        ("size", "invalid_size"),
        ("seconds", "invalid_seconds"),
    ]


# First frames


SORA, PIXAZO, WAN = find_offer("muvi:sora-2"), find_offer("pixazo:sora-2-pro"), find_offer("mulerun:wan-2.6")
KLING, LONG = find_offer("mulerun:kling-v3"), "at most 2.5 times as long on one side as on the other"
SIDES = "exactly as large as the video: 1280x720, 720x1280, 1792x1024 or 1024x1792"
BAD_FRAMES: tuple[tuple[Offer, Image | None, str | None, str | None, str], ...] = (
    (find_offer("muvi:wan-2.6"), URL, None, None, "left out: this model makes videos from words only"),
    (replace(SORA, text=False), None, None, None, "given: this model animates a first frame"),
    (replace(SORA, image=ImageRule(data=False)), picture(1280, 720), None, None, "an https:// link: this vendor takes no files"),
    (replace(SORA, image=ImageRule(urls=False)), URL, None, None, "a file or a data: URI: this vendor fetches no links"),
    (PIXAZO, picture(1280, 720, media_type="image/gif"), None, "image/gif", "image/jpeg, image/png or image/webp"),
    (PIXAZO, picture(1280, 720, bytes=10_000_001), None, "10.1 MB", "at most 10 MB, or made smaller by options.fit"),
    (PIXAZO, picture(1281, 720), None, "1281x720", SIDES),
    (PIXAZO, picture(720, 1280), "1280x720", "720x1280", "exactly as large as the video: 1280x720"),
    (WAN, picture(359, 720), None, "359x720", "360 to 2000 pixels wide and high"),
    (WAN, picture(2001, 720), None, "2001x720", "360 to 2000 pixels wide and high"),
    *((KLING, picture(*sides), None, f"{sides[0]}x{sides[1]}", LONG) for sides in ((2501, 1000), (400, 1001))),
)


@each(("sold", "image", "size", "got", "allowed"), BAD_FRAMES)
def test_a_first_frame_has_a_kind_a_type_a_weight_and_a_size(
    sold: Offer, image: Image | None, size: str | None, got: str | None, allowed: str
) -> None:
    assert broken(VideoRequest("a fox", size=size, image=image), sold) == (BrokenRule("image", got, allowed, "invalid_image"),)


@each("sides", [(2500, 1000), (400, 1000)])
def test_a_first_frame_may_be_as_long_as_the_rule_says(sides: tuple[int, int]) -> None:
    assert find_order(VideoRequest("a fox", image=picture(*sides)), KLING, today=TODAY) is not None


@each("size", ["1280x720", "720x1280", "1792x1024", "1024x1792"])
def test_a_first_frame_chooses_the_size_where_both_must_match(size: str) -> None:
    width, height = map(int, size.split("x"))
    order = check(VideoRequest("a fox", image=picture(width, height)), find_offer("aimlapi:sora-2-pro"), today=TODAY)
    assert order.size.text == size


FRAMES = [(1280, 720), (720, 1280), (1080, 1920), (832, 480), (1792, 1024), (960, 960), (1112, 834), (1470, 630), (720, 1080), (500, 2000)]


@each_offer
def test_a_first_frame_takes_the_size_of_its_own_shape_or_is_refused(offer: Offer) -> None:
    """A frame of 16:9 never buys a clip of 9:16, at any offer: where no size has its shape, the refusal names the shapes that are sold."""
    rule = offer.image
    if rule is None or not rule.data:
        return
    for sides in FRAMES:
        request = VideoRequest("a fox", image=picture(*sides, bytes=1))
        sizes = sizes_of(offer, image=True)
        same = [size for size in sizes if not has_shape(size) or is_alike(size, sides)]
        exact = [size for size in same if size.pixels == sides] if rule.exact else same
        order = find_order(request, offer, today=TODAY)
        too_long = rule.most_stretch is not None and max(sides) > rule.most_stretch * min(sides)
        if exact and not too_long and (rule.sides is None or all(rule.sides[0] <= side <= rule.sides[1] for side in sides)):
            assert order is not None and order.size in exact, (sides, order and order.size)
            continue
        assert order is None, sides
        fault = broken(request, offer)[-1]
        assert (fault.argument, fault.code, fault.got) == ("image", "invalid_image", f"{sides[0]}x{sides[1]}")
        fitted = find_order(replace(request, options={"fit": "crop"}), offer, today=TODAY)
        if too_long and not any(has_shape(size) for size in sizes):
            assert fitted is None
            continue
        assert fitted is not None
        near = (orientation(Size(f"{sides[0]}x{sides[1]}")), "square")
        if not same and sides[0] != sides[1] and any(orientation(size) in near for size in sizes):
            assert orientation(fitted.size) in near


def is_alike(size: Size, sides: tuple[int, int]) -> bool:
    """Compare two shapes as a person does who holds both in the hand: 3 % is no difference."""
    wide, high = size.pixels or tuple(map(int, str(size.ratio).split(":")))
    return abs(wide / high / (sides[0] / sides[1]) - 1) < 0.03


@each(
    ("said", "sides", "size"),
    [
        ("1080p", (720, 1280), "1080x1920"),
        ("1080p", (1920, 1080), "1920x1080"),
        ("1280x720", (720, 1280), "1280x720"),
        ("landscape", (720, 1280), "1280x720"),
        ("portrait", (1000, 1000), "720x1280"),
    ],
)
def test_a_frame_decides_the_shape_only_where_no_words_say_one(said: str, sides: tuple[int, int], size: str) -> None:
    order = check(VideoRequest("a fox", size=said, image=picture(*sides)), find_offer("aimlapi:veo-3.1-fast"), today=TODAY)
    assert order.size.text == size


def test_a_first_frame_behind_an_address_is_taken_unmeasured() -> None:
    assert check(VideoRequest("a fox", image=URL), PIXAZO, today=TODAY).size.text == "1280x720"


def test_what_depends_on_a_first_frame_is_sold_with_or_without_one_only() -> None:
    assert [size.text for size in sizes_of(WAN, image=True)] == ["720p", "480p", "1080p"]
    assert check(VideoRequest("a fox", image=URL), WAN, today=TODAY).size.text == "720p"
    assert broken(VideoRequest("a fox", size="1280x720", image=URL), WAN) == (
        BrokenRule("size", "1280x720", "720p, 480p or 1080p: the first frame decides the shape", "invalid_size"),
    )
    assert broken(VideoRequest("a fox", size="auto"), find_offer("mulerun:kling-v3")) == (
        BrokenRule("size", "auto", "16:9, 9:16 or 1:1", "invalid_size"),
    )
    assert broken(VideoRequest("a fox", image=URL, options={"seed": 7}), find_offer("aimlapi:veo-3.1-fast")) == (
        BrokenRule("options.seed", 7, "left out with an image", "invalid_option"),
    )


# Size words


SIZE_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "muvi:sora-2-pro": {
        "1280x720": ("1280x720", "1280X720", "1280×720", "1280*720", "1280 x 720", "1280 × 720", "1280* 720", "16:9", "16 : 9"),
        "720x1280": (" 720x1280 ", "9:16", "9x16", "9 x 16 720p", "Portrait", "vertical", "720p vertical", "720, 9/16"),
        "1024x1792": ("9:16 1080p", "portrait 1080p", "TikTok, Full HD", "FHD vertical video"),
        "1792x1024": ("16:9 1080P", "1080p 16:9", "1080p", "1792x1024 landscape"),
    },
    "muvi:sora-2": {
        "1280x720": ("landscape", "horizontal", "YouTube", "widescreen", "Querformat", "横屏"),
        "720x1280": ("portrait", "TikTok", "Instagram Reels", "a story", "for YouTube Shorts", "tall", "hochkant", "竖屏"),
    },
    "muvi:kling-3.0-pro": {"1:1": ("square", "quadratisch", "cuadrado")},
    "fal:ltx-2.3-pro": {"16:9 2160p": ("4K landscape", "ultra HD 16:9", "16:9 2160p")},
    "pixazo:ltx-2.5-pro": {"1080p": ("1080P",)},
    "fal:seedance-2.0": {"16:9 720p": ("1280x720",), "9:16 1080p": ("1080 x 1920",), "1:1 720p": ("720x720",)},
}


@each("model", SIZE_WORDS)
def test_a_size_can_be_said_in_words_and_as_people_write_it(model: str) -> None:
    said = [(text, size) for size, texts in SIZE_WORDS[model].items() for text in texts]
    assert [(text, check(VideoRequest("a fox", size=text), find_offer(model), today=TODAY).size.text) for text, _ in said] == said


@each(
    ("said", "model", "meanings"),
    [
        ("HD", None, ("720p", "1080p")),
        ("vertical HD", "muvi:veo-3.1", ("portrait 720p", "portrait 1080p")),
        ("HD", "muvi:sora-2", ("720p",)),
        ("cinema", None, ("21:9", "16:9")),
        ("Instagram post", "muvi:kling-3.0-pro", ("9:16", "1:1", "16:9")),
        ("A4", None, ("3:4", "4:3")),
    ],
)
def test_a_size_that_may_mean_several_is_never_guessed(said: str, model: str | None, meanings: tuple[str, ...]) -> None:
    with pytest.raises(BrokenRules) as refused:
        plan(VideoRequest("a fox", model, size=said), CATALOGUE, today=TODAY)
    assert [(fix.argument, fix.value) for fix in refused.value.fixes] == [("size", meaning) for meaning in meanings]
    assert refused.value.message == f"size must be {one_of(meanings)}, not {said!r}."


def test_a_model_that_calls_a_size_so_itself_is_asked_for_that_one() -> None:
    with pytest.raises(UnpricedModel):
        plan(VideoRequest("a fox", "aimlapi:flux-3-video", size="16:9 HD"), CATALOGUE, today=TODAY)


@each(
    ("size", "shape"),
    [
        (Size("1280x720"), "landscape"),
        (Size("720x1280"), "portrait"),
        (Size("960x960"), "square"),
        (Size("a", "21:9"), "landscape"),
        (Size("a", "3:4"), "portrait"),
        (Size("a", "1:1"), "square"),
        (Size("720P", None, "720P"), None),
        (Size("auto"), None),
        (Size("adaptive", "adaptive"), None),
    ],
)
def test_a_shape_comes_from_the_ratio_or_the_pixels(size: Size, shape: str | None) -> None:
    assert orientation(size) == shape


@pytest.mark.parametrize(
    ("size", "lines", "name"),
    [
        (Size("1112x834", "4:3", "720p"), 720, "720p"),
        (Size("2880x2880", "1:1", "4k"), 2160, "4K"),
        (Size("1280x720", "16:9"), 720, "720p"),
        (Size("1104x832", "4:3"), 832, "1104x832"),
        (Size("16:9 768P", "16:9", "768P"), 768, "768p"),
        (Size("16:9", "16:9"), 0, ""),
    ],
)
def test_lines_are_named_as_they_are_sold_or_by_the_pixels(size: Size, lines: int, name: str) -> None:
    assert (count_lines(size), name_lines(size)) == (lines, name)


@given(
    st.text(max_size=20)
    | st.lists(st.sampled_from(["16:9", "9:16", "1080p", "720P", "portrait", "1280x720", "x"]), max_size=3).map(" ".join)
)
def test_any_words_mean_sizes_of_the_offer_or_none(text: str) -> None:
    sizes = sizes_of(find_offer("muvi:sora-2-pro"))
    assert set(fitting(text, sizes)) <= set(sizes)


@each(
    ("pixels", "size"),
    [
        ("1280x720", "16:9 720p"),
        ("1080x1920", "9:16 1080p"),
        ("854x480", "16:9 480p"),
        ("832x480", "16:9 480p"),
        ("1024x768", None),
        ("1280x704", None),
        ("2560x1440", None),
        ("0x0", None),
    ],
)
def test_pixels_mean_a_size_that_is_sold_by_its_ratio_and_lines(pixels: str, size: str | None) -> None:
    sold = [Size(f"{ratio} {lines}p", ratio, f"{lines}p") for ratio in ("16:9", "9:16") for lines in (480, 720, 1080)]
    found = fitting(pixels, [*sold, Size("16:9", "16:9"), Size("720p", None, "720p")])
    assert [one.text for one in found] == ([] if size is None else [size])
    assert not fitting(pixels, [Size("1248x704", "16:9", "720p")])  # a size with pixels of its own is not another's


def test_a_sizes_own_text_goes_before_the_names_of_others() -> None:
    plain, shaped = Size("720p", None, "720p"), Size("16:9 720p", "16:9", "720p")
    assert fitting("720P", (shaped, plain)) == (plain,)


@each_offer
def test_the_text_of_a_size_means_that_size_and_no_other(offer: Offer) -> None:
    for image in (True, False):
        sizes = sizes_of(offer, image=image)
        assert [fitting(size.text, sizes) for size in sizes] == [(size,) for size in sizes]


# What is not said


def test_unsaid_is_the_cheapest_size_and_the_shortest_length() -> None:
    order = check(VideoRequest("a fox"), find_offer("muvi:seedance-2.0"), today=TODAY)
    assert order == Order(find_offer("muvi:seedance-2.0"), "a fox", Size("16:9 720p", "16:9", "720p"), 4, None, {"fps": 24})


@each(
    ("model", "said", "size"),
    [
        ("runway:seedance-2.0", None, "1280x720"),
        ("runway:seedance-2.0", "landscape", "1280x720"),
        ("runway:seedance-2.0", "1080p landscape", "1920x1080"),
        ("runway:seedance-2.0", "1080p portrait", "1080x1920"),
        ("runway:seedance-2.5", None, "854x480"),
        ("runway:wan-3.0", "portrait", "480x832"),
        ("wavespeed:minimax-h3", "landscape", "16:9 768p"),
    ],
)
def test_of_sizes_with_one_price_the_usual_shape_is_taken(model: str, said: str | None, size: str) -> None:
    assert check(VideoRequest("a fox", size=said), find_offer(model), today=TODAY).size.text == size


def test_an_order_without_a_stated_price_comes_after_the_others() -> None:
    sold = replace(find_offer("pixazo:sora-2-pro"), rates=(Rate(usd("9"), "video", {"size": "1024x1792"}),))
    assert check(VideoRequest("a fox"), sold, today=TODAY).size.text == "1024x1792"


# Rules and rates that depend on others


SOLD = Offer(
    model="m",
    slug="m",
    rules=(
        Rule("size", (Size("1280x720", "16:9", "720p"), Size("1920x1080", "16:9", "1080p"))),
        Rule("seconds", (4, 8)),
        Rule("seconds", (8,), {"resolution": ("1080p", "4k"), "image": False}),
        Rule("audio", (True, False), default=False),
        Rule("audio", (False,), {"seconds": 4}),
    ),
    rates=(Rate(usd("0.10"), "second"),),
    source="https://example.com",
    checked=TODAY,
    image=ImageRule(),
)


def test_values_that_are_legal_alone_but_not_together_are_refused_with_their_reason() -> None:
    assert broken(VideoRequest("a fox", size="1080p", seconds=4, options={"audio": True}), SOLD) == (
        BrokenRule("seconds", 4, "8 with resolution 1080p or 4K and without an image", "invalid_seconds"),
        BrokenRule("options.audio", True, "false with seconds 4", "invalid_option"),
    )


def test_what_is_unsaid_is_filled_in_so_that_nothing_breaks() -> None:
    assert check(VideoRequest("a fox", size="1080p"), SOLD, today=TODAY).seconds == 8
    assert check(VideoRequest("a fox", options={"audio": True}), SOLD, today=TODAY).seconds == 8


def test_only_what_no_choice_of_the_unsaid_can_mend_is_named() -> None:
    silent = replace(SOLD, rules=(*SOLD.rules, Rule("audio", (False,), {"resolution": "1080p"})))
    assert broken(VideoRequest("a fox", size="1080p", options={"audio": True}), silent) == (
        BrokenRule("options.audio", True, "false with resolution 1080p", "invalid_option"),
    )


def test_the_narrowest_and_newest_row_is_in_force() -> None:
    old, new, narrow = Rate(usd("1"), "video"), Rate(usd("2"), "video", since=date(2026, 11, 1)), Rate(usd("3"), "video", {"seconds": 8})
    later = Rate(usd("4"), "video", since=date(2027, 1, 1))
    rows = (old, new, narrow, later)
    assert rate_of({"seconds": 4}, rows, today=date(2026, 10, 31)) == old
    assert rate_of({"seconds": 4}, rows, today=date(2026, 11, 1)) == new
    assert rate_of({"seconds": 8}, rows, today=TODAY) == narrow
    assert rate_of({"seconds": 4}, rows, today=date(2027, 1, 1)) == later


@pytest.mark.fault("C11")
def test_two_rows_of_one_rank_are_no_price() -> None:
    assert rate_of({"seconds": 4}, (Rate(usd("1"), "video"), Rate(usd("2"), "video")), today=TODAY) is None


@pytest.mark.fault("C05")
def test_a_hold_is_never_below_the_price() -> None:
    sold = replace(SOLD, rates=(Rate(usd("0.000001"), "second", times="1.3"),))
    price = quote(check(VideoRequest("a fox"), sold, today=TODAY), today=TODAY)
    assert (price.micros, price.basis) == (6, "$0.000001/s x 4 s x 1.3")


@each(
    ("name", "size", "basis"),
    [
        ("muvi:sora-2-pro", "1080p", "$0.30/s x 8 s x 1.67"),
        ("muvi:sora-2-pro", "720p", "$0.30/s x 8 s"),
        ("pixazo:sora-2-pro", "720p", "$3.00 per video"),
        ("aimlapi:sora-2", "720p", "$0.13/s x 8 s"),
    ],
)
def test_the_basis_is_the_sum_in_words(name: str, size: str, basis: str) -> None:
    offer = find_offer(name)
    order = check(VideoRequest("a fox", size=size, seconds=8), offer, today=TODAY)
    price = quote(order, today=TODAY)
    assert (price.basis, price.source, price.confidence) == (basis, offer.source, "listed")


def test_a_rule_says_what_it_takes() -> None:
    texts = [words(Rule("x", allowed)) for allowed in (Text(9), range(3, 16), (8,), (4, 8, 12), (True, False), ("a", "b"), ())]
    choices = ["8", "4, 8 or 12", "true or false", "a or b", "left out"]
    assert texts == ["a text of at most 9 characters", "a whole number from 3 to 15", *choices]


# Pictures beside the first frame


PLAIN = "a plain https:// URL that the vendor can reach"
ELSEWHERE = ("fox.png", "http://example.com/a.png", "https://127.0.0.1/a.png", "https://u@example.com/a")
MANY = " ".join([URL.uri] * 8)


GROK = "xai:grok-imagine-video"


@each(
    ("model", "said", "option", "value", "allowed"),
    [
        *((f"{GROK}-1.5", {"image": URL}, "last_image", value, PLAIN) for value in ELSEWHERE),
        *((f"{GROK}-1.5", {"image": URL}, "last_image", value, "one picture") for value in ("", 7)),
        (GROK, {}, "references", MANY, "1 to 7 pictures"),
        ("minimax:minimax-h3", {}, "last_image", URL.uri, "left out without an image"),
        (GROK, {"image": URL}, "references", URL.uri, "left out with an image"),
        (GROK, {"seconds": 11}, "references", URL.uri, "left out with seconds 11, 12, 13, 14 or 15"),
        (f"{GROK}-1.5", {"size": "16:9 1080p"}, "references", URL.uri, "left out with resolution 1080p"),
        (f"{GROK}-1.5", {"size": "16:9 1080p"}, "last_image", URL.uri, "left out with resolution 1080p"),
    ],
)
def test_a_picture_in_an_option_is_a_plain_address_and_has_a_role_that_is_taken(
    model: str, said: dict[str, Any], option: str, value: Any, allowed: str
) -> None:
    found = broken(VideoRequest("a fox", options={option: value}, **said), find_offer(model))
    assert found == (BrokenRule(f"options.{option}", value, allowed, "invalid_option"),)


def test_every_picture_that_is_sent_costs_what_the_page_says() -> None:
    offer = find_offer("xai:grok-imagine-video-1.5")
    request = VideoRequest("a fox", size="16:9 480p", seconds=5, image=URL, options={"last_image": URL.uri})
    told = quote(check(request, offer, today=TODAY), today=TODAY)
    assert (told.micros, told.basis) == (420_000, "$0.08/s x 5 s + $0.01 x 2 pictures")


@each(("pictures", "micros", "basis"), [(5, 320_000, "$0.08/s x 4 s"), (7, 400_000, "$0.08/s x 4 s + $0.04 x 2 pictures")])
def test_pictures_cost_only_beyond_those_that_are_free(pictures: int, micros: int, basis: str) -> None:
    request = VideoRequest("a fox", seconds=4, options={"references": " ".join([URL.uri] * pictures)})
    told = quote(check(request, find_offer("minimax:minimax-h3"), today=TODAY), today=TODAY)
    assert (told.micros, told.basis) == (micros, basis)


@each(
    ("name", "given", "basis"),
    [
        ("fal:vidu-q2-pro", {"size": "720p", "seconds": 4, "image": URL}, "$0.05/s x 4 s + $0.10"),
        ("fal:hailuo-2.3-standard", {"seconds": 10, "image": URL}, "$0.56 per video"),
        ("fal:luma-ray-3.2", {"size": "16:9 1080p", "seconds": 5, "image": URL}, "$0.24/s x 5 s"),
        ("fal:luma-ray-3.2", {"size": "16:9 1080p", "seconds": 5}, "$0.40/s x 5 s"),
        ("fal:seedance-2.5", {"size": "16:9 480p", "seconds": 5}, "$0.2205/s x 5 s x 1.045"),
        ("fal:veo-3.1", {"size": "16:9 4k", "seconds": 8, "options": {"audio": False}}, "$0.40/s x 8 s"),
        ("fal:kling-3.0-pro", {"size": "16:9", "seconds": 5}, "$0.168/s x 5 s"),
        (
            "fal:minimax-h3",
            {"size": "16:9 768P", "seconds": 5, "options": {"references": " ".join([URL.uri] * 7)}},
            "$0.06/s x 5 s + $0.08 x 2 pictures",
        ),
        (
            "fal:grok-imagine-video",
            {"size": "16:9 480p", "seconds": 5, "options": {"references": URL.uri}},
            "$0.05/s x 5 s + $0.002 x 1 picture",
        ),
    ],
)
def test_fal_prices_by_what_an_order_is_made_from(name: str, given: dict[str, Any], basis: str) -> None:
    assert quote(check(VideoRequest("a fox", **given), find_offer(name), today=TODAY), today=TODAY).basis == basis


@each(
    ("name", "given"),
    [
        ("fal:veo-3.1", {"seconds": 4, "options": {"references": URL.uri}}),
        ("fal:veo-3.1", {"seconds": 8, "options": {"references": URL.uri, "seed": 7}}),
        ("fal:minimax-h3-max", {"options": {"references": URL.uri}}),
        ("fal:grok-imagine-video", {"seconds": 11, "options": {"references": URL.uri}}),
        ("fal:luma-ray-3.2", {"seconds": 10, "image": URL}),
        ("fal:ltx-2.5-fast", {"size": "16:9 2160p", "seconds": 12}),
        ("fal:seedance-2.0", {"options": {"last_image": URL.uri}}),
        ("fal:wan-3.0", {"image": URL, "options": {"references": URL.uri}}),
    ],
)
def test_what_a_page_of_fal_rules_out_is_refused_before_it_is_bought(name: str, given: dict[str, Any]) -> None:
    assert broken(VideoRequest("a fox", **given), find_offer(name)) != ()


@each(("seconds", "micros"), [(5, 340_000), (6, 410_000)])
def test_a_sum_is_rounded_up_to_whole_credits(seconds: int, micros: int) -> None:
    told = quote(
        check(VideoRequest("a fox", size="480p 16:9", seconds=seconds), find_offer("runway:wan-3.0-prime"), today=TODAY), today=TODAY
    )
    assert (told.micros, told.basis) == (micros, f"$0.068/s x {seconds} s, rounded up to $0.01")


def test_a_video_costs_no_less_than_the_least() -> None:
    sold = replace(find_offer("muvi:wan-2.6"), rates=(Rate(usd("0.10"), "second", least=usd("0.80")),))
    told = quote(check(VideoRequest("a fox", seconds=5), sold, today=TODAY), today=TODAY)
    assert (told.micros, told.basis) == (800_000, "$0.10/s x 5 s, at least $0.80")


@each(
    ("uri", "broken_rule"),
    [
        ("https://example.com/a.png", ("invalid_image", "a file or a data: URI")),
        ("data:image/gif;base64,AAAA", ("invalid_image", "image/jpeg")),
        (f"data:image/png;base64,{'A' * 1000}", ("invalid_image", "at most")),
    ],
    ids=["an address that nobody fetches", "a type", "bytes"],
)
def test_a_picture_of_an_option_is_held_against_what_the_offer_takes(uri: str, broken_rule: tuple[str, str]) -> None:
    sold = replace(
        find_offer("google:gemini-omni-1.2-flash"), image=ImageRule(urls=False, types=("image/jpeg", "image/png"), most_bytes=500)
    )
    request = VideoRequest("a fox", image=picture(1280, 720), options={"last_image": uri}, size="16:9 720p")
    [rule] = broken(request, sold)
    assert (rule.argument, rule.code, broken_rule[1] in rule.allowed) == ("options.last_image", broken_rule[0], True)


def test_a_picture_of_an_option_is_an_address_where_the_vendor_takes_no_files() -> None:
    sold = replace(find_offer("google:gemini-omni-1.2-flash"), image=ImageRule(urls=True, data=False))
    options: dict[str, Scalar] = {"last_image": "data:image/png;base64,AAAA"}
    [rule] = broken(VideoRequest("a fox", image=URL, options=options, size="16:9 720p"), sold)
    assert (rule.argument, rule.allowed) == ("options.last_image", "an https:// link: this vendor takes no files")


def test_a_fitted_picture_is_taken_where_it_decides_the_shape_itself() -> None:
    sold = find_offer("muvi:wan-2.7")
    assert not any(has_shape(size) for size in sizes_of(sold, image=True))
    large = picture(1280, 720, bytes=90_000_000)
    assert find_order(VideoRequest("a fox", image=large, options={"fit": "crop"}), sold, today=TODAY) is not None
    assert find_order(VideoRequest("a fox", image=large), sold, today=TODAY) is None


def test_nothing_is_checked_before_its_pictures_are_read() -> None:
    for request, part in ((VideoRequest("a fox", image="fox.png"), "frame"), (VideoRequest("a fox", edits="fox.mp4"), "clip")):
        with pytest.raises(TypeError, match="was not read"):
            getattr(request, part)


def test_beside_a_size_that_is_not_sold_a_frames_shape_is_no_second_fault() -> None:
    request = VideoRequest("a fox", image=picture(2520, 1080), size="8k")
    assert [rule.argument for rule in broken(request, find_offer("aimlapi:veo-3.1-fast"))] == ["size"]


def test_resolutions_have_one_spelling_for_people_and_the_vendors_own_on_the_wire() -> None:
    offers = [offer for vendor in EVERY for offer in vendor.offers]
    said = {word for offer in offers for size in offer.sizes for word in (*size.text.split(), name_lines(size))}
    assert {word for word in said if word[-1:] in ("P", "k")} == set()
    order = check(VideoRequest("a fox", size="16:9 480P"), find_offer("fal:minimax-h3-max"), today=TODAY)
    assert (order.size.text, order.size.resolution) == ("16:9 480p", "480P")
    assert (name_lines(Size("16:9 4k", "16:9", "4k")), Size("3840x2160").text, Size("auto").text) == ("4K", "3840x2160", "auto")

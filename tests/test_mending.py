"""Every fix was tried: it works as given, at the price that it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.fixes import find_fixes
from sora_mcp.catalogue.rules import check, quote, sizes_of
from sora_mcp.catalogue.sizes import has_shape, orientation
from sora_mcp.domain import Image, Offer, VideoRequest
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.nouns import find_offer, name_inputs

TODAY = date(2026, 11, 21)
OFFERS = [offer for offer in Catalogue(EVERY).offers if Catalogue(EVERY).needs_key(offer) and offer.video is None]
ODD_SIZES = (
    *("", "banana", "tall 8k", "768", "A4", "1:2", "0x0", "0", "99999", "123456p", "٧٢٠", "²p", "p", "k", "4kp", "2.5K"),
    *("\0", "\ud800"),
)
"""What nobody sells, and somebody may say."""
TALL = ("tall 8k", "1:2")
each_paid = each("offer", OFFERS, ids=lambda offer: offer.id)


def framed(request: VideoRequest, offer: Offer) -> VideoRequest:
    """With a first frame, where the offer sells nothing without one."""
    return replace(request, **name_inputs(offer))


def mended(request: VideoRequest, offer: Offer) -> tuple[Fix, ...]:
    with pytest.raises(BrokenRules) as caught:
        check(request, offer, today=TODAY)
    return find_fixes(request, offer, caught.value.broken, can_fit=True, today=TODAY)


def applied(request: VideoRequest, *changes: Fix) -> VideoRequest:
    """The request as a caller would repeat it."""
    for fix in changes:
        name = fix.argument.removeprefix("options.")
        if name == fix.argument:
            request = replace(request, **{name: fix.value})
        else:
            kept = {key: value for key, value in request.options.items() if key != name}
            request = replace(request, options=kept if fix.value is None else kept | {name: fix.value})
    return request


def has(offer: Offer, shape: str) -> bool:
    """Whether a size of the offer is known to have this shape, or none has any, so that the first frame decides: another is no fix."""
    sizes = sizes_of(offer, image=not offer.text)
    return any(orientation(size) == shape for size in sizes) or not (offer.text or any(map(has_shape, sizes)))


def price(request: VideoRequest, offer: Offer) -> int | None:
    order = check(request, offer, today=TODAY)
    return quote(order, today=TODAY).micros if offer.rates else None


@each_paid
@each(
    "request_",
    [
        VideoRequest("a fox", size="640x479"),
        VideoRequest("a fox", seconds=-1),
        VideoRequest("a fox", seconds=7_000),
        VideoRequest("a fox", options={"variation": -1}),
    ],
    ids=["size", "too short", "too long", "variation"],
)
def test_each_fix_of_one_broken_argument_works_alone(offer: Offer, request_: VideoRequest) -> None:
    request = framed(request_, offer)
    found = mended(request, offer)
    assert (request_.size is None or has(offer, "landscape")) <= len(found) <= 4
    assert [fix.micros for fix in found] == [price(applied(request, fix), offer) for fix in found]


@each_paid
def test_a_size_that_nobody_sells_is_refused_with_sizes_that_work(offer: Offer) -> None:
    for size in ODD_SIZES:
        request = framed(VideoRequest("a fox", size=size), offer)
        found = mended(request, offer)
        assert {fix.argument for fix in found} == ({"size"} if size not in TALL or has(offer, "portrait") else set()), repr(size)
        assert [fix.micros for fix in found] == [price(applied(request, fix), offer) for fix in found], repr(size)


@each_paid
def test_the_fixes_of_several_broken_arguments_work_together(offer: Offer) -> None:
    request = framed(VideoRequest("a fox", size="640x479", seconds=-1, options={"sparkle": 1}), offer)
    found = mended(request, offer)
    assert {fix.argument for fix in found} == ({"size", "seconds", "options.sparkle"} if has(offer, "landscape") else set())
    assert {fix.micros for fix in found} == ({price(applied(request, *found), offer)} if found else set())


@each(
    ("asked", "sizes"),
    [
        ("1920x1080", ["1792x1024", "1280x720"]),
        ("1080×1920", ["1024x1792", "720x1280"]),
        ("640X360", ["1280x720", "1792x1024"]),
        ("3:4", ["720x1280", "1024x1792"]),
        ("cinema", ["1280x720", "720x1280", "1792x1024", "1024x1792"]),
        ("²x²", ["1280x720", "720x1280", "1792x1024", "1024x1792"]),
        ("9" * 9_000 + "x1", ["1280x720", "720x1280", "1792x1024", "1024x1792"]),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_nearest_size_comes_first(asked: str, sizes: list[str]) -> None:
    assert [fix.value for fix in mended(VideoRequest("a fox", size=asked), find_offer("muvi:sora-2-pro"))] == sizes


@each(
    ("asked", "model", "first"),
    [
        ("700", "minimax:minimax-h3", "768p"),
        ("UHD", "minimax:minimax-h3", "2K"),
        ("tall 5000p", "google:gemini-omni-1.1-flash", "9:16 4K"),
        ("wide 1000P", "google:gemini-omni-1.1-flash", "16:9 1080p"),
        ("tall sd", "fal:seedance-2.0", "9:16 480p"),
    ],
)
def test_the_nearest_number_of_lines_comes_first(asked: str, model: str, first: str) -> None:
    assert mended(VideoRequest("a fox", size=asked), find_offer(model))[0].value == first


def framing(width: int, height: int) -> Image:
    return Image("data:image/png;base64,AAAA", "image/png", width, height, 3)


CROP, PAD = Fix("options.fit", "crop", 3_000_000), Fix("options.fit", "pad", 3_000_000)


@each(
    ("model", "request_", "fixes"),
    [
        (
            *("muvi:sora-2-pro", VideoRequest("a fox", size="1080p", seconds=9)),  # the nearest length comes first
            (Fix("seconds", 8, 4_008_000), Fix("seconds", 12, 6_012_000), Fix("seconds", 4, 2_004_000)),
        ),
        ("muvi:kling-3.0-pro", VideoRequest("a fox", size="720x1280"), (Fix("size", "9:16", 560_000),)),
        (
            *("pixazo:sora-2-pro", VideoRequest("a fox", size="1280x720", seconds=8, image=framing(1792, 1024))),
            (Fix("size", "1792x1024", 5_000_000), CROP, PAD),
        ),
        ("pixazo:sora-2-pro", VideoRequest("a fox", seconds=8, image=framing(1000, 1000)), (CROP, PAD)),
        (
            *("pixazo:sora-2-pro", VideoRequest("a fox", size="landscape", seconds=5, image=framing(720, 1280))),
            (Fix("size", "720x1280", 1_500_000), Fix("seconds", 4, 1_500_000)),
        ),
        (
            *("muvi:veo-3.1-fast", VideoRequest("a fox", options={"audio": "no"})),  # its default first
            (Fix("options.audio", True, 1_200_000), Fix("options.audio", False, 800_000)),
        ),
        (
            *("muvi:veo-3.1-fast", VideoRequest("a fox", options={"sed": 7, "audio": False})),  # nearly the right name
            (Fix("options", {"seed": 7, "audio": False}, 800_000),),
        ),
        ("muvi:sora-2", VideoRequest(""), ()),  # a prompt is the caller's own
    ],
    ids=lambda row: f"{row[0]} {row[2]}",
)
def test_a_request_has_exactly_these_fixes(model: str, request_: VideoRequest, fixes: tuple[Fix, ...]) -> None:
    assert mended(request_, find_offer(model)) == fixes


@each("seconds", [True, "8", float("nan"), 8.0, None])
def test_a_length_of_another_type_is_mended_from_the_shortest(seconds: Any) -> None:
    request = VideoRequest("a fox", size="3:1" if seconds is None else None, seconds=seconds)
    assert mended(request, find_offer("muvi:sora-2"))[0] == (
        Fix("size", "1280x720", 400_000) if seconds is None else Fix("seconds", 4, 400_000)
    )


def test_a_model_that_needs_a_first_frame_cannot_be_mended_without_one() -> None:
    offer = find_offer("muvi:sora-2")
    assert mended(VideoRequest("a fox"), replace(offer, text=False)) == ()


@each(
    ("options", "image", "model"),
    [
        ({"negative_prompt": "x" * 1001}, None, "muvi:wan-2.6"),
        ({"seed": 7}, Image("https://example.com/a.png"), "aimlapi:veo-3.1-fast"),
        ({"negative_prompt": "fog"}, None, "muvi:kling-3.0-pro"),
        ({"sparkle": 1}, None, "muvi:veo-3.1"),
        ({"audio": False}, None, "muvi:sora-2-pro"),
        ({"references": "http://example.com/a.png"}, None, "muvi:sora-2-pro"),
        ({"last_image": "https://example.com/a.png"}, None, "muvi:sora-2-pro"),
        ({"references": "https://example.com/a.png"}, None, "muvi:sora-2-pro"),
    ],
)
def test_no_fix_leaves_out_what_was_asked_for(options: dict[str, Any], image: Image | None, model: str) -> None:
    assert mended(VideoRequest("a fox", options=options, image=image), find_offer(model)) == ()


def test_beside_a_broken_prompt_the_rest_is_mended_and_a_fix_without_a_stated_price_names_none() -> None:
    assert mended(VideoRequest("", seconds=11), find_offer("muvi:sora-2"))[0] == Fix("seconds", 12, 1_200_000)
    assert mended(VideoRequest("a fox", seconds=16), find_offer("mulerun:sora-2"))[0] == Fix("seconds", 12)

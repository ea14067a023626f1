"""Where the first frame decides the shape, a size that says the frame's own is met, and any other is brought to it or refused."""

from __future__ import annotations

from datetime import date

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_plan import find_cheaper_parts
from sora_mcp.catalogue.frame_shapes import describe_shape, find_target
from sora_mcp.catalogue.free_edits import describe_trim
from sora_mcp.catalogue.planner import plan
from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Clip, Image, Offer, Size, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.nouns import find_offer

TODAY = date(2026, 11, 21)
KLING, HAILUO = "fal:kling-3.0-standard", "fal:minimax-h3-max-turbo"


def frame(width: int, height: int) -> Image:
    return Image("data:image/png;base64,AAAA", "image/png", width, height, 3)


@each(
    ("model", "sides", "said", "size"),
    [
        (KLING, (900, 1600), "9:16", "auto"),
        (KLING, (900, 1600), "vertical", "auto"),
        (KLING, (900, 1600), "9:16 portrait", "auto"),
        (KLING, (832, 480), "16:9", "auto"),
        (KLING, (1024, 1024), "square", "auto"),
        (HAILUO, (900, 1600), "9:16 1080p", "1080p"),
        (HAILUO, (900, 1600), "1080p", "1080p"),
        (KLING, (1200, 1600), "9:16", None),
        (KLING, (900, 1600), "landscape", None),
        (KLING, (900, 1600), "9:16 landscape", None),
        (KLING, (900, 1600), "900x1600", None),
        (KLING, (900, 1600), "9:16 1080p", None),
        (HAILUO, (900, 1600), "9:16 4k", None),
        *((HAILUO, (900, 1600), odd, None) for odd in ("0:0", "0:16", "9:0", "1:9", f"9:{'1' * 5_000}", "9:16:9", "²:¹")),
    ],
)
def test_a_shape_is_met_by_the_frame_that_has_it(model: str, sides: tuple[int, int], said: str, size: str | None) -> None:
    request, offer = VideoRequest("a fox", size=said, image=frame(*sides)), find_offer(model)
    if size is not None:
        assert check(request, offer, today=TODAY).size.text == size
    else:
        with pytest.raises(BrokenRules) as refused:
            check(request, offer, today=TODAY)
        assert [rule.argument for rule in refused.value.broken] == ["size"]


def test_a_frame_of_which_nothing_is_known_meets_no_shape() -> None:
    with pytest.raises(BrokenRules):
        check(VideoRequest("a fox", size="9:16", image=Image("https://example.com/a.png")), find_offer(KLING), today=TODAY)


@each(
    ("how", "said", "sides"),
    [
        ("crop", "9:16", (900, 1600)),
        ("pad", "9:16", (1200, 2133)),
        ("crop", "square", (1200, 1200)),
        ("pad", "16:9", (2844, 1600)),
        ("crop", None, (1200, 1600)),
        ("crop", "portrait", (1200, 1600)),
    ],
)
def test_a_frame_is_brought_to_the_asked_shape_where_the_size_has_none(how: str, said: str | None, sides: tuple[int, int]) -> None:
    assert find_target(frame(1200, 1600), Size("auto"), how, said) == sides


def test_the_shape_of_the_size_itself_comes_before_the_asked_one() -> None:
    assert find_target(frame(1200, 1600), Size("1280x720", "16:9"), "crop", "9:16") == (1280, 720)


@each(("said", "is_taken"), [("9:16", True), ("1:3", False), ("0:9", False), ("landscape", False)])
def test_a_fitted_frame_is_checked_as_it_is_sent(said: str, is_taken: bool) -> None:
    offer = next(
        offer for offer in Catalogue(EVERY).offers if offer.image is not None and offer.image.most_stretch == 2.5 and is_free(offer)
    )
    request = VideoRequest("a fox", size=said, image=frame(1200, 1600), options={"fit": "crop"})
    try:
        check(request, offer, today=TODAY)
        broken = []
    except BrokenRules as error:
        broken = [rule.argument for rule in error.broken]
    assert (not broken) is is_taken, broken


def is_free(offer: Offer) -> bool:
    """Return whether no size of the offer has a shape once there is a first frame."""
    return all(size.ratio is None and size.pixels is None for size in offer.sizes_by_frame[True])


@each(
    ("sides", "words"),
    [((1200, 1600), "3:4"), ((1080, 1920), "9:16"), ((1024, 1024), "1:1"), ((1179, 2556), "1179x2556"), ((2520, 1080), "7:3")],
)
def test_a_shape_is_said_as_people_say_it(sides: tuple[int, int], words: str) -> None:
    assert describe_shape(frame(*sides)) == words


@each(
    ("keys", "length_s", "says"),
    [
        (("fal", "muvi"), 12.0, "Cut to 10 s with edit_video (free), it is $0.03 on muvi:kling-o3-standard."),
        (("fal", "muvi"), 9.0, ""),
        (("xai",), 8.0, ""),
    ],
)
def test_a_video_that_costs_much_less_once_it_is_cut_is_named_with_the_length(keys: tuple[str, ...], length_s: float, says: str) -> None:
    catalogue = Catalogue(EVERY, frozenset(keys))
    request = VideoRequest("night", edits=Clip("data:video/mp4;base64,AAAA", 3, length_s))
    _, price = plan(request, catalogue, today=TODAY)
    assert describe_trim(request, price.micros, catalogue, today=TODAY) == says


@each(("seconds", "parts"), [(30, (3, 10)), (20, (2, 10)), (10, None), (31, None)])
def test_a_long_clip_is_compared_with_a_few_equal_ones(seconds: int, parts: tuple[int, int] | None) -> None:
    catalogue = Catalogue(EVERY, frozenset(("fal",)))
    wan = find_offer("fal:wan-3.0")
    request = VideoRequest("a fox", seconds=seconds)
    whole = quote(check(VideoRequest("a fox", seconds=min(seconds, 30)), wan, today=TODAY), today=TODAY)
    found = find_cheaper_parts(request, whole, catalogue, today=TODAY)
    assert [(part.clips, part.order.seconds) for part in found][:1] == ([] if parts is None else [parts])
    assert len({part.order.offer.id for part in found}) == len(found) <= 3

"""The matrix of features and prices, row for row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sora_mcp.catalogue import matrix
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.matrix import Row
from sora_mcp.domain import Ended, ImageRule, Offer, Rate, Rule, Size, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors import EVERY
from tests.each import each

TODAY = date(2026, 11, 21)
CHECKED = date(2026, 11, 20)
HD = Size("1280x720", "16:9", "720p")
OFFER = Offer(
    model="clip-1",
    slug="clip",
    rules=(Rule("size", (HD,)), Rule("seconds", (4, 8)), Rule("audio", (True, False), default=True)),
    rates=(Rate(usd("0.10"), "second"),),
    source="https://example.com/prices",
    checked=CHECKED,
    image=ImageRule(),
)
ROW = Row("played:clip-1", None, "1280x720", "4, 8", "$0.10/s", "URL or file", "audio", CHECKED, "https://example.com/prices")


def a_second(price: str, **when: Any) -> Rate:
    return Rate(usd(price), "second", when)


def a_video(price: str, **when: Any) -> Rate:
    return Rate(usd(price), "video", when)


def row(offer: Offer) -> Row:
    vendor = replace(EVERY[0], name="played", offers=(offer,))
    return matrix.rows(Catalogue((vendor,)), today=TODAY)[0]


def test_an_offer_is_one_row_and_says_whether_it_ended() -> None:
    ended = Ended("Sora 2", "OpenAI", date(2026, 9, 24), "https://example.com")
    assert (row(OFFER), row(replace(OFFER, ended=ended))) == (ROW, replace(ROW, ended=ended.on))
    assert row(replace(OFFER, rules=OFFER.rules[:2])).options == "-"


@each(
    ("rates", "said"),
    [
        ((), "not stated"),
        ((Rate(usd("0"), "video"),), "free"),
        ((Rate(usd("1.50"), "video"),), "$1.50"),
        ((Rate(usd("0.30"), "second", {"resolution": "1080p"}, times="1.67"),), "$0.501/s (1080p)"),
        ((Rate(usd("0.10"), "second"), a_second("0.20", audio=True)), "$0.10/s; $0.20/s (with audio)"),
        ((a_second("0.10", audio=False), a_second("0.20", fps=(30, 60))), "$0.10/s (without audio); $0.20/s (fps 30 or 60)"),
        ((Rate(usd("1"), "video", {"seconds": 4}), Rate(usd("1"), "video", {"seconds": 8, "size": "1:1"})), "$1.00 (4 s, 8 s 1:1)"),
        ((a_video("1", image=True), a_video("2", image=False)), "$1.00 (with a first frame); $2.00 (without a first frame)"),
        ((Rate(usd("0.10"), "second"), Rate(usd("0.15"), "second", since=date(2026, 11, 1))), "$0.15/s"),
        ((Rate(usd("0.10"), "second"), Rate(usd("0.15"), "second", since=date(2026, 12, 1))), "$0.10/s"),
    ],
)
def test_each_price_stands_once_with_what_it_holds_for(rates: tuple[Rate, ...], said: str) -> None:
    assert row(replace(OFFER, rates=rates)).price == said


@each(
    ("rule", "text", "said"),
    [
        *((None, True, "-"), (ImageRule(data=False), True, "URL"), (ImageRule(), False, "URL or file, needed")),
        (ImageRule(urls=False, exact=True), True, "file, as large as the video"),
    ],
)
def test_first_frames_are_said_in_words(rule: ImageRule | None, text: bool, said: str) -> None:
    assert row(replace(OFFER, image=rule, text=text)).first_frame == said


RATIOS = tuple(Size(f"{ratio} {resolution}", ratio, resolution) for resolution in ("480p", "720p") for ratio in ("16:9", "9:16"))


@each(
    ("sizes", "said"),
    [
        ((HD, Size("9:16", "9:16")), "1280x720, 9:16"),
        (RATIOS, "16:9, 9:16 in 480p, 720p"),
        ((*RATIOS, Size("1440p", resolution="1440p")), "16:9, 9:16 in 480p, 720p; 1440p"),
        (RATIOS[:3], "16:9 480p, 9:16 480p, 16:9 720p"),
    ],
)
def test_ratios_and_resolutions_stand_apart_where_all_go_together(sizes: tuple[Size, ...], said: str) -> None:
    assert row(replace(OFFER, rules=(Rule("size", sizes), Rule("seconds", (4,))))).sizes == said


@each(("allowed", "said"), [((4, 6, 8), "4, 6, 8"), (range(3, 16), "3-15"), ((5, 6), "5, 6")])
def test_lengths_without_a_gap_are_a_range(allowed: tuple[int, ...] | range, said: str) -> None:
    assert row(replace(OFFER, rules=(Rule("size", (HD,)), Rule("seconds", allowed)))).seconds == said


def test_markdown_links_the_day_to_the_source_and_keeps_its_columns() -> None:
    ended = replace(ROW, ended=date(2026, 9, 24), source="your price file", options="a|b")
    assert matrix.markdown([ROW, ended]) == (
        "| Model | Sizes | Seconds | Price | First frame | Options | Checked |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| `played:clip-1` | 1280x720 | 4, 8 | $0.10/s | URL or file | audio | [2026-11-20](https://example.com/prices) |\n"
        "| `played:clip-1` (ended 2026-09-24) | 1280x720 | 4, 8 | $0.10/s | URL or file | a/b | 2026-11-20 |"
    )


def test_a_terminal_gets_no_links() -> None:
    assert matrix.cells([ROW, replace(ROW, ended=date(2026, 9, 24))]) == [
        ("played:clip-1", "1280x720", "4, 8", "$0.10/s", "URL or file", "audio", "2026-11-20"),
        ("played:clip-1", "1280x720", "4, 8", "$0.10/s", "URL or file", "audio", "2026-11-20, ended"),
    ]


def test_a_vendor_is_one_row_of_features() -> None:
    plain = replace(EVERY[1], title="Played", key_page="https://played.example/keys", offers=(OFFER,), cancel=None, tells_cost=True)
    assert matrix.features(Catalogue((plain,))).splitlines()[2] == (
        "| Played | [`MUVI_API_KEY`](https://played.example/keys) "
        "| yes | yes | - | - | yes | - | - | - | - | yes | listed | documented answers, played server |"
    )
    extender = replace(OFFER, model="clip-1-extend", text=False, image=None, video=VideoRule((2, 15), continues="clip-1"))
    both = replace(plain, offers=(OFFER, extender, replace(extender, model="clip-1-edit", video=VideoRule((2, 15)))))
    assert "| yes | - | yes | yes | - | yes |" in matrix.features(Catalogue((both,))).splitlines()[2]
    assert [row(offer).first_frame for offer in both.offers[1:]] == ["- (continues a clip of clip-1)", "- (edits a video: URL or file)"]

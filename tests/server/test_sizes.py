"""What list_sizes tells is what orders are checked against."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.hints import HINTS
from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Ended, Image, ImageRule, Offer, Rate, Rule, Size, Text, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.money import usd
from sora_mcp.server import models_view, offers_view
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.nouns import name_inputs

from ..snapshot import check_snapshot
from .counter import TODAY

HD, UP, WIDE = Size("1280x720", "16:9", "720p"), Size("720x1280", "9:16", "720p"), Size("1920x1080", "16:9", "1080p")
OFFER = Offer(
    model="toy",
    slug="toy",
    rules=(
        Rule("size", (HD, UP, WIDE)),
        Rule("seconds", (4, 8)),
        Rule("seconds", (8,), when={"size": "1920x1080"}),
        Rule("audio", (True, False), default=True),
        Rule("seed", range(100)),
        Rule("negative_prompt", Text(50)),
    ),
    rates=(
        Rate(usd("0.10"), "second", {"resolution": "720p", "audio": False}),
        Rate(usd("0.10"), "second", {"resolution": "720p", "audio": True}, times="1.5"),
        Rate(usd("2"), "video", {"resolution": "1080p", "audio": True}),
    ),
    source="https://example.com/toy",
    checked=date(2026, 11, 20),
    image=ImageRule(data=False, exact=True, sides=(300, 4000)),
    prompt_max=1000,
    prompt_with_image=False,
    ended=Ended("Toy", "Toymaker", date(2026, 9, 24), "https://example.com/end"),
)
VENDOR = replace(EVERY[1], offers=(OFFER,))
CATALOGUE = Catalogue((VENDOR,))


def test_what_is_told_of_an_offer_is_that_of_the_snapshot() -> None:
    plain = replace(OFFER, rules=OFFER.rules[:2], rates=(), image=None, prompt_max=None, ended=None)
    keyed = frozenset({"muvi"})
    living, old, dear = replace(OFFER, ended=None), replace(OFFER, model="old"), replace(OFFER, model="dear", rates=(), ended=None)
    found = {
        "an offer with all limits": offers_view.offer_fields(VENDOR.offers[0], CATALOGUE, today=TODAY),
        "the same, to a person": offers_view.describe((VENDOR.offers[0],), CATALOGUE, today=TODAY)["message"],
        "an offer without limits": describe_all(Catalogue((replace(VENDOR, offers=(plain,)),), keyed)),
        "what can be bought": models_view.summarize(Catalogue((replace(VENDOR, offers=(living, old, dear)),), keyed), today=TODAY),
    }
    check_snapshot("sizes", found)


def describe_all(catalogue: Catalogue) -> dict[str, Any]:
    return offers_view.describe(catalogue.offers, catalogue, today=TODAY)


def test_the_price_may_depend_on_the_first_frame() -> None:
    rates = (Rate(usd("1"), "video", {"image": False}), Rate(usd("2"), "video", {"image": True}))
    offer = replace(VENDOR.offers[0], rules=OFFER.rules[:2], rates=rates)
    prices = offers_view.offer_fields(offer, CATALOGUE, today=TODAY)["prices"]
    assert [(row["when"], row["usd_per_video"]) for row in prices] == [({"image": False}, 1.0), ({"image": True}, 2.0)]


def test_of_many_lengths_the_shortest_and_the_longest_are_priced() -> None:
    offer = replace(VENDOR.offers[0], rules=(Rule("size", (HD,)), Rule("seconds", range(4, 21))), rates=(Rate(usd("0.10"), "second"),))
    assert offers_view.offer_fields(offer, CATALOGUE, today=TODAY)["prices"] == [
        {"sizes": ["1280x720"], "usd_per_second": 0.1, "usd": {"4": 0.4, "20": 2.0}}
    ]


EVERY_VENDOR = [vendor.name for vendor in EVERY]


@each("keyed", [[], ["muvi"], ["muvi", "mulerun", "aimlapi", "pixazo"], EVERY_VENDOR], ids=["none", "one", "four", "all"])
def test_what_can_be_bought_is_told_in_few_words(keyed: list[str]) -> None:
    told = models_view.summarize(Catalogue(keyed=frozenset(keyed)), today=TODAY)
    assert len(json.dumps(told, ensure_ascii=False).encode()) <= 600 * 3.6
    assert "Cannot be bought now: " in told["message"]
    assert told["offers"] and all(offer["model"].partition(":")[0] in (keyed or ["sample"]) for offer in told["offers"])


def test_best_look_and_cheapest_have_an_answer() -> None:
    told = models_view.summarize(Catalogue(keyed=frozenset({"muvi"})), today=TODAY)
    assert told["message"].startswith(
        f"{models_view.FROM} Talking people, best look, drafts: the sellers' word.\n"
        "Cheapest: muvi:hailuo-2.3-standard, from $0.21. Longest: "
    )
    assert [offer["model"] for offer in told["offers"] if offer.get("good_for") == "best look"] == ["muvi:veo-3.1", "muvi:seedance-2.0"]


def test_without_a_key_a_list_says_first_that_nothing_in_it_can_be_bought() -> None:
    told = models_view.summarize(Catalogue(), today=TODAY)["message"]
    sample, first, prices, *models = told.splitlines()
    assert sample.startswith("sample:sample: ") and sample.endswith("it does not show the prompt.")
    assert (first, prices.partition(" Best")[0], "no key" in "".join(models)) == (models_view.NO_KEY, models_view.FROM, False)
    assert (told.count("sora-mcp setup"), " in all (" in told) == (1, True)
    assert models_view.list_models(VEOS, Catalogue(), today=TODAY)["message"].startswith(
        f"{models_view.NO_KEY}\n{models_view.FROM} Best look: the sellers' word.\n"
    )
    some = models_view.list_models(VEOS, Catalogue(keyed=frozenset({"muvi"})), today=TODAY)["message"]
    assert some.startswith(models_view.FROM) and ", no key" in some


VEOS = [offer for offer in Catalogue().offers if offer.model == "veo-3.1" and offer.ended is None]


def test_the_table_of_a_model_says_what_its_clips_are_and_whether_they_can_be_continued() -> None:
    sample, veo = (offers_view.describe_model(name, Catalogue(), today=TODAY)["message"] for name in ("sample:sample", "muvi:veo-3.1"))
    assert "it does not show the prompt." in sample
    assert "Can be continued." in veo
    assert "Good for: best look (https://" in veo


def test_of_many_vendors_of_a_model_the_cheapest_have_a_table_and_the_others_a_price() -> None:
    told = offers_view.describe_model("seedance-2.0", Catalogue(keyed=frozenset({"muvi", "fal"})), today=TODAY)
    assert [offer["model"] for offer in told["offers"]] == ["fal:seedance-2.0", "muvi:seedance-2.0", "byteplus:seedance-2.0"]
    *_, last = told["message"].splitlines()
    assert last.startswith("Also: replicate:seedance-2.0 from $0.32 (no key), ")
    assert last.endswith('list_sizes(model="replicate:seedance-2.0") has all of the first of these.')
    assert "without a published price" in last and len(told["message"].encode()) <= 1_200 * 3.6


def test_a_table_says_that_pictures_are_taken_and_when_and_that_a_calculated_price_needs_approval() -> None:
    keyed = Catalogue(keyed=frozenset({"fal", "google", "muvi"}))
    fal, google, edit = (
        offers_view.describe_model(name, keyed, today=TODAY)["message"]
        for name in ("fal:veo-3.1", "google:gemini-omni-1.2-flash", "muvi:kling-o3-standard")
    )
    assert "last_image: one picture, as First frame, only with one; " in fal
    assert "references: 1 to 3 pictures, as First frame, only without one." in fal
    assert " (calculated by us, so each clip needs approval)." in google and "(listed)." in fal
    assert "\nthe clip's shape: 3-10 s $0.03\n" in edit


def test_a_hint_has_its_source_and_its_day() -> None:
    told = offers_view.describe_model("muvi:veo-3.1", Catalogue(keyed=frozenset({"muvi"})), today=TODAY)
    assert told["offers"][0]["good_for"]["what"] == "best look"
    assert all(hint.source.startswith("https://") for hint in HINTS.values())
    assert HINTS.keys() <= {offer.model for offer in Catalogue().offers}


OFFERS = Catalogue().offers


@each("offer", OFFERS, ids=[offer.id for offer in OFFERS])
def test_every_price_that_is_told_is_the_price_of_an_order(offer: Offer) -> None:
    for row in offers_view.price_table(offer, today=TODAY):
        for size, (seconds, micros) in itertools.product(row.sizes, row.micros):
            when = dict(row.when)
            inputs = {"image": Image("https://example.com/a.png")} if when.pop("image", False) else name_inputs(offer, seconds)
            order = check(VideoRequest("x", size=size, seconds=seconds, options=when, **inputs), offer, today=TODAY)
            if micros is not None:
                assert quote(order, today=TODAY).micros == micros


@each("offer", OFFERS, ids=[offer.id for offer in OFFERS])
def test_every_size_and_length_that_is_told_can_be_ordered(offer: Offer) -> None:
    told: dict[str, Any] = json.loads(json.dumps(offers_view.offer_fields(offer, Catalogue(), today=TODAY)))
    for size in {size for row in told["prices"] for size in row["sizes"]}:
        assert any(is_orderable(offer, size, seconds) for seconds in told["seconds"])


def is_orderable(offer: Offer, size: str, seconds: int) -> bool:
    try:
        check(VideoRequest("x", size=size, seconds=seconds, **name_inputs(offer, seconds)), offer, today=TODAY)
    except BrokenRules:
        return False
    return True


def test_a_price_that_nobody_looked_up_for_long_says_so() -> None:
    catalogue = Catalogue((replace(VENDOR, offers=(replace(OFFER, checked=date(2026, 8, 1), ended=None),)),), frozenset({"muvi"}))
    told = describe_all(catalogue)
    assert told["message"].startswith("muvi:toy (price looked up 112 days ago)\n")
    assert told["offers"][0]["price_days_old"] == 112


def test_a_server_without_models_says_how_to_name_them() -> None:
    server = next(vendor for vendor in EVERY if vendor.own)
    assert models_view.summarize(Catalogue((server,), frozenset({server.name})), today=TODAY)["message"] == (
        "Your /v1/videos server: no models yet. Only the user can name them, in the file of SORA_MCP_PRICES: "
        '["compatible:my-model"] with per_second = "0.10", sizes = ["1280x720"] and seconds = [4, 8].\n'
        'Next: list_sizes(model="…") has every size, price and option of one, list_sizes(model="all") a line for each family.'
    )
    assert models_view.summarize(Catalogue((server,)), today=TODAY)["offers"] == []


def test_an_ended_model_is_told_with_what_can_be_bought_instead_of_it() -> None:
    told = offers_view.describe_model("muvi:sora-2", Catalogue(keyed=frozenset({"aimlapi"})), today=TODAY)
    last = told["message"].splitlines()[-1]
    assert last.startswith("Instead of an ended model, cheapest first: aimlapi:")
    assert "no key" not in told["message"] and "needs_key" not in told["offers"][0]

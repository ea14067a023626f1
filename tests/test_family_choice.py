"""A name of several models means the cheapest of them that takes the request, and what was chosen is said with what else there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.planner import CHEAPEST, plan, remove_choice
from sora_mcp.domain import Pause, Rate, VideoRequest
from sora_mcp.domain.errors import UnknownModel
from sora_mcp.domain.money import Micros
from tests.each import each

TODAY = date(2026, 11, 30)
HERE = Catalogue(keyed=frozenset({"muvi", "fal"}))


@each(
    ("name", "asked", "chosen", "says"),
    [
        ("veo", {}, "fal:veo-3.1-lite", "'veo' means 3 models here. The cheapest for this request was chosen. Others: "),
        ("veo", {}, "fal:veo-3.1-lite", "muvi:veo-3.1 ($0.80 for 4 s, without sound, 720p, best look)"),
        ("Veo", {"size": "4k"}, "muvi:veo-3.1", "Others: fal:veo-3.1-fast ("),
        ("best look", {"size": "9:16"}, "fal:seedance-2.0", "Others: muvi:veo-3.1 ("),
        ("kling", {"seconds": 15, "size": "1:1"}, "muvi:kling-text2video-v3", ' more in list_sizes(model="kling").'),
        ("cheapest", {"seconds": 10, "options": {"audio": True}}, "fal:seedance-1.5-pro", CHEAPEST),
        ("runway", {}, "muvi:gen-4.5", "It is the only one of 'runway' here that takes this request."),
    ],
)
def test_a_family_means_the_cheapest_of_its_models_that_takes_the_request(name: str, asked: dict[str, Any], chosen: str, says: str) -> None:
    order, _ = plan(VideoRequest("a fox", name, **asked), HERE, today=TODAY)
    assert (order.offer.id, says in (order.why or "")) == (chosen, True), order.why


@each(
    ("name", "keys", "asked"),
    [("veo", {"muvi"}, {"seconds": 30}), ("sora", {"muvi"}, {}), ("veo", set(), {}), ("runway", {"muvi"}, {"size": "4k"})],
)
def test_a_family_of_which_none_is_left_is_still_refused(name: str, keys: set[str], asked: dict[str, Any]) -> None:
    with pytest.raises(UnknownModel):
        plan(VideoRequest("a fox", name, **asked), Catalogue(keyed=frozenset(keys)), today=TODAY)


def test_a_paused_model_of_a_family_is_never_chosen() -> None:
    paused = Catalogue(keyed=HERE.keyed, pauses=(Pause("fal:veo-3.1-lite", 0, "it cost more", "v_0123456789"),))
    assert plan(VideoRequest("a fox", "veo"), paused, today=TODAY)[0].offer.id == "fal:veo-3.1-fast"


def test_of_equal_prices_a_stated_one_goes_before_one_that_is_worked_out() -> None:
    fal = next(vendor for vendor in HERE.vendors if vendor.name == "fal")
    stated = next(offer for offer in fal.offers if offer.id == "fal:vidu-q2")
    derived = replace(stated, model="another", confidence="derived")
    for offers in ((stated, derived), (derived, stated)):
        here = Catalogue(vendors=(replace(fal, offers=offers),), keyed=frozenset({"fal"}))
        order, price = plan(VideoRequest("a fox"), here, today=TODAY)
        assert (order.offer.id, price.confidence) == ("fal:vidu-q2", "listed")


def test_where_several_cost_the_same_that_is_said_of_the_chosen_one() -> None:
    fal = next(vendor for vendor in HERE.vendors if vendor.name == "fal")
    stated = next(offer for offer in fal.offers if offer.id == "fal:vidu-q2")
    offers = (stated, replace(stated, model="another"), replace(stated, model="third", rates=tuple(map(_double, stated.rates))))
    here = Catalogue(vendors=(replace(fal, offers=offers),), keyed=frozenset({"fal"}))
    tied = "One of 2 that cost the same, the least for this request, was chosen."
    order, _ = plan(VideoRequest("a fox", "fal"), here, today=TODAY)
    assert (order.why or "").startswith(f"'fal' means 3 models here. {tied} Others: fal:another ($"), order.why
    why = plan(VideoRequest("a fox"), here, today=TODAY)[0].why or ""
    assert why.startswith(tied) and tied not in remove_choice(why) and remove_choice(f"{CHEAPEST} It is short.") == "It is short."


def _double(rate: Rate) -> Rate:
    return replace(rate, micros=Micros(2 * rate.micros))


def test_a_price_that_is_worked_out_and_clearly_lower_is_the_cheapest() -> None:
    order, price = plan(VideoRequest("a fox", seconds=12, size="16:9 1080p"), HERE, today=TODAY)
    assert (order.offer.id, price.confidence, order.why) == ("fal:seedance-1-pro-fast", "derived", CHEAPEST)


def test_a_model_that_was_named_is_bought_where_it_is_cheapest_however_its_price_is_known() -> None:
    order, price = plan(VideoRequest("a fox", "seedance-1-pro-fast", seconds=5), HERE, today=TODAY)
    assert (order.offer.id, price.confidence) == ("fal:seedance-1-pro-fast", "derived")


def test_that_no_source_states_a_resolution_is_said_once() -> None:
    for name, count in {"muvi:kling-o1-standard": 1, "fal:kling-3.0-4k": 0, "muvi:veo-3.1": 0}.items():
        order, _ = plan(VideoRequest("a fox", name), HERE, today=TODAY)
        assert (order.why or "").count("Its resolution is not stated.") == count, (name, order.why)

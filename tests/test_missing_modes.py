"""A vendor that does not have one mode of a model: that mode is passed over for a day, and the model's others are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.catalogue.advice import Limits, advise
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Image, Offer, VideoRequest
from sora_mcp.domain.errors import ModelRetired, UnknownModel
from sora_mcp.domain.money import usd
from sora_mcp.server import models_view, offers_view
from tests.played import Fal
from tests.played.rig import TODAY, rig

FRAME = Image("https://example.com/cat.png")
FAST = "fal:veo-3.1-fast"
LIMITS = Limits(usd("5"), usd("10"), needs_yes=lambda price: False)


def without(*models: str, mode: str) -> Catalogue:
    """Return fal's catalogue in which these models have no mode of this kind now."""
    catalogue = Catalogue(keyed=frozenset({"fal"}))

    def mark(offer: Offer) -> Offer:
        slugs = [slug for slug, words in offer.modes.items() if mode in words]
        return replace(offer, missing=dict.fromkeys(slugs, TODAY)) if offer.id in models or not models else offer

    return replace(catalogue, vendors=tuple(replace(vendor, offers=tuple(map(mark, vendor.offers))) for vendor in catalogue.vendors))


def test_a_missing_mode_is_never_chosen_and_the_others_are() -> None:
    catalogue = without("fal:seedance-1-pro-fast", FAST, mode="a first frame")
    assert plan(VideoRequest("a fox"), catalogue, today=TODAY)[0].offer.id == "fal:seedance-1-pro-fast"
    animated, _ = plan(VideoRequest("a fox", image=FRAME), catalogue, today=TODAY)
    assert animated.offer.id not in ("fal:seedance-1-pro-fast", FAST)
    assert {order.offer.id for order, _ in rank_orders(catalogue.offers, VideoRequest("a fox", "veo"), today=TODAY)} >= {FAST}
    assert catalogue.absent == {}


def test_a_model_that_is_named_is_sent_all_the_same_and_says_what_was_heard() -> None:
    catalogue = without(FAST, mode="a first frame")
    order, _ = plan(VideoRequest("a fox", FAST, image=FRAME), catalogue, today=TODAY)
    said = f"fal said on {TODAY} that it does not have {FAST} with a first frame now; it may refuse this again."
    assert (order.missing, order.warnings) == (TODAY, (said,))
    assert plan(VideoRequest("a fox", FAST), catalogue, today=TODAY)[0].warnings == ()


def test_where_only_missing_modes_are_left_the_refusal_says_so() -> None:
    catalogue = without(mode="a first frame")
    with pytest.raises(ModelRetired, match=f"were not available with a first frame on {TODAY}"):
        plan(VideoRequest("a fox", image=FRAME), catalogue, today=TODAY)
    with pytest.raises(UnknownModel):
        plan(VideoRequest("a fox", "veo", image=FRAME), catalogue, today=TODAY)


def test_advice_never_leads_to_a_missing_mode() -> None:
    catalogue, request = without(FAST, mode="a first frame"), VideoRequest("a fox", "veo fast", image=FRAME)
    fixes = advise(UnknownModel(""), request, catalogue, LIMITS, today=TODAY)
    assert fixes and FAST not in {fix.value for fix in fixes}


def test_a_family_that_does_not_take_the_request_leads_to_others_that_do() -> None:
    catalogue = Catalogue(keyed=frozenset({"runway"}))
    fixes = advise(UnknownModel(""), VideoRequest("a fox", "gen4", size="9:16", seconds=5), catalogue, LIMITS, today=TODAY)
    assert [fix.value for fix in fixes][:1] == ["runway:gen4.5"]


def test_lists_say_which_mode_is_missing() -> None:
    catalogue = without(FAST, mode="a first frame")
    offer = catalogue.get(FAST)
    assert offer is not None
    assert models_view.list_models([offer], catalogue, today=TODAY)["message"].splitlines()[0].endswith("not with a first frame now")
    told = offers_view.describe([offer], catalogue, today=TODAY)
    assert told["message"].startswith(f"{FAST} (not with a first frame now, as fal said on {TODAY})")
    assert told["offers"][0]["not_now"] == "with a first frame"


async def test_what_a_vendor_does_not_have_is_remembered_by_its_mode(tmp_path: Path) -> None:
    async with rig(Fal(), tmp_path) as at:
        job = await at.until((await at.bought(FAST, image="https://example.com/cat.png")).id, "failed")
        assert job.error is not None and job.error.code == "model_retired"
        await at.restart()
        offer = at.service.catalogue.get(FAST)
        assert offer is not None
        assert (dict(offer.missing), at.service.catalogue.absent) == ({offer.image_slug: date(2026, 11, 20)}, {})
        instead = (await at.service.job(job.id, principal="local")).instead
        assert instead and FAST not in {clip.model for clip in instead}


async def test_a_model_of_one_mode_is_gone_as_a_whole(tmp_path: Path) -> None:
    async with rig(Fal(), tmp_path) as at:
        offer = next(offer for offer in at.service.catalogue.offers if offer.vendor == "fal" and len(offer.modes) == 1)
        await at.service.availability.miss(offer.id, "model_retired")
        assert dict(at.service.catalogue.absent) == {offer.id: date(2026, 11, 20)}

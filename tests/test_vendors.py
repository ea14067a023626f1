"""Each vendor against its recorded conversations."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Overflow

import pytest

from sora_mcp.catalogue.catalogue import Catalogue, rebased, stocked
from sora_mcp.catalogue.rules import check
from sora_mcp.domain import Call, Done, Failed, OwnModel, Pending, Reply, Vendor
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.shared.responses import read_refusal

from .stories import FOLDER, Story, facts, listed, stories

TODAY = date(2026, 11, 21)
OWN = {"compatible:My-Model": OwnModel(image=True)}
CATALOGUE = Catalogue(listed(rebased(stocked(EVERY, OWN, checked=TODAY), {"compatible": "https://videos.example/v1"})))
VENDORS = {vendor.name: vendor for vendor in CATALOGUE.vendors}
TOLD = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
each_story = pytest.mark.parametrize("story", stories(), ids=lambda story: f"{story.vendor}-{story.path.stem}")
each_vendor = pytest.mark.parametrize("vendor", CATALOGUE.vendors, ids=lambda vendor: vendor.name)


@each_story
def test_a_wish_becomes_exactly_the_documented_call(story: Story) -> None:
    choice = CATALOGUE.get(story.told["model"])
    assert choice is not None
    assert choice.vendor.name == story.vendor
    order = check(story.request, choice.offer, today=TODAY)
    assert choice.vendor.submit(order, choice.offer) == story.call


@pytest.mark.fault("Q19", "Q23")
@each_story
def test_every_answer_means_what_the_page_says(story: Story) -> None:
    vendor = VENDORS[story.vendor]
    answers = list(story.answers())
    assert [read(vendor, answer.reply) for answer in answers] == [answer.reading for answer in answers]


@each_story
def test_every_refusal_has_its_code_and_says_what_became_of_the_money(story: Story) -> None:
    vendor = VENDORS[story.vendor]
    for answer in story.answers():
        if not answer.is_refusal:
            continue
        no = read_refusal(vendor, answer.reply)
        told = (
            {"code": no.its_code, "charged": no.charged, "vendor_message": no.vendor_message, "retry_after_s": no.retry_after_s}
            if no
            else {}
        )
        assert {name: value for name, value in told.items() if value is not None} == (answer.refused or {})


@each_story
def test_a_story_says_where_it_was_read(story: Story) -> None:
    assert story.told["source"].startswith("https://")
    assert story.told["name"]


@pytest.mark.parametrize("name", TOLD)
def test_a_vendor_has_a_success_a_failure_a_refusal_and_an_answer_that_nobody_documented(name: str) -> None:
    answers = [answer for story in stories() if story.vendor == name for answer in story.answers()]
    assert any(isinstance(answer.reading, Done) for answer in answers)
    assert any(isinstance(answer.reading, Failed) for answer in answers)
    assert any(answer.refused for answer in answers)
    assert any(answer.reading is None and answer.reply.status == 200 for answer in answers)


@pytest.mark.parametrize("name", TOLD)
def test_a_vendor_makes_videos_from_words_and_from_a_first_frame_where_it_sells_both(name: str) -> None:
    told = {story.request.image is not None for story in stories() if story.vendor == name}
    offers = VENDORS[name].offers
    sold = {False for offer in offers if offer.text} | {True for offer in offers if offer.image}
    assert sold <= told


def test_every_vendor_with_a_key_has_its_conversations() -> None:
    assert {vendor.name for vendor in EVERY if vendor.keys} <= set(TOLD)


@each_vendor
def test_a_vendor_names_itself_its_keys_and_its_address(vendor: Vendor) -> None:
    assert re.fullmatch(r"[a-z0-9]+", vendor.name)
    assert re.fullmatch(r"https?://[^/]+", vendor.base_url)
    assert "{key}" in vendor.auth[1]
    assert len(set(vendor.keys)) == len(vendor.keys)
    assert len({offer.model for offer in vendor.offers}) == len(vendor.offers)


@each_vendor
@pytest.mark.parametrize("stray", ["..", "a/../b", "", ".", "a b", "a?b", "a#b", "a%2fb", "a\n", "/a", "é", "a" * 513])
def test_an_id_that_leads_elsewhere_is_no_id(vendor: Vendor, stray: str) -> None:
    assert re.fullmatch(vendor.job_id, stray) is None


def test_an_id_with_a_colon_and_a_slash_is_one_where_the_vendor_makes_such_ids() -> None:
    ids = [vendor.name for vendor in EVERY if re.fullmatch(vendor.job_id, "524671b1:google/veo-3.1-t2v")]
    assert ids == ["aimlapi", "compatible"]


@pytest.mark.parametrize(("job", "segment"), [("video_a+b/c==", "video_a%2Bb%2Fc%3D%3D"), ("a:b~c.d", "a%3Ab~c.d"), ("x" * 512, "x" * 512)])
def test_an_id_of_a_server_of_ones_own_is_one_segment_of_every_address(job: str, segment: str) -> None:
    vendor, call = VENDORS["compatible"], Call("POST", "/v1/videos", {})
    made = read(vendor, Reply(call, 200, {"id": job, "status": "completed"}))
    assert vendor.ask is not None
    assert vendor.ask(job, call) == Call("GET", f"/v1/videos/{segment}")
    assert made == Done(Call("GET", f"/v1/videos/{segment}/content"), "completed", id=job)


def test_a_price_is_read_on_the_page_that_states_it() -> None:
    for vendor in CATALOGUE.vendors:
        pages = {offer.model: offer.source for offer in vendor.offers}
        assert pages == facts(vendor.name).get("pages", pages), vendor.name


def test_a_job_can_be_called_back_by_its_id() -> None:
    cancel = VENDORS["muvi"].cancel
    assert cancel is not None
    assert cancel("job_1") == Call("POST", "/v1/jobs/job_1/cancel")


def test_keys_have_the_vendors_own_names_in_their_order() -> None:
    keys = {name: VENDORS[name].keys for name in ("muvi", "mulerun", "aimlapi", "pixazo")}
    assert keys == {
        "muvi": ("MUVI_API_KEY", "PIXELBYTE_API_KEY"),
        "mulerun": ("MULERUN_API_KEY", "MULEROUTER_API_KEY"),
        "aimlapi": ("AIMLAPI_API_KEY", "AIMLAPI_KEY", "AIML_API_KEY"),
        "pixazo": ("PIXAZO_API_KEY",),
    }


def test_a_key_travels_in_the_vendors_own_header() -> None:
    auth = {name: VENDORS[name].auth for name in ("muvi", "mulerun", "aimlapi", "pixazo")}
    bearer = ("Authorization", "Bearer {key}")
    assert auth == {"muvi": bearer, "mulerun": bearer, "aimlapi": bearer, "pixazo": ("Ocp-Apim-Subscription-Key", "{key}")}


@pytest.mark.parametrize("error", [LookupError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError, Overflow])
def test_an_answer_that_a_vendor_file_stumbles_over_is_not_known(error: type[Exception]) -> None:
    def stumble(reply: Reply) -> None:
        raise error

    assert read(replace(EVERY[0], read=stumble), Reply(Call("GET", "/x"), 200, {})) is None


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 404, 500, 503])
def test_only_a_success_is_read(status: int) -> None:
    always = replace(VENDORS["muvi"], read=lambda reply: Pending("a", Call("GET", "/a"), "queued", "queued"))
    assert read(always, Reply(Call("POST", "/x"), status, {})) is None


def test_an_end_need_not_repeat_the_id() -> None:
    end = Failed("vendor_rejected", "failed")
    assert read(replace(VENDORS["muvi"], read=lambda reply: end), Reply(Call("GET", "/x"), 200, {})) == end

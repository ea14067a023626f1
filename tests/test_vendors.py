"""Each vendor against its recorded conversations."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Overflow
from pathlib import Path

import pytest

from sora_mcp import vendors
from sora_mcp.catalogue.catalogue import Catalogue, add_own_models, set_addresses
from sora_mcp.catalogue.rules import check
from sora_mcp.domain import Call, Done, Failed, OwnModel, Reply, UploadSlot
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read, read_address, read_quote, read_upload_slot
from sora_mcp.vendors.refusals import read_refusal

from .stories import FOLDER, facts, listed, stories

TODAY = date(2026, 11, 21)
OWN = {"compatible:My-Model": OwnModel(image=True)}
CATALOGUE = Catalogue(listed(set_addresses(add_own_models(EVERY, OWN, checked=TODAY), {"compatible": "https://videos.example/v1"})))
VENDORS = {vendor.name: vendor for vendor in CATALOGUE.vendors}
RECORDED = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def test_a_request_becomes_exactly_the_documented_call() -> None:
    wrong: dict[str, object] = {}
    for story in stories():
        offer = CATALOGUE.get(story.told["model"])
        assert offer is not None and offer.vendor == story.vendor, story.name
        call = CATALOGUE.get_vendor(offer).submit(check(story.request, offer, today=TODAY))
        if call != story.call:
            wrong[story.name] = call
    assert wrong == {}


@pytest.mark.fault("Q19", "Q23")
def test_every_answer_means_what_the_page_says() -> None:
    for story in stories():
        for number, answer in enumerate(story.answers()):
            assert read(VENDORS[story.vendor], answer.reply) == answer.reading, (story.name, number)


def test_every_refusal_has_its_code_and_says_what_happened_to_the_money() -> None:
    for story in stories():
        for number, answer in enumerate(story.answers()):
            if answer.is_refusal:
                assert error(story.vendor, answer.reply) == answer.refused, (story.name, number)


def error(vendor: str, reply: Reply) -> dict[str, object] | None:
    """What the reply becomes, without fields that are empty."""
    no = read_refusal(VENDORS[vendor], reply)
    if no is None:
        return None
    facts = {"code": no.its_code, "charged": no.charged, "vendor_message": no.vendor_message, "retry_after_s": no.retry_after_s}
    return {name: value for name, value in facts.items() if value is not None}


def test_a_conversation_says_where_it_was_read() -> None:
    for story in stories():
        assert story.told["source"].startswith("https://") and story.told["name"], story.name


def test_a_vendor_has_a_success_a_failure_a_refusal_and_an_answer_that_nobody_documented() -> None:
    for name in RECORDED:
        answers = [answer for story in stories() if story.vendor == name for answer in story.answers()]
        assert any(isinstance(answer.reading, Done) for answer in answers), name
        assert any(isinstance(answer.reading, Failed) for answer in answers), name
        assert any(answer.refused for answer in answers), name
        assert any(answer.reading is None and answer.reply.status == 200 for answer in answers), name


def test_a_vendor_makes_videos_from_words_and_from_a_first_frame_where_it_sells_both() -> None:
    for name in RECORDED:
        recorded = {story.request.image is not None for story in stories() if story.vendor == name}
        offers = VENDORS[name].offers
        sold = {False for offer in offers if offer.text} | {True for offer in offers if offer.image}
        assert sold <= recorded, name


def test_every_vendor_with_a_key_has_its_conversations() -> None:
    assert {vendor.name for vendor in EVERY if vendor.keys} == set(RECORDED)


def test_a_vendor_names_itself_its_keys_and_its_address() -> None:
    for vendor in CATALOGUE.vendors:
        assert re.fullmatch(r"[a-z0-9]+", vendor.name), vendor.name
        assert re.fullmatch(r"https?://[^/]+", vendor.base_url), vendor.name
        assert "{key}" in vendor.auth[1], vendor.name
        assert len(set(vendor.keys)) == len(vendor.keys), vendor.name
        assert len({offer.model for offer in vendor.offers}) == len(vendor.offers), vendor.name


def test_a_vendor_with_keys_says_where_they_are_made_and_when_that_was_read() -> None:
    for vendor in EVERY:
        assert bool(vendor.key_page) == bool(vendor.keys and vendor.base_url), vendor.name
        if vendor.key_page:
            code = (Path(vendors.__file__).parent / f"{vendor.name}.py").read_text("utf-8")
            assert re.fullmatch(r"https://[^\s)]+[^\s).,]", vendor.key_page), vendor.name
            read_on = r"# [^\n]*\(read \d{4}-\d\d-\d\d\)"
            line = rf'key_page="{re.escape(vendor.key_page)}",'
            assert re.search(rf"{line}  {read_on}\n|{read_on}\n    {line}\n", code), vendor.name


def test_keys_travel_under_the_vendors_own_names_and_in_its_own_header() -> None:
    for name in RECORDED:
        assert [*VENDORS[name].keys] == facts(name)["keys"], name
        assert [*VENDORS[name].auth] == facts(name)["auth"], name


def test_a_price_is_read_on_the_page_that_states_it() -> None:
    for vendor in CATALOGUE.vendors:
        pages = {offer.model: offer.source for offer in vendor.offers}
        assert pages == facts(vendor.name).get("pages", pages), vendor.name


def test_an_id_that_leads_elsewhere_is_no_id() -> None:
    strays = ("..", "a/../b", "", ".", "a b", "a?b", "a#b", "a%2fb", "a\n", "/a", "é", "a" * 513)
    taken = [(vendor.name, stray) for vendor in CATALOGUE.vendors for stray in strays if re.fullmatch(vendor.job_id, stray)]
    assert taken == []


def test_an_id_with_a_colon_and_a_slash_is_one_where_the_vendor_makes_such_ids() -> None:
    ids = [vendor.name for vendor in EVERY if re.fullmatch(vendor.job_id, "524671b1:google/veo-3.1-t2v")]
    assert ids == ["aimlapi", "compatible"]


def test_an_id_of_a_server_of_ones_own_is_one_segment_of_every_address() -> None:
    vendor, call = VENDORS["compatible"], Call("POST", "/v1/videos", {})
    assert vendor.ask is not None
    for job, segment in {"video_a+b/c==": "video_a%2Bb%2Fc%3D%3D", "a:b~c.d": "a%3Ab~c.d", "x" * 512: "x" * 512}.items():
        made = read(vendor, Reply(call, 200, {"id": job, "status": "completed"}))
        assert vendor.ask(job, call) == Call("GET", f"/v1/videos/{segment}"), job
        assert made == Done(Call("GET", f"/v1/videos/{segment}/content"), "completed", id=job), job


def test_a_place_for_a_picture_is_asked_and_read_as_documented() -> None:
    for vendor in EVERY:
        told = facts(vendor.name).get("upload")
        assert (told is None) == (vendor.upload is None), vendor.name
        if vendor.upload is not None and told is not None:
            call = vendor.upload.ask("my-image.png", "image/png")
            pairs = {name: tuple((key, value) for key, value in told["call"].get(name, ())) for name in ("query", "headers")}
            assert call == Call(**(told["call"] | pairs)), vendor.name
            slot = read_upload_slot(vendor, Reply(call, 200, told.get("body"), told.get("headers", {})))
            url = "" if "answer" in told else told["url"]
            assert slot == UploadSlot(told["put"], url, told.get("form", {})), vendor.name
            assert read_address(vendor, slot, told.get("answer")) == told["url"], vendor.name
            assert "answer" not in told or read_address(vendor, slot, {}) is None, vendor.name
            assert read_upload_slot(vendor, Reply(call, 200, {"success": True})) is None, vendor.name


def test_a_webhook_is_asked_for_where_the_page_says_so_and_changes_nothing_else_of_the_call() -> None:
    url = "https://videos.example.com/webhooks/vendor/0123456789abcdef"
    for vendor in EVERY:
        told = facts(vendor.name).get("webhook")
        assert (told is None) == (vendor.webhook is None), vendor.name
        if vendor.webhook is not None and told is not None:
            assert vendor.webhook.challenge == told.get("challenge", ""), vendor.name
            told = json.loads(json.dumps(told).replace('"URL"', f'"{url}"'))
            for story in (story for story in stories() if story.vendor == vendor.name):
                added = {name: tuple((key, value) for key, value in told.get(name, ())) for name in ("query", "headers")}
                expected = replace(
                    story.call,
                    body={**(story.call.body or {}), **told.get("body", {})},
                    query=story.call.query + added["query"],
                    headers=story.call.headers + added["headers"],
                )
                assert vendor.webhook.add(story.call, url) == expected, story.name


def test_a_price_is_asked_and_read_as_documented() -> None:
    words = {story.vendor: story for story in stories() if story.path.stem == "text_to_video"}
    for vendor in EVERY:
        told = facts(vendor.name).get("quote")
        assert (told is None) == (vendor.quote is None), vendor.name
        if vendor.quote is not None and told is not None:
            offer = CATALOGUE.get(words[vendor.name].told["model"])
            assert offer is not None, vendor.name
            call = vendor.quote(check(words[vendor.name].request, offer, today=TODAY))
            assert call is not None and call == Call(**told["call"]), vendor.name
            assert read_quote(vendor, Reply(call, 200, told["body"])) == told["micros"], vendor.name
            assert read_quote(vendor, Reply(call, 200, {"success": True})) is None, vendor.name


def test_wavespeed_is_not_asked_for_the_price_of_an_edit_because_the_video_may_be_a_file() -> None:
    edits = [story for story in stories() if story.vendor == "wavespeed" and story.request.edits is not None]
    offers = [(story, CATALOGUE.get(story.told["model"])) for story in edits]
    quote = VENDORS["wavespeed"].quote
    assert quote is not None
    asked = [quote(check(story.request, offer, today=TODAY)) for story, offer in offers if offer is not None]
    assert len(asked) >= 3 and not any(asked)


def test_a_job_can_be_cancelled_by_its_id() -> None:
    cancel = VENDORS["muvi"].cancel
    assert cancel is not None
    assert cancel("job_1") == Call("POST", "/v1/jobs/job_1/cancel")


def test_an_answer_that_a_vendor_file_stumbles_over_is_not_known() -> None:
    for error in (LookupError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError, Overflow):

        def stumble(reply: Reply, error: type[Exception] = error) -> None:
            raise error

        assert read(replace(EVERY[0], read=stumble), Reply(Call("GET", "/x"), 200, {})) is None, error


def test_only_a_success_is_read_and_its_end_need_not_repeat_the_id() -> None:
    end = Failed("vendor_rejected", "failed")
    always = replace(VENDORS["muvi"], read=lambda reply: end)
    for status in (100, 199, 300, 302, 400, 404, 500, 503):
        assert read(always, Reply(Call("POST", "/x"), status, {})) is None, status
    assert read(always, Reply(Call("GET", "/x"), 200, {})) == end


def test_a_server_of_which_no_page_exists_may_say_done_in_any_word() -> None:
    for word in ("COMPLETED", "success", "SUCCESS", "Succeeded", "done", "finished", " Done "):
        found = VENDORS["compatible"].read(Reply(Call("GET", "/v1/videos/video_1"), 200, {"id": "video_1", "status": word}))
        assert isinstance(found, Done) and found.said == word, word

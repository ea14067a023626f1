"""The sample vendor: what it sends, and what its answers mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Call, Done, Failed, Image, Pending, Reply, Scalar, VideoRequest
from sora_mcp.media.sample import render
from sora_mcp.media.text.missing_characters import find_missing
from sora_mcp.vendors import sample
from sora_mcp.vendors.reading import read
from tests.each import each

TODAY = date(2026, 11, 21)
OFFER = sample.OFFERS[0]
ID = "s_0123456789abcdef"
ASK, FILE = Call("GET", f"/v1/videos/{ID}"), Call("GET", f"/v1/videos/{ID}/content")


def sent(request: VideoRequest) -> dict[str, Scalar]:
    call = sample.submit(check(request, OFFER, today=TODAY))
    assert (call.method, call.path) == ("POST", "/v1/videos")
    return dict(call.body or {})


def meant(**body: Any) -> object:
    return read(sample.VENDOR, Reply(ASK, 200, {"id": ID, **body}))


def test_a_bare_request_is_four_seconds_of_landscape_with_sound() -> None:
    assert sent(VideoRequest("a cat")) == {"model": "sample", "prompt": "a cat", "size": "1280x720", "seconds": 4, "audio": True}


def test_size_length_and_options_are_sent_as_asked() -> None:
    wish = VideoRequest("a cat", size="square", seconds=20, options={"audio": False, "seed": 7, "variation": 2})
    assert sent(wish) == {"model": "sample", "prompt": "a cat", "size": "1024x1024", "seconds": 20, "audio": False, "seed": 7}


def test_it_is_free() -> None:
    price = quote(check(VideoRequest("a cat"), OFFER, today=TODAY), today=TODAY)
    assert (price.micros, price.confidence) == (0, "listed")


def test_a_first_frame_is_taken_and_said_to_be_ignored() -> None:
    wish = VideoRequest("a cat", image=Image("https://example.com/cat.png"))
    assert "image" not in sent(wish)
    assert sample.warnings(check(wish, OFFER, today=TODAY)) == ("A sample clip is a drawn scene: the first frame is not looked at.",)
    assert sample.warnings(check(VideoRequest("a cat"), OFFER, today=TODAY)) == ()


@each(
    ("prompt", "says"),
    [
        ("A boat \U00012000", "leaves a part of the prompt out of its caption: it has 1 character"),
        ("\U00012000", "has none of the prompt in its caption: it has 1"),
    ],
)
def test_it_says_how_much_of_the_prompt_the_caption_leaves_out(prompt: str, says: str) -> None:
    if not find_missing("\U00012000"):
        pytest.skip("this machine has a font for cuneiform")
    assert [says in warning for warning in sample.warnings(check(VideoRequest(prompt), OFFER, today=TODAY))] == [True]


def test_the_note_for_machines_without_means_names_the_one_command() -> None:
    assert "pip install 'sora-mcp[media]'" in render.explain_bundled()


@each(
    ("body", "reading"),
    [
        ({"status": "queued"}, Pending(ID, ASK, "queued", "queued")),
        ({"status": "rendering", "progress": 0.5}, Pending(ID, ASK, "running", "rendering", progress=0.5)),
        ({"status": "completed", "content": FILE.path}, Done(FILE, "completed", micros=sample.FREE, id=ID)),
        *(
            ({"status": "failed", "error": {"code": code, "message": "no"}}, Failed(meant_, "failed", "no", charged="no", id=ID))
            for code, meant_ in (
                ("content_refused", "content_refused"),
                ("timed_out", "vendor_unavailable"),
                ("full", "storage_error"),
                ("broken", "internal"),
            )
        ),
        ({"status": "cancelled"}, Failed("vendor_rejected", "cancelled", charged="no", state="cancelled", id=ID)),
        ({"status": "dreaming"}, None),
        ({}, None),
    ],
)
def test_every_answer_means_one_thing(body: dict[str, Any], reading: object) -> None:
    assert meant(**body) == reading


async def test_it_is_served_from_the_stores_folder(tmp_path: Path) -> None:
    handler = sample.serve(tmp_path)
    status, _, _ = await handler("POST", "/v1/videos", b'{"prompt": "fail:content", "size": "640x360", "seconds": 4}')
    assert status == 202
    assert len(list((tmp_path / "sample").glob("s_*.json"))) == 1


def test_a_job_can_be_cancelled() -> None:
    assert sample.VENDOR.cancel is not None
    assert sample.VENDOR.cancel(ID) == Call("POST", f"/v1/videos/{ID}/cancel")

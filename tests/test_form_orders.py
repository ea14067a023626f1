"""A server that takes orders as forms only, as vLLM-Omni does, gets a form: once, because the price file says so."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import date
from pathlib import Path

from sora_mcp.catalogue.price_file import read_models
from sora_mcp.catalogue.rules import check
from sora_mcp.domain import Call, Image, VideoRequest
from sora_mcp.net.client import make_parts
from sora_mcp.vendors import compatible
from tests.each import each
from tests.played.modern import FormServer
from tests.played.rig import PROMPT, picture, rig

ROW = '["compatible:wan"]\nper_second = "0.01"\nimage = true\n'
PICTURE = picture(1280, 720)
FRAME_URL = "https://example.com/fox.png"
FRAME = Image("data:image/png;base64,AAAA", "image/png", 1280, 720, 3)


def order(more: str, image: Image | None = None) -> Call:
    (own,) = read_models(ROW + more, {"compatible"}).values()
    offer = replace(compatible.make_offer("wan", own), vendor="compatible")
    return compatible.submit(check(VideoRequest("a fox", image=image), offer, today=date(2026, 11, 20)))


@each("kind", [None, "data:", "https:"], at_once=3)
@each("end", ["completed", "SUCCESS"], at_once=2)
async def test_a_server_that_takes_forms_only_makes_a_video(kind: str | None, end: str, tmp_path: Path) -> None:
    image = {None: None, "data:": PICTURE, "https:": FRAME_URL}[kind]
    async with rig(FormServer(walk=("queued", "in_progress", end)), tmp_path, prices=f"{ROW}form = true\n") as at:
        job = await at.until((await at.bought("compatible:wan", image=image)).id, "completed", "failed", "unknown")
        assert (job.state, job.charged, len(at.wire.made), at.held()) == ("completed", "yes", 1, 0)
        (form,) = at.posts
    texts = {"model": "wan", "prompt": PROMPT, "size": "1280x720", "seconds": "4"}
    file = {"input_reference": b64decode(PICTURE.partition(",")[2])}
    assert form == texts | {None: {}, "data:": file, "https:": {"image_reference": json.dumps({"image_url": FRAME_URL})}}[kind]


async def test_a_form_is_refused_in_json_without_a_second_try(tmp_path: Path) -> None:
    async with rig(FormServer(), tmp_path, prices=ROW) as at:
        job = await at.until((await at.bought("compatible:wan")).id, "completed", "failed", "unknown")
        assert (job.state, job.charged, len(at.posts), at.held()) == ("failed", "no", 1, 0)
        assert job.error is not None and "Field required" in job.error.vendor_message


def test_a_prompt_that_looks_like_a_file_is_sent_as_a_text() -> None:
    call = replace(order("form = true\n"), body={"prompt": "data:image/png;base64,AAAA"})
    assert make_parts(call) == {"prompt": (None, "data:image/png;base64,AAAA", None)}


def test_any_other_server_gets_json() -> None:
    assert order("", FRAME).body == {
        "model": "wan",
        "prompt": "a fox",
        "size": "1280x720",
        "seconds": "4",
        "input_reference": {"image_url": FRAME.uri},
    }
    assert not order("").is_form

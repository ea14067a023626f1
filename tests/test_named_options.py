"""Sound, last frame and references: arguments of their own, and pictures in every form in which a first frame may come."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.rules import check
from sora_mcp.domain import VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.first_frame import FirstFrames
from sora_mcp.server.tools.create_video import Arguments, merge_options
from sora_mcp.vendors import xai
from tests.each import each
from tests.played import AimlApi
from tests.played.rig import PROMPT, TODAY, Rig, picture, rig

URL = "https://example.com/last.png"
FRAME = picture(1280, 720)
SEEDANCE = "aimlapi:seedance-2.0"
GROK = next(offer for offer in xai.VENDOR.offers if offer.model == "grok-imagine-video-1.5")


@each(
    "named, options",
    [
        ({"audio": False}, {"audio": False}),
        ({"last_image": URL}, {"last_image": URL}),
        ({"references": (URL, URL)}, {"references": f"{URL} {URL}"}),
    ],
)
def test_an_argument_and_the_option_of_its_name_mean_the_same(named: dict[str, Any], options: dict[str, Any]) -> None:
    assert Arguments(PROMPT, **named).request.options == named
    assert Arguments(PROMPT, **named, options=options).request.options == named
    assert Arguments(PROMPT, options=options).request.options == options


@each(
    "named, options", [({"audio": True}, {"audio": False}), ({"last_image": URL}, {"last_image": "b.png"}), ({"audio": True}, {"audio": 1})]
)
def test_both_said_differently_are_refused(named: dict[str, Any], options: dict[str, Any]) -> None:
    with pytest.raises(BrokenRules) as refused:
        merge_options(options, named)
    (name,) = named
    assert [(fix.argument, fix.value) for fix in refused.value.fixes] == [(f"options.{name}", None)]


def test_a_refusal_names_an_option_as_it_was_said() -> None:
    for said in ("options.last_image", "last_image"):
        request = VideoRequest("a fox", options={"last_image": "x"}, arguments=frozenset({said}))
        with pytest.raises(BrokenRules) as refused:
            check(request, GROK, today=TODAY)
        assert {rule.argument for rule in refused.value.broken} == {said}


def place(at: Rig) -> Path:
    """A picture in the folder of finished files."""
    file = at.settings.output_dir / "a cat.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(base64.b64decode(FRAME.partition(",")[2]))
    return file


async def test_references_come_as_file_address_and_bytes(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path) as at:
        request = VideoRequest(PROMPT, options={"references": (str(place(at)), URL, FRAME)})
        order = check(await at.service.inputs.read(request, principal="local"), GROK, today=TODAY)
        sent = [one["url"] for one in (xai.submit(order).body or {})["reference_images"]]
        assert (sent[1], sent[0] == sent[2], sent[0].startswith("data:image/png;base64,"), order.pictures) == (URL, True, True, 3)


async def test_a_picture_outside_of_the_folders_is_refused_under_its_own_name(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path) as at:
        for option, arguments in (("references", frozenset({"references"})), ("last_image", frozenset[str]())):
            request = VideoRequest(PROMPT, options={option: "/etc/hosts"}, arguments=arguments)
            with pytest.raises(BrokenRules) as refused:
                await at.service.create(request, principal="local")
            assert refused.value.broken[0].argument == request.name_option(option)
        assert at.posts == []


async def test_a_last_frame_is_sent_whole_and_remembered_by_its_hash(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path) as at:
        request = VideoRequest(PROMPT, SEEDANCE, size="16:9 720p", image=FRAME, options={"last_image": str(place(at))})
        job = await at.service.create(request, principal="local")
        again = await at.service.create(replace(request, options={"last_image": FRAME}), principal="local")
        await at.until(job.id, "completed", "failed")
        assert (again.id, again.deduplicated, len(at.posts)) == (job.id, True, 1)
        assert at.posts[0]["last_image_url"] == at.posts[0]["image_url"]
        assert str(job.options["last_image"]).startswith("sha256:") and len(str(job.options["last_image"])) < 30


async def test_pictures_of_one_option_are_limited_in_number(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path) as at:
        frames: FirstFrames = at.service.frames
        with pytest.raises(BrokenRules, match="at most 10 pictures"):
            await frames.read_pictures(VideoRequest(PROMPT, options={"references": [FRAME] * 11}), principal="local")

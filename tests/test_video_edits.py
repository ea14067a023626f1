"""`edits`: a finished job or a video file, changed by words at a model that edits videos; never another video in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.advice import Limits, advise
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.explain import explain
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Clip, VideoRequest
from sora_mcp.domain.errors import BrokenRules, NeedsConfirmation, NotFinished, NotFound, RequestIdConflict
from sora_mcp.domain.money import usd
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.server.messages import describe_job
from sora_mcp.server.models_view import summarize
from tests.each import each
from tests.faults.checks import ENDS, nothing_follows, sound
from tests.played import CLIP
from tests.played.muvi import Muvi
from tests.played.rig import TODAY, Rig, rig

EDIT = "muvi:kling-o3-standard"
FIVE = Clip("data:video/mp4;base64,AAAA", 3, 5.0)
LIMITS = Limits(usd("5"), usd("10"), lambda price: False)


def asked(clip: Clip = FIVE, **more: Any) -> VideoRequest:
    return VideoRequest("Make it night", edits=clip, **more)


def catalogue(*keys: str) -> Catalogue:
    return Catalogue(keyed=frozenset(keys))


@each(
    ("keys", "clip", "model", "seconds", "micros"),
    [
        (("muvi",), FIVE, EDIT, 5, 30_000),
        (("runway",), FIVE, "runway:aleph2", 5, 1_400_000),
        (("runway",), Clip("data:,", 1, 1.2), "runway:aleph2", 2, 560_000),
        (("fal",), Clip("data:,", 1, 4.04), "fal:grok-imagine-video-edit", 4, 240_000),
        (("fal",), Clip("https://example.com/a.mp4"), "fal:grok-imagine-video-edit", 8, 480_000),
        (("fal", "muvi", "runway", "xai"), FIVE, EDIT, 5, 30_000),
    ],
)
def test_the_cheapest_model_that_edits_is_chosen_for_the_videos_length(
    keys: tuple[str, ...], clip: Clip, model: str, seconds: int, micros: int
) -> None:
    order, price = plan(asked(clip), catalogue(*keys), today=TODAY)
    assert (order.offer.id, order.seconds, price.micros, order.clip) == (model, seconds, micros, clip)


@each(
    ("keys", "model"),
    [((), None), (("minimax",), None), (("muvi",), "muvi:veo-3.1"), (("muvi",), "sample:sample"), (("muvi", "fal"), "muvi:kling-3.0-pro")],
)
def test_no_fix_leaves_out_the_video(keys: tuple[str, ...], model: str | None) -> None:
    request, here = asked(model=model), catalogue(*keys)
    with pytest.raises(BrokenRules) as refused:
        plan(request, here, today=TODAY)
    fixes = advise(refused.value, request, here, LIMITS, today=TODAY)
    assert {fix.argument for fix in fixes} <= {"model"}
    assert all(here.get(str(fix.value)).video is not None for fix in fixes)  # type: ignore[union-attr]
    assert bool(fixes) == ("muvi" in keys)
    message = explain(refused.value, request, here, can_fit=True, today=TODAY).message
    assert "left out" not in message and "edits must be asked of a model that edits videos" in message
    assert ("No model with a key takes this video to edit. muvi:kling-o3-standard ($0.03 for 5 s) would" in message) == ("muvi" not in keys)


@each(
    ("request_", "argument"),
    [
        (asked(Clip("data:,", 1, 12.0), model=EDIT), "edits"),
        (asked(Clip("data:,", 1, 2.0), model=EDIT), "edits"),
        (asked(Clip("data:,", 10_485_761, 5.0), model=EDIT), "edits"),
        (asked(model=EDIT, seconds=8), "seconds"),
        (asked(model=EDIT, size="9:16"), "size"),
        (asked(model=EDIT, options={"seed": 7}), "options.seed"),
        (VideoRequest("Make it night", EDIT), "edits"),
    ],
)
def test_a_model_that_edits_says_what_it_takes(request_: VideoRequest, argument: str) -> None:
    with pytest.raises(BrokenRules) as refused:
        plan(request_, catalogue("muvi"), today=TODAY)
    assert [rule.argument for rule in refused.value.broken] == [argument]
    fixes = advise(refused.value, request_, catalogue("muvi"), LIMITS, today=TODAY)
    assert not any(fix.argument == "edits" for fix in fixes)


def slow_down(raw: bytes, times: int) -> bytes:
    """The clip, lasting as many times longer: its clocks tick more slowly."""
    changed = bytearray(raw)
    for box in (b"mvhd", b"mdhd"):
        at = raw.index(box) + 16  # type, version and flags, two dates
        changed[at : at + 4] = (int.from_bytes(raw[at : at + 4], "big") // times).to_bytes(4, "big")
    return bytes(changed)


LONG = slow_down(CLIP, 5)


def understate(raw: bytes, seconds: int) -> bytes:
    """The clip, whose headers state another length; its samples last as long as before."""
    changed = bytearray(raw)
    scale = int.from_bytes(raw[(at := raw.index(b"mvhd") + 16) : at + 4], "big")
    for box, place in ((b"mvhd", 20), (b"tkhd", 24)):
        at = raw.index(box) + place
        changed[at : at + 4] = (seconds * scale).to_bytes(4, "big")
    at = raw.index(b"mdhd") + 16
    changed[at + 4 : at + 8] = (seconds * int.from_bytes(raw[at : at + 4], "big")).to_bytes(4, "big")
    return bytes(changed)


@each(("more", "argument"), [({"seconds": 8}, "seconds"), ({"size": "9:16"}, "size"), ({"options": {"seed": 7}}, "options.seed")])
def test_without_a_model_the_refusal_is_that_of_one_that_edits(more: dict[str, Any], argument: str) -> None:
    with pytest.raises(BrokenRules) as refused:
        plan(asked(**more), catalogue("muvi"), today=TODAY)
    assert (refused.value.subject, [rule.argument for rule in refused.value.broken]) == (EDIT, [argument])


async def made(at: Rig) -> str:
    """A finished clip of Muvi's, on disk."""
    first = await at.create("muvi:seedance-2.0", size="16:9 720p", seconds=4)
    done = await at.until(first.id, *ENDS)
    assert done.state == "completed"
    return first.id


async def edit(at: Rig, edits: str, **more: Any) -> Any:
    return await at.service.create(VideoRequest("Make it night", edits=edits, **more), principal="local")


async def test_a_finished_job_is_uploaded_and_edited_and_bought_once(tmp_path: Path) -> None:
    async with rig(Muvi(clip=LONG), tmp_path) as at:
        source = await made(at)
        job, again = await edit(at, source), await edit(at, source)
        done = await at.until(job.id, *ENDS)
        [put] = at.cdn.requests("upload")
        assert (job.model, job.seconds, job.micros, job.parents, again.id) == (EDIT, 5, 30_000, (source,), job.id)
        assert (done.state, done.all_warnings, done.options["edits"], done.price) == ("completed", (), source, 30_000)
        assert (put.headers["content-type"], put.size) == ("video/mp4", len(LONG))
        fields = {"prompt": "Make it night", "video_url": f"{at.cdn.address}{put.path}"}
        assert at.posts[1:] == [{"model": "kling-plus/kling-o3-standard/video-edit", "input": fields}]
        assert "joins both" not in describe_job(done, now=0)


async def test_a_file_in_an_allowed_folder_and_an_address_are_edited_too(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "fox.mp4").write_bytes(LONG)
    async with rig(Muvi(clip=LONG), tmp_path, IMAGE_DIRS=str(folder)) as at:
        for name in ("fox.mp4", str(folder / "fox.mp4"), f"file://{folder}/fox.mp4"):
            found = await at.service.inputs.read(asked_for(name), principal="local")
            assert (found.clip and found.clip.bytes, found.clip and found.clip.duration_s) == (len(LONG), 5.0)
        job = await edit(at, "https://example.com/fox.mp4")
        assert (await at.until(job.id, *ENDS)).state == "completed"
        assert (job.seconds, at.posts[0]["input"]["video_url"]) == (10, "https://example.com/fox.mp4")


async def test_a_header_that_states_less_than_is_stored_lowers_no_price(tmp_path: Path) -> None:
    (tmp_path / "fox.mp4").write_bytes(understate(LONG, 1))
    assert probe_mp4(tmp_path / "fox.mp4").duration_s == 1
    async with rig(Muvi(), tmp_path, IMAGE_DIRS=str(tmp_path)) as at:
        found = await at.service.inputs.read(asked_for("fox.mp4"), principal="local")
        order, quote = plan(found, catalogue("runway"), today=TODAY)
        assert (found.clip and found.clip.duration_s, order.seconds, quote.micros) == (pytest.approx(5, abs=0.01), 5, 1_400_000)


def asked_for(name: str) -> VideoRequest:
    return VideoRequest("Make it night", edits=name)


@each(
    ("edits", "kind"),
    [
        ("v_0123456789", NotFound),
        ("/etc/passwd", BrokenRules),
        ("notes.txt", BrokenRules),
        ("nowhere.mp4", BrokenRules),
        ("data:video/mp4;base64,AAAA", BrokenRules),
        ("http://example.com/a.mp4", BrokenRules),
        ("https://10.0.0.1/a.mp4", BrokenRules),
    ],
)
async def test_a_video_that_cannot_be_read_is_refused_under_the_arguments_name(edits: str, kind: type[Exception], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("no video")
    async with rig(Muvi(), tmp_path, IMAGE_DIRS=str(tmp_path / "mine")) as at:
        with pytest.raises(kind) as refused:
            await edit(at, edits)
        if isinstance(refused.value, BrokenRules):
            assert [(rule.argument, "left out" in rule.allowed) for rule in refused.value.broken] == [("edits", False)]
        assert (at.wire.heard, at.held()) == ([], 0)


async def test_an_unfinished_job_is_not_edited_and_continues_is_another_thing(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path) as at:
        job = await at.create("muvi:seedance-2.0", size="16:9 720p", seconds=4)
        with pytest.raises(NotFinished):
            await edit(at, job.id)
        with pytest.raises(BrokenRules, match="continues must be left out"):
            await edit(at, job.id, continues=job.id)


async def test_a_yes_is_for_this_very_video(tmp_path: Path) -> None:
    async with rig(Muvi(clip=LONG), tmp_path, CONFIRM_ABOVE_USD="0.01") as at:
        with pytest.raises(NeedsConfirmation) as needed:
            await edit(at, "https://example.com/fox.mp4")
        await at.service.store.approvals.approve(needed.value.quote_id)
        with pytest.raises(NeedsConfirmation):
            await edit(at, "https://example.com/owl.mp4", quote_id=needed.value.quote_id)
        job = await edit(at, "https://example.com/fox.mp4", quote_id=needed.value.quote_id)
        assert (await at.until(job.id, *ENDS)).state == "completed"


async def test_a_request_id_means_one_video(tmp_path: Path) -> None:
    async with rig(Muvi(clip=LONG), tmp_path) as at:
        first = await edit(at, "https://example.com/fox.mp4", request_id="one")
        with pytest.raises(RequestIdConflict):
            await edit(at, "https://example.com/owl.mp4", request_id="one")
        other = await edit(at, "https://example.com/owl.mp4")
        assert (await edit(at, "https://example.com/fox.mp4", request_id="one")).id == first.id != other.id


async def test_an_edit_whose_upload_or_submit_fails_is_charged_as_any_purchase(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(clip=LONG), tmp_path) as at:
        at.settings.output_dir.mkdir(exist_ok=True)
        (at.settings.output_dir / "fox.mp4").write_bytes(LONG)
        at.cdn.arm("upload", "instead", times=-1, status=403)
        job = await at.until((await edit(at, "fox.mp4")).id, *ENDS)
        assert (job.state, job.charged, at.posts) == ("failed", "no", [])
        await sound(at, tmp_path, job, caplog)
        at.cdn.armed.clear()
        at.wire.arm("submit", "close")
        job = await at.until((await edit(at, "fox.mp4")).id, *ENDS)
        assert (job.state, job.charged, len(at.posts), at.held()) == ("unknown", "unknown", 1, 30_000)
        await nothing_follows(at, job)


async def test_an_estimate_of_a_model_that_edits_needs_no_video(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        found = await at.service.estimate(VideoRequest("x", EDIT, seconds=5), clips=2, principal="local")
        assert (found.micros, found.order.seconds, found.refusal) == (60_000, 5, None)
        [asked_price] = at.wire.requests("estimate")
        assert asked_price.body["input"]["video_url"].startswith("https://example.com/")


def test_a_video_to_change_is_never_answered_by_a_model_that_goes_on_from_clips() -> None:
    short = Clip("data:video/mp4;base64,AAAA", duration_s=1.0, bytes=1000)
    with pytest.raises(BrokenRules) as caught:
        plan(VideoRequest("At night", edits=short), Catalogue(keyed=frozenset({"muvi"})), today=TODAY)
    offer = Catalogue().get(caught.value.subject)
    assert offer is not None and offer.keeps_length
    assert caught.value.broken[0].allowed.endswith(" s long")


def test_a_list_names_models_that_change_a_video_apart_from_those_that_go_on_from_one() -> None:
    for vendor in ("muvi", "wavespeed"):
        message = summarize(Catalogue(keyed=frozenset({vendor})), today=TODAY)["message"]
        assert "extend" not in message.partition("To change a video: ")[2].partition(";")[0]

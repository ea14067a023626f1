"""Going on from a finished clip: everything is taken from it that is not said, and its last frame is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Artifact, Clip, Job, Pause, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.jobs.continuation import continue_job, describe_source
from sora_mcp.jobs.next_steps import MOST_KEPT, Continuations, find_continuation
from sora_mcp.media.edit.edits import EditRequest
from sora_mcp.server.messages import describe_job
from tests.each import each
from tests.media.clips import a_clip
from tests.nouns import a_job, find_offer
from tests.played import AimlApi, Cdn
from tests.played.recorded import Recorded
from tests.played.rig import Rig, rig

SEEDANCE = "aimlapi:seedance-2.0"
PRICE = f'["{SEEDANCE}"]\nper_second = "0.125"\n'
SOUND = {"audio": True}
SOUNDS = "With sound, as it has; audio=false makes it silent."
VEO = "aimlapi:veo-3.1-fast"


def made(model: str, size: str, **options: Any) -> Job:
    """A finished clip."""
    return replace(a_job(), state="completed", model=model, size=size, options=options, artifact=Artifact("/videos/boat.mp4", 1, "00"))


@each(
    "job, said, taken",
    [
        (made(SEEDANCE, "9:16 720p", audio=False, seed=7), {}, (SEEDANCE, "9:16 720p", {"audio": False, "seed": 7})),
        (
            made(SEEDANCE, "9:16 720p", audio=False),
            {"size": "9:16 480p", "options": SOUND},
            (SEEDANCE, "9:16 480p", SOUND),
        ),
        # Veo takes no seed beside a first frame, Kling no size: the frame decides.
        (made("aimlapi:veo-3.1-fast", "720x1280", audio=True, seed=7), {}, ("aimlapi:veo-3.1-fast", "720x1280", SOUND)),
        (made("aimlapi:kling-v3-pro", "9:16", audio=True), {}, ("aimlapi:kling-v3-pro", None, SOUND)),
        # Of another model, size and sound; of an edit, its frame and its lines.
        (made("aimlapi:veo-3.1-fast", "720x1280", audio=False, seed=7), {"model": SEEDANCE}, (SEEDANCE, "720x1280", {"audio": False})),
        # Where the frame decides the shape, the lines are kept.
        (made("fal:seedance-1-pro-fast", "16:9 720p"), {}, ("fal:seedance-1-pro-fast", "720p", {})),
        (made("fal:wan-3.0", "9:16 1080p"), {}, ("fal:wan-3.0", "1080p", {})),
        (made(SEEDANCE, "9:16 720p", seed=7), {"model": "seedance"}, (SEEDANCE, "9:16 720p", {"seed": 7})),
        (made(SEEDANCE, "9:16 720p", audio=False), {"model": "veo"}, ("veo", "9:16 720p", {"audio": False})),
        (made("local:edit", "720x1280"), {}, (None, "720p", {})),
        (made("local:edit", "300x300"), {}, (None, None, {})),
        (made("muvi:kling-o3-standard", "auto", edits="v_0123456789"), {}, (None, None, {})),
        (made(SEEDANCE, "9:16 720p", last_image="https://example.com/a.png"), {}, (SEEDANCE, "9:16 720p", {})),
    ],
    ids=[
        "all",
        "said",
        "not with a frame",
        "auto",
        "another model",
        "lines",
        "most lines",
        "its family",
        "another family",
        "edit",
        "small edit",
        "edited by words",
        "pictures",
    ],
)
def test_what_is_not_said_is_taken_from_the_clip(job: Job, said: dict[str, Any], taken: tuple[Any, ...]) -> None:
    request = continue_job(VideoRequest("It goes on", continues=job.id, **said), job, Catalogue(), maker=job)
    assert (request.model, request.size, request.options, request.image) == (*taken, f"{job.id}#last")


@each(
    "said, taken, words",
    [
        ({}, {"size": "9:16 720p"}, f"Model and size are those of v_a. {SOUNDS}"),
        ({"size": "9:16 480p"}, {"size": "9:16 480p"}, f"Model is that of v_a. {SOUNDS}"),
        (
            {},
            {"size": "9:16 720p", "options": {"audio": False, "seed": 7}},
            "Model, size and seed=7 are those of v_a. Without sound, as it is; audio=true gives it sound.",
        ),
        ({"model": SEEDANCE, "size": "9:16 480p"}, {"size": "9:16 480p"}, "With sound, as v_a has; audio=false makes it silent."),
        ({"model": SEEDANCE, "size": "9:16 480p", "options": SOUND}, {"size": "9:16 480p"}, ""),
        ({"model": SEEDANCE, "options": SOUND}, {"size": "720p"}, "Size is that of v_a."),
        ({"options": SOUND}, {"edits": Clip("data:video/mp4;base64,")}, f"{SEEDANCE} continues v_a itself, not from its last frame."),
    ],
    ids=["all", "a size", "silent, with an option", "model and size", "everything", "no size", "by its vendor"],
)
def test_a_continuation_says_what_it_takes_from_the_clip(said: dict[str, Any], taken: dict[str, Any], words: str) -> None:
    request = VideoRequest("It goes on", **{"model": SEEDANCE, "options": SOUND} | taken)
    assert describe_source(VideoRequest("It goes on", continues=" v_a ", **said), request, find_offer(SEEDANCE)) == words


def test_a_continuation_has_no_other_first_frame() -> None:
    with pytest.raises(BrokenRules, match="image must be left out"):
        continue_job(VideoRequest("x", image="https://example.com/a.png"), clip := made(SEEDANCE, "9:16 720p"), Catalogue(), maker=clip)


def test_what_goes_on_from_a_clip_is_found_anew_once_anything_is_another() -> None:
    today, keyed = date(2026, 11, 30), Catalogue(keyed=frozenset({"aimlapi"}))
    clip = made(VEO, "720x1280", audio=True)
    small = replace(clip, size="1080x1920", version=clip.version + 1)
    silent = replace(clip, options={"audio": False})
    paused = replace(keyed, pauses=(Pause(VEO, 0, "it cost more", clip.id),))
    asked = [
        *((clip, clip, keyed, today), (small, small, keyed, today), (silent, silent, keyed, today), (clip, clip, paused, today)),
        *((clip, clip, Catalogue(), today), (replace(clip, artifact=None), clip, keyed, today)),
        *((replace(clip, model="local:edit"), silent, keyed, today), (clip, clip, replace(keyed), date(2030, 1, 1))),
    ]
    known = Continuations()
    for job, maker, catalogue, day in [*asked, *reversed(asked), *asked]:
        expected = find_continuation(job, maker, catalogue, today=day)
        for _ in range(2):
            assert known.find(job, maker, catalogue, today=day) == expected
    assert len({str(find_continuation(job, maker, catalogue, today=day)) for job, maker, catalogue, day in asked}) > 3


def test_what_goes_on_is_kept_for_a_bounded_number_of_clips() -> None:
    known, clip = Continuations(), made(VEO, "720x1280", audio=True)
    for number in range(3 * MOST_KEPT):
        known.find(replace(clip, id=f"v_{number}"), clip, Catalogue(), today=date(2026, 11, 30))
        assert len(known._found) <= MOST_KEPT  # pyright: ignore[reportPrivateUsage]


def test_an_edited_clip_is_continued_by_the_model_that_made_it() -> None:
    joined, maker = made("local:edit", "720x1280", action="join"), made("aimlapi:veo-3.1-fast", "1280x720", audio=False)
    request = continue_job(VideoRequest("It goes on"), joined, Catalogue(), maker=maker)
    assert (request.model, request.size, request.options) == ("aimlapi:veo-3.1-fast", "720x1280", {"audio": False})


@pytest.mark.slow
async def test_what_is_made_of_a_free_sample_says_so(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path, prices=PRICE) as at:
        scene = await at.create("sample:sample")
        assert ", a sample scene of 4 s, " in describe_job(await at.until(scene.id, "completed", "failed"), now=0)
        muted = await at.service.edit(EditRequest((scene.id,), "mute"), principal="local")
        await at.until(muted.id, "completed", "failed")
        for source in (scene.id, muted.id):
            job = await at.service.create(VideoRequest("It goes on", SEEDANCE, continues=source), principal="local")
            assert "It starts from a free sample clip: a drawn scene, not what its prompt asked for." in job.warnings
        again = await at.service.create(VideoRequest("It goes on", continues=scene.id), principal="local")
        assert (again.vendor, any("It starts from" in warning for warning in again.warnings)) == ("sample", False)


async def test_a_continuation_sends_the_last_frame_and_names_the_join(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path, prices=PRICE) as at:
        first = await at.create(SEEDANCE, size="16:9 720p", options={"audio": False})
        await at.until(first.id, "completed", "failed")
        second = await at.service.create(VideoRequest("It goes on", continues=first.id), principal="local")
        again = await at.service.create(VideoRequest("It goes on", continues=first.id), principal="local")
        done = await at.until(second.id, "completed", "failed")
        assert (second.model, second.size, second.options["audio"], second.parents) == (SEEDANCE, "16:9 720p", False, (first.id,))
        assert (again.id, len(at.posts), at.posts[1]["image_url"].startswith("data:image/")) == (second.id, 2, True)
        assert f'edit_video(action="join", inputs=["{first.id}", "{second.id}"]) joins both' in describe_job(done, now=0)
        third = await at.service.create(VideoRequest("And on", continues=second.id), principal="local")
        done = await at.until(third.id, "completed", "failed")
        assert f'inputs=["{first.id}", "{second.id}", "{third.id}"]) joins all' in describe_job(done, now=0)
        joined = await at.service.edit(EditRequest((first.id, second.id), "join"), principal="local")
        await at.until(joined.id, "completed", "failed")
        fourth = await at.service.create(VideoRequest("On and on", continues=joined.id), principal="local")
        assert (fourth.model, fourth.options["audio"], fourth.parents) == (SEEDANCE, False, (joined.id,))


async def test_one_approval_of_a_plan_covers_the_clips_that_go_on(tmp_path: Path) -> None:
    async with rig(AimlApi(), tmp_path, prices=PRICE, CONFIRM_ABOVE_USD="0.01") as at:
        asked = VideoRequest("a boat", SEEDANCE, size="16:9 720p", options={"audio": False})
        plan = (await at.service.estimate(asked, clips=2, principal="local")).quote_id
        assert plan is not None
        await at.service.store.approvals.approve(plan)
        first = await at.service.create(replace(asked, quote_id=plan), principal="local")
        await at.until(first.id, "completed", "failed")
        second = await at.service.create(VideoRequest("It goes on", continues=first.id, quote_id=plan), principal="local")
        assert (second.parents, (await at.until(second.id, "completed", "failed")).charged) == ((first.id,), "yes")


EXTENDERS = (
    ("wavespeed:grok-imagine-video", 6, "x-ai/grok-imagine-video/video-extend", "$0.05/s x 6 s", 300_000),
    ("muvi:wan-2.6", 5, "alibaba-plus/wan-2.6/video-extend", "$0.15/s x 5 s", 750_000),
)
GROK = '["wavespeed:grok-imagine-video"]\nper_second = "0.05"\n'


async def finish(at: Rig, job: Job, *colours: str) -> Job:
    """The job once it is saved: a clip with a second of each colour."""
    app = at.cdn.app
    assert isinstance(app, Cdn)
    app.clip = a_clip(at.folder / "film.mp4", colours=colours, sound=False).read_bytes()
    done = await at.until(job.id, "completed", "failed", "unknown")
    # The clips are small and silent for speed: what is told of that is not what these tests are about.
    notes = tuple(note for note in done.artifact.notes if " long " in note) if done.artifact else ()
    return replace(done, artifact=replace(done.artifact, notes=notes)) if done.artifact else done


@each("row", EXTENDERS, at_once=2)
async def test_a_vendor_that_goes_on_by_itself_is_sent_the_clip_and_paid_for_what_it_adds(
    row: tuple[str, int, str, str, int], tmp_path: Path
) -> None:
    model, seconds, path, basis, micros = row
    said: dict[str, Any] = {"seconds": seconds}
    async with rig(Recorded(vendor=model.partition(":")[0]), tmp_path, prices=GROK) as at:
        at.wire.arm("submit", "mended", **{"with": {"costMicroCents": 500_000}})  # Muvi says it with the order
        first = await finish(at, await at.bought(model, **said), *["red"] * seconds)
        told = f"({model}-extend, {seconds} s, {format_dollars(Micros(micros))})"
        assert told in describe_job(first, now=0)
        request = VideoRequest("It goes on", continues=first.id, **said)
        by_name = await at.service.estimate(VideoRequest("x", f"{model}-extend", **said), clips=1, principal="local")
        assert by_name.quote.micros == micros
        estimate = await at.service.estimate(request, clips=1, principal="local")
        assert (estimate.order.offer.id, estimate.quote.micros, estimate.quote.basis) == (f"{model}-extend", micros, basis)
        at.wire.arm("submit", "mended", times=-1, **{"with": {"costMicroCents": micros}})
        second = await at.service.create(request, principal="local")
        assert f"{model}-extend continues {first.id} itself, not from its last frame." in second.warnings
        done = await finish(at, second, *["red"] * (2 * seconds))
        assert (done.state, done.model, done.micros, done.parents) == ("completed", f"{model}-extend", micros, (first.id,))
        sent, heard = at.posts[-1], at.wire.requests("submit")[-1]
        assert path in (heard.path.removeprefix("/api/v3/"), sent.get("model"))
        assert f"{at.cdn.address}/temp/" in str(sent) and len(at.cdn.requests("upload")) == 1
        # The file has both clips: nothing is left to join, and its length is what was asked for.
        assert ("join" in describe_job(done, now=0), done.all_warnings) == (False, ())
        third = await at.service.create(VideoRequest("And on", continues=second.id, **said), principal="local")
        assert (third.model, third.parents) == (f"{model}-extend", (second.id,))
        alone = await finish(at, third, *["red"] * seconds)
        assert f'inputs=["{second.id}", "{third.id}"]) joins both' in describe_job(alone, now=0)


@each(
    "said, way",
    [
        ({"seconds": 6}, "extend"),
        ({"model": "wavespeed:grok-imagine-video", "seconds": 10}, "extend"),
        ({"model": "wavespeed:grok-imagine-video-extend", "seconds": 6}, "extend"),
        ({"options": {"seed": 7}, "model": "wavespeed:wan-3.0"}, "frame"),
        ({"size": "16:9 720p"}, "frame"),
    ],
    at_once=2,
)
async def test_a_clip_is_continued_from_its_last_frame_where_the_vendors_own_way_does_not_take_the_request(
    said: dict[str, Any], way: str, tmp_path: Path
) -> None:
    async with rig(Recorded(vendor="wavespeed"), tmp_path, prices=GROK) as at:
        first = await finish(at, await at.bought("wavespeed:grok-imagine-video", seconds=6), "red", "blue", "green")
        request = await at.service.inputs.read(VideoRequest("It goes on", continues=first.id, **said), principal="local")
        assert (request.clip is not None, request.frame is not None) == (way == "extend", way == "frame")


async def test_a_clip_that_is_too_short_for_the_vendors_own_way_is_refused_where_only_that_is_named(tmp_path: Path) -> None:
    async with rig(Recorded(vendor="wavespeed"), tmp_path, prices=GROK) as at:
        first = await finish(at, await at.bought("wavespeed:grok-imagine-video", seconds=6), "red")
        with pytest.raises(BrokenRules, match=r"continues must be 2 to 15\.5 s long"):
            await at.create("wavespeed:grok-imagine-video-extend", continues=first.id)
        with pytest.raises(BrokenRules, match="continues must be given: this model goes on from a finished clip"):
            await at.create("wavespeed:grok-imagine-video-extend")
        with pytest.raises(BrokenRules, match="this model goes on from a finished clip"):
            await at.create("wavespeed:grok-imagine-video-extend", edits=first.id)
        assert len(at.wire.made) == 1

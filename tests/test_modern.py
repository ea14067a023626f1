"""Whole purchases at the vendors of today, on real sockets: one order, its questions, the file, the actual cost."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.domain import Call
from sora_mcp.domain.errors import LinkDead
from sora_mcp.domain.secret import Secret
from sora_mcp.jobs.embedded_video import save_inline_file
from sora_mcp.net.client import VendorClient
from sora_mcp.server.messages import describe_job
from sora_mcp.vendors import google
from tests.each import each
from tests.played import CLIP, KEY, VENDORS, Fal, played
from tests.played.modern import Google, Runway, Xai
from tests.played.rig import PROMPT, Rig, environment, leaks, random_picture, rig

OWN = """
["compatible:My-Model"]
per_second = "0.10"
sizes = ["1280x720", "9:16"]
seconds = [3, 5]
["byteplus:seedance-2.5"]
per_second = "0.20"
"""
BOUGHT: tuple[tuple[str, dict[str, Any], int, int | None], ...] = (
    ("google:gemini-omni-1.1-flash", {"size": "16:9 720p", "seconds": 3}, 324_080, 308_580),
    ("runway:gen4.5", {"size": "1280x720", "seconds": 3}, 360_000, 360_000),
    ("xai:grok-imagine-video-1.5-lite", {"size": "16:9 720p", "seconds": 3}, 90_000, 210_000),
    ("minimax:minimax-h3", {"size": "768P", "seconds": 4}, 320_000, None),
    ("byteplus:seedance-2.5", {"size": "9:16 480p", "seconds": 4}, 800_000, 762_300),
    ("compatible:my-model", {"size": "1280x720", "seconds": 3}, 300_000, 350_000),
)
"""A purchase, the sum that is held, and the sum that the vendor tells."""


async def end_of(at: Rig, model: str, **wish: Any) -> tuple[Any, ...]:
    job = await at.until((await at.bought(model, **wish)).id, "completed", "failed", "cancelled", "unknown", "expired")
    return job.state, job.charged, job.micros, job.actual


def spent(at: Rig) -> int:
    return sum(row.spent for row in at.service.store.ledger.sum_by_day.sync(None))


@each(("model", "wish", "held", "actual"), BOUGHT, ids=[row[0] for row in BOUGHT], at_once=8)
async def test_a_purchase_is_settled_at_what_the_vendor_says_it_cost(
    model: str, wish: dict[str, Any], held: int, actual: int | None, tmp_path: Path
) -> None:
    prices = tmp_path / "own.toml"
    prices.write_text(OWN, "utf-8")
    async with rig(VENDORS[model.partition(":")[0]](), tmp_path, PRICES=str(prices)) as at:
        assert await end_of(at, model, **wish) == ("completed", "yes", held, actual)
        assert (len(at.wire.made), len(at.posts)) == (1, 1)
        assert (spent(at), at.held()) == (held if actual is None else actual, 0)
        assert not any("authorization" in heard.headers or KEY in str(heard) for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


async def test_a_filtered_success_is_a_refusal_that_was_charged(tmp_path: Path) -> None:
    async with rig(Xai(moderated=True), tmp_path) as at:
        assert await end_of(at, BOUGHT[2][0], **BOUGHT[2][1]) == ("failed", "yes", 90_000, 210_000)
        assert (spent(at), at.held()) == (210_000, 0)


async def test_a_task_that_is_cancelled_costs_what_the_vendor_says(tmp_path: Path) -> None:
    async with rig(Runway(walk=("PENDING",)), tmp_path) as at:
        job = await at.until((await at.bought("runway:gen4.5", seconds=3)).id, "queued")
        await at.service.cancel(job.id, principal="local")
        gone = await at.until(job.id, "cancelled")
        assert (gone.state, gone.charged, spent(at), at.held()) == ("cancelled", "no", 0, 0)
        assert [(heard.method, heard.path) for heard in at.wire.requests("cancel")] == [("DELETE", f"/v1/tasks/{job.vendor_id}")]


async def test_an_interaction_can_be_cancelled(tmp_path: Path) -> None:
    async with rig(Google(walk=("queued",)), tmp_path) as at:
        job = await at.until((await at.bought("google:gemini-omni-1.1-flash", seconds=3)).id, "queued")
        await at.service.cancel(job.id, principal="local")
        gone = await at.until(job.id, "cancelled")
        assert (gone.state, gone.charged, at.held()) == ("cancelled", "unknown", 0)


@cache
def draw_large() -> str:
    """Return a first frame of 9 MB, which no compression makes smaller."""
    return random_picture(2304, 1296)


@pytest.mark.slow
@each("google", [Google(repeats=True), Google(inline=True), Google(repeats=True, inline=True)], ids=["repeats", "inline", "both"])
async def test_a_finished_video_is_read_out_of_an_answer_that_repeats_a_large_first_frame(google: Google, tmp_path: Path) -> None:
    async with rig(google, tmp_path) as at:
        job = await at.bought("google:gemini-omni-1.1-flash", size="16:9 720p", seconds=3, image=draw_large())
        done = await at.until(job.id, "completed", "failed", "unknown", "expired")
        assert (done.state, done.charged, len(at.wire.made), at.held()) == ("completed", "yes", 1, 0)
        assert done.artifact is not None
        assert Path(done.artifact.path).read_bytes() == CLIP


async def test_a_video_whose_answer_is_gone_is_asked_for_until_its_link_counts_as_dead(tmp_path: Path) -> None:
    call = Call("GET", "/v1beta/interactions/job-1", inside="output_video.data")
    async with played(Google()) as wire, VendorClient(tmp_path, {"google": Secret(KEY)}) as client:
        vendor = replace(google.VENDOR, base_url=wire.address)
        with pytest.raises(LinkDead):
            await save_inline_file(client, vendor, call, tmp_path / "a.part")


async def test_a_refusal_that_repeats_a_large_picture_ends_the_job(tmp_path: Path) -> None:
    async with rig(Fal(verdict="repeated"), tmp_path) as at:
        job = await at.bought("fal:seedance-2.0", size="480p", seconds=4, image=draw_large())
        done = await at.until(job.id, "completed", "failed", "unknown", "expired")
        assert at.posts[0]["image_url"].startswith(f"{at.cdn.address}/temp/")
        assert (done.state, done.error and (done.error.code, done.error.vendor_message)) == (
            "failed",
            ("vendor_rejected", "The picture cannot be read."),
        )


async def test_a_clip_that_fails_after_its_vendor_was_asked_to_cancel_it_was_cancelled(tmp_path: Path) -> None:
    async with rig(Fal(walk=("IN_QUEUE",)), tmp_path) as at:
        job = await at.until((await at.bought("fal:seedance-2.0", size="480p", seconds=4)).id, "queued")
        await at.service.cancel(job.id, principal="local")
        gone = await at.until(job.id, "failed", "cancelled")
        assert (gone.state, gone.charged, spent(at), at.held()) == ("cancelled", "no", 0, 0)
        assert gone.error
        assert gone.error.vendor_message == "The runner ended before it was done"
        assert describe_job(gone, now=0) == (
            f'{gone.id} was cancelled at fal, as the user asked. fal says: "The runner ended before it was done". Nothing was charged.'
        )


async def test_a_clip_that_was_made_before_its_vendor_could_cancel_it_says_so(tmp_path: Path) -> None:
    async with rig(Fal(walk=("IN_PROGRESS",)), tmp_path, POLL_SECONDS="0.5") as at:
        job = await at.until((await at.bought("fal:seedance-2.0", size="480p", seconds=4)).id, "running")
        await at.service.cancel(job.id, principal="local")
        at.vendor.verdict = "OK"
        done = await at.until(job.id, "failed", "cancelled", "completed")
        assert (done.state, done.charged) == ("completed", "yes")
        assert "Note: It was made before fal cancelled it." in describe_job(done, now=0)


async def test_two_frames_and_what_not_to_show_are_ordered_by_the_models_own_names(tmp_path: Path) -> None:
    options = {"last_image": "https://example.com/z.png", "negative_prompt": "snow", "audio": False}
    async with rig(Fal(), tmp_path) as at:
        job = await at.bought("fal:kling-3.0-standard", seconds=4, image=draw_large(), options=options)
        done = await at.until(job.id, "completed", "failed", "unknown", "expired")
        assert (done.state, done.charged, at.posts) == (
            "completed",
            "yes",
            [
                {
                    "prompt": PROMPT,
                    "duration": "4",
                    "start_image_url": f"{at.cdn.address}{at.cdn.requests('upload')[0].path}",
                    "end_image_url": options["last_image"],
                    "generate_audio": False,
                    "negative_prompt": "snow",
                }
            ],
        )


def test_the_environment_of_a_rig_has_each_vendors_own_key(tmp_path: Path) -> None:
    given = environment(tmp_path, {"xai": "http://127.0.0.1:1"}, ())
    assert (given["XAI_API_KEY"], "MUVI_API_KEY" in given) == (KEY, False)

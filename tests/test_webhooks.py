"""What a vendor's webhook does: its job is due now, and nothing else. The vendor's own answer to the poll decides."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from sora_mcp.domain import Job
from sora_mcp.server.transports.webhooks import MOST_BODY, route_webhooks
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.schema import db_now, jobs
from sora_mcp.store.webhooks import FEW, PAUSE_S
from tests.each import each
from tests.waiting import eventually

from .played import VENDORS, Muvi, Played
from .played.rig import Rig, rig
from .stored import DONE, PENDING, Clock, claimed, no, place_empty_store, reserve

PUBLIC = "https://videos.example.com"
TOKEN, STRANGE = "0123456789abcdef" * 2, "f" * 32


def seldom(vendor: Played, folder: Path) -> AbstractAsyncContextManager[Rig]:
    """A rig whose vendor would not be asked again while a test runs."""
    return rig(vendor, folder, PUBLIC_URL=PUBLIC, POLL_SECONDS="3600")


@asynccontextmanager
async def poster(at: Rig) -> AsyncGenerator[httpx2.AsyncClient]:
    """The vendor, as it posts to the server behind the public address."""

    async def open_service() -> Any:
        return at.service

    transport = httpx2.ASGITransport(Starlette(routes=[route_webhooks(open_service)]))  # pyright: ignore[reportArgumentType] - looser there
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as web:
        yield web


def webhook_of(at: Rig, place: int = -1) -> str:
    """The address that came with a paid call."""
    return at.posts[place]["webhookUrl"]


async def status(web: httpx2.AsyncClient, url: str, content: bytes = b"") -> int:
    return (await web.post(url, content=content)).status_code


def columns(database: Database, job: Job) -> dict[str, Any]:
    """What the store has of a job, with its moments as seconds from now."""
    when = {name: (jobs.c[name] - db_now()).label(name) for name in ("due_at", "woken_at")}
    with database.reading() as conn:
        row = conn.execute(sa.select(jobs.c.version, jobs.c.state, *when.values()).where(jobs.c.id == job.id)).mappings().one()
    return dict(row)


# Over HTTP


async def test_a_webhook_makes_its_job_due_and_a_repeated_one_does_nothing(tmp_path: Path) -> None:
    async with seldom(Muvi(walk=("completed",)), tmp_path) as at, poster(at) as web:
        job = await at.bought()
        await at.until(job.id, "queued")
        assert webhook_of(at).startswith(f"{PUBLIC}/webhooks/muvi/")
        assert not at.wire.requests("status")
        assert await status(web, webhook_of(at), b'{"status": "failed"}') == 204
        done = await at.until(job.id, "completed")
        for content in (b"", b"not JSON", b'{"jobId": "another"}', b"\xff" * MOST_BODY):
            assert await status(web, webhook_of(at), content) == 204
        assert (len(at.wire.requests("status")), len(at.posts)) == (1, 1)
        assert (await at.job(job.id)).version == done.version


async def test_a_webhook_before_the_submits_own_answer_is_followed_by_the_first_poll(tmp_path: Path) -> None:
    async with seldom(Muvi(walk=("completed",)), tmp_path) as at, poster(at) as web:
        at.wire.arm("submit", "slow", seconds=1.0)
        job = await at.bought()
        assert await eventually(lambda: bool(at.posts))
        assert [await status(web, webhook_of(at)) for _ in range(3)] == [204] * 3
        assert (await at.job(job.id)).state == "submitting"
        await at.until(job.id, "completed")
        assert (len(at.posts), len(at.wire.requests("status"))) == (1, 1)


@pytest.mark.slow
async def test_webhooks_that_lie_cost_one_poll_in_two_seconds(tmp_path: Path) -> None:
    async with seldom(Muvi(walk=("processing",)), tmp_path) as at, poster(at) as web:
        job = await at.bought()
        await at.until(job.id, "queued")
        began = time.monotonic()
        while time.monotonic() - began < PAUSE_S:
            assert await status(web, webhook_of(at), b'{"status": "completed"}') == 204
        assert await eventually(lambda: len(at.wire.requests("status")) >= 2)
        assert len(at.wire.requests("status")) <= 2 + (time.monotonic() - began) // PAUSE_S
        assert (await at.job(job.id)).state == "running"


async def test_strangers_wake_nothing(tmp_path: Path) -> None:
    async with seldom(Muvi(walk=("completed",)), tmp_path) as at, poster(at) as web:
        job = await at.bought()
        await at.until(job.id, "queued")
        token = webhook_of(at).rpartition("/")[2]
        strange = (STRANGE, token[:-1], f"{token}0", token.upper(), "x", "%2e%2e", f"{token}%00", "0" * 5000)
        for url in (*(f"/webhooks/muvi/{text}" for text in strange), f"/webhooks/fal/{token}", f"/webhooks/muvi/{token}/x", "/webhooks"):
            assert await status(web, url) == 404, url[:80]
        assert (await web.get(f"/webhooks/muvi/{token}")).status_code == 405
        for url in (webhook_of(at), f"/webhooks/muvi/{STRANGE}"):
            assert await status(web, url, b"x" * (MOST_BODY + 1)) == 413, url
        assert (await at.job(job.id)).state == "queued"
        assert not at.wire.requests("status")


async def test_a_challenge_is_repeated_to_the_vendor_that_sends_one_and_to_no_other(tmp_path: Path) -> None:
    async with seldom(VENDORS["minimax"](), tmp_path) as at, poster(at) as web:
        job = await at.bought("minimax:minimax-h3")
        await at.until(job.id, "queued")
        url = at.posts[0]["callback_url"]
        answer = await web.post(url, json={"challenge": "c-1"})
        assert (answer.status_code, answer.json()) == (200, {"challenge": "c-1"})
        for odd in (b'["challenge"]', b'{"challenge": 1}', b'{"challenge": "%s"}' % (b"c" * 501), b"challenge", b'{"challenge":'):
            assert await status(web, url, odd) == 204, odd[:40]
        assert await status(web, f"/webhooks/minimax/{STRANGE}", b'{"challenge": "c-1"}') == 404


async def test_a_challenge_of_any_other_vendor_is_no_challenge(tmp_path: Path) -> None:
    async with seldom(Muvi(), tmp_path) as at, poster(at) as web:
        job = await at.bought()
        await at.until(job.id, "queued")
        assert await status(web, webhook_of(at), b'{"challenge": "c-1"}') == 204


async def test_nothing_about_a_purchase_changes_but_the_call_that_is_sent(tmp_path: Path) -> None:
    vendor = Muvi()
    async with rig(vendor, tmp_path) as at:
        first = await at.bought()
        await at.until(first.id, "completed")
        plain = at.posts[0]
    async with rig(vendor, tmp_path, PUBLIC_URL=PUBLIC) as at:
        again = await at.create()
        assert (again.id, again.deduplicated) == (first.id, True)
        at.wire.arm("submit", "slow", seconds=1.0)
        other = await at.bought(prompt="another")
        assert await eventually(lambda: bool(at.posts))
        stored = await at.service.store.jobs.get_paid_call(other)
        assert stored is not None and "webhookUrl" not in (stored.body or {})
        sent = dict(at.posts[0])
        assert sent.pop("webhookUrl") == f"{PUBLIC}/webhooks/muvi/{(await at.job(other.id)).submit_token}"
        assert sent == {**plain, "input": {**plain["input"], "prompt": "another"}}
        await at.until(other.id, "completed")


# In the store


def test_a_job_is_due_at_once_where_it_was_to_wait(store: Store, database: Database) -> None:
    job = followed(store, due_s=600)
    before = columns(database, job)
    assert store.webhooks.wake.sync("muvi", TOKEN) is True
    after = columns(database, job)
    assert after["due_at"] <= 0 and before["due_at"] > 500
    assert (after["version"], after["state"]) == (before["version"], before["state"])
    assert store.webhooks.wake.sync("muvi", TOKEN) is False, "it is due already"
    assert store.webhooks.wake.sync("fal", TOKEN) is None
    assert store.webhooks.wake.sync("muvi", STRANGE) is None


def test_a_webhook_during_a_poll_is_followed_by_another_poll(store: Store, database: Database) -> None:
    job = followed(store, due_s=0)
    asking = claimed(store)
    assert store.webhooks.wake.sync("muvi", TOKEN) is False, "its lease holder keeps it"
    store.outcomes.step.sync(asking, PENDING, due_s=600)
    assert columns(database, job)["due_at"] <= 0
    asking = claimed(store)
    store.outcomes.step.sync(asking, PENDING, due_s=600)
    assert columns(database, job)["due_at"] > 500, "once"
    assert store.webhooks.wake.sync("muvi", TOKEN) is True
    assert 0 < columns(database, job)["due_at"] <= PAUSE_S, "a second one within two seconds counts at their end"
    assert store.webhooks.wake.sync("muvi", TOKEN) is False


def test_a_webhook_leaves_alone_what_is_not_polled(store: Store, database: Database) -> None:
    unclear = begun_with(store, TOKEN)
    store.outcomes.mark_unclear.sync(unclear, TOKEN, no("unknown"), look_s=600)
    before = columns(database, unclear)
    assert store.webhooks.wake.sync("muvi", TOKEN) is False
    assert columns(database, unclear)["due_at"] == pytest.approx(before["due_at"], abs=60), "a list is read when it means something"

    saving = followed(store, STRANGE, due_s=0)
    store.outcomes.settle.sync(next(job for job in store.leases.claim.sync("me", limit=9, lease_s=60) if job.id == saving.id), DONE)
    (fetching,) = store.leases.claim.sync("me", limit=9, lease_s=60)
    store.outcomes.step.sync(fetching, due_s=600)
    assert store.webhooks.wake.sync("muvi", STRANGE) is False
    assert columns(database, saving)["due_at"] > 500


@each(
    ("told", "arriving"),
    [("yyy", True), ("nyyy", True), ("yy", False), ("yyyn", False), ("yyynyy", False), ("", False)],
)
def test_webhooks_arrive_while_one_told_of_each_of_the_last_three_ends(told: str, arriving: bool, tmp_path: Path) -> None:
    clock = Clock(time.time())
    home = tmp_path / f"told-{told}"
    store = Store(place_empty_store(home), home, clock=clock)
    try:
        for number, is_told in enumerate(told):
            token = f"{number:032x}"
            job = followed(store, token, due_s=0)
            if is_told == "y":
                store.webhooks.wake.sync("muvi", token)
            store.outcomes.end.sync(claimed(store), "failed", no("no"))
            cancelled = followed(store, f"{number:031x}f", due_s=0)
            store.outcomes.end.sync(claimed(store), "cancelled", no("no"))
            assert job.id != cancelled.id
            clock.at += 1
        assert store.webhooks.are_arriving.sync("muvi") is arriving
        assert store.webhooks.are_arriving.sync("fal") is False
    finally:
        store.close()


def test_a_webhook_long_before_the_end_did_not_tell_of_it(store: Store, clock: Clock) -> None:
    clock.at = time.time()
    for number in range(FEW):
        followed(store, f"{number:032x}", due_s=0)
        store.webhooks.wake.sync("muvi", f"{number:032x}")
        clock.at = time.time() + 90
        store.outcomes.end.sync(claimed(store), "failed", no("no"))
    assert store.webhooks.are_arriving.sync("muvi") is False


def begun_with(store: Store, token: str) -> Job:
    """A job whose paid call is on its way with this token."""
    made = reserve(store)
    job = next(job for job in store.leases.claim.sync("me", limit=100, lease_s=60.0) if job.id == made.id)
    assert store.leases.begin_submit.sync(job, token, lease_s=60.0, most=100)
    return job


def followed(store: Store, token: str = TOKEN, *, due_s: float) -> Job:
    """A job that the vendor has, to be asked for in so many seconds."""
    job = begun_with(store, token)
    return store.outcomes.bind.sync(job, token, replace(PENDING, id=f"at-{job.id}"), due_s=due_s)

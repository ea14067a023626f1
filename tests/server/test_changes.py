"""Who subscribed hears of a change, whichever process made it, in both eras of the protocol."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.subscriptions import ResourcesListChanged, ResourceUpdated
from mcp.types import ResourceListChangedNotification, ResourceUpdatedNotification

from sora_mcp.domain import Job
from sora_mcp.domain.errors import StorageError
from sora_mcp.server import subscriptions
from sora_mcp.server.app import SoraServer
from sora_mcp.server.job_changes import Changes
from sora_mcp.server.sdk import OwnedBus, Sessions
from sora_mcp.store.records import Cursor
from tests.each import each
from tests.nouns import a_job
from tests.waiting import eventually, patience

from .conftest import Era
from .counter import PlayedService, a_done_job, a_server

JOB = "sora://videos/v_0123456789"
FILE = "sora://videos/v_0123456789.mp4"
POSTER = "sora://videos/v_0123456789/poster.jpg"
SHEET = "sora://videos/v_0123456789/sheet.jpg"


async def awake(client: Client) -> None:
    """The service is open, and its changes are being watched."""
    await client.call_tool("list_videos", {})


async def hearing(server: SoraServer, service: PlayedService, wanted: int, *uris: str) -> list[Any]:
    """What a client of the 2026 era hears when the job ends, up to `wanted` events."""
    heard: list[Any] = []
    async with Client(server) as client, client.listen(resource_subscriptions=uris, resources_list_changed=True) as events:
        await awake(client)
        service.put(a_done_job())
        with patience("so many events"):
            async for event in events:
                heard.append(event)
                if len(heard) == wanted:
                    return heard
    return heard


@each("uris", [(JOB, FILE), (POSTER, SHEET)], ids=["the job and its file", "the pictures that are made of it"])
async def test_a_subscriber_of_2026_hears_of_what_it_named_and_of_the_list(uris: tuple[str, ...]) -> None:
    service = PlayedService({"v_0123456789": a_job()})
    heard = await hearing(a_server(service), service, 3, *uris)
    assert heard == [*(ResourceUpdated(uri=uri) for uri in uris), ResourcesListChanged()]


@each(
    ("left", "uris"),
    [((), [JOB, FILE, None]), ((JOB, FILE), [None])],
    ids=["the job, its file and the list", "the list only after unsubscribing"],
)
async def test_a_subscriber_of_2025_hears_of_what_it_named_and_did_not_leave(left: tuple[str, ...], uris: list[str | None]) -> None:
    service, heard, whole = PlayedService({"v_0123456789": a_job()}), list[Any](), anyio.Event()

    async def hear(message: Any) -> None:
        heard.append(message)
        if len(heard) == len(uris):
            whole.set()

    async with Client(a_server(service), mode="legacy", message_handler=hear) as client:
        await subscribe(client, JOB, FILE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for uri in left:
                await client.unsubscribe_resource(uri)
        await awake(client)
        service.put(a_done_job())
        with patience("all notifications"):
            await whole.wait()
    assert [getattr(message.params, "uri", None) for message in heard] == uris
    kinds = [ResourceListChangedNotification if uri is None else ResourceUpdatedNotification for uri in uris]
    assert [type(message) for message in heard] == kinds


async def subscribe(client: Client, *uris: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the method is of the older era, as the test is
        for uri in uris:
            await client.subscribe_resource(uri)


async def test_both_eras_promise_what_they_keep(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        promised = client.server_capabilities.resources
    assert promised and (promised.subscribe, promised.list_changed) == (True, True)


async def test_a_session_that_went_away_is_forgotten() -> None:
    server, sessions = SoraServer("x"), Sessions()
    sessions.install(server)
    async with Client(server, mode="legacy") as client:
        await subscribe(client, JOB)
        during = len(sessions)
    assert (during, len(sessions)) == (1, 0)


async def told_to(service: PlayedService, since: int | None) -> dict[str, tuple[list[str], bool]]:
    told: dict[str, tuple[list[str], bool]] = {}

    async def tell(principal: str, uris: Any, listed: bool) -> None:
        told[principal] = (list(uris), listed)

    await subscriptions.notify_changes(service, None if since is None else Cursor(since), tell, changes=Changes())  # pyright: ignore[reportArgumentType] - played
    return told


MINE = replace(a_job(), version=7)
BENS = replace(a_done_job(), id="v_bbbbbbbbbb", version=8, principal="ben")
ALL = [JOB, FILE, POSTER, SHEET]
LISTS = ["sora://videos", "sora://spend"]
TOLD: dict[str, tuple[tuple[Job, ...], dict[str, tuple[list[str], bool]]]] = {
    "a job that goes on": ((MINE,), {"local": ([JOB, "sora://spend"], False)}),
    "a finished job": ((replace(a_done_job(), version=7),), {"local": ([*ALL, *LISTS], True)}),
    "jobs of two": (
        (MINE, BENS),
        {"local": ([JOB, "sora://spend"], False), "ben": ([uri.replace(MINE.id, BENS.id) for uri in ALL] + LISTS, True)},
    ),
    "nothing new": ((replace(MINE, version=6),), {}),
}
"""Jobs, and who is told of which addresses, and whether the list changed."""


@each("what", TOLD)
async def test_everybody_is_told_of_what_changed_of_their_own(what: str) -> None:
    jobs, told = TOLD[what]
    assert await told_to(PlayedService({job.id: job for job in jobs}), 6) == told


async def test_news_for_one_principal_reach_no_other() -> None:
    bus, heard = OwnedBus(), list[Any]()
    bus.subscribe(heard.append)
    await bus.publish_to("ben", ResourceUpdated(uri="sora://spend"))
    await bus.publish_to("local", ResourceUpdated(uri=JOB))
    await bus.publish(ResourcesListChanged())
    assert heard == [ResourceUpdated(uri=JOB), ResourcesListChanged()]


async def test_a_hundred_waiting_calls_do_not_ask_the_store_again_and_again() -> None:
    service, answers = PlayedService({"v_0123456789": a_job()}), list[Any]()

    async def ask(client: Client) -> None:
        answers.append(await client.call_tool("get_video_status", {"job_id": "v_0123456789", "wait_seconds": 50}))

    async with Client(a_server(service)) as client, anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(ask, client)
        await eventually(lambda: service.looked >= 200)
        await anyio.sleep(0.5)
        before = service.looked
        await anyio.sleep(1.5)
        assert service.looked == before
        service.put(a_done_job())
        await eventually(lambda: len(answers) == 100)
    assert {answer.structured_content["state"] for answer in answers} == {"completed"}
    assert service.looked == before + 100


async def test_a_store_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    service = PlayedService({"v_0123456789": a_job()})
    service.store.jobs.broken = StorageError("The disk is gone.")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subscriptions.watch, service, told_to, Changes())
        with patience("the line in the log"):
            while "The disk is gone." not in caplog.text:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert "changes of jobs cannot be seen: The disk is gone." in caplog.text

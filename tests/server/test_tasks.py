"""create_video and edit_video as tasks, for clients that declare the extension; nothing of it for all others."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.settings import AuthSettings
from mcp.types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    SubscriptionFilter,
    SubscriptionsListenRequest,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)
from pydantic import AnyHttpUrl

from scripts.house import ROOT
from sora_mcp.domain import Job, JobError
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, NotCancellable
from sora_mcp.server.app import build
from sora_mcp.server.transports.tokens import read_tokens
from tests.each import each
from tests.nouns import a_job
from tests.waiting import PATIENCE_S, eventually, patience

from .counter import NOW, TODAY, PlayedService, a_done_job, a_server
from .forms import CLIP, YES, Person, shop
from .task_client import IDENTIFIER, TaskClient, ask, refuse, start

JOB = a_job()
PROMPT = {"prompt": "A paper boat"}
REFUSED = JobError("content_refused", "No.", "no")
CANCELLED = JobError("cancelled", "Muvi cancelled this job.", "no")


def a_service(job: Job = JOB, **more: Any) -> PlayedService:
    return PlayedService({job.id: job}, made=job, **more)


def modern(server: Any, extension: TaskClient | None = None) -> Client:
    """A client of the 2026 era that declares the extension."""
    return Client(server, mode="2026-07-28", extensions=[extension or TaskClient()])


async def test_a_clip_is_a_task_until_its_job_ends() -> None:
    service = a_service()
    async with modern(a_server(service)) as client:
        task = await start(client, "create_video", **PROMPT)
        assert (task["taskId"], task["status"], task["ttlMs"], task["pollIntervalMs"]) == (JOB.id, "working", None, 5000)
        assert task["statusMessage"].startswith(f"Started {JOB.id} on muvi:sora-2: 4 s")
        assert task["createdAt"] == "2026-11-20T12:00:00.000Z"
        working = await ask(client.session, "tasks/get", JOB.id)
        assert (working["status"], "result" in working) == ("working", False)
        service.put(replace(a_done_job(), created_at=NOW, finished_at=NOW + 84))
        ended = await ask(client.session, "tasks/get", JOB.id)
        status = await client.call_tool("get_video_status", {"job_id": JOB.id})
    assert (ended["status"], "error" in ended) == ("completed", False)
    assert ended["result"]["structuredContent"] == status.structured_content
    assert ended["result"]["content"][0]["text"].startswith("Done in 84 s: v_0123456789")


@each(
    ("changes", "status", "is_error", "words"),
    [
        ({"state": "submitting"}, "working", None, "is being sent"),
        ({"state": "running", "progress": 0.5}, "working", None, "50 %"),
        ({"state": "queued", "unwritten": "Muvi took it"}, "working", None, "is its disk full?"),
        ({"state": "failed", "charged": "no", "error": REFUSED}, "completed", True, "Nothing was charged."),
        ({"state": "expired", "charged": "yes"}, "completed", True, "its link expired"),
        ({"state": "unknown", "charged": "unknown"}, "completed", True, "resolve v_0123456789"),
        ({"state": "cancelled", "charged": "no", "error": CANCELLED}, "cancelled", None, "Nothing was charged."),
    ],
    ids=lambda value: str(value.get("state")) if isinstance(value, dict) else None,
)
async def test_each_state_of_a_job_is_one_status_of_a_task(changes: Any, status: str, is_error: bool | None, words: str) -> None:
    service = a_service(replace(JOB, **changes))
    async with modern(a_server(service)) as client:
        task = await ask(client.session, "tasks/get", JOB.id)
    assert task["status"] == status
    result = task.get("result")
    assert (None if result is None else result["isError"]) is is_error
    assert words in (task["statusMessage"] if result is None else result["content"][0]["text"])


async def test_nothing_changes_for_a_client_that_does_not_declare_it() -> None:
    for mode, extensions in (("legacy", [TaskClient()]), ("legacy", []), ("2026-07-28", [])):
        async with Client(a_server(a_service()), mode=mode, extensions=extensions) as client:
            result = await client.session.call_tool("create_video", PROMPT, allow_claimed=True)
            assert isinstance(result, CallToolResult) and result.structured_content
            assert result.structured_content["state"] == "queued"
            code = METHOD_NOT_FOUND if mode == "legacy" else MISSING_REQUIRED_CLIENT_CAPABILITY
            assert {await refuse(client.session, f"tasks/{verb}", JOB.id) for verb in ("get", "cancel")} == {code}


async def test_the_server_says_that_it_has_tasks() -> None:
    async with Client(a_server(a_service())) as client:
        assert IDENTIFIER in (client.server_capabilities.extensions or {})


async def test_a_refusal_and_a_job_that_has_ended_are_answered_at_once() -> None:
    refusal = BrokenRules((BrokenRule("seconds", 99, "4 or 8", "invalid_seconds"),))
    for made in (refusal, a_done_job()):
        service = PlayedService({JOB.id: a_done_job()}, made=made)
        async with modern(a_server(service)) as client:
            result = await client.session.call_tool("create_video", PROMPT, allow_claimed=True)
        assert isinstance(result, CallToolResult) and result.is_error is (made is refusal)


async def test_a_purchase_whose_job_cannot_be_read_is_answered_by_its_result() -> None:
    async with modern(a_server(PlayedService(made=JOB))) as client:
        result = await client.session.call_tool("create_video", PROMPT, allow_claimed=True)
    assert isinstance(result, CallToolResult) and not result.is_error
    assert (result.structured_content or {})["job_id"] == JOB.id


async def test_a_task_that_is_not_there_is_an_invalid_parameter() -> None:
    service = a_service(replace(JOB, principal="anna"))
    async with modern(a_server(service)) as client:
        assert {await refuse(client.session, "tasks/get", task_id) for task_id in (JOB.id, "v_none", "x" * 300)} == {INVALID_PARAMS}
        assert await refuse(client.session, "tasks/cancel", JOB.id) == INVALID_PARAMS


async def test_a_cancellation_is_acknowledged_and_says_what_becomes_of_the_money() -> None:
    for cancelled, words in (
        (replace(JOB, state="cancelled", charged="no", error=CANCELLED), f"{JOB.id} was cancelled"),
        (
            NotCancellable("Muvi can't cancel a running clip.", JOB, must_pay=True),
            "Not cancelled: the clip will be finished and saved here, and $0.40 will be charged.",
        ),
    ):
        async with modern(a_server(a_service(called_back=cancelled))) as client:
            answer = await ask(client.session, "tasks/cancel", JOB.id)
        assert ("status" in answer, answer["_meta"]["sora-mcp/message"].startswith(words)) == (False, True)


async def test_a_job_that_has_ended_is_not_cancelled_any_more_and_takes_no_answers() -> None:
    async with modern(a_server(PlayedService({JOB.id: a_done_job()}))) as client:
        assert not {"status", "result"} & (await ask(client.session, "tasks/cancel", JOB.id)).keys()
        assert not {"status", "result"} & (await ask(client.session, "tasks/update", JOB.id, input_responses={"x": {}})).keys()
        assert (await ask(client.session, "tasks/get", JOB.id))["status"] == "completed"


async def listen(client: Client, **wanted: Any) -> None:
    params = SubscriptionsListenRequestParams(notifications=SubscriptionFilter(**wanted))
    await client.session.send_request(SubscriptionsListenRequest(params=params), SubscriptionsListenResult)


async def test_who_listens_to_a_task_hears_of_each_change_and_of_the_end() -> None:
    service, extension = a_service(), TaskClient()
    async with modern(a_server(service), extension) as client:
        await start(client, "create_video", **PROMPT)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: listen(client, taskIds=[JOB.id, "v_none"]))
            await eventually(lambda: len(extension.heard) == 1)
            service.put(a_done_job())
            await eventually(lambda: len(extension.heard) == 2)
            tasks.cancel_scope.cancel()
    assert [(task["taskId"], task["status"]) for task in extension.heard] == [(JOB.id, "working"), (JOB.id, "completed")]
    assert extension.heard[1]["result"]["isError"] is False


async def test_only_who_declares_the_extension_may_listen_to_tasks() -> None:
    async with Client(a_server(a_service()), mode="2026-07-28") as client:
        with pytest.raises(MCPError) as refused:
            await listen(client, taskIds=[JOB.id])
    assert refused.value.error.code == MISSING_REQUIRED_CLIENT_CAPABILITY


async def test_a_task_that_is_cancelled_while_it_is_sent_is_cancelled_once_it_was(tmp_path: Path) -> None:
    async with shop(tmp_path, CONFIRM_ABOVE_USD="100") as at, modern(at.server) as client:
        at.rig.vendor.walk = ("pending",)
        at.rig.wire.arm("submit", "slow", seconds=0.3)
        new = await start(client, "create_video", **CLIP)
        await eventually(lambda: len(at.rig.wire.requests("submit")) == 1)
        answer = await ask(client.session, "tasks/cancel", new["taskId"])
        assert "being sent" not in answer["_meta"]["sora-mcp/message"]

        async def is_cancelled() -> bool:
            task = await ask(client.session, "tasks/get", new["taskId"])
            return task["status"] == "cancelled" and "Nothing was charged." in task["statusMessage"]

        assert await eventually(is_cancelled)


async def test_a_form_is_answered_before_there_is_a_task(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        person = Person(YES)
        async with Client(at.server, mode="2026-07-28", elicitation_callback=person, extensions=[TaskClient()]) as client:
            with patience("the end of a clip"):
                result = await client.call_tool("create_video", CLIP)
        assert (len(person.seen), len(await at.jobs())) == (1, 1)
        assert result.structured_content and result.structured_content["state"] == "completed"


async def test_takes_are_one_task_that_ends_with_the_last_of_them(tmp_path: Path) -> None:
    async with shop(tmp_path, CONFIRM_ABOVE_USD="100") as at, modern(at.server) as client:
        task = await start(client, "create_video", **CLIP, variations=2)
        with patience("the end of both"):
            while (found := await ask(client.session, "tasks/get", task["taskId"]))["status"] == "working":
                pass
        assert [job["state"] for job in found["result"]["structuredContent"]["jobs"]] == ["completed", "completed"]


async def test_the_sdks_client_follows_a_task_over_real_stdio() -> None:
    extension, environ = TaskClient(), {**os.environ, "PYTHONPATH": str(ROOT)}
    server = StdioServerParameters(command=sys.executable, args=["-m", "tests.server.program"], env=environ)
    async with modern(server, extension) as client:
        with patience("a task over stdio"):
            result = await client.call_tool("create_video", PROMPT)
    assert result.structured_content and result.structured_content["state"] == "completed"
    assert [extension.heard[which]["status"] for which in (0, -1)] == ["working", "completed"]


ANNA, BEN = "anna-s-token-0123456789", "ben-s-token-0123456789"


@asynccontextmanager
async def http(folder: Path, service: PlayedService) -> AsyncGenerator[httpx2.ASGITransport]:
    """The server over HTTP, for two people."""
    (file := folder / "tokens").write_text(f"anna:{ANNA}\nben:{BEN}\n", "utf-8")
    file.chmod(0o600)

    auth = AuthSettings(issuer_url=AnyHttpUrl("http://127.0.0.1:8000"), resource_server_url=None)
    server = build(lambda: nullcontext(service), service.catalogue, today=lambda: TODAY, auth=auth, tokens=read_tokens(str(file)))
    app = server.streamable_http_app()
    async with app.router.lifespan_context(app):
        yield httpx2.ASGITransport(app)


async def test_over_http_a_task_is_its_owners_and_the_header_has_to_name_it(tmp_path: Path) -> None:
    job = replace(JOB, principal="anna")
    async with http(tmp_path, PlayedService({job.id: job}, made=job)) as transport:
        codes: list[int] = []
        for token in (ANNA, BEN):
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx2.AsyncClient(transport=transport, headers=headers, timeout=PATIENCE_S) as web:
                async with modern(streamable_http_client("http://127.0.0.1:8000/mcp", http_client=web)) as client:
                    if token == ANNA:
                        assert (await start(client, "create_video", **PROMPT))["taskId"] == job.id
                        assert (await ask(client.session, "tasks/get", job.id))["status"] == "working"
                    else:
                        codes.append(await refuse(client.session, "tasks/get", job.id))
                codes.append(await post(web, "tasks/get", {"taskId": job.id}, name="v_other"))
    assert codes == [HEADER_MISMATCH, INVALID_PARAMS, HEADER_MISMATCH]


async def post(web: httpx2.AsyncClient, method: str, params: dict[str, Any], *, name: str) -> int:
    """Return the code of the error that a raw request with this routing header is answered with."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {"extensions": {IDENTIFIER: {}}},
    }
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name}
    accept = {"Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    answer = await web.post("http://127.0.0.1:8000/mcp", json=body, headers=headers | accept)
    return answer.json()["error"]["code"]

"""A client of the extension for tasks, built on the SDK's own hooks: it polls each task to its end, or hands it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import anyio
from mcp import Client, MCPError
from mcp.client import ClaimContext, ClientExtension, NotificationBinding, ResultClaim
from mcp.types import CallToolResult, NotificationParams, Request, RequestParams, Result, TextContent
from pydantic import ConfigDict

IDENTIFIER = "io.modelcontextprotocol/tasks"
POLL_S = 0.01
"""Seconds between two looks, whatever the server advises: no test waits a second."""


class TaskResult(Result):
    """A task as it came over the wire."""

    model_config = ConfigDict(extra="allow")
    result_type: Literal["task", "complete"] = "complete"

    @property
    def fields(self) -> dict[str, Any]:
        """Return the task's fields."""
        return dict(self.model_extra or {})


class NewTask(TaskResult):
    """The answer of a tool call that goes on."""

    result_type: Literal["task"] = "task"


class Named(RequestParams):
    """Parameters that name a task."""

    task_id: str
    input_responses: dict[str, Any] | None = None


class About(Request[Named, str]):
    """A request about one task."""

    method: str
    params: Named
    name_param = "taskId"


class News(NotificationParams):
    """A task that was sent without being asked for."""

    model_config = ConfigDict(extra="allow")


class TaskClient(ClientExtension):
    """Declares the extension, and remembers what was heard."""

    identifier = IDENTIFIER

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def claims(self) -> Sequence[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=NewTask, resolve=self._resolve)]

    def notifications(self) -> Sequence[NotificationBinding[Any]]:
        async def hear(params: News) -> None:
            self.heard.append(dict(params.model_extra or {}))

        return [NotificationBinding(method="notifications/tasks", params_type=News, handler=hear)]

    async def _resolve(self, new: NewTask, ctx: ClaimContext) -> CallToolResult:
        while True:
            task = await ask(ctx.session, "tasks/get", new.fields["taskId"])
            self.heard.append(task)
            if task["status"] == "completed":
                return CallToolResult.model_validate(task["result"])
            if task["status"] == "cancelled":
                return CallToolResult(content=[TextContent(type="text", text=task["statusMessage"])], is_error=True)
            await anyio.sleep(POLL_S)


async def ask(session: Any, method: str, task_id: str, **more: Any) -> dict[str, Any]:
    """Send a request about a task, and return the fields of its answer."""
    answer = await session.send_request(About(method=method, params=Named(task_id=task_id, **more)), TaskResult)
    meta = {"_meta": dict(answer.meta)} if answer.meta else {}
    return {**answer.fields, **meta}


async def start(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool, and return the task that it answers with."""
    new = await client.session.call_tool(name, arguments, allow_claimed=True)
    assert isinstance(new, NewTask), new
    return new.fields


async def refuse(session: Any, method: str, task_id: str) -> int:
    """Return the code of the error that a request is answered with."""
    try:
        await ask(session, method, task_id)
    except MCPError as error:
        return error.error.code
    raise AssertionError("it was not refused")

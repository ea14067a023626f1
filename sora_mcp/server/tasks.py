"""The extension `io.modelcontextprotocol/tasks` (2026-07-28): create_video and edit_video answer with a task over the job that they made.

A task has no state of its own: its id is the job's, and every answer is read from the job. What a job means as a task stands in
`task_states`, which is imported with the first request that needs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, cast

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Extension, MethodBinding, require_client_extension
from mcp.types import (
    HEADER_MISMATCH,
    CallToolRequestParams,
    CallToolResult,
    ErrorData,
    Notification,
    NotificationParams,
    RequestParams,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict

from sora_mcp.server.context import ServerContext, ToolContext
from sora_mcp.server.sdk import Ctx

IDENTIFIER = "io.modelcontextprotocol/tasks"
ANSWERED_BY_TASKS = ("create_video", "edit_video")
SINCE = frozenset(MODERN_PROTOCOL_VERSIONS)
MOST_FOLLOWED = 100
"""Tasks that one subscription may follow."""
Status = Literal["working", "input_required", "completed", "failed", "cancelled"]


class TaskParams(RequestParams):
    """The parameters of tasks/get and tasks/cancel."""

    task_id: str


class UpdateParams(TaskParams):
    """The parameters of tasks/update."""

    input_responses: dict[str, Any]


class TaskNotificationParams(NotificationParams):
    """A whole task, as tasks/get has it."""

    model_config = ConfigDict(extra="allow")


class TaskNotification(Notification[TaskNotificationParams, Literal["notifications/tasks"]]):
    """The news of one task."""

    method: Literal["notifications/tasks"] = "notifications/tasks"
    params: TaskNotificationParams


@dataclass(frozen=True)
class Task:
    """One task as the wire has it."""

    id: str
    status: Status
    created_at: float
    updated_at: float
    poll_ms: int
    message: str = ""
    result: CallToolResult | None = None
    """What the call returns, of a completed task: also a result with `isError`."""
    error: ErrorData | None = None
    """Of a failed task, which a protocol error ended; a job never ends so."""
    input_requests: Mapping[str, Any] | None = None
    """What the client has to answer with tasks/update before the task goes on."""
    jobs: tuple[str, ...] = ()
    """The ids of the jobs behind it."""

    @property
    def is_over(self) -> bool:
        """True once nothing of it changes any more."""
        return self.status in ("completed", "failed", "cancelled")

    def fields(self) -> dict[str, Any]:
        """Return the task as JSON. `ttlMs` is null: a job is kept for good."""
        found: dict[str, Any] = {
            "taskId": self.id,
            "status": self.status,
            "createdAt": _format_time(self.created_at),
            "lastUpdatedAt": _format_time(self.updated_at),
            "ttlMs": None,
            "pollIntervalMs": self.poll_ms,
        }
        more = {
            "statusMessage": self.message or None,
            "result": _dump(self.result),
            "error": _dump(self.error),
            "inputRequests": self.input_requests,
        }
        return found | {name: value for name, value in more.items() if value is not None}


class TaskSource(Protocol):
    """Finds tasks and changes them. Each method raises MCPError for a task that the caller does not have."""

    def find_id(self, result: CallToolResult) -> str | None:
        """Return the id of the task that goes on behind the result of a call; None where nothing goes on."""
        ...

    async def get(self, task_id: str, context: ServerContext) -> Task:
        """Return the task as it is now."""
        ...

    async def cancel(self, task_id: str, context: ServerContext) -> str:
        """Cancel what can be cancelled, and return what came of it in words."""
        ...

    async def update(self, task_id: str, answers: Mapping[str, Any], context: ServerContext) -> None:
        """Take the client's answers to what the task asked."""
        ...


class Tasks(Extension):
    """Answers of `tools/call` as tasks, and the methods about them, for clients that declare the extension."""

    identifier = IDENTIFIER
    tools_with_tasks: tuple[str, ...] = ANSWERED_BY_TASKS

    def __init__(self, load: Callable[[], TaskSource]) -> None:
        self._load = load

    def methods(self) -> Sequence[MethodBinding]:
        """Return the three methods; other protocol versions have none of them."""
        return (
            MethodBinding("tasks/get", TaskParams, self._get, SINCE),
            MethodBinding("tasks/update", UpdateParams, self._update, SINCE),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, SINCE),
        )

    async def intercept_tool_call(self, params: CallToolRequestParams, ctx: Ctx, call_next: CallNext) -> HandlerResult:
        """Return a task instead of the result of a call whose work goes on, if the job behind it can be read."""
        result = await call_next(ctx)
        if params.name not in self.tools_with_tasks or not isinstance(result, CallToolResult) or not has_declared(ctx):
            return result
        source = self._load()
        if (task_id := source.find_id(result)) is None:
            return result
        try:
            task = await source.get(task_id, ctx.lifespan_context)
        except MCPError:  # the job is bought, and only the result names it
            return result
        if task.is_over:
            return result
        words = cast(dict[str, Any], result.structured_content or {}).get("message", task.message)
        return {**replace(task, message=words).fields(), "resultType": "task"}

    def listen(self, stock: Callable[[Ctx, Any], Awaitable[Any]]) -> Callable[[Ctx, SubscriptionsListenRequestParams], Awaitable[Any]]:
        """Return the SDK's handler of subscriptions/listen, with news of the tasks that a client names in `taskIds`."""

        async def listen(ctx: Ctx, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
            named: Any = (params.notifications.model_extra or {}).get("taskIds")
            if not isinstance(named, list) or not named:
                return await stock(ctx, params)
            require_client_extension(ctx, IDENTIFIER)
            ids = [name for name in cast(list[Any], named)[:MOST_FOLLOWED] if isinstance(name, str)]
            stream = TaskStream(self._load(), ctx, await self._find_all(ids, ctx), asked=params.notifications.resource_subscriptions)
            return await stock(replace(ctx, session=cast(Any, stream)), stream.widen(params))

        return listen

    async def _find_all(self, ids: Sequence[str], ctx: Ctx) -> list[Task]:
        """Return those of the tasks that the caller has."""
        found: list[Task] = []
        for task_id in dict.fromkeys(ids):
            try:
                found.append(await self._load().get(task_id, ctx.lifespan_context))
            except MCPError:
                continue
        return found

    async def _get(self, ctx: Ctx, params: TaskParams) -> dict[str, Any]:
        _check(ctx, params.task_id)
        task = await self._load().get(params.task_id, ctx.lifespan_context)
        return {**task.fields(), "resultType": "complete"}

    async def _update(self, ctx: Ctx, params: UpdateParams) -> dict[str, Any]:
        _check(ctx, params.task_id)
        await self._load().update(params.task_id, params.input_responses, ctx.lifespan_context)
        return {"resultType": "complete"}

    async def _cancel(self, ctx: Ctx, params: TaskParams) -> dict[str, Any]:
        """Acknowledge, as the extension wants it, also where the vendor cancels nothing; `_meta` says what became of the money."""
        _check(ctx, params.task_id)
        words = await self._load().cancel(params.task_id, ctx.lifespan_context)
        return {"resultType": "complete", **({"_meta": {"sora-mcp/message": words}} if words else {})}


class TaskStream:
    """A session for the SDK's handler of subscriptions: it listens to the resources of the jobs, and sends news of them as tasks."""

    def __init__(self, source: TaskSource, ctx: Ctx, tasks: Sequence[Task], *, asked: Sequence[str] | None) -> None:
        self._source = source
        self._ctx = ctx
        self._tasks = tasks
        self._task_of = {_name_resource(job): task.id for task in tasks for job in task.jobs}
        self._asked = list(asked or ())
        self._over = set[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx.session, name)

    def widen(self, params: SubscriptionsListenRequestParams) -> SubscriptionsListenRequestParams:
        """Return the parameters with the resources of the jobs besides."""
        wanted = params.notifications.model_copy(update={"resource_subscriptions": [*self._asked, *self._task_of]})
        return params.model_copy(update={"notifications": wanted})

    async def send_notification(self, notification: Any, related_request_id: Any = None) -> None:
        """Send a notification of the SDK's as the client asked for it: with `taskIds` acknowledged, and a task for a job."""
        if isinstance(notification, SubscriptionsAcknowledgedNotification):
            await self._ctx.session.send_notification(self._acknowledge(notification), related_request_id)
            for task in self._tasks:  # one may have ended before anybody listened
                await self._send(task, notification, related_request_id)
            return
        uri: str | None = getattr(notification.params, "uri", None)
        if uri is None or uri in self._asked:
            await self._ctx.session.send_notification(notification, related_request_id)
        if uri in self._task_of and (task_id := self._task_of[uri]) not in self._over:
            await self._send(await self._source.get(task_id, self._ctx.lifespan_context), notification, related_request_id)

    def _acknowledge(self, stock: SubscriptionsAcknowledgedNotification) -> SubscriptionsAcknowledgedNotification:
        honored = {"resource_subscriptions": self._asked or None, "taskIds": [task.id for task in self._tasks]}
        wanted = stock.params.notifications.model_copy(update=honored)
        return stock.model_copy(update={"params": stock.params.model_copy(update={"notifications": wanted})})

    async def _send(self, task: Task, stock: Any, related_request_id: Any) -> None:
        """Send a task under the subscription's id, which the SDK's own notification carries."""
        if task.is_over:
            self._over.add(task.id)
        params = TaskNotificationParams.model_validate({**task.fields(), "_meta": stock.params.meta})
        await self._ctx.session.send_notification(cast(Any, TaskNotification(params=params)), related_request_id)


def has_declared(ctx: Ctx | ToolContext) -> bool:
    """Return whether the client declares the extension on this request."""
    request: Ctx = ctx if isinstance(ctx, ServerRequestContext) else ctx.request_context
    capabilities = request.session.client_capabilities
    extensions = capabilities.extensions if capabilities is not None else None
    return request.protocol_version in SINCE and extensions is not None and IDENTIFIER in extensions


def _check(ctx: Ctx, task_id: str) -> None:
    """Raise MCPError for a client that did not declare the extension, and for a routing header of another task.

    Over HTTP a client has to send the header; fastmcp-tasks 4.1.4 does not (seen 2026-11-20), so a missing one is let through.
    """
    require_client_extension(ctx, IDENTIFIER)
    headers: Mapping[str, str] = getattr(ctx.request, "headers", None) or {}
    if headers.get("mcp-name", task_id) != task_id:
        raise MCPError(HEADER_MISMATCH, "The header Mcp-Name names another task than params.taskId.")


def _name_resource(job_id: str) -> str:
    return f"sora://videos/{job_id}"


def _dump(model: BaseModel | None) -> dict[str, Any] | None:
    return None if model is None else model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

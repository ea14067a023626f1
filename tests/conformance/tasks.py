"""Tasks of the suite's own tools, which ask and fail in ways that no job does, over the extension of the real server."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult
from mcp.server.mcpserver import Context, require_client_extension
from mcp.types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    TextContent,
)

from sora_mcp.server.app import SoraServer
from sora_mcp.server.context import ServerContext
from sora_mcp.server.sdk import Ctx
from sora_mcp.server.task_states import JobTasks
from sora_mcp.server.tasks import ANSWERED_BY_TASKS, IDENTIFIER, Task, Tasks, has_declared

NEEDS_TASKS = ("failing_job", "test_tool_with_task")
FIXTURE = "Only here to be tried by the conformance suite."


@dataclass
class Running:
    """A task that runs in this process."""

    task: Task
    work: asyncio.Task[None] | None = None
    answers: dict[str, asyncio.Future[Any]] = field(default_factory=dict[str, "asyncio.Future[Any]"])

    def change(self, **fields: Any) -> None:
        if not self.task.is_over:
            self.task = replace(self.task, updated_at=time.time(), **fields)

    async def ask(self, question: str, **fields: str) -> Any:
        """Return the client's answer."""
        key, properties = secrets.token_hex(4), {name: {"type": kind} for name, kind in fields.items()}
        form = {"type": "object", "properties": properties, "required": [*fields]}
        request = ElicitRequest(params=ElicitRequestFormParams(message=question, requested_schema=form))
        asked = {**(self.task.input_requests or {}), key: request.model_dump(mode="json", by_alias=True, exclude_none=True)}
        self.answers[key] = asyncio.get_running_loop().create_future()
        self.change(status="input_required", input_requests=asked)
        return await self.answers[key]


Work = Callable[[Running], Awaitable[CallToolResult]]


class FixtureTasks(Tasks):
    """The extension with the suite's tasks beside the jobs of the store."""

    def __init__(self) -> None:
        super().__init__(lambda: self)
        self.running: dict[str, Running] = {}
        self.jobs = JobTasks()
        self.own_tools = (*make_plain(self), *make_asking(self))
        self.tools_with_tasks = ANSWERED_BY_TASKS + tuple(getattr(tool, "__name__", "") for tool in self.own_tools)

    async def intercept_tool_call(self, params: CallToolRequestParams, ctx: Ctx, call_next: CallNext) -> HandlerResult:
        if params.name in NEEDS_TASKS:
            require_client_extension(ctx, IDENTIFIER)
        return await super().intercept_tool_call(params, ctx, call_next)

    def find_id(self, result: CallToolResult) -> str | None:
        return (result.structured_content or {}).get("task") or self.jobs.find_id(result)

    async def get(self, task_id: str, context: ServerContext) -> Task:
        running = self.running.get(task_id)
        return await self.jobs.get(task_id, context) if running is None else running.task

    async def cancel(self, task_id: str, context: ServerContext) -> str:
        if (running := self.running.get(task_id)) is None:
            return await self.jobs.cancel(task_id, context)
        if running.work is not None:
            running.work.cancel()
        running.change(status="cancelled", input_requests=None)
        return ""

    async def update(self, task_id: str, answers: Mapping[str, Any], context: ServerContext) -> None:
        if (running := self.running.get(task_id)) is None:
            return await self.jobs.update(task_id, answers, context)
        for key, answer in answers.items():
            left = {name: asked for name, asked in (running.task.input_requests or {}).items() if name != key}
            if (waiting := running.answers.pop(key, None)) is not None:
                running.change(status="input_required" if left else "working", input_requests=left or None)
                waiting.set_result(answer)

    async def start(self, ctx: Context[Any, Any], work: Work) -> CallToolResult:
        """Run the work as a task where the client declares the extension, else before the answer."""
        running = Running(Task(secrets.token_hex(12), "working", time.time(), time.time(), 200))
        if not has_declared(ctx):
            return await work(running)
        self.running[running.task.id] = running
        running.work = asyncio.create_task(self._follow(running, work))
        return CallToolResult(content=[], structured_content={"task": running.task.id})

    async def _follow(self, running: Running, work: Work) -> None:
        try:
            running.change(result=await work(running), status="completed")
        except MCPError as error:
            running.change(error=error.error, status="failed", message=error.error.message)

    def mount(self, server: SoraServer) -> None:
        """Add the suite's tools to the server."""
        for tool in self.own_tools:
            server.add_tool(tool, description=FIXTURE)


def make_plain(tasks: FixtureTasks) -> tuple[Callable[..., Any], ...]:
    """Return the suite's tools that ask nothing, bound to these tasks."""

    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    async def slow_compute(ctx: Context[Any, Any], seconds: float = 1, label: str = "") -> CallToolResult:
        async def work(running: Running) -> CallToolResult:
            await asyncio.sleep(seconds)
            return _say(f"Computed {label} in {seconds} s")

        return await tasks.start(ctx, work)

    async def failing_job(ctx: Context[Any, Any]) -> CallToolResult:
        async def work(running: Running) -> CallToolResult:
            await asyncio.sleep(0.3)
            return _say("The job failed.", is_error=True)

        return await tasks.start(ctx, work)

    async def protocol_error_job(ctx: Context[Any, Any]) -> CallToolResult:
        async def work(running: Running) -> CallToolResult:
            await asyncio.sleep(0.2)
            raise MCPError(INTERNAL_ERROR, "It broke.")

        return await tasks.start(ctx, work)

    return greet, slow_compute, failing_job, protocol_error_job


def make_asking(tasks: FixtureTasks) -> tuple[Callable[..., Any], ...]:
    """Return the suite's tools that ask something, bound to these tasks."""

    async def confirm_delete(filename: str, ctx: Context[Any, Any]) -> CallToolResult:
        async def work(running: Running) -> CallToolResult:
            return _say(f"{filename}: {await running.ask(f'Delete {filename}?', confirm='boolean')}")

        return await tasks.start(ctx, work)

    async def multi_input(ctx: Context[Any, Any]) -> CallToolResult:
        async def work(running: Running) -> CallToolResult:
            return _say(str(await asyncio.gather(*(running.ask(which, name="string") for which in ("First?", "Second?")))))

        return await tasks.start(ctx, work)

    async def test_tool_with_task(ctx: Context[Any, Any]) -> CallToolResult | InputRequiredResult:
        answer: Any = (ctx.input_responses or {}).get("user_name")
        if answer is None:
            form = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
            asked = ElicitRequest(params=ElicitRequestFormParams(message="Your name?", requested_schema=form))
            return InputRequiredResult(input_requests={"user_name": asked})

        async def work(running: Running) -> CallToolResult:
            await asyncio.sleep(0.2)
            return _say(f"The task is done for {answer.content}.")

        return await tasks.start(ctx, work)

    return confirm_delete, multi_input, test_tool_with_task


def _say(words: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=words)], is_error=is_error)

"""A real service at a played Muvi, behind the server; and people who answer forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult, ErrorData, InputRequiredResult

from sora_mcp.server.app import SoraServer, build
from sora_mcp.server.loopback_pages import Pages
from tests.played import Muvi
from tests.played.rig import PROMPT, Rig, rig
from tests.stored import Clock

from .conftest import Era

CLIP: dict[str, Any] = {"prompt": PROMPT, "model": "muvi:sora-2", "seconds": 4}
ABOVE = "0.05"
"""What a clip may cost without a yes, so that this one needs one."""
YES = ElicitResult(action="accept", content={"buy": True})
NO = ElicitResult(action="decline")


@dataclass
class Person:
    """Who gives the same answer to every form; None: none, ever."""

    answer: ElicitResult | ErrorData | None
    seen: list[ElicitRequestParams] = field(default_factory=list[ElicitRequestParams])
    opened: anyio.Event = field(default_factory=anyio.Event)
    """Once a form was seen."""

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        self.seen.append(params)
        self.opened.set()
        if self.answer is None:
            await anyio.sleep_forever()
        assert self.answer is not None
        return self.answer


@dataclass
class Shop:
    """The server, the vendor behind it, and the clock of both."""

    rig: Rig
    clock: Clock
    server: SoraServer

    def client(self, answer: ElicitResult | ErrorData | Person | None, era: Era) -> Client:
        """A client that shows forms to this person."""
        return Client(self.server, mode=era, elicitation_callback=answer if isinstance(answer, Person) else Person(answer))

    async def jobs(self) -> list[str]:
        """Every purchase, by any principal."""
        return [job.id for job in (await self.rig.service.store.jobs.search(None, limit=100)).jobs]


@asynccontextmanager
async def shop(folder: Path, pages: Pages | None = None, **env: str) -> AsyncGenerator[Shop]:
    """A shop in which the clip needs a person's yes."""
    clock = Clock()
    async with rig(Muvi(), folder, clock=clock, **{"CONFIRM_ABOVE_USD": ABOVE, **env}) as at:
        yield Shop(at, clock, build(lambda: nullcontext(at.service), at.settings.catalogue, today=lambda: at.service.today, pages=pages))


async def buy(client: Client, **changes: Any) -> CallToolResult:
    """One call for the clip, with whatever it asks."""
    return await client.call_tool("create_video", CLIP | changes)


async def send(client: Client, *, state: str | None = None, answer: Any = None, **changes: Any) -> CallToolResult | InputRequiredResult:
    """One bare call of the 2026 era."""
    responses = None if answer is None else {"approval": answer}
    return await client.session.call_tool(
        "create_video", CLIP | changes, request_state=state, input_responses=responses, allow_input_required=True
    )


async def asked(client: Client, **changes: Any) -> InputRequiredResult:
    """The question of the 2026 era."""
    question = await send(client, **changes)
    assert isinstance(question, InputRequiredResult)
    return question


def code(result: CallToolResult | InputRequiredResult) -> str:
    """The code of a refusal; the state of a job."""
    assert isinstance(result, CallToolResult)
    structured = result.structured_content or {}
    return structured["error"]["code"] if result.is_error else structured["state"]


def quote_of(result: CallToolResult) -> str:
    """The quote that a refusal names."""
    return (result.structured_content or {})["error"]["quote"]

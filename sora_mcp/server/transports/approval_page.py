"""The confirmation page on loopback, for clients that show no forms: one page, one quote, one answer.

Its address holds a secret that the first load uses up: a cookie, and a word in the form that no other page can read, take its place. A
later load without the cookie means that somebody else saw the address, so the page ends and its yes is taken back where it was not used.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import compare_digest, token_urlsafe

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.server.approval_question import Question
from sora_mcp.server.transports.connections import LimitedProtocol
from sora_mcp.server.transports.pages_html import build_page, is_from, read_form, refuse_plainly, render_question

HOST = "127.0.0.1"
COOKIE = "sora_mcp_approval"
SETTLE_S = 2.0
"""Seconds between the first load and the taking of an answer. A second load of the address shows meanwhile that two have seen it."""
ELSEWHERE = (
    "This page was opened before, and not from here",
    "So it takes no answer any more, and nothing is bought through it. "
    "If you did not open it yourself, another program on this computer did. "
    "Ask in your chat for the video again to get a new page.",
)
EXPIRED = ("This page has expired", "Nothing was bought through it. Ask in your chat for the video again to get a new page.")
Decide = Callable[[bool], Awaitable[tuple[str, str]]]
"""Writes down a yes or a no, and returns a heading and a sentence for the person. SoraError where it is too late."""


@dataclass
class ApprovalPage:
    """One question, served until its quote ends."""

    question: Question
    decide: Decide
    revoke: Callable[[], Awaitable[str | None]]
    """Take back an answer. Where it was used already, return the job that was bought."""
    clock: Callable[[], float]
    settle_s: float = SETTLE_S
    port: int = 0
    said: tuple[str, str] | None = None
    """Heading and sentence once it takes no answer any more."""
    is_spoiled: bool = False
    _ticket: str = field(default_factory=lambda: token_urlsafe(32), repr=False)
    _cookie: str = field(default_factory=lambda: token_urlsafe(32), repr=False)
    _word: str = field(default_factory=lambda: token_urlsafe(32), repr=False)
    _opened_at: float | None = None
    _deciding: anyio.Lock = field(default_factory=anyio.Lock)
    _closed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def address(self) -> str:
        """The address, with the secret that its first load uses up."""
        return f"http://{HOST}:{self.port}/{self._ticket}"

    @property
    def is_waiting(self) -> bool:
        """True while an answer would count."""
        return self.said is None and not self.has_expired

    @property
    def is_taken(self) -> bool:
        """True once the secret in the address is used up."""
        return self._opened_at is not None

    @property
    def has_expired(self) -> bool:
        """True once the quote has."""
        return self.clock() >= self.question.expires_at

    async def serve(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Listen on a port of its own until the quote ends."""
        config = uvicorn.Config(
            self,
            http=LimitedProtocol,
            ws="none",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        config.load()
        state = ServerState()
        with socket.create_server((HOST, 0)) as listening:
            self.port = listening.getsockname()[1]
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: LimitedProtocol(config, server_state=state, app_state={}), sock=listening)
            try:
                task_status.started()
                with anyio.move_on_after(self.question.seconds_left):
                    await self._closed.wait()
            finally:
                server.close()
                for connection in list(state.connections):
                    connection.transport.abort()

    def close(self) -> None:
        """End `serve`: nobody will come."""
        self._closed.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("host") != f"{HOST}:{self.port}":
            return refuse_plainly(421, "Wrong host")
        if not compare_digest(request.url.path.encode(), f"/{self._ticket}".encode()):
            return refuse_plainly(404, "Not found")
        if request.method == "GET":
            return await self._show(request)
        if request.method == "POST":
            return await self._take(request)
        return refuse_plainly(405, "Only GET and POST")

    async def _show(self, request: Request) -> Response:
        """Show the question, and use up the secret. A browser that only fetches ahead is no person who looks."""
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            return refuse_plainly(503, "Not before somebody looks")
        if self._has_cookie(request):
            return self._render()
        if self._opened_at is not None:
            await self._spoil()
            return self._render()
        self._opened_at = anyio.current_time()
        response = self._render()
        response.set_cookie(COOKIE, self._cookie, path=f"/{self._ticket}", httponly=True, samesite="strict")
        return response

    async def _take(self, request: Request) -> Response:
        """Take one answer, from the page itself. Whatever else is sent changes nothing."""
        if not is_from(request, f"http://{HOST}:{self.port}") or not self._has_cookie(request):
            return refuse_plainly(403, "Not from this page")
        fields = await read_form(request)
        word, answer = fields.get("word", ""), fields.get("answer", "")
        if not compare_digest(word.encode(), self._word.encode()) or answer not in ("yes", "no"):
            return refuse_plainly(403, "Not from this page")
        async with self._deciding:
            await anyio.sleep(max(0.0, (self._opened_at or 0.0) + self.settle_s - anyio.current_time()))
            if self.said is not None:
                return self._render(again=True)
            try:
                self.said = await self.decide(answer == "yes")
            except SoraError as error:
                self.said = ("Too late", error.message)
                return self._render(again=True)
            if self.is_spoiled:  # while it was written down
                await self._spoil()
                return self._render(again=True)
            return self._render()

    async def _spoil(self) -> None:
        """End the page: two have seen its address."""
        self.is_spoiled, self.said = True, ELSEWHERE
        if (job_id := await self.revoke()) is not None:
            self.said = (
                ELSEWHERE[0],
                f"A yes that was given on it bought {job_id}. If that was not yours: {describe_command('show', job_id)}.",
            )

    def _has_cookie(self, request: Request) -> bool:
        return compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def _render(self, *, again: bool = False) -> Response:
        """Return the question while it waits for its answer, else what became of it."""
        if self.said is None and not self.has_expired:
            return build_page(self.question.title, body=render_question(self.question.at(self.clock()), self._word))
        said = self.said or EXPIRED
        return build_page(*said, status=410 if self.said is None or self.is_spoiled else 409 if again else 200)

"""The confirmation page on loopback, for clients that show no forms: one page, one quote, one answer.

Its address holds a secret that the first load uses up: a cookie, and a word in the form that no other page can read, take its place. A
later load without the cookie means that somebody else saw the address, so the page ends and its yes is taken back where it was not used.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qs

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.question import Question
from sora_mcp.server.transports.connections import LimitedProtocol

HOST = "127.0.0.1"
COOKIE = "sora_mcp_approval"
SETTLE_S = 2.0
"""Seconds between the first load and the taking of an answer. A second load of the address shows meanwhile that two have seen it."""
MOST_BODY = 1000
MOST_PICTURE = 16_000_000
"""Characters of a picture that the page shows."""
TEMPLATE = Path(__file__).with_name("approval.html")
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
            return _refuse(421, "Wrong host")
        if not compare_digest(request.url.path.encode(), f"/{self._ticket}".encode()):
            return _refuse(404, "Not found")
        if request.method == "GET":
            return await self._show(request)
        if request.method == "POST":
            return await self._take(request)
        return _refuse(405, "Only GET and POST")

    async def _show(self, request: Request) -> Response:
        """Show the question, and use up the secret. A browser that only fetches ahead is no person who looks."""
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            return _refuse(503, "Not before somebody looks")
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
        own = request.headers.get("origin") == f"http://{HOST}:{self.port}"
        if not own or request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or not self._has_cookie(request):
            return _refuse(403, "Not from this page")
        fields = parse_qs((await _read_body(request)).decode("latin-1"))
        word, answer = fields.get("word", [""])[-1], fields.get("answer", [""])[-1]
        if not compare_digest(word.encode(), self._word.encode()) or answer not in ("yes", "no"):
            return _refuse(403, "Not from this page")
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
                f"A yes that was given on it bought {job_id}. If that was not yours: `{command_line('show', job_id)}`.",
            )

    def _has_cookie(self, request: Request) -> bool:
        return compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def _render(self, *, again: bool = False) -> Response:
        """Return the question while it waits for its answer, else what became of it."""
        if self.said is None and not self.has_expired:
            return _build_page(self.question.title, body=render_question(self.question, self._word))
        said = self.said or EXPIRED
        return _build_page(*said, status=410 if self.said is None or self.is_spoiled else 409 if again else 200)


def render_question(question: Question, word: str) -> str:
    """Return the question as HTML. Every text is escaped; nothing is loaded, and nothing needs a script."""
    rows = "".join(f'<dt>{escape(name)}</dt><dd class="{name.lower()}">{escape(value)}</dd>' for name, value in _list_facts(question))
    return f"""<h1>{escape(question.title)}</h1>
<dl>{rows}</dl>
<h2 id="prompt">Prompt</h2>
<p class="words" dir="auto" role="region" tabindex="0" aria-labelledby="prompt">{escape(question.whole_prompt)}</p>
{"".join(_render_pictures(question))}<form method="post">
<input type="hidden" name="word" value="{escape(word)}">
<button class="yes" name="answer" value="yes">{escape(question.label)}</button>
<button name="answer" value="no">No, do not buy it</button>
</form>
<p class="dim">{escape(question.terms)}</p>"""


def _list_facts(question: Question) -> list[tuple[str, str]]:
    source = [("Source", question.source)] if question.source else []
    return [*question.facts, *source, ("Left today", question.left)]


def _render_pictures(question: Question) -> Iterator[str]:
    """Yield the very pictures that are sent. One at an address is only named: to load it would tell its host."""
    for name, picture in question.pictures:
        if not picture.is_url and len(picture.uri) <= MOST_PICTURE:
            yield f'<h2>{escape(name)}</h2>\n<img src="{escape(picture.uri)}" alt="{escape(name)}, as it is sent">\n'


def _build_page(title: str, sentence: str = "", *, body: str = "", status: int = 200) -> Response:
    nonce = token_urlsafe(16)
    body = body or f'<h1>{escape(title)}</h1>\n<p role="status">{escape(sentence)}</p>'
    text = TEMPLATE.read_text("utf-8").replace("{{title}}", escape(title)).replace("{{nonce}}", nonce).replace("{{body}}", body)
    return HTMLResponse(text, status, headers=_headers(f"style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; "))


def _refuse(status: int, why: str) -> Response:
    return Response(why, status, headers=_headers(""), media_type="text/plain")


def _headers(allowed: str) -> dict[str, str]:
    """Return headers that keep the page to itself. With `no-referrer` a browser would send the form with `Origin: null`."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; {allowed}base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


async def _read_body(request: Request) -> bytes:
    """Return the first bytes of the body: more than the form has."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            break
    return body[:MOST_BODY]

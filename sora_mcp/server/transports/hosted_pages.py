"""Pages of the service at its public address, where people sign in: to approve a price, and to open a finished file.

A link to a page holds the id of a quote or a job, and no power. Looking changes nothing; a yes is sent by the page itself, in the session
of the person whose quote it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sora_mcp.domain.errors import NotFound, SoraError
from sora_mcp.domain.times import show_span
from sora_mcp.server.address import SignInKind
from sora_mcp.server.approval_answers import is_open, is_quote
from sora_mcp.server.context import ServerContext
from sora_mcp.server.loopback_pages import GO_BACK, take_answer
from sora_mcp.server.stored_approval_questions import load_question
from sora_mcp.server.transports.browser_session import Sessions, Visitor
from sora_mcp.server.transports.pages_html import build_page, is_from, read_form, render_question
from sora_mcp.server.transports.sign_in import SIGNED_IN, SignIn

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval

SIGN_IN_AGAIN = "You are not signed in here, or not any more. Nothing was bought. Open the link from your chat again."
NOT_FROM_HERE = ("Not from this page", "Nothing was bought. Open the link from your chat again.")
GetContext = Callable[[], ServerContext | None]


@dataclass(frozen=True)
class HostedPages:
    """The pages of one process, and the sessions that all replicas share."""

    sessions: Sessions
    sign_in: SignIn
    kind: SignInKind

    async def find_visitor(self, request: Request, service: VideoService) -> Visitor | None:
        """Return the person who has signed in in this browser."""
        await self.sessions.sealer.load(service)
        visitor = self.sessions.find_visitor(request)
        return visitor if visitor is not None and self.sign_in.knows(visitor.principal) else None

    def make_routes(self, get_context: GetContext) -> list[Route]:
        """Return the routes for signing in and approving."""

        async def answer(request: Request) -> Response:
            try:
                if (context := get_context()) is None:
                    return _explain_absence("The server is starting.")
                service = await context.service()
                await self.sessions.sealer.load(service)
                if request.url.path == SIGNED_IN:
                    return await self.sign_in.finish(request)
                return await self._answer(request, service)
            except SoraError as error:
                return _explain_absence(error.message)

        return [
            Route(SIGNED_IN, answer, methods=["GET", "POST"]),
            Route("/approve/{quote_id}", answer, methods=["GET", "POST"]),
        ]

    async def _answer(self, request: Request, service: VideoService) -> Response:
        """Show the question of a quote, or take its answer."""
        quote_id = request.path_params["quote_id"].strip().casefold()
        if not is_quote(quote_id):
            return _explain_nothing("the one for whom it is")
        visitor, is_led = await self.find_visitor(request, service), request.query_params.get("way") == "url"
        if visitor is None or not visitor.is_fresh:
            if request.method == "POST":  # a redirect would carry the answer away
                return build_page("Not bought", SIGN_IN_AGAIN, status=403)
            return await self.sign_in.begin(request, f"/approve/{quote_id}{'?way=url' if is_led else ''}", is_fresh=True)
        try:
            quote = await service.store.approvals.get(quote_id, visitor.principal)
        except NotFound:
            return _explain_nothing(visitor.name)
        if request.method == "POST":
            return await self._take(request, service, quote, visitor, is_led=is_led)
        if not is_open(quote, service):
            return build_page(*_describe_end(quote, now=service.clock()))
        return await self._show(service, quote, visitor)

    async def _show(self, service: VideoService, quote: Approval, visitor: Visitor) -> Response:
        question = await load_question(service, quote)
        word = self.sessions.sealer.make_word("answer", visitor.session, quote.id)
        who = f'<p class="dim">You are signed in as {escape(visitor.name)}.</p>'
        return build_page(question.title, body=f"{render_question(question, word)}\n{who}")

    async def _take(self, request: Request, service: VideoService, quote: Approval, visitor: Visitor, *, is_led: bool) -> Response:
        """Take one answer, from the page itself. Whatever else is sent changes nothing."""
        if not is_from(request, self.sessions.cookies.public_url):
            return build_page(*NOT_FROM_HERE, status=403)
        fields = await read_form(request)
        is_own = self.sessions.sealer.is_word(fields.get("word", ""), "answer", visitor.session, quote.id)
        if not is_own or fields.get("answer") not in ("yes", "no"):
            return build_page(*NOT_FROM_HERE, status=403)
        if not is_open(quote, service):
            return build_page(*_describe_end(quote, now=service.clock()), status=409)
        try:
            way = "url" if is_led else "page"
            return build_page(*await take_answer(service, quote.id, visitor.principal, is_yes=fields["answer"] == "yes", way=way))
        except SoraError as error:
            return build_page("Too late", error.message, status=409)


def _describe_end(quote: Approval, *, now: float) -> tuple[str, str]:
    """Say what became of a quote that takes no answer any more."""
    if quote.used_by is not None:
        return "Bought already", f"This quote was used for {quote.used_by}. {GO_BACK}"
    if quote.declined_at is not None:
        return "Not bought", f"The answer was no, {show_span(now - quote.declined_at)} ago. {GO_BACK}"
    if quote.expires_at <= now:
        return "This question has expired", "Nothing was bought. Ask in your chat for the video again to get a new link."
    return "Approved already", f"The yes was given {show_span(now - (quote.approved_at or now))} ago. {GO_BACK}"


def _explain_nothing(name: str) -> Response:
    """Say that there is no such question for this person, whether it is another's or never was."""
    return build_page("There is no such question", f"Either it never was, or it is for another person than {name}.", status=404)


def _explain_absence(sentence: str) -> Response:
    return build_page("Not available now", sentence, status=503)

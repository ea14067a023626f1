"""The user's yes: in a form of the client, on a page to which the client leads, or on a page in the user's browser.

On stdio the page is served on loopback and this process opens it; over HTTP people sign in on a page of the service, whose link every
refusal names.
Forms and links come in the middle of a call in the 2025 era, between two calls in the 2026 era.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import anyio
from mcp import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from sora_mcp.domain import Job, VideoRequest
from sora_mcp.domain.errors import Declined, NeedsConfirmation, before_money
from sora_mcp.domain.money import format_dollars
from sora_mcp.server.address import find_page_host
from sora_mcp.server.approval_answers import DECLINED, is_open, wait_for_answer
from sora_mcp.server.approval_question import Question, build_question
from sora_mcp.server.context import ServerContext, ToolContext, principal
from sora_mcp.server.stored_approval_questions import store_question

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

QUESTION = "approval"
FIELD = "buy"
LINK = "link "
"""Begins the state of a question that was put as a link."""
LINK_WAIT_S = 25.0
"""Seconds that a call waits for the answer on a page that the client opened."""
REASONS = {"accept": "The user did not tick yes", "decline": "The user declined", "cancel": "The user closed the form without an answer"}
OPENED = "A confirmation page was opened in their browser"
STILL_OPEN = "The confirmation page is still open in their browser"
Channel = Literal["form", "link", "browser", "address"]
"""How the user is asked: `link` where the client leads to the page, `browser` where this process opens it, `address` where it is only
named."""


async def create_with_approval(service: VideoService, request: VideoRequest, ctx: ToolContext) -> Job | InputRequiredResult:
    """Create the job; where the price needs the user's approval, ask for it first in the best way that there is.

    The question's nonce is its quote, which one purchase uses up. One call asks once: whatever still needs approval after a yes
    (the price changed meanwhile, or the yes was used already) is refused with a new quote.
    """
    answer = (ctx.input_responses or {}).get(QUESTION)
    if ctx.request_state is not None and answer is not None:
        return await _create_if_approved(service, request, ctx.request_state, answer=answer, ctx=ctx)
    try:
        return await service.create(request, principal=principal())
    except NeedsConfirmation as needed:
        error = needed.change(only_on_page=service.settings.only_on_page)
        if (channel := find_channel(ctx, only_on_page=error.only_on_page)) is None:
            raise error from None
        with before_money():
            question = await build_question(service, request, error)
        if channel == "browser":
            raise await _ask_in_browser(service, question, error, ctx=ctx) from None
        address = None if channel == "form" else await _find_address(service, question, error, ctx=ctx)
        if channel == "address":
            raise error from None  # its message has the link
        state = question.quote_id if address is None else LINK + question.quote_id
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return InputRequiredResult(input_requests={QUESTION: _make_request(question, address)}, request_state=state)
        try:
            answer = await _ask(question, address, ctx)
        except MCPError:
            raise error from None  # the client failed to ask: nobody declined
    return await _create_if_approved(service, request, state, answer=answer, ctx=ctx)


def find_channel(ctx: ToolContext, *, only_on_page: bool) -> Channel | None:
    """Return how the user can be asked; None where only a terminal is left, or nothing where the yes counts on a page only."""
    if not only_on_page and can_ask(ctx):
        return "form"
    if find_page_host() is not None:
        return "link" if can_lead(ctx) else "address"
    pages = _context(ctx).pages
    if pages is None:
        return None
    if can_lead(ctx):
        return "link"
    return "browser" if pages.browser is not None else None


def can_ask(ctx: ToolContext) -> bool:
    """Return whether the client shows forms. An empty capability is older than the two kinds, and means forms."""
    capabilities = ctx.client_capabilities
    forms = capabilities.elicitation if capabilities is not None else None
    if forms is None or (forms.form is None and forms.url is not None):
        return False
    return _can_send(ctx)


def can_lead(ctx: ToolContext) -> bool:
    """Return whether the client leads its user to an address."""
    capabilities = ctx.client_capabilities
    forms = capabilities.elicitation if capabilities is not None else None
    return forms is not None and forms.url is not None and _can_send(ctx)


def is_approved(answer: object) -> bool:
    """Return whether the one box is ticked, and nothing else is filled in."""
    if not isinstance(answer, ElicitResult) or answer.action != "accept" or answer.content is None:
        return False
    return set(answer.content) == {FIELD} and answer.content[FIELD] is True


def _can_send(ctx: ToolContext) -> bool:
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.can_send_request


def _context(ctx: ToolContext) -> ServerContext:
    return ctx.request_context.lifespan_context


def _make_form(question: Question) -> dict[str, Any]:
    """Return a form with one box, which is not ticked."""
    box = {"type": "boolean", "title": question.label, "default": False}
    return {"type": "object", "properties": {FIELD: box}, "required": [FIELD]}


def _make_request(question: Question, address: str | None) -> ElicitRequest:
    """Return the question in the way of the 2026 era: a link to the address of a page, else a form."""
    if address is None:
        return ElicitRequest(params=ElicitRequestFormParams(message=question.text, requested_schema=_make_form(question)))
    return ElicitRequest(params=ElicitRequestURLParams(message=_invite(question), url=address))


def _invite(question: Question) -> str:
    what = f"{question.facts[0][1]} for {format_dollars(question.micros)}"
    place = "a page of this computer" if find_page_host() is None else "a page where you sign in"
    return f"{what}: see what is bought, and say yes or no, on {place}."


async def _ask(question: Question, address: str | None, ctx: ToolContext) -> ElicitResult | None:
    """Return the answer; None when none came in time, or an unreadable one. Raise MCPError where the client could not ask."""
    with anyio.move_on_after(question.seconds_left):
        try:
            if address is None:
                return await ctx.session.elicit_form(question.text, _make_form(question), related_request_id=ctx.request_id)
            return await ctx.session.elicit_url(_invite(question), address, question.quote_id, related_request_id=ctx.request_id)
        except ValidationError:
            return None
    return None


async def _create_if_approved(service: VideoService, request: VideoRequest, state: str, *, answer: object, ctx: ToolContext) -> Job:
    """Create the job after a yes. Any other answer ends the quote, so that no later answer to the same question counts."""
    quote_id = state.removeprefix(LINK)
    if quote_id != state and isinstance(answer, ElicitResult) and answer.action == "accept":
        return await _create_after_page(service, request, quote_id, ctx=ctx)
    if quote_id == state and is_approved(answer):
        return await service.create(request, principal=principal(), agreed=quote_id)
    reason = _describe_no(answer)
    is_no = isinstance(answer, ElicitResult) and answer.action in ("accept", "decline")
    if (pages := _context(ctx).pages) is not None:
        pages.close(quote_id)
    quote = await service.store.approvals.decline(quote_id, principal(), is_no=is_no)
    if quote is not None and quote.used_by is not None:
        raise Declined(f"{reason}, but an earlier yes to the same question created {quote.used_by}.", job_id=quote.used_by)
    raise Declined(f"{reason}. Nothing was bought. Do not ask again unless the user wants it.")


def _describe_no(answer: object) -> str:
    """Say why an answer is no yes."""
    if not isinstance(answer, ElicitResult):
        return "Nobody answered"
    has_more = answer.action == "accept" and (answer.content or {}).get(FIELD) is True
    return "The form came back with more in it than its one box, so it does not count as approval" if has_more else REASONS[answer.action]


async def _create_after_page(service: VideoService, request: VideoRequest, quote_id: str, *, ctx: ToolContext) -> Job:
    """Create the job once the user said yes on the page. That the client opened the page is no answer yet."""
    approval = await wait_for_answer(service, quote_id, LINK_WAIT_S, ctx=ctx)
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS and not is_open(approval, service):
        await ctx.session.send_elicit_complete(quote_id, related_request_id=ctx.request_id)
    if approval.declined_at is not None:
        raise Declined(DECLINED)
    try:
        return await service.create(replace(request, quote_id=quote_id), principal=principal())
    except NeedsConfirmation as error:
        page = STILL_OPEN if error.quote_id == quote_id and find_page_host() is None else None
        raise error.change(page=page, only_on_page=service.settings.only_on_page) from None


async def _ask_in_browser(service: VideoService, question: Question, error: NeedsConfirmation, *, ctx: ToolContext) -> NeedsConfirmation:
    """Open the page, unless it is open already. Return the refusal that says so, or the one that names the terminal."""
    pages = _context(ctx).pages
    if pages is None:
        return error
    if pages.find(question.quote_id) is not None:
        return error.change(page=STILL_OPEN)
    with before_money():
        page = await pages.open(question, service, _context(ctx).start)
    return error.change(page=OPENED) if page is not None and await pages.show_in_browser(page) else error


async def _find_address(service: VideoService, question: Question, error: NeedsConfirmation, *, ctx: ToolContext) -> str:
    """Return the address of the question's page. Raise the refusal where too many pages wait, or somebody has opened this one already."""
    if (host := find_page_host()) is not None:
        with before_money():
            await store_question(service, question, ctx)
        return host.name_page(question.quote_id, is_led=True)
    if (pages := _context(ctx).pages) is None:
        raise error from None
    with before_money():
        page = pages.find(question.quote_id) or await pages.open(question, service, _context(ctx).start, is_led=True)
    if page is None:
        raise error from None
    if page.is_taken:
        raise error.change(page=STILL_OPEN) from None
    return page.address

"""The user's yes: in a form of the client, on a page to which the client leads, or on a page in the user's browser.

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
from sora_mcp.server.answers import DECLINED, is_open, wait_for_answer
from sora_mcp.server.context import ServerContext, ToolContext, principal
from sora_mcp.server.question import Question, build_question

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.server.transports.approval_page import ApprovalPage

QUESTION = "approval"
FIELD = "buy"
LINK = "link "
"""Begins the state of a question that was put as a link."""
LINK_WAIT_S = 25.0
"""Seconds that a call waits for the answer on a page that the client opened."""
REASONS = {"accept": "The user did not tick yes", "decline": "The user declined", "cancel": "The user closed the form without an answer"}
OPENED = "A confirmation page was opened in their browser"
STILL_OPEN = "The confirmation page is still open in their browser"
Way = Literal["form", "link", "browser"]


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
    except NeedsConfirmation as error:
        if (way := find_way(ctx)) is None:
            raise
        with before_money():
            question = await build_question(service, request, error)
        if way == "browser":
            raise await _ask_in_browser(service, question, error, ctx=ctx) from None
        page = None if way == "form" else await _find_page(service, question, ctx)
        if page is not None and page.is_taken:
            raise _name_page(error, STILL_OPEN) from None
        if way == "link" and page is None:
            raise
        state = question.quote_id if page is None else LINK + question.quote_id
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return InputRequiredResult(input_requests={QUESTION: _make_request(question, page)}, request_state=state)
        try:
            answer = await _ask(question, page, ctx)
        except MCPError:
            raise error from None  # the client failed to ask: nobody declined
    return await _create_if_approved(service, request, state, answer=answer, ctx=ctx)


def find_way(ctx: ToolContext) -> Way | None:
    """Return how the user can be asked; None where only a terminal is left."""
    if can_ask(ctx):
        return "form"
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


def _make_request(question: Question, page: ApprovalPage | None) -> ElicitRequest:
    """Return the question in the way of the 2026 era."""
    if page is None:
        return ElicitRequest(params=ElicitRequestFormParams(message=question.text, requested_schema=_make_form(question)))
    return ElicitRequest(params=ElicitRequestURLParams(message=_invite(question), url=page.address))


def _invite(question: Question) -> str:
    what = f"{question.facts[0][1]} for {format_dollars(question.micros)}"
    return f"{what}: see what is bought, and say yes or no, on a page of this computer."


async def _ask(question: Question, page: ApprovalPage | None, ctx: ToolContext) -> ElicitResult | None:
    """Return the answer; None when none came in time, or an unreadable one. Raise MCPError where the client could not ask."""
    with anyio.move_on_after(question.seconds_left):
        try:
            if page is None:
                return await ctx.session.elicit_form(question.text, _make_form(question), related_request_id=ctx.request_id)
            return await ctx.session.elicit_url(_invite(question), page.address, question.quote_id, related_request_id=ctx.request_id)
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
    return "The form came back with more in it than its one box, so it counts as no yes" if has_more else REASONS[answer.action]


async def _create_after_page(service: VideoService, request: VideoRequest, quote_id: str, *, ctx: ToolContext) -> Job:
    """Create the job once the user said yes on the page. That the client opened the page is no answer yet."""
    approval = await wait_for_answer(service, quote_id, LINK_WAIT_S, ctx=ctx)
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS and not is_open(approval, now=service.clock()):
        await ctx.session.send_elicit_complete(quote_id, related_request_id=ctx.request_id)
    if approval.declined_at is not None:
        raise Declined(DECLINED)
    try:
        return await service.create(replace(request, quote_id=quote_id), principal=principal())
    except NeedsConfirmation as error:
        raise (_name_page(error, STILL_OPEN) if error.quote_id == quote_id else error) from None


async def _ask_in_browser(service: VideoService, question: Question, error: NeedsConfirmation, *, ctx: ToolContext) -> NeedsConfirmation:
    """Open the page, unless it is open already. Return the refusal that says so, or the one that names the terminal."""
    pages = _context(ctx).pages
    if pages is None:
        return error
    if pages.find(question.quote_id) is not None:
        return _name_page(error, STILL_OPEN)
    with before_money():
        page = await pages.open(question, service, _context(ctx).start)
    return _name_page(error, OPENED) if page is not None and await pages.show_in_browser(page) else error


async def _find_page(service: VideoService, question: Question, ctx: ToolContext) -> ApprovalPage | None:
    """Return the question's page, a new one where there is none; None where too many wait."""
    pages = _context(ctx).pages
    if pages is None:
        return None
    with before_money():
        return pages.find(question.quote_id) or await pages.open(question, service, _context(ctx).start)


def _name_page(error: NeedsConfirmation, page: str) -> NeedsConfirmation:
    return NeedsConfirmation(error.message, quote_id=error.quote_id, price=error.price, order=error.order, page=page, reason=error.reason)

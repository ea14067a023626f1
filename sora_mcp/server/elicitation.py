"""Approval in the chat: a form in the middle of a call in the 2025 era, between two calls in the 2026 era."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
from mcp import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from sora_mcp.domain import Confidence, Job, Quote, VideoRequest
from sora_mcp.domain.errors import Declined, NeedsConfirmation, before_money
from sora_mcp.domain.money import show
from sora_mcp.security.text import describe_prompt, sanitize
from sora_mcp.server.context import ToolContext, principal

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval

QUESTION = "approval"
FIELD = "buy"
MOST_PROMPT, MOST_OPTIONS, MOST_OPTION, MOST_PICTURE = 2000, 300, 60, 120
SOURCES: dict[Confidence, str] = {
    "listed": "as its page said on {day}",
    "live": "as the vendor said on {day}",
    "configured": "as your own price file says",
    "derived": "worked out on {day}, not stated by the vendor",
}
REASONS = {"accept": "The user did not tick yes", "decline": "The user declined", "cancel": "The user closed the form without an answer"}


@dataclass(frozen=True)
class Question:
    """A question to the user, and the seconds for which an answer counts."""

    quote_id: str
    text: str
    label: str
    seconds_left: float

    @property
    def form(self) -> dict[str, Any]:
        """One box, which is not ticked."""
        return {
            "type": "object",
            "properties": {FIELD: {"type": "boolean", "title": self.label, "default": False}},
            "required": [FIELD],
        }


async def create_with_approval(service: VideoService, request: VideoRequest, ctx: ToolContext) -> Job | InputRequiredResult:
    """Create the job; where the price needs the user's approval and the client shows forms, ask for it first.

    The question's nonce is its quote, which one purchase uses up. One call asks once: whatever still needs approval after a yes
    (the price changed meanwhile, or the yes was used already) is refused with a new quote.
    """
    answer = (ctx.input_responses or {}).get(QUESTION)
    if ctx.request_state is not None and answer is not None:
        return await _create_if_approved(service, request, ctx.request_state, answer=answer)
    try:
        return await service.create(request, principal=principal())
    except NeedsConfirmation as error:
        if not can_ask(ctx):
            raise
        with before_money():
            question = await _build_question(service, request, error)
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            form = ElicitRequest(params=ElicitRequestFormParams(message=question.text, requested_schema=question.form))
            return InputRequiredResult(input_requests={QUESTION: form}, request_state=question.quote_id)
        try:
            answer = await _ask(question, ctx)
        except MCPError:
            raise error from None  # the client failed to show the form: nobody declined
    return await _create_if_approved(service, request, question.quote_id, answer=answer)


def can_ask(ctx: ToolContext) -> bool:
    """Return whether the client shows forms. An empty capability is older than the two kinds, and means forms."""
    capabilities = ctx.client_capabilities
    forms = capabilities.elicitation if capabilities is not None else None
    if forms is None or (forms.form is None and forms.url is not None):
        return False
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.can_send_request


def is_approved(answer: object) -> bool:
    """Return whether the one box is ticked, and nothing else is filled in."""
    if not isinstance(answer, ElicitResult) or answer.action != "accept" or answer.content is None:
        return False
    return set(answer.content) == {FIELD} and answer.content[FIELD] is True


async def _ask(question: Question, ctx: ToolContext) -> ElicitResult | None:
    """Return the answer; None when none came in time, or an unreadable one. Raise MCPError where the client could not ask."""
    with anyio.move_on_after(question.seconds_left):
        try:
            return await ctx.session.elicit_form(question.text, question.form, related_request_id=ctx.request_id)
        except ValidationError:
            return None
    return None


async def _create_if_approved(service: VideoService, request: VideoRequest, quote_id: str, *, answer: object) -> Job:
    """Create the job after a yes. Any other answer ends the quote, so that no later answer to the same question counts."""
    if is_approved(answer):
        return await service.create(request, principal=principal(), agreed=quote_id)
    reason = REASONS[answer.action] if isinstance(answer, ElicitResult) else "Nobody answered"
    is_no = isinstance(answer, ElicitResult) and answer.action in ("accept", "decline")
    quote = await service.store.approvals.decline(quote_id, principal(), is_no=is_no)
    if quote is not None and quote.used_by is not None:
        raise Declined(f"{reason}, but an earlier yes to the same question created {quote.used_by}.", job_id=quote.used_by)
    raise Declined(f"{reason}. Nothing was bought. Do not ask again unless the user wants it.")


async def _build_question(service: VideoService, request: VideoRequest, error: NeedsConfirmation) -> Question:
    quote = await service.store.approvals.get(error.quote_id)
    budget = await service.budget()
    until = f"{datetime.fromtimestamp(quote.expires_at, UTC):%H:%M} UTC"
    lines = [
        "Buy one video clip?",
        *_describe_purchase(service, request, quote, price=error.price),
        f"Left today: {show(budget.day_left)} of {show(budget.day_limit)}",
        f"Your yes counts once, for exactly this, until {until}. Without it nothing is sent and nothing is charged.",
    ]
    return Question(quote.id, "\n".join(lines), f"Yes, buy it for {show(quote.micros)}", max(0.0, quote.expires_at - service.clock()))


def _describe_purchase(service: VideoService, request: VideoRequest, quote: Approval, *, price: Quote | None) -> Iterator[str]:
    """Yield a line for each fact. The caller's words stay on one line, so that they cannot pass for ours."""
    yield f"Model: {quote.model}{_describe_end(service, quote.model)}"
    yield f"Size: {quote.size}"
    yield f"Seconds: {quote.seconds}"
    yield f"Price: {show(quote.micros)}{_describe_price(price)}"
    if request.image is not None:
        offer = service.catalogue.get(quote.model)
        title = service.catalogue.get_vendor(offer).title if offer else "the vendor"
        yield f"First frame: {describe_picture(title, request.image)}"
    if request.options:
        options = (f"{name} = {_shorten(json.dumps(value, ensure_ascii=False, default=str))}" for name, value in request.options.items())
        yield f"Options: {sanitize(', '.join(options), MOST_OPTIONS)}"
    yield f"Prompt: {describe_prompt(quote.prompt, MOST_PROMPT) or '(nothing that can be shown)'}"


def describe_picture(vendor: str, image: object) -> str:
    """Say which picture leaves this machine, or from where the vendor fetches it: an address can carry data away."""
    if not isinstance(image, str):
        return f"sent to {vendor}"
    text = image.strip()
    scheme, _, rest = text.partition(":")
    if scheme.casefold() == "data":
        return f"a picture from the chat ({len(rest):,} characters), sent to {vendor}"
    if scheme.casefold() == "https":
        host = sanitize(urlsplit(text).hostname, MOST_PICTURE) if _is_address(text) else None
        return f"{vendor} fetches it from {host or 'an address'}: {sanitize(text, MOST_PICTURE)}"
    name = text if "#" in text else text.replace("\\", "/").rpartition("/")[2]
    return f"{sanitize(name, MOST_PICTURE)}, sent to {vendor}"


def _is_address(text: str) -> bool:
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def _shorten(text: str) -> str:
    """Cut a value so that the others stay in sight: a picture would be megabytes long."""
    return text if len(text) <= MOST_OPTION else f"{text[: MOST_OPTION - 1]}…"


def _describe_end(service: VideoService, model: str) -> str:
    """Say that the model has ended; empty for a living one."""
    offer = service.catalogue.get(model)
    if offer is None or offer.ended is None:
        return ""
    ended, title = offer.ended, service.catalogue.get_vendor(offer).title
    return f" ({ended.by} ended {ended.what} on {ended.on}; {title} may answer that it is gone)"


def _describe_price(price: Quote | None) -> str:
    """Say what the price rests on."""
    return "" if price is None else f" ({price.basis}, {SOURCES[price.confidence].format(day=price.checked)})"

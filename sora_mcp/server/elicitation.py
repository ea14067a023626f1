"""A person's yes, asked for in the chat: in the middle of a call in the 2025 era, between two calls in the 2026 era."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from sora_mcp.domain import Confidence, Job, Quote, VideoRequest
from sora_mcp.domain.errors import Declined, NeedsConfirmation, before_money
from sora_mcp.domain.money import show
from sora_mcp.security.text import sanitize
from sora_mcp.server.context import ServerContext, principal

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval

QUESTION = "approval"
FIELD = "buy"
MOST_PROMPT, MOST_OPTIONS, MOST_OPTION = 300, 300, 60
SAYS: dict[Confidence, str] = {
    "listed": "as its page said on {day}",
    "live": "as the vendor said on {day}",
    "configured": "as your own price file says",
    "derived": "worked out on {day}, not stated by the vendor",
}
ANSWERS = {"accept": "A person did not tick yes", "decline": "A person said no", "cancel": "A person closed the form without an answer"}


@dataclass(frozen=True)
class Question:
    """What a person is asked, and how long the answer counts."""

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


async def bought(service: VideoService, wish: VideoRequest, ctx: Context[ServerContext, Any]) -> Job | InputRequiredResult:
    """The job that meets the wish; where a person has to agree and the client can ask, after that person's yes.

    The question's nonce is its quote, which is used up by one purchase. One call asks once: what still needs a yes after a yes
    (the price changed meanwhile, or the yes was used) is refused with a new quote.
    """
    answer = (ctx.input_responses or {}).get(QUESTION)
    if ctx.request_state is not None and answer is not None:
        return await _answered(service, wish, ctx.request_state, answer)
    try:
        return await service.create(wish, principal=principal())
    except NeedsConfirmation as error:
        if not can_ask(ctx):
            raise
        with before_money():
            question = await _question(service, wish, error)
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            asked = ElicitRequest(params=ElicitRequestFormParams(message=question.text, requested_schema=question.form))
            return InputRequiredResult(input_requests={QUESTION: asked}, request_state=question.quote_id)
        try:
            answer = await _ask(question, ctx)
        except MCPError:
            raise error from None  # the form failed: nobody said no
    return await _answered(service, wish, question.quote_id, answer)


def can_ask(ctx: Context[ServerContext, Any]) -> bool:
    """Whether this client shows forms. An empty capability, which is older than the two kinds, means forms."""
    capabilities = ctx.client_capabilities
    forms = capabilities.elicitation if capabilities is not None else None
    if forms is None or (forms.form is None and forms.url is not None):
        return False
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.can_send_request


def is_yes(answer: object) -> bool:
    """Only the one box, ticked, and nothing besides."""
    if not isinstance(answer, ElicitResult) or answer.action != "accept" or answer.content is None:
        return False
    return set(answer.content) == {FIELD} and answer.content[FIELD] is True


async def _ask(question: Question, ctx: Context[ServerContext, Any]) -> ElicitResult | None:
    """The answer; None when none came in time, or none that can be read. MCPError where the client could not ask."""
    with anyio.move_on_after(question.seconds_left):
        try:
            return await ctx.session.elicit_form(question.text, question.form, related_request_id=ctx.request_id)
        except ValidationError:
            return None
    return None


async def _answered(service: VideoService, wish: VideoRequest, quote_id: str, answer: object) -> Job:
    """The purchase after a yes. Anything else ends the quote, so that no later answer to the same question counts."""
    if is_yes(answer):
        return await service.create(wish, principal=principal(), agreed=quote_id)
    said = ANSWERS[answer.action] if isinstance(answer, ElicitResult) else "No person answered"
    quote = await service.store.approvals.decline(quote_id, principal())
    if quote is not None and quote.used_by is not None:
        raise Declined(f"{said}, but an earlier yes to the same question made {quote.used_by}.", job_id=quote.used_by)
    raise Declined(f"{said}, so nothing is bought. Do not ask again unless the user wants it.")


async def _question(service: VideoService, wish: VideoRequest, error: NeedsConfirmation) -> Question:
    quote = await service.store.approvals.get(error.quote_id)
    budget = await service.budget()
    until = f"{datetime.fromtimestamp(quote.expires_at, UTC):%H:%M} UTC"
    lines = [
        "Buy one video clip?",
        *_facts(service, wish, quote, error.price),
        f"Left today: {show(budget.day_left)} of {show(budget.day_limit)}",
        f"Your yes counts once, for exactly this, until {until}. Without it nothing is sent and nothing is charged.",
    ]
    return Question(quote.id, "\n".join(lines), f"Yes, buy it for {show(quote.micros)}", max(0.0, quote.expires_at - service.clock()))


def _facts(service: VideoService, wish: VideoRequest, quote: Approval, price: Quote | None) -> Iterator[str]:
    """What would be bought. Words of others stay on one line, so that they cannot pretend to be ours."""
    yield f"Model: {quote.model}{_ended(service, quote.model)}"
    yield f"Size: {quote.size}"
    yield f"Seconds: {quote.seconds}"
    yield f"Price: {show(quote.micros)}{_rests_on(price)}"
    if wish.image is not None:
        yield "First frame: yes"
    if wish.options:
        said = (f"{name} = {_short(json.dumps(value, ensure_ascii=False, default=str))}" for name, value in wish.options.items())
        yield f"Options: {sanitize(', '.join(said), MOST_OPTIONS)}"
    yield f"Prompt: {sanitize(quote.prompt, MOST_PROMPT) or '(nothing that can be shown)'}"


def _short(text: str) -> str:
    """A value beside which others stay in sight: a picture would be megabytes long."""
    return text if len(text) <= MOST_OPTION else f"{text[: MOST_OPTION - 1]}…"


def _ended(service: VideoService, model: str) -> str:
    choice = service.catalogue.get(model)
    if choice is None or choice.offer.ended is None:
        return ""
    ended = choice.offer.ended
    return f" ({ended.by} ended {ended.what} on {ended.on}; {choice.vendor.title} may answer that it is gone)"


def _rests_on(price: Quote | None) -> str:
    return "" if price is None else f" ({price.basis}, {SAYS[price.confidence].format(day=price.checked)})"

"""estimate_cost: price clips without buying them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import Offer, Order, Quote, VideoRequest
from sora_mcp.domain.money import show
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.elicitation import find_way
from sora_mcp.server.messages import describe_unclear, format_price
from sora_mcp.server.results import MOST_BYTES, budget_fields, build_result, count_bytes, to_dollars, without_empty
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_OFFERS = 12
"""Offers of a comparison in the structured part."""
MOST_NAMED = 5
"""Offers of a comparison in the message."""
DERIVABLE = ("month_spent_usd", "day_spent_usd")
"""Fields of a budget that follow from its limit and its rest."""
ANY_PROMPT = "x"
ANY_FRAME = "https://example.com/frame.png"
"""Stand for any prompt and any first frame where only the price counts."""


@dataclass(frozen=True)
class Arguments:
    """The clips to price."""

    model: str = ""
    size: str = ""
    seconds: int | None = None
    image: bool = False
    options: Annotated[dict[str, Any] | None, Spec(properties={"audio": "boolean"})] = None
    clips: Annotated[int, Spec(minimum=1, maximum=100)] = 1

    @property
    def request(self) -> VideoRequest:
        """The request for one of the clips."""
        return VideoRequest(
            prompt=ANY_PROMPT,
            model=self.model or None,
            size=self.size or None,
            seconds=self.seconds,
            image=ANY_FRAME if self.image else None,
            options=self.options or {},
        )


async def estimate_cost(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return the price for any prompt, and whether it would be allowed now."""
    service = await get_service(ctx)
    estimate = await service.estimate(arguments.request, clips=arguments.clips, principal=principal())
    return format_result(estimate, is_usable=service.catalogue.is_usable, asks_in_chat=find_way(ctx) is not None)


def format_result(estimate: Estimate, *, is_usable: Callable[[Offer], bool], asks_in_chat: bool) -> CallToolResult:
    """Return the result for an estimate; a comparison has the cheapest offers first."""
    order, quote = estimate.order, estimate.quote
    offers = [
        without_empty(
            model=other.offer.id,
            size=other.size.text,
            seconds=other.seconds,
            usd=to_dollars(price.micros * estimate.clips),
            ended=other.offer.ended is not None or None,
            needs_key=(other.offer.ended is None and not is_usable(other.offer)) or None,
        )
        for other, price in _select_offers(estimate.offers, is_usable)
    ]
    structured = without_empty(
        message=_describe(estimate, is_usable=is_usable, asks_in_chat=asks_in_chat),
        model=order.offer.id,
        size=order.size.text,
        seconds=order.seconds,
        clips=estimate.clips,
        usd=to_dollars(estimate.micros),
        micros=int(estimate.micros),
        basis=_describe_sum(estimate),
        source=quote.source,
        checked=quote.checked.isoformat(),
        confidence=quote.confidence,
        needs_confirmation=estimate.needs_confirmation,
        quote=estimate.quote_id,
        allowed=estimate.refusal is None,
        refusal=_first_sentence(estimate.refusal),
        budget=budget_fields(estimate.budget),
        offers=offers or None,
    )
    return build_result(structured if offers else _shorten(structured))


def _shorten(structured: dict[str, Any]) -> dict[str, Any]:
    """Leave out derivable sums where the estimate exceeds MOST_BYTES. Its price page is never cut."""
    budget = dict(structured["budget"])
    for name in DERIVABLE:
        if count_bytes(structured | {"budget": budget}) > MOST_BYTES:
            budget.pop(name, None)
    return structured | {"budget": budget}


def _select_offers(priced: Sequence[tuple[Order, Quote]], is_usable: Callable[[Offer], bool]) -> list[tuple[Order, Quote]]:
    """Return as many as are shown, in their order; those that can be bought now come before those that cannot."""
    chosen = sorted(range(len(priced)), key=lambda at: not is_usable(priced[at][0].offer))[:MOST_OFFERS]
    return [priced[at] for at in sorted(chosen)]


def _describe(estimate: Estimate, *, is_usable: Callable[[Offer], bool], asks_in_chat: bool) -> str:
    """Say the price, whether it would be allowed, and what is left."""
    order, budget = estimate.order, estimate.budget
    clips = f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    what = f"{clips}{order.seconds} s, {order.size.text} on {order.offer.id}"
    total = "" if estimate.refusal or (clips and estimate.quote_id) else f" ({_describe_sum(estimate)})"
    sentences = [f"{what}: {format_price(estimate.micros)}{total}."]
    if estimate.offers:
        sentences.append(f"Cheapest first: {_compare(estimate, is_usable)}.")
    if order.why is not None and not estimate.refusal:
        sentences.append(order.why)
    if estimate.refusal:
        return " ".join([*sentences, f"Refused now: {estimate.refusal}"])
    if estimate.quote_id:
        in_terminal = f"The user must approve it in a terminal, by typing the price: `{command_line('approve', estimate.quote_id)}`."
        sentences.append("The user will be asked to confirm it." if asks_in_chat else in_terminal)
    return " ".join([*sentences, f"Left today {show(budget.day_left)} of {show(budget.day_limit)}{describe_unclear(budget)}."])


def _describe_sum(estimate: Estimate) -> str:
    each = estimate.quote.basis
    return each if estimate.clips == 1 else f"{each} x {estimate.clips} clips"


def _first_sentence(refusal: str | None) -> str | None:
    """Return what would be refused, without the advice: that is in the message."""
    first, dot, _ = (refusal or "").partition(". ")
    return f"{first}." if dot else refusal


def _compare(estimate: Estimate, is_usable: Callable[[Offer], bool]) -> str:
    costs = [(order.offer, price.micros * estimate.clips) for order, price in estimate.offers]
    named = [f"{offer.id} {format_price(micros)}{_marks(offer, is_usable)}" for offer, micros in costs[:MOST_NAMED]]
    return ", ".join(named) + (f", and {len(costs) - MOST_NAMED} more" if len(costs) > MOST_NAMED else "")


def _marks(offer: Offer, is_usable: Callable[[Offer], bool]) -> str:
    return " (ended)" if offer.ended else "" if is_usable(offer) else " (no key)"


TOOL = ToolDefinition(
    "estimate_cost",
    "Estimate cost",
    "Price of clips, without buying. Without model: compares what can be bought. Use this before create_video.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    Arguments,
    estimate_cost,
    {"usd": "number", "allowed": "boolean"},
    has_page=True,
)

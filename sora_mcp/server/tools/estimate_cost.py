"""estimate_cost: price clips without buying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Image, VideoRequest
from sora_mcp.server.budget_text import describe_left
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.elicitation import find_channel
from sora_mcp.server.estimate_text import describe_estimate, describe_larger, describe_list_price, describe_sum, name_at_hand
from sora_mcp.server.raising_limits import describe_how_to_raise
from sora_mcp.server.results import MOST_BYTES, budget_fields, build_result, count_bytes, to_dollars, without_empty
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import ToolDefinition
from sora_mcp.server.tools.video_arguments import MOST_IMAGE, merge_options

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_OFFERS = 9
"""Offers of a comparison in the structured part."""
SPARE = (
    "own",
    "team",
    "month_spent_usd",
    "day_spent_usd",
    "month_limit_usd",
    "per_video_usd",
    "day_limit_usd",
    "resets_at",
    "month_left_usd",
)
"""Fields of a budget that are left out, one after the other, where the estimate would be too long: list_videos has them."""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ANY_PROMPT = "x"
ANY_FRAME = {"url": Image("https://example.com/frame.png"), "file": Image("data:,")}
"""Stand for any prompt and any first frame where only the price counts."""
ANY_PICTURE = {"url": "https://example.com/frame.png", "file": f"data:image/png;base64,{PIXEL}"}
"""Stand for any other picture: these are read as those of a purchase are."""


@dataclass(frozen=True)
class Arguments:
    """The clips to price."""

    model: str = ""
    size: str = ""
    seconds: int | None = None
    image: Annotated[str, Spec("Or url, file", most_characters=MOST_IMAGE, is_picture=True)] = ""
    last_image: Annotated[str, Spec(most_characters=MOST_IMAGE, is_picture=True)] = ""
    references: Annotated[tuple[str, ...], Spec(most_characters=MOST_IMAGE, most_items=10)] = ()
    audio: bool | None = None
    options: Annotated[dict[str, Any] | None, Spec(properties={"seed": "integer"})] = None
    clips: Annotated[int, Spec(minimum=1, maximum=100)] = 1

    @property
    def request(self) -> VideoRequest:
        """The request for one of the clips."""
        references = [_read_picture(one) for one in self.references]
        every = {"audio": self.audio, "last_image": _read_picture(self.last_image), "references": references}
        named = {name: value for name, value in every.items() if value not in (None, "", [])}
        return VideoRequest(
            prompt=ANY_PROMPT,
            model=self.model or None,
            size=self.size or None,
            seconds=self.seconds,
            image=ANY_FRAME.get(self.image.strip().casefold(), self.image) if self.image else None,
            options=merge_options(self.options or {}, named),
            arguments=frozenset(named),
        )


def _read_picture(text: str) -> str:
    """Return a picture as it was named; one that is not known yet as an address or a file of its kind."""
    return ANY_PICTURE.get(text.strip().casefold(), text)


async def estimate_cost(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return the price for any prompt, and whether it would be allowed now."""
    service = await get_service(ctx)
    estimate = await service.estimate(arguments.request, clips=arguments.clips, principal=principal())
    only_on_page = service.settings.only_on_page
    asks = only_on_page or find_channel(ctx, only_on_page=only_on_page) is not None
    how = describe_how_to_raise(estimate.refusal or "", service.settings)
    return format_result(estimate, service.catalogue, asks=asks, today=service.today, how_to_raise=how)


def format_result(estimate: Estimate, catalogue: Catalogue, *, asks: bool, today: date, how_to_raise: str = "") -> CallToolResult:
    """Return the result for an estimate; a comparison has the cheapest offers first. `how_to_raise` is how a limit that it passes is."""
    order, quote = estimate.order, estimate.quote
    offers = [
        without_empty(
            model=other.offer.id,
            size=other.size.text,
            seconds=other.seconds,
            usd=to_dollars(price.micros * estimate.clips),
            audio=other.options.get("audio", other.offer.sound),
            needs_key=None if catalogue.is_usable(other.offer) else True,
        )
        for other, price in estimate.offers[:MOST_OFFERS]
    ]
    structured = without_empty(
        message=describe_estimate(estimate, catalogue, asks=asks, how_to_raise=how_to_raise, today=today),
        model=order.offer.id,
        size=order.size.text,
        seconds=order.seconds,
        clips=estimate.clips,
        usd=to_dollars(estimate.micros),
        micros=int(estimate.micros),
        basis=describe_sum(estimate),
        source=quote.source,
        checked=quote.checked.isoformat(),
        confidence=quote.confidence,
        needs_confirmation=estimate.needs_confirmation,
        quote=estimate.quote_id,
        allowed=estimate.refusal is None,
        refusal=f"{order.offer.id} is paused." if estimate.is_paused else _first_sentence(estimate.refusal),
        budget=budget_fields(estimate.budget),
        offers=offers or None,
    )
    left = f"{describe_left(estimate.budget)}."
    spare = (describe_larger(estimate, catalogue, today=today), describe_list_price(estimate), name_at_hand(estimate), how_to_raise, left)
    return build_result(structured if offers else _shorten(structured, spare=spare))


def _shorten(structured: dict[str, Any], *, spare: Sequence[str]) -> dict[str, Any]:
    """Leave out sums of the budget where the estimate exceeds MOST_BYTES, then the `spare` sentences. Its price page is never cut."""
    budget = dict(structured["budget"])
    short: dict[str, Any] = {**structured, "budget": budget}
    size = count_bytes(short)
    for name in filter(budget.__contains__, SPARE):
        if size > MOST_BYTES:
            budget.pop(name)
            size = count_bytes(short)
    for sentence in filter(None, spare):
        if size > MOST_BYTES:
            short["message"] = str(short["message"]).removeprefix(f"{sentence} ").replace(f" {sentence}", "")
            size = count_bytes(short)
    return short


def _first_sentence(refusal: str | None) -> str | None:
    """Return what would be refused, without the advice: that is in the message."""
    first, dot, _ = (refusal or "").partition(". ")
    return f"{first}." if dot else refusal


TOOL = ToolDefinition(
    "estimate_cost",
    "Estimate cost",
    "Price without buying. Family or no model: compares.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    Arguments,
    estimate_cost,
    {"usd": "number"},
    has_page=True,
)

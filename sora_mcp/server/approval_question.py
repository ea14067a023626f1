"""The question that a purchase puts to the user: facts, each on a line of its own, the prompt, and the price in the label of the yes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sora_mcp.catalogue.free_edits import describe_trim
from sora_mcp.catalogue.overcharges import describe_risk
from sora_mcp.catalogue.sizes import describe_size
from sora_mcp.domain import QUOTE_GOOD_FOR_S, Confidence, Image, Order, Quote, VideoRequest
from sora_mcp.domain.errors import NeedsConfirmation
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.request import list_pictures, read_uri
from sora_mcp.domain.text import describe_prompt, sanitize
from sora_mcp.domain.times import show_left
from sora_mcp.server.charges import say_all
from sora_mcp.server.context import principal

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval, Budget

TITLE = "Buy one video clip?"
MOST_PROMPT, MOST_OPTIONS, MOST_OPTION, MOST_PICTURE = 2000, 300, 60, 120
SOURCES: dict[Confidence, str] = {
    "listed": "as its page said on {day}",
    "live": "as the vendor said on {day}",
    "configured": "as your own price file says",
    "derived": "our own calculation of {day}, not stated by the vendor",
}
PICTURES = {"last_image": "Last frame", "references": "Reference"}
"""Options that name pictures."""
SOUND: dict[object, str] = {True: "yes", False: "no"}


@dataclass(frozen=True)
class Question:
    """A question to the user. It ends when its quote does, and after QUOTE_GOOD_FOR_S at the latest."""

    quote_id: str
    facts: tuple[tuple[str, str], ...]
    """Name and value of each. The caller's words stay on one line, so that they cannot pass for ours."""
    prompt: str
    """As it is sent."""
    micros: int
    left: str
    """What is left of the day's budget."""
    covers: str
    """What a yes covers, as `describe_cover` says it."""
    good_until: float
    """Until when a yes is good: of a plan, longer than the question waits."""
    expires_at: float
    seconds_left: float
    source: str = ""
    """The page that states the price."""
    pictures: tuple[tuple[str, Image], ...] = ()
    """Name of each, and the picture as it is sent."""
    clips: int = 1

    @property
    def title(self) -> str:
        """The question itself."""
        return TITLE if self.clips == 1 else f"Buy {self.clips} video clips?"

    @property
    def label(self) -> str:
        """The label of the yes."""
        return f"Yes, buy it for {format_dollars(self.micros)}"

    @property
    def terms(self) -> str:
        """Say what a yes covers, and for how long."""
        left = show_left(self.good_until, self.expires_at - self.seconds_left)
        return f"Your yes {self.covers} within {left}. Without it nothing is sent and nothing is charged."

    def at(self, now: float) -> Question:
        """Return the question as it stands at this moment."""
        return replace(self, seconds_left=max(0.0, self.expires_at - now))

    @property
    def text(self) -> str:
        """All of it as lines, with as much of the prompt as a form shows."""
        prompt = describe_prompt(self.prompt, MOST_PROMPT) or "(nothing that can be shown)"
        facts = (*self.facts, ("Prompt", prompt), ("Left today", self.left))
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in facts), self.terms])

    @property
    def whole_prompt(self) -> str:
        """The whole prompt in its own lines, without what steers a screen or hides."""
        return "\n".join(sanitize(line, len(line)) or "" for line in self.prompt.splitlines()).strip() or "(nothing that can be shown)"


async def build_question(service: VideoService, request: VideoRequest, error: NeedsConfirmation) -> Question:
    """Return the question that a refused purchase needs an answer to."""
    quote = await service.store.approvals.get(error.quote_id)
    budget = await service.budget(principal())
    is_plan, ends_at = quote.uses > 1, min(quote.expires_at, service.clock() + QUOTE_GOOD_FOR_S)
    return Question(
        quote.id,
        tuple(_describe_purchase(service, request, quote, error=error)),
        f"any; the first is: {request.prompt}" if is_plan else quote.prompt,
        quote.total,
        describe_room(budget),
        describe_cover(quote),
        quote.expires_at,
        ends_at,
        max(0.0, ends_at - service.clock()),
        source=error.price.source if error.price is not None else "",
        pictures=() if error.order is None else tuple(_list_sent(error.order)),
        clips=quote.clips * quote.uses,
    )


def describe_room(budget: Budget) -> str:
    """Say what is left of the limit that leaves least: of the day's, or of the month's."""
    if budget.room is None:
        return "no limit"
    left, is_month = format_dollars(budget.room), budget.month_left < budget.day_left
    if whose := budget.month_of if is_month else budget.day_of:
        return f"{left} of {whose} {'month' if is_month else 'day'}"
    limit = format_dollars((budget.month_limit if is_month else budget.day_limit) or 0)
    return f"{left} of the month's {limit}" if is_month else f"{left} of {limit}"


def describe_cover(quote: Approval, *, is_exact: bool = True) -> str:
    """Say what a yes covers; `is_exact` where the prompt is known."""
    if quote.uses > 1:
        return f"covers {say_all(quote.uses)} clips, with any prompts and pictures,"
    return "counts once, for exactly this," if is_exact else "counts once, with any prompt and picture,"


def _describe_purchase(
    service: VideoService, request: VideoRequest, quote: Approval, *, error: NeedsConfirmation
) -> Iterator[tuple[str, str]]:
    yield from describe_clips(service, quote)
    if error.order is not None:
        yield "Sound", SOUND.get(error.order.sound, "up to the model")
    each = f", {format_dollars(quote.micros)} each" if quote.uses > 1 else ""
    yield "Price", f"{format_dollars(quote.total)}{each}{_describe_price(error.price)}"
    yield from describe_overcharges(service, quote)
    if error.reason:
        yield "Asked because", error.reason
    if trim := describe_cheaper(service, request, error):
        yield "For less", trim
    offer = service.catalogue.get(quote.model)
    title = service.catalogue.get_vendor(offer).title if offer else "the vendor"
    yield from _describe_inputs(request, title)
    options = {name: value for name, value in request.options.items() if name != "audio" and name not in PICTURES}
    if options:
        described = (f"{name} = {_shorten(json.dumps(value, ensure_ascii=False, default=str))}" for name, value in options.items())
        yield "Options", sanitize(", ".join(described), MOST_OPTIONS) or ""


def describe_clips(service: VideoService, quote: Approval) -> Iterator[tuple[str, str]]:
    """Yield what is known of a quote without the request for which it was made."""
    yield "Model", f"{quote.model}{_describe_end(service, quote.model)}"
    offer = service.catalogue.get(quote.model)
    yield "Size", describe_size(quote.size, is_edit=offer is not None and offer.keeps_length)
    yield "Seconds", str(quote.seconds)
    if quote.uses > 1:
        yield "Clips", f"{quote.uses}, with any prompts"
    elif quote.clips > 1:
        yield "Clips", f"{quote.clips} takes of the same request"


def describe_overcharges(service: VideoService, quote: Approval) -> Iterator[tuple[str, str]]:
    """Yield what the price of a quote may become at a vendor that last charged more than it quoted."""
    offer = service.catalogue.get(quote.model)
    if offer is not None and (risk := describe_risk(offer, quote.total, service.catalogue)):
        yield "But", risk


def describe_cheaper(service: VideoService, request: VideoRequest, error: NeedsConfirmation) -> str:
    """Say how the same is had for much less; empty where it is not."""
    if error.order is None or error.order.clip is None or error.price is None:
        return ""
    read = VideoRequest(request.prompt, edits=error.order.clip)
    return describe_trim(read, error.price.micros, service.catalogue, today=service.today)


def _describe_inputs(request: VideoRequest, vendor: str) -> Iterator[tuple[str, str]]:
    """Yield what leaves this machine, or is fetched: the video to change, and every picture."""
    if request.continues is not None:
        yield "First frame", f"the last one of {sanitize(request.continues, MOST_PICTURE)}, sent to {vendor}"
    if request.edits is not None:
        yield "Video to change", describe_picture(vendor, request.edits)
    if request.image is not None:
        yield "First frame", describe_picture(vendor, request.image)
    for option, name in PICTURES.items():
        for picture in list_pictures(request.options.get(option)):
            yield name, describe_picture(vendor, picture)


def _list_sent(order: Order) -> Iterator[tuple[str, Image]]:
    """Yield every picture that is sent, after it was read and fitted."""
    if order.image is not None:
        yield "First frame", order.image
    for option, name in PICTURES.items():
        for uri in list_pictures(order.options.get(option)):
            yield name, read_uri(uri)


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
    return f" ({offer.ended.describe(service.catalogue.get_vendor(offer).title)})"


def _describe_price(price: Quote | None) -> str:
    """Say what the price rests on."""
    return "" if price is None else f" ({price.basis}, {SOURCES[price.confidence].format(day=price.checked)})"

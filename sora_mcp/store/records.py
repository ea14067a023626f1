"""Records that go into the store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from sora_mcp.domain.call import Call
from sora_mcp.domain.job import Job
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.domain.order import Order, Quote


@dataclass(frozen=True)
class Identity:
    """Keys that tell one request from another. Without `fingerprint` nobody knows what the words mean now."""

    principal: str
    request_id: str | None
    words_hash: str | None
    """The same for the same words of the same principal, whatever they mean now; None where an older version did not write it down."""
    fingerprint: str | None = None
    """The same for what means the same to the same principal now: offer, order, options."""
    terms_hash: str = ""
    """The same for the same order whatever its prompt."""


@dataclass(frozen=True)
class Purchase:
    """Order, quote, call and identity, as `reserve` writes them down."""

    order: Order
    quote: Quote
    call: Call
    identity: Identity
    quote_id: str | None = None
    """What a person approved, where the caller names it."""
    agreed: str | None = None
    """The quote that a person has just said yes to, in the form that showed it. Never what the caller says."""
    clips: int = 1
    """As many takes are bought together, each at the quote."""
    confirm: bool = False
    """A person's yes is needed for this one."""
    most_live: int | None = None
    """How many jobs of the vendor one principal may have under way; None where only money limits them."""

    @property
    def total(self) -> Micros:
        """The price of all takes."""
        return Micros(self.quote.micros * self.clips)

    @property
    def whole_quote(self) -> Quote:
        """The quote for all takes."""
        if self.clips == 1:
            return self.quote
        return replace(self.quote, micros=self.total, basis=f"{self.quote.basis} x {self.clips} clips")

    @property
    def summary(self) -> str:
        """Model, takes and price, as a clause."""
        return self.describe(format_dollars(self.total))

    def describe(self, price: str) -> str:
        """Return model, takes and this price as a clause."""
        return f"{self.order.offer.id} costs {price}" if self.clips == 1 else f"{self.clips} clips on {self.order.offer.id} cost {price}"


@dataclass(frozen=True)
class QuoteTerms:
    """Terms of an estimate, which a quote for any prompt covers."""

    principal: str
    fingerprint: str
    model: str
    size: str
    seconds: int
    micros: Micros
    uses: int = 1
    """How many purchases it covers, each at this price."""


@dataclass(frozen=True)
class Caps:
    """Limits of a user's spending: on one video, and on a calendar day and month in `zone`."""

    per_video: Micros
    daily: Micros
    monthly: Micros
    zone: tzinfo
    unasked: Micros | None = None
    """The most that an hour's purchases may come to without a person's yes; None for no such limit."""


@dataclass(frozen=True)
class Budget:
    """Remainder of the caps. Held money counts as spent."""

    per_video: Micros
    day_limit: Micros
    day_spent: Micros
    day_left: Micros
    month_limit: Micros
    month_spent: Micros
    month_left: Micros
    resets_at: datetime
    """When the day ends: aware, UTC."""
    unknown: Micros
    """The part of `month_spent` that jobs with an unclear outcome hold."""

    @property
    def remainder(self) -> Micros:
        """The smaller of what day and month have left."""
        return min(self.day_left, self.month_left)


@dataclass(frozen=True)
class Page:
    """Some jobs, newest first, and where the next page begins."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Account:
    """The job whose money moves, and the day that it belongs to: the day of the hold, for ever."""

    job_id: str
    vendor: str
    model: str
    day: str


@dataclass(frozen=True)
class SpendRow:
    """Cost of one model on one day. Free videos move no money and have no row."""

    day: str
    vendor: str
    model: str
    videos: int
    held: Micros
    spent: Micros


@dataclass(frozen=True)
class Costs:
    """Costs of the videos that share a day, a model or a vendor, or of one job. What is free, or was given back, has none."""

    of: str
    videos: int
    spent: Micros
    held: Micros
    """Reserved for videos that are under way."""
    unclear: Micros
    """Of videos that may have been charged or not: reserved where the outcome is unknown, booked where the vendor did not say."""
    prompt: str = ""
    """Of one job."""
    model: str = ""
    """Of one job."""


@dataclass(frozen=True)
class Approval:
    """A quote that waits for a person's yes, has it, or was used up."""

    id: str
    model: str
    size: str
    seconds: int
    micros: Micros
    prompt: str
    expires_at: float
    approved_at: float | None
    used_by: str | None
    """The job for which it was used."""
    declined_at: float | None = None
    clips: int = 1
    """How many videos it is for, bought together."""
    uses: int = 1
    """How many purchases it still covers, each at this price."""

    @property
    def total(self) -> Micros:
        """The price of all that it covers."""
        return Micros(self.micros * self.uses)


@dataclass(frozen=True)
class Pause:
    """A model that cost more than was quoted: nothing is bought of it until a person resumes it."""

    model: str
    since: float
    why: str
    job_id: str
    """The video that cost more."""


@dataclass(frozen=True)
class Listed:
    """A vendor's list of models, as it was fetched."""

    vendor: str
    fetched_at: float
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Gone:
    """A model that its vendor said it does not have, or not now."""

    model: str
    code: str
    at: float

"""Records that go into the store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Literal

from sora_mcp.domain.call import Call
from sora_mcp.domain.job import Job, State, name_take
from sora_mcp.domain.money import NO_LIMIT, SETTLED, Micros, Unsettled, format_dollars
from sora_mcp.domain.order import Order, Quote

Way = Literal["form", "page", "url", "terminal"]
"""How a person said yes: in a form of the client, on a page that was opened or linked, on one to which the client led, at a terminal."""
PAGES: tuple[Way, ...] = ("page", "url")
"""The ways that lead over a page, where no client's software answers."""


def name_person_account(principal: str) -> str:
    """Return the account of a principal."""
    return f"person:{principal}"


def name_team_account(team: str) -> str:
    """Return the account of a team."""
    return f"team:{team}"


@dataclass(frozen=True)
class Identity:
    """Keys that tell one request from another. Without `fingerprint` nobody knows what the words mean now."""

    principal: str
    request_id: str | None
    words_hash: str | None
    """The same for the same words of the same principal, whatever they mean now; None where an older version did not write it down."""
    fingerprint: str | None = None
    """The same for what means the same to the same principal now: offer, order, options."""
    terms: tuple[str, ...] = ()
    """The same for the same order whatever its prompt and first frame: of each estimate whose quote covers it."""


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
    only_on_page: bool = False
    """Whether a yes that was not given on a page counts for nothing."""
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
        model = self.order.offer.id
        return f"{model} costs {price}" if self.clips == 1 else f"{self.clips} clips on {model} cost {price} together"


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


ALL = "all"
"""The account of everybody together."""
NOTHING = Micros(0)
TO_DEFAULT = Micros(-1)
"""In a change of a budget: the limit is left to the account's default again."""


@dataclass(frozen=True)
class Limits:
    """Limits of one account. None leaves one to the account's default: of a person `person:*`, of a team `team:*`, of all the settings."""

    per_video: Micros | None = None
    day: Micros | None = None
    month: Micros | None = None
    confirm_above: Micros | None = None


@dataclass(frozen=True)
class Caps:
    """Limits of the settings on everybody's spending together, where the budget of `all` leaves them open. Days and months are those of
    `zone`."""

    per_video: Micros
    daily: Micros
    monthly: Micros
    zone: tzinfo
    unasked: Micros | None = None
    """The most that an hour's purchases may come to without a person's yes; None for no such limit."""
    confirm_above: Micros | None = None
    """The price above which a person has to agree; None where only the purchase says it."""


@dataclass(frozen=True)
class OwnSpending:
    """Sums of one person, and of the person's team."""

    day_spent: Micros
    month_spent: Micros
    team: str | None = None
    team_day_spent: Micros = NOTHING
    team_month_spent: Micros = NOTHING
    day_unsettled: Unsettled = SETTLED
    month_unsettled: Unsettled = SETTLED
    team_month_unsettled: Unsettled = SETTLED


@dataclass(frozen=True)
class Budget:
    """Remainder of the tightest limits that apply to a person. Held money counts as spent."""

    per_video: Micros
    day_limit: Micros | None
    """None where nothing limits the day, and where the person may not know what all others spent."""
    day_spent: Micros
    day_left: Micros
    """NO_LIMIT where nothing limits the day."""
    month_limit: Micros | None
    month_spent: Micros
    month_left: Micros
    resets_at: datetime
    """When the day ends: aware, UTC."""
    day_unsettled: Unsettled = SETTLED
    """The part of `day_spent` that may still be given back."""
    month_unsettled: Unsettled = SETTLED
    limited_by: str | None = None
    """Whose limit leaves least, and of which window: "team film, month". None of a machine's own user whom the settings limit."""
    day_of: str = ""
    """Whose day has least left: "your", "team film's", "this server's"; empty of a machine's own user."""
    month_of: str = ""
    confirm_above: Micros | None = None
    own: OwnSpending | None = None

    @property
    def remainder(self) -> Micros:
        """The smaller of what day and month have left."""
        return min(self.day_left, self.month_left)

    @property
    def room(self) -> Micros | None:
        """The same; None where nothing is limited."""
        return self.remainder if self.remainder < NO_LIMIT else None


@dataclass(frozen=True)
class AccountBudget:
    """One account, its limits after its default, and what it spent, for the people who run the server."""

    account: str
    name: str
    limits: Limits
    day_spent: Micros
    month_spent: Micros
    has_row: bool
    """Whether it has limits of its own."""


@dataclass(frozen=True)
class Person:
    """Somebody who called the server."""

    id: str
    issuer: str
    subject: str
    name: str | None = None
    email: str | None = None
    member_of: tuple[str, ...] = ()
    """Groups, as the last token named them."""
    team: str | None = None
    """As a person at a terminal set it."""
    seen_at: float = 0.0


@dataclass(frozen=True)
class Cursor:
    """Place at which the next look for changes begins."""

    position: int
    """The version, or on PostgreSQL the oldest transaction, up to which everything was seen."""
    seen: frozenset[tuple[str, int]] = frozenset()
    """Ids and versions beyond it that were seen."""


@dataclass(frozen=True)
class Page:
    """Some jobs, newest first, and where the next page begins."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Account:
    """The job whose money moves, the day that it belongs to, and who pays: those of the hold, for ever."""

    job_id: str
    vendor: str
    model: str
    day: str
    principal: str
    team: str | None

    @property
    def payers(self) -> tuple[str, ...]:
        """Return the accounts whose sums change, in the order in which every transaction changes them."""
        return (name_person_account(self.principal), *(() if self.team is None else (name_team_account(self.team),)))


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
    unstated: Micros
    """The part of what was spent that is the quote, as the vendor did not state what it charged."""
    finished: int = 0
    """How many of the videos came, and were paid for."""
    under_way: int = 0
    perhaps_charged: int = 0
    """The rest was charged without a video."""
    prompt: str = ""
    """Of one job."""
    model: str = ""
    """Of one job."""
    day: str = ""
    """Of one job."""
    state: State | None = None
    """Of one job."""
    take: int | None = None
    """Of one job: which of several takes it is."""
    take_count: int | None = None
    """Of one job."""

    @property
    def which_take(self) -> str:
        """Say which of several takes a job is, as `take 2 of 3`; empty of a video that was bought alone."""
        return name_take(self.take, self.take_count)


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
    principal: str = ""
    """The one who asked for it."""
    approved_by: str | None = None
    """The principal who said yes; None also where an older version did not write it down."""
    approved_way: Way | None = None

    @property
    def total(self) -> Micros:
        """The price of all that it covers."""
        return Micros(self.micros * self.uses)

    def has_yes(self, *, only_on_page: bool) -> bool:
        """Return whether a person said yes, in a way that counts."""
        return self.approved_at is not None and (self.approved_way in PAGES or not only_on_page)


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

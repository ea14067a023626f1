"""Approvals: a person's yes to one quote, for these arguments and this price, once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LOCAL, QUOTE_GOOD_FOR_S, Job
from sora_mcp.domain.broken_rule import BrokenRule, Fix, quote_value
from sora_mcp.domain.errors import BrokenRules, Declined, NeedsConfirmation, NotFound, Refused
from sora_mcp.domain.money import Micros, describe_call_limit, format_dollars
from sora_mcp.domain.times import show_left, show_span
from sora_mcp.store.ids import canonical, new_id
from sora_mcp.store.locks import lock_named
from sora_mcp.store.query import Query
from sora_mcp.store.records import PAGES, Approval, Purchase, QuoteTerms, Way
from sora_mcp.store.schema import jobs, quotes
from sora_mcp.store.transactions import Repository, reads_loosely, writes

PLAN_GOOD_FOR_S = 3600
"""Seconds for which a quote for several purchases is good."""
NO_HOLDS_S = 600
"""Seconds for which a person's no to a request is not questioned again."""
COLUMNS = [quotes.c[name] for name in Approval.__dataclass_fields__]
WAITING = Query(
    sa.select(quotes.c.id).where(
        quotes.c.principal == sa.bindparam("whose"),
        quotes.c.fingerprint == sa.bindparam("terms"),
        quotes.c.micros == sa.bindparam("price"),
        quotes.c.uses == sa.bindparam("most"),
        quotes.c.used_by.is_(None),
        quotes.c.expires_at > sa.bindparam("now"),
    )
)


class Approvals(Repository):
    """Quotes that wait for a person's approval."""

    @reads_loosely
    def find_waiting(self, conn: sa.Connection, terms: QuoteTerms) -> str | None:
        """Return the id of the quote for any prompt that waits already, as `request` does, without its lock; None where none waits."""
        bound = {"whose": terms.principal, "terms": terms.fingerprint, "price": terms.micros, "most": terms.uses, "now": self.clock()}
        return WAITING.get_value(conn, bound)

    @writes
    def request(self, conn: sa.Connection, terms: QuoteTerms) -> str:
        """Return the id of the quote for any prompt that waits already, or of a new one. One for several purchases is good for an hour."""
        now, good_for_s = self.clock(), QUOTE_GOOD_FOR_S if terms.uses == 1 else PLAN_GOOD_FOR_S
        lock_named(conn, "person", terms.principal)
        same = (*_has_terms(terms.principal, (terms.fingerprint,), terms.micros), quotes.c.uses == terms.uses)
        waiting = _find_open(conn, same, now=now)
        return waiting.id if waiting is not None else _insert(conn, {**asdict(terms), "prompt": ""}, now, good_for_s)[0]

    @reads_loosely
    def get(self, conn: sa.Connection, quote_id: str, principal: str | None = None) -> Approval:
        """Return the quote as it stands. NotFound, also for one of another principal than the one that is named."""
        return _read(conn, quote_id, principal)

    @writes
    def approve(
        self, conn: sa.Connection, quote_id: str, *, by: str = LOCAL, way: Way = "terminal", principal: str | None = None
    ) -> Approval:
        """Write down a person's yes to the quote, whose it is and how it was given; a second one changes nothing, but that one on a page
        takes the place of one elsewhere.

        NotFound, also for a quote of another principal than the one that is named; Refused when it has expired or was used.
        """
        now = self.clock()
        mine = (quotes.c.id == canonical(quote_id), *(() if principal is None else (quotes.c.principal == principal,)))
        has_none = quotes.c.approved_at.is_(None)
        if way in PAGES:  # which may be the only one that counts
            has_none = sa.or_(has_none, quotes.c.approved_way.is_(None), quotes.c.approved_way.not_in(PAGES))
        waits = (has_none, quotes.c.used_by.is_(None), quotes.c.expires_at > now)
        conn.execute(sa.update(quotes).where(*mine, *waits).values(approved_at=now, approved_by=by, approved_way=way))
        quote = _read(conn, quote_id, principal)
        if quote.used_by is not None:
            raise Refused(f"Quote {quote.id} was used for {quote.used_by} already.")
        if quote.expires_at <= now:
            raise Refused(f"Quote {quote.id} has expired: ask for the video again to get a new one.")
        return quote

    @reads_loosely
    def find_of_job(self, conn: sa.Connection, job: Job) -> Approval | None:
        """Return the quote that bought the job; None where nobody had to say yes."""
        row = conn.execute(sa.select(*COLUMNS).where(quotes.c.used_by == (job.batch or job.id))).mappings().first()
        return None if row is None else Approval(**row)

    @writes
    def decline(self, conn: sa.Connection, quote_id: str, principal: str, *, is_no: bool = False) -> Approval | None:
        """End a quote to which a person did not say yes, unless it was used, and return it. None when the principal has no such quote.

        A clear no (`is_no`) holds for NO_HOLDS_S: until then the same request is refused without a new question.
        """
        now = self.clock()
        ended = {"expires_at": now, **({"declined_at": now} if is_no else {})}
        mine = (quotes.c.id == canonical(quote_id), quotes.c.principal == principal)
        conn.execute(sa.update(quotes).where(*mine, quotes.c.used_by.is_(None), quotes.c.expires_at > now).values(ended))
        row = conn.execute(sa.select(*COLUMNS).where(*mine)).mappings().first()
        return None if row is None else Approval(**row)


def use_approval(
    conn: sa.Connection, purchase: Purchase, job_id: str, *, now: float, doubt: str = "", spent: str = "", above: int | None = None
) -> NeedsConfirmation | Declined | None:
    """Use up a person's approval of exactly this purchase for the job. Without one, return the refusal, with the quote to approve.

    A person is asked for the `doubt` about the price, for what was `spent` unasked, or as the price is `above` this limit. After a
    person's no there is no new quote for a while.
    An approval in a form is written down in the very row change that uses it up, so that it is never good for anything else. Where the
    caller names a plan of several clips that nobody approved yet, that is what the person is asked about.
    """
    identity, given = purchase.identity, purchase.agreed or purchase.quote_id
    named = canonical(given) if given else None
    exact = _find_open(conn, _has_terms(identity.principal, (identity.fingerprint,), purchase.total), now=now)
    outlined = find_outline(conn, purchase, now=now)
    quote = outlined or exact
    if quote is not None and named in (None, quote.id) and _is_agreed(quote, purchase):
        _use(conn, quote, job_id, uses=1 if outlined is None else purchase.clips, now=now)
        return None
    if outlined is not None:
        return _ask_for_plan(outlined, purchase, now=now)
    if (declined := _find_declined(conn, purchase, named, now=now)) is not None:
        return declined
    quote_id, expires_at = (exact.id, exact.expires_at) if exact is not None else _insert_exact(conn, purchase, now)
    why = "" if given is None or named == quote_id else f"{_explain_mismatch(conn, given, purchase, now=now)} "
    message = f"{why}{_describe_asking(purchase, doubt, spent, above=above)}, within {show_left(expires_at, now)}."
    is_of_several = purchase.clips == 1 and given is None and purchase.order.clip is None and _has_others(conn, purchase, now=now)
    return NeedsConfirmation(
        message,
        quote_id=quote_id,
        price=purchase.whole_quote,
        order=purchase.order,
        reason=doubt or spent,
        is_of_several=is_of_several,
        total=purchase.total,
    )


def _describe_asking(purchase: Purchase, doubt: str, spent: str, *, above: int | None) -> str:
    """Say what is to be approved, and why, without the stop of the sentence."""
    why = [purchase.quote.name_doubt() if doubt else "", "" if above is None else describe_call_limit(above)]
    because = f", {' and '.join(filter(None, why))}" if any(why) else ""
    what = f"{purchase.summary}{because}, so the user must approve {'it' if purchase.clips == 1 else 'them'} first"
    return f"{spent} {what}" if spent else what


def _has_others(conn: sa.Connection, purchase: Purchase, *, now: float) -> bool:
    """Return whether other clips like this one were bought or asked about within the last hour."""
    order, since = purchase.order, now - PLAN_GOOD_FOR_S
    like = {"model": order.offer.id, "size": order.size.text, "seconds": order.seconds, "principal": purchase.identity.principal}
    asked: list[sa.ColumnElement[bool]] = [quotes.c[name] == value for name, value in like.items()]
    asked += [quotes.c.fingerprint != purchase.identity.fingerprint, quotes.c.prompt != "", quotes.c.expires_at > since + QUOTE_GOOD_FOR_S]
    bought = [*(jobs.c[name] == value for name, value in like.items()), jobs.c.created_at > since]
    return bool(conn.execute(sa.select(sa.or_(sa.exists().where(*asked), sa.exists().where(*bought)))).scalar())


def _is_agreed(quote: Any, purchase: Purchase) -> bool:
    """Return whether a person said yes, in a way that counts for this purchase."""
    if purchase.only_on_page:
        return quote.approved_at is not None and quote.approved_way in PAGES
    return quote.approved_at is not None or purchase.agreed is not None


def find_outline(conn: sa.Connection, purchase: Purchase, *, now: float) -> Any:
    """Return the estimate's quote that the purchase names, where it covers all its clips: approved, or a plan to be asked about."""
    given, identity = purchase.agreed or purchase.quote_id, purchase.identity
    if not given:
        return None
    terms = _has_terms(identity.principal, identity.terms, purchase.quote.micros)
    may_ask = sa.or_(quotes.c.approved_at.is_not(None), quotes.c.uses > 1)
    return _find_open(conn, (*terms, quotes.c.id == canonical(given), quotes.c.uses >= purchase.clips, may_ask), now=now)


def refuse_declined(conn: sa.Connection, purchase: Purchase, *, now: float) -> Declined | None:
    """Return the refusal of a purchase that names a quote to which a person said no, also where its price needs no yes."""
    if purchase.quote_id is None:
        return None
    mine = (quotes.c.id == canonical(purchase.quote_id), quotes.c.principal == purchase.identity.principal)
    at = conn.execute(sa.select(quotes.c.declined_at).where(*mine)).scalar()
    if at is None:
        return None
    return Declined(f"The user declined quote {purchase.quote_id} {show_span(now - at)} ago. Nothing was bought.")


def refuse_other_quote(conn: sa.Connection, purchase: Purchase, *, now: float) -> BrokenRules | None:
    """Return the refusal of a purchase that needs no yes and names a quote that is not good for it: its caller believes that the user
    agreed to this price. A quote for exactly this that still waits for its yes is not needed and changes nothing."""
    if purchase.quote_id is None or purchase.total <= 0:
        return None
    identity, named = purchase.identity, quotes.c.id == canonical(purchase.quote_id)
    exact = _has_terms(identity.principal, (identity.fingerprint,), purchase.total)
    outline = (*_has_terms(identity.principal, identity.terms, purchase.quote.micros), quotes.c.uses >= purchase.clips)
    if any(_find_open(conn, (*terms, named), now=now) is not None for terms in (exact, outline)):
        return None
    why, cost = _explain_mismatch(conn, purchase.quote_id, purchase, now=now), format_dollars(purchase.total)
    message = f"{why} Without a quote this costs {cost}, and needs no approval."
    rule = BrokenRule("quote", purchase.quote_id, "left out, or one for exactly this", "invalid_argument")
    return BrokenRules((rule,), message=message, fixes=(Fix("quote", None, purchase.total),))


def _ask_for_plan(plan: Any, purchase: Purchase, *, now: float) -> NeedsConfirmation:
    """Return the refusal of a clip whose plan a person has to approve first."""
    total = Micros(plan.micros * plan.uses)
    what = f"{plan.uses} clips of {plan.seconds} s on {plan.model}, with any prompts"
    cost = f"{format_dollars(plan.micros)} each, {format_dollars(total)} in all"
    first = f"and must do so first, within {show_left(plan.expires_at, now)}"
    message = f"The user has not approved quote {plan.id} yet, for {what}, {cost}, {first}."
    return NeedsConfirmation(message, quote_id=plan.id, price=purchase.quote, order=purchase.order, total=total)


def _use(conn: sa.Connection, quote: Any, job_id: str, *, uses: int, now: float) -> None:
    """Use an approval for one purchase of so many clips. Where the quote covers more of them, a used copy is written down, and as many
    fewer are left."""
    given: dict[str, Any] = (
        {} if quote.approved_at is not None else {"approved_at": now, "approved_by": quote.principal, "approved_way": "form"}
    )
    used, mine = {"used_by": job_id, **given}, quotes.c.id == quote.id
    if quote.uses > uses:
        conn.execute(sa.update(quotes).where(mine).values(uses=quotes.c.uses - uses, **given))
        conn.execute(sa.insert(quotes).values({**quote._mapping, **used, "id": new_id("q"), "uses": uses}))
    else:
        conn.execute(sa.update(quotes).where(mine).values(used))


def _find_declined(conn: sa.Connection, purchase: Purchase, named: str | None, *, now: float) -> Declined | None:
    """Return the refusal that a person's recent no to this very request, or to the plan that it names, still means."""
    same = sa.or_(quotes.c.fingerprint == purchase.identity.fingerprint, quotes.c.id == named)
    mine = (quotes.c.principal == purchase.identity.principal, same)
    at = conn.execute(sa.select(sa.func.max(quotes.c.declined_at)).where(*mine)).scalar()
    if at is None or now >= at + NO_HOLDS_S:
        return None
    again = f"Nobody is asked again for {show_left(at + NO_HOLDS_S, now)}"
    return Declined(f"The user declined this request {show_span(now - at)} ago. {again}.")


def _read(conn: sa.Connection, quote_id: str, principal: str | None = None) -> Approval:
    mine = () if principal is None else (quotes.c.principal == principal,)
    row = conn.execute(sa.select(*COLUMNS).where(quotes.c.id == canonical(quote_id), *mine)).mappings().first()
    if row is None:
        raise NotFound(f"There is no quote {quote_value(quote_id)}.")
    return Approval(**row)


def _has_terms(principal: str, fingerprints: tuple[str | None, ...], micros: int) -> tuple[sa.ColumnElement[bool], ...]:
    return quotes.c.principal == principal, quotes.c.fingerprint.in_(fingerprints), quotes.c.micros == micros


def _find_open(conn: sa.Connection, where: tuple[sa.ColumnElement[bool], ...], *, now: float) -> Any:
    """Lock and return the row, unless it was used or has expired."""
    return conn.execute(sa.select(quotes).where(*where, quotes.c.used_by.is_(None), quotes.c.expires_at > now).with_for_update()).first()


def _insert_exact(conn: sa.Connection, purchase: Purchase, now: float) -> tuple[str, float]:
    order, identity = purchase.order, purchase.identity
    values = {
        "principal": identity.principal,
        "fingerprint": identity.fingerprint,
        "model": order.offer.id,
        "size": order.size.text,
        "seconds": order.seconds,
        "prompt": order.prompt,
        "micros": purchase.total,
        "clips": purchase.clips,
    }
    return _insert(conn, values, now)


def _insert(conn: sa.Connection, values: dict[str, Any], now: float, good_for_s: float = QUOTE_GOOD_FOR_S) -> tuple[str, float]:
    quote_id, expires_at = new_id("q"), now + good_for_s
    conn.execute(sa.insert(quotes).values(id=quote_id, expires_at=expires_at, **values))
    return quote_id, expires_at


def _explain_mismatch(conn: sa.Connection, named: str, purchase: Purchase, *, now: float) -> str:
    """Explain why the named quote is not good for this purchase."""
    mine = (quotes.c.id == canonical(named), quotes.c.principal == purchase.identity.principal)
    row = conn.execute(sa.select(quotes).where(*mine)).first()
    if row is None:
        return f"There is no quote {quote_value(named)}."
    if row.used_by is not None:
        return f"Quote {row.id} was used for {row.used_by} already."
    if row.expires_at <= now:
        return f"Quote {row.id} has expired."
    is_of_these_terms = row.fingerprint in purchase.identity.terms and row.micros == purchase.quote.micros
    if is_of_these_terms and row.uses < purchase.clips:
        return f"Quote {row.id} covers {row.uses} of these {purchase.clips} clips."
    if is_of_these_terms:
        return f"The user has not approved quote {row.id} yet."
    return f"Quote {row.id} is for other arguments or another price."

"""Approvals: a person's yes to one quote, for these arguments and this price, once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import QUOTE_GOOD_FOR_S
from sora_mcp.domain.errors import Declined, NeedsConfirmation, NotFound, Refused, quote_value
from sora_mcp.store.ids import canonical, new_id
from sora_mcp.store.records import Approval, Purchase, QuoteTerms
from sora_mcp.store.schema import quotes
from sora_mcp.store.transactions import Repository, reads, writes

PLAN_GOOD_FOR_S = 3600
"""Seconds for which a quote for several purchases is good."""
NO_HOLDS_S = 600
"""Seconds for which a person's no to a request is not questioned again."""
COLUMNS = [quotes.c[name] for name in Approval.__dataclass_fields__]


class Approvals(Repository):
    """Quotes that wait for a person's approval."""

    @writes
    def request(self, conn: sa.Connection, terms: QuoteTerms) -> str:
        """Return the id of the quote for any prompt that waits already, or of a new one. One for several purchases is good for an hour."""
        now, good_for_s = self.clock(), QUOTE_GOOD_FOR_S if terms.uses == 1 else PLAN_GOOD_FOR_S
        same = (*_has_terms(terms.principal, terms.fingerprint, terms.micros), quotes.c.uses == terms.uses)
        waiting = _find_open(conn, same, now=now)
        return waiting.id if waiting is not None else _insert(conn, {**asdict(terms), "prompt": ""}, now, good_for_s)[0]

    @reads
    def get(self, conn: sa.Connection, quote_id: str, principal: str | None = None) -> Approval:
        """Return the quote as it stands. NotFound, also for one of another principal than the one that is named."""
        return _read(conn, quote_id, principal)

    @writes
    def approve(self, conn: sa.Connection, quote_id: str) -> Approval:
        """Write down a person's yes to the quote; a second one changes nothing. NotFound; Refused when it has expired or was used."""
        quote, now = _read(conn, quote_id), self.clock()
        if quote.used_by is not None:
            raise Refused(f"Quote {quote.id} was used for {quote.used_by} already.")
        if quote.expires_at <= now:
            raise Refused(f"Quote {quote.id} has expired: ask for the video again to get a new one.")
        if quote.approved_at is None:
            conn.execute(sa.update(quotes).where(quotes.c.id == quote.id).values(approved_at=now))
        return _read(conn, quote_id)

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
    conn: sa.Connection, purchase: Purchase, job_id: str, *, now: float, reason: str = ""
) -> NeedsConfirmation | Declined | None:
    """Use up a person's approval of exactly this purchase for the job. Without one, return the refusal, with the quote to approve.

    `reason` says why a person is asked where the price alone is none. After a person's no there is no new quote for a while.
    An approval in a form is written down in the very row change that uses it up, so that it is never good for anything else.
    """
    identity, given = purchase.identity, purchase.agreed or purchase.quote_id
    named = canonical(given) if given else None
    exact = _find_open(conn, _has_terms(identity.principal, identity.fingerprint, purchase.total), now=now)
    any_prompt = (*_has_terms(identity.principal, identity.terms_hash, purchase.total), quotes.c.approved_at.is_not(None))
    outlined = _find_open(conn, (*any_prompt, quotes.c.id == named), now=now) if named else None
    quote = outlined or exact
    if quote is not None and named in (None, quote.id) and (quote.approved_at is not None or purchase.agreed is not None):
        _use_once(conn, quote, job_id, now=now)
        return None
    if (declined := _find_declined(conn, purchase, now=now)) is not None:
        return declined
    quote_id, expires_at = (exact.id, exact.expires_at) if exact is not None else _insert_exact(conn, purchase, now)
    why = "" if given is None or named == quote_id else f"{_explain_mismatch(conn, given, purchase, now=now)} "
    until = f"{datetime.fromtimestamp(expires_at, UTC):%H:%M} UTC"
    for_this = " for this" if purchase.clips == 1 else " together"
    message = f"{why}{reason}{purchase.summary}{for_this}, which the user must approve first, by {until}."
    return NeedsConfirmation(message, quote_id=quote_id, price=purchase.whole_quote, order=purchase.order)


def _use_once(conn: sa.Connection, quote: Any, job_id: str, *, now: float) -> None:
    """Use an approval for one job. Where the quote covers more purchases, a used copy is written down, and one use fewer is left."""
    used = {"used_by": job_id, "approved_at": now if quote.approved_at is None else quote.approved_at}
    if quote.uses > 1:
        conn.execute(sa.update(quotes).where(quotes.c.id == quote.id).values(uses=quotes.c.uses - 1))
        conn.execute(sa.insert(quotes).values({**quote._mapping, **used, "id": new_id("q"), "uses": 1}))
    else:
        conn.execute(sa.update(quotes).where(quotes.c.id == quote.id).values(used))


def _find_declined(conn: sa.Connection, purchase: Purchase, *, now: float) -> Declined | None:
    """Return the refusal that a person's recent no to this very request still means."""
    mine = (quotes.c.principal == purchase.identity.principal, quotes.c.fingerprint == purchase.identity.fingerprint)
    at = conn.execute(sa.select(sa.func.max(quotes.c.declined_at)).where(*mine)).scalar()
    if at is None or now >= at + NO_HOLDS_S:
        return None
    until = f"{datetime.fromtimestamp(at + NO_HOLDS_S, UTC):%H:%M} UTC"
    return Declined(f"The user declined this request at {datetime.fromtimestamp(at, UTC):%H:%M} UTC. Nobody is asked again before {until}.")


def _read(conn: sa.Connection, quote_id: str, principal: str | None = None) -> Approval:
    mine = () if principal is None else (quotes.c.principal == principal,)
    row = conn.execute(sa.select(*COLUMNS).where(quotes.c.id == canonical(quote_id), *mine)).mappings().first()
    if row is None:
        raise NotFound(f"There is no quote {quote_value(quote_id)}.")
    return Approval(**row)


def _has_terms(principal: str, fingerprint: str | None, micros: int) -> tuple[sa.ColumnElement[bool], ...]:
    return quotes.c.principal == principal, quotes.c.fingerprint == fingerprint, quotes.c.micros == micros


def _find_open(conn: sa.Connection, where: tuple[sa.ColumnElement[bool], ...], *, now: float) -> Any:
    """Return the row, unless it was used or has expired."""
    return conn.execute(sa.select(quotes).where(*where, quotes.c.used_by.is_(None), quotes.c.expires_at > now)).first()


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
    if (row.fingerprint, row.micros) == (purchase.identity.terms_hash, purchase.total):
        return f"The user has not approved quote {row.id} yet."
    return f"Quote {row.id} is for other arguments or another price."

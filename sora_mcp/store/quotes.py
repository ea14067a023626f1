"""A person's yes: to one quote, for these arguments and this price, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..errors import NeedsConfirmation, NotFound, Refused
from ..money import show
from .ids import canonical, new_id
from .nouns import Approval, Intent
from .tables import quotes

GOOD_FOR_S = 15 * 60

APPROVAL = [quotes.c[name] for name in Approval.__dataclass_fields__]


def use(conn: sa.Connection, intent: Intent, job_id: str, now: float) -> NeedsConfirmation | None:
    """None when a person said yes to exactly this: the yes is used up for the job. Else what to say, with the quote to approve.

    A yes in a form is written down in the very row change that uses it up, so that it is never good for anything else.
    """
    open_ = conn.execute(sa.select(quotes).where(*_for(intent), quotes.c.used_by.is_(None), quotes.c.expires_at > now)).first()
    said = intent.agreed or intent.quote_id
    named = canonical(said) if said else None
    if open_ is not None and named in (None, open_.id) and (open_.approved_at is not None or intent.agreed is not None):
        approved_at = now if open_.approved_at is None else open_.approved_at
        conn.execute(sa.update(quotes).where(quotes.c.id == open_.id).values(used_by=job_id, approved_at=approved_at))
        return None
    quote_id, expires_at = (open_.id, open_.expires_at) if open_ is not None else _write(conn, intent, now)
    why = "" if said is None or named == quote_id else f"{_wrong(conn, said, intent.principal, now)} "
    cost = f"{intent.model} costs {show(intent.quote.micros)} for this"
    until = f"{datetime.fromtimestamp(expires_at, UTC):%H:%M} UTC"
    asks = f"{why}{cost}, and a person has to say yes to quote {quote_id} first, until {until}."
    return NeedsConfirmation(asks, quote_id=quote_id, price=intent.quote)


def approve(conn: sa.Connection, quote_id: str, now: float) -> Approval:
    """A person's yes. A second one changes nothing."""
    quote = look(conn, quote_id)
    if quote.used_by is not None:
        raise Refused(f"Quote {quote.id} was used for {quote.used_by} already.")
    if quote.expires_at <= now:
        raise Refused(f"Quote {quote.id} has expired: ask for the video again to get a new one.")
    if quote.approved_at is None:
        conn.execute(sa.update(quotes).where(quotes.c.id == quote.id).values(approved_at=now))
    return look(conn, quote_id)


def decline(conn: sa.Connection, quote_id: str, principal: str, now: float) -> Approval | None:
    """A person was asked and did not say yes: the quote is over, unless it was used. None when the principal has no such quote."""
    mine = (quotes.c.id == canonical(quote_id), quotes.c.principal == principal)
    conn.execute(sa.update(quotes).where(*mine, quotes.c.used_by.is_(None), quotes.c.expires_at > now).values(expires_at=now))
    row = conn.execute(sa.select(*APPROVAL).where(*mine)).mappings().first()
    return None if row is None else Approval(**row)


def look(conn: sa.Connection, quote_id: str) -> Approval:
    """The quote of this id. NotFound when there is none."""
    row = conn.execute(sa.select(*APPROVAL).where(quotes.c.id == canonical(quote_id))).mappings().first()
    if row is None:
        raise NotFound(f"There is no quote {quote_id!r}.")
    return Approval(**row)


def _for(intent: Intent) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        quotes.c.principal == intent.principal,
        quotes.c.fingerprint == intent.fingerprint,
        quotes.c.micros == intent.quote.micros,
    )


def _write(conn: sa.Connection, intent: Intent, now: float) -> tuple[str, float]:
    quote_id, expires_at = new_id("q"), now + GOOD_FOR_S
    values: dict[str, Any] = {name: getattr(intent, name) for name in ("principal", "fingerprint", "model", "size", "seconds", "prompt")}
    conn.execute(sa.insert(quotes).values(id=quote_id, micros=intent.quote.micros, expires_at=expires_at, **values))
    return quote_id, expires_at


def _wrong(conn: sa.Connection, named: str, principal: str, now: float) -> str:
    """Why the named quote is not good for this."""
    mine = (quotes.c.id == canonical(named), quotes.c.principal == principal)
    row = conn.execute(sa.select(quotes).where(*mine)).first()
    if row is None:
        return f"There is no quote {named!r}."
    if row.used_by is not None:
        return f"Quote {row.id} was used for {row.used_by} already."
    if row.expires_at <= now:
        return f"Quote {row.id} has expired."
    return f"Quote {row.id} is for other arguments or another price."

"""A person's yes: to one quote, for these arguments and this price, once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import QUOTE_GOOD_FOR_S
from sora_mcp.domain.errors import NeedsConfirmation, NotFound, Refused, quote_value
from sora_mcp.domain.money import show
from sora_mcp.store.ids import canonical, new_id
from sora_mcp.store.records import Approval, Outline, Purchase
from sora_mcp.store.schema import quotes

APPROVAL = [quotes.c[name] for name in Approval.__dataclass_fields__]


def use(conn: sa.Connection, purchase: Purchase, job_id: str, now: float) -> NeedsConfirmation | None:
    """None when a person said yes to exactly this: the yes is used up for the job. Else what to say, with the quote to approve.

    A yes in a form is written down in the very row change that uses it up, so that it is never good for anything else.
    """
    said = purchase.agreed or purchase.quote_id
    named = canonical(said) if said else None
    exact = _open(conn, _same(purchase.principal, purchase.fingerprint, purchase.quote.micros), now)
    any_prompt = (*_same(purchase.principal, purchase.outline, purchase.quote.micros), quotes.c.approved_at.is_not(None))
    outlined = _open(conn, (*any_prompt, quotes.c.id == named), now) if named else None
    yes = outlined or exact
    if yes is not None and named in (None, yes.id) and (yes.approved_at is not None or purchase.agreed is not None):
        approved_at = now if yes.approved_at is None else yes.approved_at
        conn.execute(sa.update(quotes).where(quotes.c.id == yes.id).values(used_by=job_id, approved_at=approved_at))
        return None
    quote_id, expires_at = (exact.id, exact.expires_at) if exact is not None else _write(conn, purchase, now)
    why = "" if said is None or named == quote_id else f"{_wrong(conn, said, purchase, now)} "
    cost = f"{purchase.model} costs {show(purchase.quote.micros)} for this"
    until = f"{datetime.fromtimestamp(expires_at, UTC):%H:%M} UTC"
    asks = f"{why}{cost}, and a person has to say yes to quote {quote_id} first, until {until}."
    return NeedsConfirmation(asks, quote_id=quote_id, price=purchase.quote)


def ask(conn: sa.Connection, outline: Outline, now: float) -> str:
    """The quote for any prompt that waits already, or a new one."""
    open_ = _open(conn, _same(outline.principal, outline.fingerprint, outline.micros), now)
    return open_.id if open_ is not None else _insert(conn, {**asdict(outline), "prompt": ""}, now)[0]


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
        raise NotFound(f"There is no quote {quote_value(quote_id)}.")
    return Approval(**row)


def _same(principal: str, fingerprint: str, micros: int) -> tuple[sa.ColumnElement[bool], ...]:
    return quotes.c.principal == principal, quotes.c.fingerprint == fingerprint, quotes.c.micros == micros


def _open(conn: sa.Connection, which: tuple[sa.ColumnElement[bool], ...], now: float) -> Any:
    """The row, unless it was used or has expired."""
    return conn.execute(sa.select(quotes).where(*which, quotes.c.used_by.is_(None), quotes.c.expires_at > now)).first()


def _write(conn: sa.Connection, purchase: Purchase, now: float) -> tuple[str, float]:
    values = {name: getattr(purchase, name) for name in ("principal", "fingerprint", "model", "size", "seconds", "prompt")}
    return _insert(conn, {**values, "micros": purchase.quote.micros}, now)


def _insert(conn: sa.Connection, values: dict[str, Any], now: float) -> tuple[str, float]:
    quote_id, expires_at = new_id("q"), now + QUOTE_GOOD_FOR_S
    conn.execute(sa.insert(quotes).values(id=quote_id, expires_at=expires_at, **values))
    return quote_id, expires_at


def _wrong(conn: sa.Connection, named: str, purchase: Purchase, now: float) -> str:
    """Why the named quote is not good for this."""
    mine = (quotes.c.id == canonical(named), quotes.c.principal == purchase.principal)
    row = conn.execute(sa.select(quotes).where(*mine)).first()
    if row is None:
        return f"There is no quote {quote_value(named)}."
    if row.used_by is not None:
        return f"Quote {row.id} was used for {row.used_by} already."
    if row.expires_at <= now:
        return f"Quote {row.id} has expired."
    if (row.fingerprint, row.micros) == (purchase.outline, purchase.quote.micros):
        return f"Nobody has said yes to quote {row.id} yet."
    return f"Quote {row.id} is for other arguments or another price."

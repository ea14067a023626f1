"""Keep what a page shows of a quote for as long as the quote waits, so that any replica can show it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sora_mcp.store.locks import lock_named
from sora_mcp.store.schema import questions, quotes
from sora_mcp.store.transactions import Repository, reads_loosely, writes

MOST_KEPT = 30
"""Questions of one principal: each may hold pictures of a megabyte."""


class Questions(Repository):
    """Questions to people, as JSON objects, by their quotes."""

    @writes
    def keep(self, conn: sa.Connection, quote_id: str, body: dict[str, Any], *, ends_at: float) -> None:
        """Write the question down in place of an earlier one of the same quote. Delete those that have ended, and the oldest of a principal
        who has more than MOST_KEPT: they are shown by their quotes alone then."""
        lock_named(conn, "list", "questions")
        same = sa.select(quotes.c.principal).where(quotes.c.id == quote_id).scalar_subquery()
        mine = sa.select(questions.c.quote_id).join(quotes, quotes.c.id == questions.c.quote_id).where(quotes.c.principal == same)
        older = mine.order_by(questions.c.ends_at.desc()).offset(MOST_KEPT - 1)
        is_over = sa.or_(questions.c.quote_id == quote_id, questions.c.ends_at <= self.clock(), questions.c.quote_id.in_(older))
        conn.execute(sa.delete(questions).where(is_over))
        conn.execute(sa.insert(questions).values(quote_id=quote_id, ends_at=ends_at, body=body))

    @reads_loosely
    def get(self, conn: sa.Connection, quote_id: str) -> dict[str, Any] | None:
        """Return the question; None where there is none, or not any more."""
        return conn.execute(sa.select(questions.c.body).where(questions.c.quote_id == quote_id)).scalar()

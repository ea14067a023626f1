"""Keep what a page shows of a quote for as long as the quote waits, so that any replica can show it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sora_mcp.store.schema import questions
from sora_mcp.store.transactions import Repository, reads, writes


class Questions(Repository):
    """Questions to people, as JSON objects, by their quotes."""

    @writes
    def keep(self, conn: sa.Connection, quote_id: str, body: dict[str, Any], *, ends_at: float) -> None:
        """Write the question down in place of an earlier one of the same quote, and delete those that have ended."""
        conn.execute(sa.delete(questions).where(sa.or_(questions.c.quote_id == quote_id, questions.c.ends_at <= self.clock())))
        conn.execute(sa.insert(questions).values(quote_id=quote_id, ends_at=ends_at, body=body))

    @reads
    def get(self, conn: sa.Connection, quote_id: str) -> dict[str, Any] | None:
        """Return the question; None where there is none, or not any more."""
        return conn.execute(sa.select(questions.c.body).where(questions.c.quote_id == quote_id)).scalar()

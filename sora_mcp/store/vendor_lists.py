"""Keep what vendors say that they sell: their own lists as last fetched, and the models that they said are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import Pause
from sora_mcp.store.locks import lock_named
from sora_mcp.store.paused_models import read_pauses_and_since
from sora_mcp.store.records import Gone, Listed
from sora_mcp.store.schema import gone, listings
from sora_mcp.store.transactions import Repository, reads, writes

REMEMBERED_S = 86_400.0
"""How long a model that was gone is passed over."""


class VendorLists(Repository):
    """Copies of vendors' lists, and models that were gone."""

    @reads
    def load(self, conn: sa.Connection) -> tuple[tuple[Listed, ...], tuple[Gone, ...], tuple[Pause, ...]]:
        """Return the last copy of every vendor's list, the models that were gone within a day, and those that are paused."""
        recent = sa.select(gone).where(gone.c.at > self.clock() - REMEMBERED_S).order_by(gone.c.model)
        lists = tuple(Listed(**row) for row in conn.execute(sa.select(listings)).mappings())
        return lists, tuple(Gone(**row) for row in conn.execute(recent).mappings()), read_pauses_and_since(conn)

    @writes
    def save(self, conn: sa.Connection, vendor: str, body: Mapping[str, Any]) -> None:
        """Replace the copy of the vendor's list."""
        lock_named(conn, "list", "vendors")
        conn.execute(sa.delete(listings).where(listings.c.vendor == vendor))
        conn.execute(sa.insert(listings).values(vendor=vendor, fetched_at=self.clock(), body=dict(body)))

    @writes
    def mark_gone(self, conn: sa.Connection, model: str, code: str) -> None:
        """Write down that the vendor does not have this model, or not now. Forget what is older than a day."""
        now = self.clock()
        lock_named(conn, "list", "gone")
        conn.execute(sa.delete(gone).where(sa.or_(gone.c.model == model, gone.c.at <= now - REMEMBERED_S)))
        conn.execute(sa.insert(gone).values(model=model, code=code, at=now))

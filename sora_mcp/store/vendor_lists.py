"""What vendors say that they sell: their own lists as last fetched, and the models that they said are gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sora_mcp.store import paused_models as pauses
from sora_mcp.store import schema as tables
from sora_mcp.store.database import Database
from sora_mcp.store.records import Gone, Listed, Pause

REMEMBERED_S = 86_400.0
"""How long a model that was gone is passed over."""


@dataclass(frozen=True)
class Listings:
    """A shelf of the store. As everywhere there, each call is one transaction and blocks."""

    database: Database
    clock: Callable[[], float]

    def on_sale(self) -> tuple[tuple[Listed, ...], tuple[Gone, ...], tuple[Pause, ...]]:
        """The last copy of every vendor's list, the models that were gone within a day, and those that are paused."""
        recent = sa.select(tables.gone).where(tables.gone.c.at > self.clock() - REMEMBERED_S).order_by(tables.gone.c.model)
        with self.database.reading() as conn:
            lists = tuple(Listed(**row) for row in conn.execute(sa.select(tables.listings)).mappings())
            return lists, tuple(Gone(**row) for row in conn.execute(recent).mappings()), pauses.every(conn)

    def keep(self, vendor: str, body: Mapping[str, Any]) -> None:
        """The vendor's list, in place of the copy before."""
        with self.database.writing() as conn:
            conn.execute(sa.delete(tables.listings).where(tables.listings.c.vendor == vendor))
            conn.execute(sa.insert(tables.listings).values(vendor=vendor, fetched_at=self.clock(), body=dict(body)))

    def miss(self, model: str, code: str) -> None:
        """The vendor said that it does not have this model, or not now. What is older than a day is forgotten."""
        now = self.clock()
        old = sa.or_(tables.gone.c.model == model, tables.gone.c.at <= now - REMEMBERED_S)
        with self.database.writing() as conn:
            conn.execute(sa.delete(tables.gone).where(old))
            conn.execute(sa.insert(tables.gone).values(model=model, code=code, at=now))

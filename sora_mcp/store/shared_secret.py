"""Keep the secret that the replicas of one service share, where its operator named none."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from sora_mcp.domain.secret import Secret
from sora_mcp.store.locks import lock_named
from sora_mcp.store.schema import meta
from sora_mcp.store.transactions import Repository, writes

NAME = "secret"
"""Name of the row that holds it."""


class SharedSecret(Repository):
    """The secret of everybody who opens this store."""

    @writes
    def get(self, conn: sa.Connection) -> Secret:
        """Return the secret, which is made at the first call."""
        found = conn.execute(sa.select(meta.c.value).where(meta.c.name == NAME)).scalar()
        if found is None:
            lock_named(conn, "list", NAME)
            found = conn.execute(sa.select(meta.c.value).where(meta.c.name == NAME)).scalar()
        if found is None:
            found = secrets.token_hex(32)
            conn.execute(sa.insert(meta).values(name=NAME, value=found))
        return Secret(found)

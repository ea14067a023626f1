"""Webhooks of vendors: each finds its job by the token of the paid call, and makes it due. What became of the job is the poll's to say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE
from sora_mcp.store.leases import is_leased
from sora_mcp.store.schema import IS_TOKEN, db_now, jobs
from sora_mcp.store.transactions import Repository, reads_loosely, writes_in_steps

PAUSE_S = 2.0
"""Between two times that webhooks make one job due. One that comes earlier counts at the end of the pause."""
FEW = 3
"""So many jobs have to have ended after a webhook before fewer polls will do."""
NEAR_S = 60.0
"""A webhook that came so much earlier than its job's end did not tell of the end."""

_is_polled = sa.and_(jobs.c.state.in_(LIVE), jobs.c.next.is_not(None), jobs.c.media.is_(None), jobs.c.due_at.is_not(None))


class ReceivedWebhooks(Repository):
    """Webhooks as the store takes them: by the token of a paid call."""

    @writes_in_steps
    def wake(self, vendor: str, token: str) -> bool | None:
        """Let the vendor be asked now about the job with this token. Return whether it is due earlier than before; None for no such job.

        A job that is due already stays so, and one whose paid call is not answered yet is due when it is. An ended one stays ended.
        """
        with self.database.reading() as conn:  # strangers' tokens take no write lock
            if conn.execute(_select(vendor, token)).first() is None:
                return None
        with self.database.writing() as conn:
            row = conn.execute(_select(vendor, token).with_for_update()).mappings().first()
            changes = None if row is None else _find_changes(row)
            if row is None or changes is None:
                return False
            conn.execute(sa.update(jobs).where(jobs.c.id == row["id"]).values(**changes))
            return "due_at" in changes

    @reads_loosely
    def are_arriving(self, conn: sa.Connection, vendor: str) -> bool:
        """Return whether a webhook told of the end of each of the vendor's last jobs."""
        ended = (jobs.c.vendor == vendor, jobs.c.vendor_id.is_not(None), jobs.c.state.in_(("completed", "failed")))
        told = sa.func.coalesce(jobs.c.woken_at > jobs.c.finished_at - NEAR_S, sa.false())
        last = sa.select(told).where(*ended, jobs.c.finished_at.is_not(None)).order_by(jobs.c.finished_at.desc()).limit(FEW)
        found = conn.execute(last).scalars().all()
        return len(found) == FEW and all(found)


def _select(vendor: str, token: str) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for what `_find_changes` wants to know of the job with this token."""
    return sa.select(
        jobs.c.id,
        jobs.c.fence,
        jobs.c.state,
        _is_polled.label("is_polled"),
        sa.func.coalesce(is_leased, sa.false()).label("is_leased"),
        (jobs.c.due_at - db_now()).label("due_s"),
        (jobs.c.woken_at - db_now()).label("woken_s"),
    ).where(jobs.c.vendor == vendor, IS_TOKEN, jobs.c.submit_token == token)


def _find_changes(row: sa.RowMapping) -> dict[str, Any] | None:
    """Return the columns that a webhook changes; None for nothing."""
    woken_s: float | None = row["woken_s"]
    if woken_s is None or not -PAUSE_S < woken_s <= PAUSE_S:
        woken_s = -PAUSE_S  # none, or long ago
    is_first = woken_s == -PAUSE_S
    if not row["is_polled"]:
        # It only counts among those that arrived. A paid call that is on its way is followed by the first poll.
        fence = row["fence"] if row["state"] == "submitting" else None
        return {"woken_at": db_now(), "woken_fence": fence} if is_first else None
    if woken_s > 0:
        return None  # one is to come
    wait_s = woken_s + PAUSE_S
    woken = {"woken_at": db_now() + wait_s, "woken_fence": row["fence"]}
    if row["is_leased"]:
        return woken  # the answer that is on its way may be older than the webhook
    if row["due_s"] > wait_s:
        return {**woken, "due_at": db_now() + wait_s}
    return woken if is_first else None

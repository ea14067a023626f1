"""Read what the store has of a purchase before it is made: the same job, an earlier one, a pause, and how long its model takes."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import RequestIdConflict
from sora_mcp.store.jobs import load_job, with_takes
from sora_mcp.store.records import Identity
from sora_mcp.store.schema import Words

SAME_REQUEST_S = 600
"""The same request within this time, or while nobody knows its end, means the job that exists where it has no request_id."""
FEWEST, MOST = 3, 20
"""Videos of a model from which it is told how long one takes."""
_LIVING = ", ".join(f"'{state}'" for state in (*LIVE, "unknown"))
# What was a free sample may mean a video by now, and no money was moved for it. By words, then by meaning: two looks into two indexes,
# which OR would not use.
_NEWEST = f"""
SELECT '{{what}}' AS what, id, fingerprint, wish, 0 AS took FROM (
    SELECT id, fingerprint, wish FROM jobs WHERE principal = :whose AND {{same}} AND (created_at > :after OR state IN ({_LIVING}))
    AND NOT (state IN ('failed', 'cancelled', 'expired') AND charged IN ('no')) ORDER BY created_at DESC LIMIT 1
) AS {{what}}
"""
_BY_WISH = _NEWEST.format(what="by_wish", same="wish = :wish AND micros > 0")
_BY_MEANING = _NEWEST.format(what="by_meaning", same="fingerprint = :fingerprint")
_BY_REQUEST = """
SELECT 'by_request' AS what, id, fingerprint, wish, 0 AS took FROM jobs WHERE principal = :whose AND request_id = :request_id
"""
_EARLIER = """
SELECT 'earlier', id, NULL, NULL, 0 FROM (
    SELECT id FROM jobs WHERE principal = :whose AND fingerprint = :fingerprint AND state IN ('completed') ORDER BY created_at DESC LIMIT 1
) AS earlier
"""
_TOOK = f"""
SELECT 'took', NULL, NULL, NULL, took FROM (
    SELECT finished_at - submitted_at AS took FROM jobs WHERE model = :model AND state = 'completed' AND submitted_at IS NOT NULL
    ORDER BY finished_at DESC LIMIT {MOST}
) AS latest
"""
_PAUSED = "SELECT 'paused', model, NULL, NULL, 0 FROM pauses WHERE model = :model"


def _join(*parts: str) -> sa.TextualSelect:
    text = " UNION ALL ".join(parts)
    words = [sa.bindparam(name, type_=Words()) for name in ("whose", "request_id") if f":{name}" in text]
    return sa.text(text).bindparams(*words).columns(*map(sa.column, ("what", "id", "fingerprint", "wish", "took")))


_ABOUT = (_EARLIER, _TOOK, _PAUSED)
# By whether the purchase has a request_id. One statement, as each is a round trip to PostgreSQL.
SELECT = {True: _join(_BY_REQUEST), False: _join(_BY_WISH, _BY_MEANING)}
SELECT_WITH_MODEL = {True: _join(_BY_REQUEST, *_ABOUT), False: _join(_BY_WISH, _BY_MEANING, *_ABOUT)}


@dataclass(frozen=True)
class Precedents:
    """Jobs and facts of the store that a purchase is compared with."""

    same_id: str | None
    """The job that exists of the same request."""
    earlier_id: str | None = None
    """The newest finished video of the same order, however old."""
    is_paused: bool = False
    usual_s: float | None = None
    """The median seconds from paid call to file of its model's last videos; None of too few."""

    def load_same(self, conn: sa.Connection) -> Job | None:
        """Return the job of the same request, with its takes."""
        return None if self.same_id is None else with_takes(conn, load_job(conn, self.same_id), deduplicated=True)


def read_precedents(conn: sa.Connection, identity: Identity, *, now: float, model: str | None = None) -> Precedents:
    """Return what is known of a request, and of its model where that is named. RequestIdConflict."""
    bound = {
        "whose": identity.principal,
        "request_id": identity.request_id,
        "wish": identity.words_hash or "",
        "fingerprint": identity.fingerprint or "",
        "after": now - SAME_REQUEST_S,
        "model": model,
    }
    has_id = identity.request_id is not None
    rows = conn.execute((SELECT if model is None else SELECT_WITH_MODEL)[has_id], bound).all()
    took = [row.took for row in rows if row.what == "took"]
    by: dict[str, Any] = {row.what: row for row in rows if row.what != "took"}
    same_id = _find_requested(by.get("by_request"), identity) if has_id else _find_id(by, "by_wish") or _find_id(by, "by_meaning")
    return Precedents(same_id, _find_id(by, "earlier"), "paused" in by, median(took) if len(took) >= FEWEST else None)


def _find_id(rows: dict[str, Any], what: str) -> str | None:
    return rows[what].id if what in rows else None


def _find_requested(row: Any, identity: Identity) -> str | None:
    if row is None or (identity.fingerprint is None and row.wish is None):
        return None  # an older version wrote down what it meant only
    if row.fingerprint != identity.fingerprint and (row.wish is None or row.wish != identity.words_hash):
        raise RequestIdConflict(
            f"request_id {identity.request_id!r} was used for {row.id} with other arguments: repeat those, or take a new request_id.",
            job_id=row.id,
        )
    return row.id

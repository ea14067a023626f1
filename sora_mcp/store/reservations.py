"""Reserve money for a job: find the job that exists, check the caps and the approval, and hold the price, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import OverBudget, RequestIdConflict, SoraError, StorageError, TooManyAtOnce
from sora_mcp.domain.money import CENT, NO_LIMIT, Micros, format_dollars, show
from sora_mcp.store.approvals import find_outline, refuse_declined, refuse_other_quote, use_approval
from sora_mcp.store.days import begin_day, get_today
from sora_mcp.store.ids import new_id
from sora_mcp.store.jobs import get_account, get_usual_s, load_job, lock_job, update_job, with_takes, without_lease
from sora_mcp.store.ledger import hold, release_hold
from sora_mcp.store.levels import Levels, lock_levels, read_levels
from sora_mcp.store.locks import lock_named
from sora_mcp.store.paused_models import refuse_paused
from sora_mcp.store.purchase_mark import Mark, find_loss, measure, write_mark
from sora_mcp.store.records import Account, Caps, Identity, Purchase
from sora_mcp.store.refusals import find_passed_cap, find_passed_unasked
from sora_mcp.store.schema import is_one_of, jobs, next_version, transaction_id
from sora_mcp.store.transactions import Repository, reads, writes, writes_in_steps

SAME_REQUEST_S = 600
"""The same request within this time, or while nobody knows its end, means the job that exists where it has no request_id."""
INSERT = sa.insert(jobs).values(version=next_version(), changed_xid=transaction_id(), **without_lease(0))
"""Of a job that is due at once; the rest comes from its purchase."""


def _find_newest(column: sa.ColumnElement[str], *more: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return a query for the newest job with this in the column that still counts, unless it ended free of charge."""
    c = jobs.c
    counts = sa.or_(c.created_at > sa.bindparam("after"), is_one_of(c.state, *LIVE, "unknown"))
    was_free = sa.and_(is_one_of(c.state, "failed", "cancelled", "expired"), is_one_of(c.charged, "no"))
    mine = sa.select(c.id).where(c.principal == sa.bindparam("whose"), column == sa.bindparam(column.name), *more, counts, ~was_free)
    return mine.order_by(c.created_at.desc()).limit(sa.literal_column("1")).subquery().select()


# What was a free sample may mean a video by now, and no money was moved for it.
SELECT_SAME = sa.union_all(_find_newest(jobs.c.wish, jobs.c.micros > sa.literal_column("0")), _find_newest(jobs.c.fingerprint))
"""The newest of the same words, then of the same meaning: two looks into two indexes, which OR would not use."""

SELECT_EARLIER = (
    sa.select(jobs.c.id)
    .where(jobs.c.principal == sa.bindparam("whose"), jobs.c.fingerprint == sa.bindparam("same"), is_one_of(jobs.c.state, "completed"))
    .order_by(jobs.c.created_at.desc())
    .limit(sa.literal_column("1"))
)
"""The newest finished video of the same order, however old."""


@dataclass(frozen=True)
class Reservations(Repository):
    """The step from a purchase to a job. Over all processes at once, what is held and spent never exceeds the caps."""

    mark_file: Path | None = None
    """Where it is remembered what was bought, outside of the store."""

    @writes_in_steps
    def reserve(self, purchase: Purchase, caps: Caps) -> Job:
        """Return the job of the purchase: one that exists (`deduplicated`), or a new one with its money held; with `day_left`.

        Of several takes it is the first, with all of them: all are bought, or none.

        The same request_id is always the same job: RequestIdConflict with other arguments. Without one, the same request within ten
        minutes, or while that job is live or unknown, is the same job, unless that one ended free of charge. OverBudget when a cap
        would be passed; NeedsConfirmation when a person has to approve first; StorageError when the store lost what was bought before.
        """
        with self.database.writing() as conn:
            now = self.clock()
            result = _reserve(conn, purchase, caps, now=now, mark_file=self.mark_file)
            is_bought = isinstance(result, Job) and not result.deduplicated and purchase.total > 0
            mark = self._measure(conn, now, caps) if is_bought and self.database.on_one_machine else None
        if is_bought and not self.database.on_one_machine:
            mark = self._measure_later(now, caps)  # the whole month is added up: nobody waits for that
        if mark is not None:  # after the commit: a mark never speaks of a purchase that the store does not have
            write_mark(self.mark_file, mark)
        if isinstance(result, SoraError):  # raised here, because a quote that was written down has to stay
            raise result
        return result

    def _measure(self, conn: sa.Connection, now: float, caps: Caps) -> Mark | None:
        return None if self.mark_file is None else measure(conn, month=get_today(conn, now, caps.zone).month)

    def _measure_later(self, now: float, caps: Caps) -> Mark | None:
        if self.mark_file is None:
            return None
        with self.database.writing() as conn:
            return self._measure(conn, now, caps)

    @reads
    def check(self, conn: sa.Connection, purchase: Purchase, caps: Caps) -> None:
        """Raise what `reserve` would raise, but for a missing approval. Nothing is held or written."""
        now = self.clock()
        levels = read_levels(conn, caps, purchase.identity.principal, now)
        result = _find_or_refuse(conn, purchase, levels, now=now, mark_file=self.mark_file)
        if isinstance(result, SoraError):
            raise result

    @reads
    def find(self, conn: sa.Connection, identity: Identity) -> Job | None:
        """Return the job that `reserve` would find for these words, where nobody can say what they mean now. RequestIdConflict as there."""
        return _find_existing(conn, identity, now=self.clock())

    @writes
    def cancel_unsent(self, conn: sa.Connection, job: Job) -> Job | None:
        """Cancel a job that was not sent, release its hold and return it; None when its call may have left."""
        row = lock_job(conn, jobs.c.id == job.id, jobs.c.state == "submitting", jobs.c.submit_token.is_(None))
        if row is None:
            return None
        now = self.clock()
        release_hold(conn, get_account(conn, row), now=now)
        return update_job(conn, row.id, now, state="cancelled", charged="no", finished_at=now, call=None, **without_lease(None))


def _reserve(conn: sa.Connection, purchase: Purchase, caps: Caps, *, now: float, mark_file: Path | None) -> Job | SoraError:
    levels = read_levels(conn, caps, purchase.identity.principal, now)
    day = levels.day
    if _refuse_over_budget(purchase, levels) is None:  # else nobody has to wait for the refusal
        lock_named(conn, "person", levels.principal)
    if (result := _find_or_refuse(conn, purchase, levels, now=now, mark_file=mark_file)) is not None:
        return result
    if (declined := refuse_declined(conn, purchase)) is not None:
        return declined
    before = _find_earlier(conn, purchase)
    begin_day(conn, day)
    offer, team = purchase.order.offer, None if levels.team is None else levels.team.name
    usual_s = get_usual_s(conn, offer.id)
    expected_s = max(1, round(usual_s)) if usual_s else offer.expected_s
    if purchase.total > 0:
        levels = lock_levels(conn, levels)  # late, as others wait for them from here on
        if (refusal := _refuse_over_budget(purchase, levels)) is not None:
            return refusal
    ids = sorted(new_id("v") for _ in range(purchase.clips))
    if (refused := _use_needed_yes(conn, purchase, levels, ids[0], now=now)) is not None:
        return refused
    batch = ids[0] if len(ids) > 1 else None
    columns = {"day": day.name, "expected_s": expected_s, "batch": batch, "team": team, **_as_columns(purchase, now)}
    for job_id in ids:
        account = Account(job_id, offer.vendor, offer.id, day.name, levels.principal, team)
        hold(conn, account, purchase.quote.micros, now=now)
        # A request_id names one row; the others are found by the first.
        conn.execute(INSERT, columns | {"id": job_id, "request_id": columns["request_id"] if job_id == ids[0] else None})
    job = replace(with_takes(conn, load_job(conn, ids[0])), day_left=_subtract(levels, purchase.total))
    return job if before is None else replace(job, warnings=(*job.warnings, _describe_earlier(before, caps)))


def _use_needed_yes(conn: sa.Connection, purchase: Purchase, levels: Levels, job_id: str, *, now: float) -> SoraError | None:
    """Use up a person's yes where one is needed, or where a quote is named that covers the purchase. Return the refusal without one."""
    needs_yes = purchase.confirm or levels.needs_yes(purchase.total)
    unasked = None if needs_yes else find_passed_unasked(conn, levels, purchase.total, now=now)
    if not needs_yes and unasked is None and find_outline(conn, purchase, now=now) is None:
        return refuse_other_quote(conn, purchase, now=now)
    doubt = purchase.quote.describe_doubt(datetime.fromtimestamp(now, levels.day.zone).date()) if purchase.confirm else ""
    said = doubt if unasked is None else unasked
    return use_approval(conn, purchase, job_id, now=now, reason=f"{said} " if said else "")


def _subtract(levels: Levels, micros: int) -> Micros | None:
    """Return what day and month leave after a purchase; None where nothing limits them."""
    return None if levels.remainder >= NO_LIMIT else Micros(levels.remainder - micros)


def _find_earlier(conn: sa.Connection, purchase: Purchase) -> Job | None:
    """Return the newest finished video of the same order, unless this one is free."""
    if purchase.total <= 0 or (fingerprint := purchase.identity.fingerprint) is None:
        return None
    job_id = conn.execute(SELECT_EARLIER, {"whose": purchase.identity.principal, "same": fingerprint}).scalar()
    return None if job_id is None else with_takes(conn, load_job(conn, job_id))


def _describe_earlier(job: Job, caps: Caps) -> str:
    """Say what was bought before, when and for how much."""
    at = datetime.fromtimestamp(job.created_at, caps.zone)
    price = format_dollars(sum(take.price for take in job.takes or (job,)))
    return f"The same was bought before: {job.id}, on {at:%Y-%m-%d} at {at:%H:%M}, for {price}."


def _find_or_refuse(
    conn: sa.Connection, purchase: Purchase, levels: Levels, *, now: float, mark_file: Path | None
) -> Job | SoraError | None:
    """Return the job that exists, or a refusal that no approval would help against; None where a new job may begin. Writes nothing."""
    if (job := _find_existing(conn, purchase.identity, now=now)) is not None:
        return replace(job, day_left=_subtract(levels, 0))
    if purchase.total > 0 and (loss := find_loss(conn, mark_file, month=levels.day.month)) is not None:
        return StorageError(loss.describe())
    refusal = _refuse_over_budget(purchase, levels)
    return refusal or refuse_paused(conn, purchase.order.offer.id) or _refuse_too_many(conn, purchase)


def _refuse_over_budget(purchase: Purchase, levels: Levels) -> OverBudget | None:
    """Return the refusal of a purchase for which one of the accounts has no room."""
    passed, micros = find_passed_cap(levels, purchase.quote.micros), purchase.total
    if passed is None and purchase.clips > 1:
        passed = find_passed_cap(levels, micros, each=Micros(0))
    if passed is None:
        return None
    # Cents would hide by how little a cap is passed.
    lefts = (level.get_left(window) for level in levels.each for window in ("day", "month"))
    is_close = any(0 < micros - cap < CENT for cap in (levels.per_video, *lefts))
    return OverBudget(f"{purchase.describe(show(micros) if is_close else format_dollars(micros))}. {''.join(passed)}")


def _refuse_too_many(conn: sa.Connection, purchase: Purchase) -> TooManyAtOnce | None:
    """Return the refusal of more jobs where the principal has too many of the vendor's free ones under way."""
    if purchase.most_live is None:
        return None
    c = jobs.c
    mine = (c.principal == purchase.identity.principal, c.vendor == purchase.order.offer.vendor, c.state.in_(LIVE))
    live = conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*mine)).scalar_one()
    if live + purchase.clips <= purchase.most_live:
        return None
    return TooManyAtOnce("free clips", live, most=purchase.most_live if live < purchase.most_live else None)


def _find_existing(conn: sa.Connection, identity: Identity, *, now: float) -> Job | None:
    """Return the job of the same request_id, or else of the same words or meaning. RequestIdConflict."""
    job = _find_recent(conn, identity, now=now) if identity.request_id is None else _find_by_request_id(conn, identity)
    return None if job is None else with_takes(conn, job, deduplicated=True)


def _find_by_request_id(conn: sa.Connection, identity: Identity) -> Job | None:
    c = jobs.c
    mine = (c.principal == identity.principal, c.request_id == identity.request_id)
    row = conn.execute(sa.select(c.id, c.fingerprint, c.wish).where(*mine)).first()
    if row is None or (identity.fingerprint is None and row.wish is None):
        return None  # an older version wrote down what it meant only
    if row.fingerprint != identity.fingerprint and (row.wish is None or row.wish != identity.words_hash):
        raise RequestIdConflict(
            f"request_id {identity.request_id!r} was used for {row.id} with other arguments: repeat those, or take a new request_id.",
            job_id=row.id,
        )
    return load_job(conn, row.id)


def _find_recent(conn: sa.Connection, identity: Identity, *, now: float) -> Job | None:
    hashes = {"wish": identity.words_hash or "", "fingerprint": identity.fingerprint or ""}
    job_id = conn.execute(SELECT_SAME, {"whose": identity.principal, "after": now - SAME_REQUEST_S, **hashes}).scalar()
    return None if job_id is None else load_job(conn, job_id)


def _as_columns(purchase: Purchase, now: float) -> dict[str, Any]:
    order, price, identity = purchase.order, purchase.quote, purchase.identity
    return {
        "principal": identity.principal,
        "request_id": identity.request_id,
        "wish": identity.words_hash,
        "fingerprint": identity.fingerprint,
        "vendor": order.offer.vendor,
        "model": order.offer.id,
        "prompt": order.prompt,
        "words": order.prompt.casefold(),
        "size": order.size.text,
        "seconds": order.seconds,
        "options": dict(order.stored_options),
        "with_image": order.image is not None,
        "parents": tuple(source.job_id for source in (order.image, order.clip) if source is not None and source.job_id is not None),
        "warnings": order.warnings,
        "call": purchase.call,
        "state": "submitting",
        "charged": "held" if price.micros > 0 else "no",
        "micros": price.micros,
        "basis": price.basis,
        "source": price.source,
        "checked": price.checked,
        "confidence": price.confidence,
        "created_at": now,
        "updated_at": now,
    }

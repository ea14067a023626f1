"""Reserve money for a job: find the job that exists, check the caps and the approval, and hold the price, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import OverBudget, SoraError, StorageError, TooManyAtOnce
from sora_mcp.domain.money import CENT, NO_LIMIT, Micros, format_dollars, show
from sora_mcp.store.approvals import find_outline, refuse_declined, refuse_other_quote, use_approval
from sora_mcp.store.budget_days import begin_day
from sora_mcp.store.budget_levels import Levels, lock_levels, read_levels
from sora_mcp.store.earlier_purchases import Precedents, read_precedents
from sora_mcp.store.ids import new_id
from sora_mcp.store.job_rows import update_job, without_lease
from sora_mcp.store.jobs import SHOWN_COLUMNS, get_account, load_job, lock_job, make_job, with_takes
from sora_mcp.store.ledger import hold, release_hold, with_hold
from sora_mcp.store.locks import lock_named
from sora_mcp.store.loss_detection import Mark, count_further, find_loss, measure, write_mark
from sora_mcp.store.paused_models import refuse_paused
from sora_mcp.store.records import Account, Caps, Identity, Purchase
from sora_mcp.store.refusals import find_passed_cap, find_passed_unasked
from sora_mcp.store.schema import db_now, jobs, next_version, transaction_id
from sora_mcp.store.transactions import Repository, reads, writes, writes_in_steps

_ZERO = sa.literal_column("0", sa.BigInteger)  # beside another insert, SQLAlchemy would forget what the columns hold by themselves
INSERT = sa.insert(jobs).values(version=next_version(), changed_xid=transaction_id(), fence=_ZERO, tries=_ZERO, due_at=db_now())
"""Of a job that is due at once; the rest comes from its purchase."""
INSERT_RETURNING = INSERT.returning(*SHOWN_COLUMNS)


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
            levels = read_levels(conn, caps, purchase.identity.principal, now)
            result = _reserve(conn, purchase, levels, caps, now=now, mark_file=self.mark_file)
            bought = result if isinstance(result, Job) and not result.deduplicated and purchase.total > 0 else None
            is_measured = bought is not None and self.mark_file is not None and self.database.on_one_machine
            mark = measure(conn, month=levels.day.month) if is_measured else None
        if bought is not None and not is_measured:
            mark = self._count_further(levels.day.month, purchase.total, bought.version)
        if mark is not None:  # after the commit: a mark never speaks of a purchase that the store does not have
            write_mark(self.mark_file, mark)
        if isinstance(result, SoraError):  # raised here, because a quote that was written down has to stay
            raise result
        return result

    def _count_further(self, month: str, micros: int, version: int) -> Mark | None:
        """Return the mark after a purchase on PostgreSQL. The month is added up for the first one only, when nobody waits for it."""
        if self.mark_file is None:
            return None
        if (mark := count_further(self.mark_file, month=month, micros=micros, version=version)) is not None:
            return mark
        with self.database.writing() as conn:
            return measure(conn, month=month)

    @reads
    def check(self, conn: sa.Connection, purchase: Purchase, caps: Caps) -> None:
        """Raise what `reserve` would raise, but for a missing approval. Nothing is held or written."""
        now = self.clock()
        levels, known = read_levels(conn, caps, purchase.identity.principal, now), _read_precedents(conn, purchase, now)
        result = _find_or_refuse(conn, purchase, levels, known, mark_file=self.mark_file)
        if isinstance(result, SoraError):
            raise result

    @reads
    def find(self, conn: sa.Connection, identity: Identity) -> Job | None:
        """Return the job that `reserve` would find for these words, where nobody can say what they mean now. RequestIdConflict as there."""
        return read_precedents(conn, identity, now=self.clock()).load_same(conn)

    @writes
    def cancel_unsent(self, conn: sa.Connection, job: Job) -> Job | None:
        """Cancel a job that was not sent, release its hold and return it; None when its call may have left."""
        row = lock_job(conn, jobs.c.id == job.id, jobs.c.state == "submitting", jobs.c.submit_token.is_(None))
        if row is None:
            return None
        now = self.clock()
        release_hold(conn, get_account(conn, row), now=now)
        over = {"state": "cancelled", "charged": "no", "finished_at": now, "cancel_asked_at": now, "call": None}
        return update_job(conn, row.id, now, **over, **without_lease(None))


def _reserve(conn: sa.Connection, purchase: Purchase, levels: Levels, caps: Caps, *, now: float, mark_file: Path | None) -> Job | SoraError:
    day = levels.day
    if _refuse_over_budget(purchase, levels) is None:  # else nobody has to wait for the refusal
        lock_named(conn, "person", levels.principal)
    known = _read_precedents(conn, purchase, now)
    if (result := _find_or_refuse(conn, purchase, levels, known, mark_file=mark_file)) is not None:
        return result
    if (declined := refuse_declined(conn, purchase, now=now)) is not None:
        return declined
    before = _load_earlier(conn, purchase, known)
    begin_day(conn, day)
    offer, team = purchase.order.offer, None if levels.team is None else levels.team.name
    expected_s = max(1, round(known.usual_s)) if known.usual_s else offer.expected_s
    if purchase.total > 0:
        levels = lock_levels(conn, levels)  # late, as others wait for them from here on
        if (refusal := _refuse_over_budget(purchase, levels)) is not None:
            return refusal
    ids = sorted(new_id("v") for _ in range(purchase.clips))
    if (refused := _use_needed_yes(conn, purchase, levels, ids[0], now=now)) is not None:
        return refused
    batch = ids[0] if len(ids) > 1 else None
    together = {"batch": batch, "take_count": len(ids) if batch else None}
    columns = {"day": day.name, "expected_s": expected_s, "team": team, **together, **_as_columns(purchase, now)}
    made = list[Job]()
    for number, job_id in enumerate(ids, 1):
        account = Account(job_id, offer.vendor, offer.id, day.name, levels.principal, team)
        # A request_id names one row; the others are found by the first.
        own = {"id": job_id, "request_id": columns["request_id"] if number == 1 else None, "take": number if batch else None}
        made.append(_insert_job(conn, columns | own, account, purchase.quote.micros, now=now))
    job = replace(with_takes(conn, made[0]), day_left=_subtract(levels, purchase.total))
    return job if before is None else replace(job, warnings=(*job.warnings, _describe_earlier(before, caps)))


def _insert_job(conn: sa.Connection, columns: dict[str, Any], account: Account, micros: Micros, *, now: float) -> Job:
    """Write down a new job, which is due at once, with its money set aside."""
    if conn.dialect.name == "postgresql":
        insert, money = with_hold(INSERT_RETURNING, account, micros, now=now)
        return make_job(conn.execute(insert, columns | money).one())
    hold(conn, account, micros, now=now)
    conn.execute(INSERT, columns)
    return load_job(conn, account.job_id)


def _use_needed_yes(conn: sa.Connection, purchase: Purchase, levels: Levels, job_id: str, *, now: float) -> SoraError | None:
    """Use up a person's yes where one is needed, or where a quote is named that covers the purchase. Return the refusal without one."""
    is_above = levels.needs_yes(purchase.total)
    needs_yes = purchase.confirm or is_above
    unasked = None if needs_yes else find_passed_unasked(conn, levels, purchase.total, now=now)
    if not needs_yes and unasked is None and find_outline(conn, purchase, now=now) is None:
        return refuse_other_quote(conn, purchase, now=now)
    doubt = purchase.quote.describe_doubt(datetime.fromtimestamp(now, levels.day.zone).date()) if purchase.confirm else ""
    above = levels.confirm_above if is_above else None
    return use_approval(conn, purchase, job_id, now=now, doubt=doubt, spent=unasked or "", above=above)


def _subtract(levels: Levels, micros: int) -> Micros | None:
    """Return what day and month leave after a purchase; None where nothing limits them."""
    return None if levels.remainder >= NO_LIMIT else Micros(levels.remainder - micros)


def _read_precedents(conn: sa.Connection, purchase: Purchase, now: float) -> Precedents:
    return read_precedents(conn, purchase.identity, now=now, model=purchase.order.offer.id)


def _load_earlier(conn: sa.Connection, purchase: Purchase, known: Precedents) -> Job | None:
    """Return the newest finished video of the same order, unless this one is free."""
    if purchase.total <= 0 or purchase.identity.fingerprint is None or known.earlier_id is None:
        return None
    return with_takes(conn, load_job(conn, known.earlier_id))


def _describe_earlier(job: Job, caps: Caps) -> str:
    """Say what was bought before, when and for how much."""
    at = datetime.fromtimestamp(job.created_at, caps.zone)
    price = format_dollars(sum(take.price for take in job.takes or (job,)))
    return f"The same was bought before: {job.id}, on {at:%Y-%m-%d} at {at:%H:%M}, for {price}."


def _find_or_refuse(
    conn: sa.Connection, purchase: Purchase, levels: Levels, known: Precedents, *, mark_file: Path | None
) -> Job | SoraError | None:
    """Return the job that exists, or a refusal that no approval would help against; None where a new job may begin. Writes nothing."""
    if (job := known.load_same(conn)) is not None:
        return replace(job, day_left=_subtract(levels, 0))
    if purchase.total > 0 and (loss := find_loss(conn, mark_file, month=levels.day.month)) is not None:
        return StorageError(loss.describe())
    refusal = _refuse_over_budget(purchase, levels)
    paused = refuse_paused(conn, purchase.order.offer.id) if refusal is None and known.is_paused else None
    return refusal or paused or _refuse_too_many(conn, purchase)


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

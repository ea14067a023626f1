"""Models that cost more than was quoted: none is bought again until a person resumes it."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from sora_mcp.domain import PAUSED, Job, Pause
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.store.schema import jobs, pauses
from sora_mcp.store.transactions import Repository, reads, writes

TOLERATED_SHARE = 20
"""A vendor may name a twentieth more than was quoted before its price counts as unknown."""

PAUSE = sa.text(
    "INSERT INTO pauses (model, since, why, job_id) VALUES (:model, :since, :why, :job_id) ON CONFLICT (model) DO NOTHING"
).bindparams(sa.bindparam("why", type_=pauses.c.why.type))


class PausedModels(Repository):
    """Paused models, as callers see and resume them."""

    @reads
    def get_all(self, conn: sa.Connection) -> tuple[Pause, ...]:
        """Return every pause, oldest first."""
        return read_pauses(conn)

    @writes
    def resume(self, conn: sa.Connection, model: str) -> bool:
        """Let the model be bought again, by a person's decision. False when it was not paused."""
        return conn.execute(sa.delete(pauses).where(pauses.c.model == model)).rowcount > 0


def pause_if_dearer(conn: sa.Connection, job: Job, named: int | None, *, now: float) -> tuple[str, ...]:
    """Pause the job's model where the vendor names clearly more than was quoted; return the job's warnings, then with one more."""
    if named is None or named * TOLERATED_SHARE <= job.micros * (TOLERATED_SHARE + 1):
        return job.warnings
    why = f"it cost {format_dollars(named)} where {format_dollars(job.micros)} was quoted"
    warning = f"{PAUSED}{why}. Only the user can go on: {describe_command('resume', job.model)}."
    if any(said.startswith(f"{PAUSED}{why}.") for said in job.warnings):
        return job.warnings  # warned before: a person may have resumed the model since
    conn.execute(PAUSE, {"model": job.model, "since": now, "why": why, "job_id": job.id})
    return (*job.warnings, warning)


def refuse_paused(conn: sa.Connection, model: str) -> PriceUnknown | None:
    """Return why nothing is bought of this model now; None when it is not paused."""
    pause = next((pause for pause in read_pauses(conn) if pause.model == model), None)
    return None if pause is None else PriceUnknown(describe_pause(pause))


def describe_pause(pause: Pause) -> str:
    """Return the pause as a sentence."""
    command = describe_command("resume", pause.model)
    return f"{pause.model} is paused: {pause.why} ({pause.job_id}). Only the user can go on with it: {command}."


def read_pauses_and_since(conn: sa.Connection) -> tuple[Pause, ...]:
    """Return every pause, oldest first, each with the models of its vendor that were charged as quoted since."""
    return tuple(replace(pause, fair_models=_list_fair(conn, pause)) for pause in read_pauses(conn))


def _list_fair(conn: sa.Connection, pause: Pause) -> frozenset[str]:
    since = sa.and_(jobs.c.vendor == pause.vendor, jobs.c.finished_at >= pause.since)
    charged = sa.and_(jobs.c.charged == "yes", jobs.c.actual.is_not(None), jobs.c.actual <= jobs.c.micros)
    return frozenset(conn.execute(sa.select(jobs.c.model).distinct().where(since, charged)).scalars())


def read_pauses(conn: sa.Connection) -> tuple[Pause, ...]:
    """Return every pause, oldest first."""
    paid = sa.select(pauses, jobs.c.micros.label("quoted"), jobs.c.actual.label("cost")).join_from(
        pauses, jobs, jobs.c.id == pauses.c.job_id, isouter=True
    )
    found = (Pause(**row) for row in conn.execute(paid).mappings())
    return tuple(sorted(found, key=lambda pause: (pause.since, pause.model)))

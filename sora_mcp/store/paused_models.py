"""Models that cost more than was quoted: none is bought again until a person resumes it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from sora_mcp.domain import Job
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import show
from sora_mcp.store.database import Database
from sora_mcp.store.records import Pause
from sora_mcp.store.schema import pauses

DRIFT = 20
"""A vendor may name a twentieth more than was quoted before its price counts as unknown."""


@dataclass(frozen=True)
class Pauses:
    """What callers ask of the store about such models. As everywhere there, each call is one transaction and blocks."""

    database: Database

    def paused(self) -> tuple[Pause, ...]:
        """All of them, oldest first."""
        with self.database.reading() as conn:
            return every(conn)

    def resume(self, model: str) -> bool:
        """A person's word that it may be bought again. False when it was not paused."""
        with self.database.writing() as conn:
            return conn.execute(sa.delete(pauses).where(pauses.c.model == model)).rowcount > 0


def alarm(conn: sa.Connection, job: Job, named: int | None, now: float) -> tuple[str, ...]:
    """The job's warnings, with one more where the vendor names clearly more than was quoted; then its model is paused."""
    if named is None or named * DRIFT <= job.micros * (DRIFT + 1):
        return job.warnings
    why = f"it cost {show(named)} where {show(job.micros)} was quoted"
    warning = f"Paused: {why}. Only the user can go on: sora-mcp resume {job.model}"
    if warning in job.warnings:
        return job.warnings  # said before: a person may have resumed the model since
    if conn.execute(sa.select(pauses.c.model).where(pauses.c.model == job.model)).first() is None:
        conn.execute(sa.insert(pauses).values(model=job.model, since=now, why=why, job_id=job.id))
    return (*job.warnings, warning)


def refusal(conn: sa.Connection, model: str) -> PriceUnknown | None:
    """Why nothing is bought of this model now; None when it is not paused."""
    pause = next((pause for pause in every(conn) if pause.model == model), None)
    return None if pause is None else PriceUnknown(said(pause))


def said(pause: Pause) -> str:
    """The pause as a sentence."""
    return f"{pause.model} is paused: {pause.why} ({pause.job_id}). Only the user can go on with it: sora-mcp resume {pause.model}"


def every(conn: sa.Connection) -> tuple[Pause, ...]:
    """All pauses, oldest first."""
    found = (Pause(**row) for row in conn.execute(sa.select(pauses)).mappings())
    return tuple(sorted(found, key=lambda pause: (pause.since, pause.model)))

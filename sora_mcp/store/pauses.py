"""Models that cost more than was quoted: named once, and not bought again until a person resumes them."""

from __future__ import annotations

import sqlalchemy as sa

from ..domain import Job
from ..errors import PriceUnknown
from ..money import show
from .nouns import Pause
from .tables import pauses

DRIFT = 20
"""A vendor may name a twentieth more than was quoted before its price counts as unknown."""


def alarm(conn: sa.Connection, job: Job, named: int | None, now: float) -> tuple[str, ...]:
    """The job's warnings, with one more where the vendor names clearly more than was quoted; then its model is paused."""
    if named is None or named * DRIFT <= job.micros * (DRIFT + 1):
        return job.warnings
    why = f"it cost {show(named)} where {show(job.micros)} was quoted"
    warning = f"{job.model} is paused: {why}. Only the user can go on with it: sora-mcp resume {job.model}"
    if conn.execute(sa.select(pauses.c.model).where(pauses.c.model == job.model)).first() is None:
        conn.execute(sa.insert(pauses).values(model=job.model, since=now, why=why, job_id=job.id))
    return job.warnings if warning in job.warnings else (*job.warnings, warning)


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


def resume(conn: sa.Connection, model: str) -> bool:
    """A person's word that the model may be bought again. False when it was not paused."""
    return conn.execute(sa.delete(pauses).where(pauses.c.model == model)).rowcount > 0

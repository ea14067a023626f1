"""Stores full of jobs, written row by row without the store's own care, because nothing here is bought."""

from __future__ import annotations

import random
import time
from datetime import date
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import Artifact, Call
from sora_mcp.store.schema import jobs

SEED = 7
BATCH = 5_000


def fill(engine: sa.Engine, *, alive: int, finished: int, ages_s: float, first_version: int = 1) -> None:
    """The newest job has the highest number."""
    now, chance = time.time(), random.Random(SEED)
    rows = [_row(number, now - (finished - number) * 30.0) | _finished(number) for number in range(finished)]
    for number in range(finished, finished + alive):
        age = chance.uniform(0, ages_s)
        rows.append(_row(number, now - age) | _living(number, now, age, chance))
    for row in rows:
        row["version"] += first_version - 1
    with engine.begin() as conn:
        for start in range(0, len(rows), BATCH):
            conn.execute(jobs.insert(), rows[start : start + BATCH])


def make_finished(number: int) -> dict[str, Any]:
    """Return the row of a job that has just ended."""
    return _row(number, time.time()) | _finished(number)


def _row(number: int, at: float) -> dict[str, Any]:
    return {
        "id": f"v_{number:010}",
        "principal": "local",
        "vendor": "muvi",
        "model": "muvi:sora-2",
        "day": "2026-11-20",
        "fingerprint": f"{number:064}",
        "request_id": None,
        "created_at": at,
        "updated_at": at,
        "version": number + 1,
        "fence": 1,
        "tries": 0,
        "submit_token": f"{number:032}",
        "submitted_at": at,
        "vendor_id": f"job-{number}",
        "micros": 400_000,
        "actual": None,
        "size": "1280x720",
        "seconds": 4,
        "with_image": False,
        "basis": "$0.10/s x 4 s",
        "source": "https://example.com/prices",
        "checked": date(2026, 11, 20),
        "confidence": "listed",
        "expected_s": 180,
        "said": "processing",
        "words": f"a paper boat in the rain {number}",
        "prompt": f"A paper boat in the rain {number}",
        "options": {},
        "warnings": (),
        "parents": (),
        "error": None,
        "media": None,
        "call": None,
        "lease_owner": None,
        "lease_until": None,
    }


def _finished(number: int) -> dict[str, Any]:
    file = Artifact(f"/videos/{number}.mp4", 1_000_000, "0" * 64, 4.0, 1280, 720)
    return {"state": "completed", "charged": "yes", "due_at": None, "finished_at": 0.0, "progress": None, "artifact": file, "next": None}


def _living(number: int, now: float, age: float, chance: random.Random) -> dict[str, Any]:
    """Due at some moment of the pause that the schedule makes at its age."""
    due = now + chance.uniform(0, min(max(5.0, 0.08 * age), 60.0))
    ask = Call("GET", f"/v1/jobs/job-{number}")
    return {"state": "running", "charged": "held", "due_at": due, "finished_at": None, "progress": 0.4, "artifact": None, "next": ask}

"""Stores as older versions left them, with jobs in every state, and their migration killed at every call of the kernel."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sora_mcp.config.settings import Settings
from sora_mcp.domain import Artifact, Call
from sora_mcp.store.migrations import MIGRATIONS
from tests.played import CLIP, Wire
from tests.played.nouns import Created
from tests.played.rig import settled

from .kills import CALLS, outlive, place, strike
from .oracle import Figures, file_of, judged, kept, migrated
from .victim import Victim, opening

VERSIONS = range(1, len(MIGRATIONS))
"""All but the newest."""
WRITES = tuple(call for call in CALLS if call not in ("connect", "sendto", "recvfrom"))
"""Opening a store speaks to nobody."""
FIRST = Path(__file__).parents[2] / "version_1.sql"
LISTED_AT = 1_795_168_800.0
"""When the played vendor's list says that its jobs were taken."""
TAKEN = ("queued", "completed", "unknown")
"""Jobs in these states the vendor has; of the unknown one, only the vendor knows it."""


async def at_call(version: int, call: str, number: int, folder: Path, figures: Figures) -> bool:
    """A migration killed at this call of the kernel, then a whole life on the same store; whether it came to that."""
    run = f"from version {version}, {call} {number}"
    async with place(folder) as (wire, env):
        settings = settled(folder, {"muvi": wire.address}, (wire.host,))
        leave(version, settings, wire)
        before = kept(file_of(settings))
        struck = await strike(Victim(env, life=opening), call, number, figures)
        await outlive(env, wire, figures, run)
        figures.wrong.extend((run, kind) for kind in migrated(file_of(settings), before))
        judged(settings, wire, figures, run)
        return struck


def leave(version: int, settings: Settings, wire: Wire) -> None:
    """A store of this version, whose jobs this vendor has, and the file of the finished one."""
    file = file_of(settings)
    file.parent.mkdir(mode=0o700, parents=True)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(FIRST.read_text("utf-8"))
        for job_id, state in connection.execute("SELECT id, state FROM jobs").fetchall():
            _fit(connection, job_id, state, settings, wire)
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as conn:
        for migration in MIGRATIONS[1:version]:
            migration(conn)
        conn.exec_driver_sql(f"UPDATE meta SET value = '{version}' WHERE name = 'schema'")
    engine.dispose()


def _fit(connection: sqlite3.Connection, job_id: str, state: str, settings: Settings, wire: Wire) -> None:
    """The job's own prompt, and the calls and the file that belong to its state."""
    prompt = f"A boat, {job_id}"
    body = {"model": "openai/sora-2/text-to-video", "input": {"prompt": prompt, "duration": "4", "aspect_ratio": "16:9"}}
    values: dict[str, Any] = {"prompt": prompt}
    if state in TAKEN:
        wire.made.append(Created(f"at-{job_id}", LISTED_AT, "/v1/jobs/submit", body))
    if state in ("submitting", "unknown"):
        values |= {"call": Call("POST", "/v1/jobs/submit", body)}
    if state == "unknown":
        values |= {"submitted_at": LISTED_AT}
    if state in ("submitting", "queued"):
        values |= {"due_at": 0.0}
    if state == "queued":
        values |= {"next": Call("GET", f"/v1/jobs/at-{job_id}")}
    if state == "completed":
        values |= {"artifact": _file(settings.output_dir / f"{job_id}.mp4")}
    columns = ", ".join(f'"{name}" = ?' for name in values)
    stored = [json.dumps(asdict(value)) if isinstance(value, Call | Artifact) else value for value in values.values()]
    connection.execute(f"UPDATE jobs SET {columns} WHERE id = ?", [*stored, job_id])


def _file(path: Path) -> Artifact:
    """The clip and its note, on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CLIP)
    path.with_suffix(".json").write_text("{}", "utf-8")
    return Artifact(str(path), len(CLIP), hashlib.sha256(CLIP).hexdigest())

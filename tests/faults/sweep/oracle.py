"""What must hold after the last kill, by the vendor's own list of creates."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import StorageError
from sora_mcp.store import Store
from sora_mcp.store.migrations import MIGRATIONS
from tests.played import CLIP, Wire
from tests.played.rig import held, leaks

KINDS = (
    "bought twice",
    "lost",
    "store not whole",
    "holds not the sum of live and unknown jobs",
    "without an end",
    "file not whole",
    "key seen",
    "schema not the newest",
    "job or move of money gone",
)


@dataclass
class Figures:
    """What was counted over all runs, and the runs with something wrong, as one may repeat them."""

    kills: int = 0
    creates: int = 0
    runs: int = 0
    resumed: int = 0
    """Downloads that were continued."""
    states: Counter[str] = field(default_factory=Counter[str])
    wrong: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The run, and what is wrong with it."""

    def __str__(self) -> str:
        kinds = Counter(kind for _, kind in self.wrong)
        ends = ", ".join(f"{state} {count}" for state, count in sorted(self.states.items()))
        lines = [f"runs {self.runs}, kills {self.kills}, creates {self.creates}, downloads continued {self.resumed}; jobs: {ends}"]
        lines += [f"{kind}: {kinds[kind]}" for kind in KINDS]
        return "\n".join([*lines, *(f"{run}: {kind}" for run, kind in self.wrong)])


def judged(settings: Settings, wire: Wire, figures: Figures, run: str) -> None:
    """Adds a run, after its last process ended."""
    figures.runs += 1
    figures.creates += len(wire.made)
    try:
        store = Store(settings.database_url, settings.home)
    except StorageError:
        figures.wrong.append((run, "store not whole"))
        return
    jobs = store.jobs.search.sync(None, limit=100).jobs
    store.close()
    figures.states.update(job.state for job in jobs)
    figures.wrong.extend((run, kind) for kind in _wrong(settings, wire, jobs))


def kept(path: Path) -> frozenset[tuple[object, ...]]:
    """What no migration and no later life may change: every job by its id, those that ended with their end, and every move of money."""
    queries = (
        "SELECT id FROM jobs",
        "SELECT id, state, charged, micros, vendor_id, artifact, error FROM jobs WHERE state IN ('completed', 'failed', 'cancelled')",
        "SELECT job_id, kind, from_account, to_account, micros, day, month, vendor, model, at FROM ledger",
    )
    with closing(sqlite3.connect(path)) as connection:
        return frozenset(row for query in queries for row in connection.execute(query))


def migrated(path: Path, before: frozenset[tuple[object, ...]]) -> Iterator[str]:
    """What is wrong with a store that was of an older version, and held this."""
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() != [(str(len(MIGRATIONS)),)]:
            yield "schema not the newest"
    if not before <= kept(path):
        yield "job or move of money gone"


def _wrong(settings: Settings, wire: Wire, jobs: tuple[Job, ...]) -> Iterator[str]:
    bought = Counter(made.body["input"]["prompt"] for made in wire.made)
    known = {job.vendor_id for job in jobs}
    unclear = {job.prompt for job in jobs if job.state == "unknown"}
    if any(count > 1 for count in bought.values()):
        yield "bought twice"
    if any(made.id not in known and made.body["input"]["prompt"] not in unclear for made in wire.made):
        yield "lost"
    if not _whole(file_of(settings)):
        yield "store not whole"
    if held(settings.database_url) != sum(job.micros for job in jobs if job.charged in ("held", "unknown")):
        yield "holds not the sum of live and unknown jobs"
    if any(job.state in LIVE for job in jobs):
        yield "without an end"
    if not _files(settings.output_dir, jobs):
        yield "file not whole"
    if leaks(settings.home.parent):
        yield "key seen"


def file_of(settings: Settings) -> Path:
    """Where the store is."""
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _files(folder: Path, jobs: tuple[Job, ...]) -> bool:
    """One whole file and one note for each finished job, and nothing else."""
    paths = [Path(job.artifact.path) for job in jobs if job.state == "completed" and job.artifact is not None]
    there = sorted(folder.glob("*")) if folder.exists() else []
    return there == sorted([*paths, *(path.with_suffix(".json") for path in paths)]) and all(path.read_bytes() == CLIP for path in paths)

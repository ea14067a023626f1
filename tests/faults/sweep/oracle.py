"""What must hold after the last kill, by the vendor's own list of creates."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sora_mcp.domain import LIVE, Job
from sora_mcp.settings import Settings
from sora_mcp.store import Store
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
)


@dataclass
class Figures:
    """What was counted over all runs, and the runs with something wrong, as one may repeat them."""

    kills: int = 0
    creates: int = 0
    runs: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    wrong: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The run, and what is wrong with it."""

    def __str__(self) -> str:
        kinds = Counter(kind for _, kind in self.wrong)
        ends = ", ".join(f"{state} {count}" for state, count in sorted(self.states.items()))
        lines = [f"runs {self.runs}, kills {self.kills}, creates {self.creates}; jobs: {ends}"]
        lines += [f"{kind}: {kinds[kind]}" for kind in KINDS]
        return "\n".join([*lines, *(f"{run}: {kind}" for run, kind in self.wrong)])


def judged(settings: Settings, wire: Wire, figures: Figures, run: str) -> None:
    """Adds a run, after its last process ended."""
    store = Store(settings.database_url, settings.home)
    jobs = store.page(None, limit=100).jobs
    store.close()
    figures.runs += 1
    figures.creates += len(wire.made)
    figures.states.update(job.state for job in jobs)
    figures.wrong.extend((run, kind) for kind in _wrong(settings, wire, jobs))


def _wrong(settings: Settings, wire: Wire, jobs: tuple[Job, ...]) -> Iterator[str]:
    bought = Counter(made.body["input"]["prompt"] for made in wire.made)
    known = {job.vendor_id for job in jobs}
    unclear = {job.prompt for job in jobs if job.state == "unknown"}
    if any(count > 1 for count in bought.values()):
        yield "bought twice"
    if any(made.id not in known and made.body["input"]["prompt"] not in unclear for made in wire.made):
        yield "lost"
    if not _whole(Path(settings.database_url.removeprefix("sqlite:///"))):
        yield "store not whole"
    if held(settings.database_url) != sum(job.micros for job in jobs if job.charged in ("held", "unknown")):
        yield "holds not the sum of live and unknown jobs"
    if any(job.state in LIVE for job in jobs):
        yield "without an end"
    if not _files(settings.output_dir, jobs):
        yield "file not whole"
    if leaks(settings.home.parent):
        yield "key seen"


def _whole(path: Path) -> bool:
    with sqlite3.connect(path) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _files(folder: Path, jobs: tuple[Job, ...]) -> bool:
    """One whole file and one note for each finished job, and nothing else."""
    paths = [Path(job.artifact.path) for job in jobs if job.state == "completed" and job.artifact is not None]
    there = sorted(folder.glob("*")) if folder.exists() else []
    return there == sorted([*paths, *(path.with_suffix(".json") for path in paths)]) and all(path.read_bytes() == CLIP for path in paths)

"""`python -m tests.fuzz --count 20000`: mutated files through probe, view, frame and edit. Ends with 1 when something is wrong."""

from __future__ import annotations

import argparse
import collections
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sora_mcp.domain.errors import SoraError
from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit
from sora_mcp.media.limits import Deadline
from sora_mcp.media.probe import probe_media
from sora_mcp.media.worker.processes import START_S

from .mutations import make_seeds, mutate

WORK_S = 5.0
LATE_S = WORK_S + START_S
"""A worker is killed soon after its deadline, and a new one may take START_S to start on a busy machine."""
MOST_GROWTH_BYTES = 64 << 20


@dataclass
class Result:
    """What was counted: files, how the work on them ended, and what is wrong, as one may repeat it."""

    files: int = 0
    ends: collections.Counter[str] = field(default_factory=collections.Counter[str])
    longest_s: float = 0.0
    growth_bytes: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        ends = ", ".join(f"{name} {count}" for name, count in sorted(self.ends.items()))
        figures = f"{self.files} files; {ends}; longest {self.longest_s:.1f} s; memory grew by {self.growth_bytes >> 10} KiB"
        return "\n".join([figures, *self.wrong])


def fuzz(count: int, seed: int, folder: Path, *, until: float = float("inf"), keep: bool = False) -> Result:
    """Work on so many mutated files, or until this moment of the monotonic clock. With `keep`, those that did wrong stay in the folder."""
    result, seeds, began_at = Result(), make_seeds(), 0
    names = sorted(seeds)
    for number in range(count):
        if time.monotonic() > until:
            break
        name = names[number % len(names)]
        path = folder / f"{seed}-{number}.{name}"
        path.write_bytes(mutate(seeds[name], random.Random(f"{seed} {number}")))
        wrong = [f"{path.name}: {what} {why}" for what, why in _try_all(path, folder / "target", result) if why]
        result.wrong += wrong
        if not (wrong and keep):
            path.unlink()
        result.files += 1
        if number == len(names):  # everything is loaded and every worker has started
            began_at = _measure_memory()
    result.growth_bytes = max(0, _measure_memory() - began_at) if began_at else 0
    if result.growth_bytes > MOST_GROWTH_BYTES:
        result.wrong.append("this process took more memory")
    return result


def _try_all(path: Path, target: Path, result: Result) -> list[tuple[str, str]]:
    """Run each operation; return what went wrong with each, "" for nothing."""
    found: list[tuple[str, str]] = []
    for what, work in _list_work(path, target).items():
        began = time.monotonic()
        try:
            work()
            end, why = "done", ""
        except SoraError as error:
            end, why = type(error).__name__, ""
        except Exception as error:  # anything else would reach the user as an unforeseen error
            end, why = "unforeseen", repr(error)
        took = time.monotonic() - began
        result.longest_s = max(result.longest_s, took)
        result.ends[f"{what} {end}"] += 1
        found.append((what, why or (f"took {took:.1f} s" if took > LATE_S else "")))
    target.unlink(missing_ok=True)
    return found


def _list_work(path: Path, target: Path) -> Mapping[str, Callable[[], object]]:
    if path.suffix in (".png", ".heic"):
        raw = path.read_bytes()
        fit = ((64, 64), "crop", ("image/png",), 1_000_000)
        return {
            "probe": lambda: probe_media(path),
            "turn": lambda: api.turn_upright(raw),
            "fit": lambda: api.fit_image(raw, *fit),
            "poster": lambda: api.make_poster(path, Deadline(WORK_S)),
        }
    if path.suffix == ".gif":
        return {"probe": lambda: probe_media(path), "to MP4": lambda: api.make_mp4(path, target, Deadline(WORK_S))}
    return {
        "probe": lambda: probe_media(path),
        "view": lambda: api.view_clip(path, 2, Deadline(WORK_S)),
        "frame": lambda: api.extract_frame(path, None, Deadline(WORK_S)),
        "edit": lambda: api.edit_clip(Edit("trim", (path,), 0.0, 0.3), target, Deadline(WORK_S)),
    }


def _measure_memory() -> int:
    """Return this process's resident memory in bytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main() -> int:
    """Run what the command line asks for."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments.add_argument("--minutes", type=float, default=float("inf"))
    arguments.add_argument("--keep", type=Path, help="a folder for the files that did wrong")
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    until = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        result = fuzz(given.count, given.seed, given.keep or Path(folder), until=until, keep=given.keep is not None)
    print(result)
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

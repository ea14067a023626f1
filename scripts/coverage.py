"""Whether the tests reach far enough: every branch of the pure rooms, and nearly all of the rest. `python -m scripts.coverage`"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PURE = (
    "domain",
    "catalogue/rules",
    "catalogue/fixes",
    "catalogue/price_file",
    "catalogue/matrix",
    "jobs/backoff",
    "vendors",
)
"""Rooms whose every function depends on its arguments only."""
LEAST_OF_ALL = 95.0


def lacking(report: Mapping[str, Any]) -> Iterator[str]:
    """One line for each pure file with an untried branch, and one when the whole is too little."""
    for name, file in sorted(report["files"].items()):
        module = Path(name).with_suffix("").as_posix().partition("/")[2]
        covered = file["summary"]["percent_covered"]
        if any(module == pure or module.startswith(f"{pure}/") for pure in PURE) and covered < 100:
            yield f"{name}: {covered:.1f} %, lines {file['missing_lines']}, branches {file['missing_branches']}"
    whole = report["totals"]["percent_covered"]
    if whole < LEAST_OF_ALL:
        yield f"all: {whole:.1f} %, at least {LEAST_OF_ALL} % are due"


def measured() -> Mapping[str, Any]:
    """What `pytest --cov` has just left."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(file)], check=True)
        return json.loads(file.read_text("utf-8"))


if __name__ == "__main__":
    report = measured()
    lines = list(lacking(report))
    print("\n".join([*lines, f"coverage: {report['totals']['percent_covered']:.1f} %"]))
    sys.exit(1 if lines else 0)

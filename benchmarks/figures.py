"""One measured figure, and the machine that it was measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Figure:
    """What was measured, what came out, what was hoped for."""

    what: str
    came: str
    goal: str
    met: bool


def at_most(what: str, value: float, most: float, unit: str, *, note: str = "") -> Figure:
    """A figure that should not be larger than its goal."""
    return Figure(what, f"{value:.3g}{unit}{f' ({note})' if note else ''}", f"<= {most:g}{unit}", value <= most)


def at_least(what: str, value: float, least: float, unit: str, *, note: str = "") -> Figure:
    """A figure that should not be smaller than its goal."""
    return Figure(what, f"{value:.3g}{unit}{f' ({note})' if note else ''}", f">= {least:g}{unit}", value >= least)


def markdown(figures: list[Figure]) -> str:
    """As the README has it."""
    lines = ["| what | measured | goal |", "| --- | --- | --- |"]
    lines += [f"| {f.what} | {f.came}{'' if f.met else ', **missed**'} | {f.goal} |" for f in figures]
    return "\n".join([*lines, "", f"On {machine()}."])


def machine() -> str:
    """Kind, cores and Python: no names."""
    model = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{platform.system()}, {os.cpu_count()} cores of {model}, Python {platform.python_version()}"

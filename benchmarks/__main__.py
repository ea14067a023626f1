"""Measure everything and print a table; `--readme` writes it into docs/benchmarks.md too."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from scripts.readme import BENCHMARKS, fill

from . import against_ffmpeg, calling, editing, locking, many, raw_calls, raw_http, searching, starting, tokens, webhooks
from .figures import Figure, markdown


def main() -> int:
    """How many goals were missed."""
    figures: list[Figure] = []
    for figure in every():
        print(f"{'ok    ' if figure.met else 'missed'}  {figure.what}: {figure.came} (goal {figure.goal})", flush=True)
        figures.append(figure)
    if "--readme" in sys.argv[1:]:
        BENCHMARKS.write_text(fill(BENCHMARKS.read_text("utf-8"), {"benchmarks": markdown(figures)}), "utf-8")
    return sum(not figure.met for figure in figures)


def every() -> Iterator[Figure]:
    """One after the other: two cores are few."""
    yield from starting.figures()
    yield from calling.figures()
    yield from raw_calls.figures()
    yield from raw_http.figures()
    yield from many.figures()
    yield from locking.figures()
    yield from searching.figures()
    yield from webhooks.figures()
    yield from editing.figures()
    yield from against_ffmpeg.figures()
    yield from tokens.figures()


if __name__ == "__main__":
    sys.exit(main())

"""Read off jobs what the gallery says of them: states, shapes, sums and facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sora_mcp.domain import Job
from sora_mcp.domain.job import State
from sora_mcp.domain.money import show

VIDEO = ".mp4"
"""Ending of a video; a file that an edit made is a picture where it ends otherwise."""
STATES: dict[State, str] = {
    "completed": "Finished",
    "submitting": "Being made",
    "queued": "Being made",
    "running": "Being made",
    "unknown": "Unclear",
    "failed": "Failed",
    "expired": "Link died",
    "cancelled": "Cancelled",
}
REASONS: dict[State, str] = {"unknown": "The vendor may or may not have taken it."}
"""What a card says of a job that has no file and no error."""
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
USUAL = 16 / 9
NARROWEST, WIDEST = 0.42, 2.6
"""Shapes that a card takes; a picture beyond is cropped on its card, and whole in the large view."""


def count_kinds(jobs: Sequence[Job]) -> str:
    """Return `3 videos`, or `3 videos, 1 picture and 2 without a file`."""
    lost = sum(job.artifact is None for job in jobs)
    pictures = sum(job.artifact is not None and not job.artifact.path.endswith(VIDEO) for job in jobs)
    videos = len(jobs) - pictures - lost
    parts = [f"{videos:,} video{'' if videos == 1 else 's'}"]
    parts += [f"{pictures:,} picture{'' if pictures == 1 else 's'}"] if pictures else []
    parts += [f"{lost:,} without a file"] if lost else []
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def sum_spent(jobs: Iterable[Job]) -> int:
    """Return the micros that these cost; what is held or unclear counts as spent."""
    return sum(job.price for job in jobs if job.charged != "no")


def find_aspect(job: Job) -> float:
    """Return width by height as measured, else as ordered, within what a card takes."""
    file, named = job.artifact, SIZE.fullmatch(job.size)
    width, height = (file.width, file.height) if file and file.width and file.height else map(int, named.groups() if named else (16, 9))
    return min(max(width / height, NARROWEST), WIDEST) if width and height else USUAL


def describe_facts(job: Job, at: datetime) -> Iterator[tuple[str, str]]:
    """Yield length, size and sound as measured from the file, length and size as ordered where they could not be measured; and the rest."""
    file = job.artifact
    price = show(job.price) if job.price else "free"
    yield (
        "Price",
        {"no": "not charged" if job.price else price, "held": f"{price}, held", "unknown": f"{price}, if it was charged"}.get(
            job.charged, price
        ),
    )
    if file is not None and file.duration_s:
        yield "Length", f"{file.duration_s:.3g} s"
    elif job.seconds:
        yield "Length", f"{job.seconds} s"
    size = f"{file.width}x{file.height}" if file is not None and file.width and file.height else job.size
    yield "Size", re.sub(r"(?<=\d)x(?=\d)", " × ", size)
    if file is not None and file.has_sound is not None:
        yield "Sound", "yes" if file.has_sound else "none"
    yield "Model", job.model
    yield "Made", f"{at:%Y-%m-%d %H:%M}"

"""Name a job in a sentence: by its id, and by words of its prompt before that where the caller never named it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sora_mcp.domain import Job
from sora_mcp.domain.prompt_words import MOST_WORDS, shorten_prompts


def name_job(job: Job) -> str:
    """Return what a sentence about the job begins with: its title where it has one, its id, and which of several takes it is."""
    if job.title:
        return f'"{job.title}" ({", ".join(filter(None, (job.id, job.which_take)))})'
    return name_id(job)


def name_id(job: Job) -> str:
    """Return the job's id, with which of several takes it is."""
    return f"{job.id} ({job.which_take})" if job.which_take else job.id


def with_titles(jobs: Sequence[Job], most: int = MOST_WORDS) -> list[Job]:
    """Return jobs that are named together, each with the words of its prompt, in so many characters, that tell it from the others."""
    words = shorten_prompts([job.prompt for job in jobs], most)
    return [replace(job, title=title) for job, title in zip(jobs, words, strict=True)]

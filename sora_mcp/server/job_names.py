"""Name a job in a sentence: by its id, or by its prompt before that where the caller never named it."""

from __future__ import annotations

from sora_mcp.domain import Job
from sora_mcp.domain.text import sanitize

MOST_WORDS = 40
"""Characters of a prompt that name its clip."""


def name_job(job: Job) -> str:
    """Return what a sentence about the job begins with."""
    words = shorten_prompt(job.prompt) if job.is_unfamiliar else ""
    return f'"{words}" ({job.id})' if words else job.id


def shorten_prompt(prompt: str) -> str:
    """Return the first words of a prompt; empty where nothing of it can be shown."""
    line = sanitize(prompt, MOST_WORDS + 1) or ""
    if len(line) <= MOST_WORDS:
        return line
    whole = line[:MOST_WORDS].rpartition(" ")[0]
    return f"{whole or line[: MOST_WORDS - 1]}…"

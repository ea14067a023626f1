"""Facts of jobs that only this process knows: the store has none of them, and a restart forgets them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import SoraError
from sora_mcp.media.limits import Deadline


@dataclass
class InMemoryFacts:
    """Facts that the worker of this process learns, and that answers about jobs tell."""

    live_jobs: int = 0
    """How many jobs are live, as the worker last counted them."""
    unwritten: dict[str, str] = field(default_factory=dict[str, str])
    """By job: what came of a paid call, as a clause, as long as the store cannot write it."""
    troubles: dict[str, str] = field(default_factory=dict[str, str])
    """By job: what went wrong with the last poll or download, until one goes well."""
    todos: dict[str, str] = field(default_factory=dict[str, str])
    """By job: what a person has to do about its trouble, where that does not pass by itself."""
    refused_files: dict[str, str] = field(default_factory=dict[str, str])
    """By job: the sha256 of the last downloaded file that was no video, so that the same bytes are not fetched again and again."""

    running_edits: dict[str, Deadline] = field(default_factory=dict[str, Deadline])
    """By job: the deadline of an edit that this process makes, which also stops it."""
    edit_refusals: dict[str, SoraError | None] = field(default_factory=dict[str, "SoraError | None"])
    """By edit that a call of this process waits for: why it failed, with what would work instead."""

    def add_to(self, job: Job) -> Job:
        """Return the job with what is known of it here: an unwritten outcome, else, while it is live, its trouble."""
        if (outcome := self.unwritten.get(job.id)) is not None:
            return replace(job, unwritten=outcome)
        if job.state in LIVE and (trouble := self.troubles.get(job.id)) is not None:
            return replace(job, trouble=trouble, todo=self.todos.get(job.id))
        return job

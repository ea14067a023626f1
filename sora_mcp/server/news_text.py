"""Say of clips that ended since the last chat what they show, what they cost, and where they are."""

from __future__ import annotations

from collections.abc import Sequence

from sora_mcp.domain import Job, describe_deletion, name_state
from sora_mcp.server.address import name_place
from sora_mcp.server.charges import describe_about, describe_charge
from sora_mcp.server.job_names import name_job, with_titles
from sora_mcp.server.vendor_words import name_reason

MOST_NAMED = 3
MOST_QUOTED = 80
"""Characters of a vendor's words."""


def describe_news(jobs: Sequence[Job]) -> str:
    """Say in a line each how the jobs ended; empty where there are none."""
    if not jobs:
        return ""
    rest = [f"and {len(jobs) - MOST_NAMED} more (list_videos)"] if len(jobs) > MOST_NAMED else []
    about = f" ({said})" if (said := describe_about(jobs[:MOST_NAMED])) else ""
    return "\n".join([f"Finished since the last chat{about}:", *map(_describe_end, with_titles(jobs[:MOST_NAMED])), *rest])


def _describe_end(job: Job) -> str:
    """Say in a line whether there is a clip, what it cost, and where it is or why there is none."""
    how = "is done" if job.state == "completed" else name_state(job.state)
    why = name_reason(job, most_quoted=MOST_QUOTED) or (f"its file {deleted}" if (deleted := describe_deletion(job)) else "")
    where = name_place(job, job.artifact.path) if job.artifact else why
    return f"{name_job(job)} {how}, {describe_charge(job)}{f': {where}' if where else ''}"

"""Delete finished files for good: that of one job, and those in the bucket that no job names."""

from __future__ import annotations

from argparse import Namespace

import anyio

from sora_mcp.cli.consent import ask_yes
from sora_mcp.cli.program_path import naming_store
from sora_mcp.cli.terminal import Column, open_console, print_facts, print_table, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.errors import Refused
from sora_mcp.domain.money import format_dollars
from sora_mcp.jobs.finished_files import get_artifact
from sora_mcp.jobs.retention import delete_file, delete_orphans, find_orphans
from sora_mcp.jobs.runtime import open_service

KEPT = "Nothing was deleted."
MOST_SHOWN = 20
COLUMNS = (Column("FILE"), Column("MB", right=True))


def delete(settings: Settings, arguments: Namespace) -> int:
    """Delete a job's file from the output folder, the cache and the bucket, once a person says yes at a terminal."""
    return anyio.run(_delete, settings, arguments.job)


def tidy(settings: Settings, arguments: Namespace) -> int:
    """Delete the files in the bucket that no job names, once a person says yes at a terminal."""
    del arguments  # it has none of its own
    return anyio.run(_tidy, settings)


async def _delete(settings: Settings, job_id: str) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        with naming_store(settings):
            job = await service.store.jobs.get(job_id, None)
        artifact = get_artifact(job)
        facts = [("job", job.id), ("model", job.model), ("prompt", job.prompt), ("price", format_dollars(job.price))]
        print_facts(console, [*facts, ("path", artifact.path), ("on S3", artifact.key)])
        if code := ask_yes(settings, f"Delete the file of {job.id} for good?", otherwise=KEPT):
            return code
        if await delete_file(service, job) is None:
            raise Refused(f"The file of {job.id} is not within reach of this machine, or another one lies at its place.", job_id=job.id)
    print_text(console, f"The file of {job.id} is deleted. What it cost stays in the books.")
    return 0


async def _tidy(settings: Settings) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        orphans = await find_orphans(service)
        if not orphans.files:
            print_text(console, "The bucket has no file that is older than a day and that no job names.")
            return 0
        rows = [(file.key, f"{file.bytes / 1e6:.1f}") for file in orphans.files]
        print_table(console, COLUMNS, rows[:MOST_SHOWN])
        count = f"{len(rows)} file{'' if len(rows) == 1 else 's'}"
        print_text(console, f"No job of this store names {count} in the bucket ({orphans.bytes / 1e6:.1f} MB). Jobs name {orphans.named}.")
        if not orphans.named:
            raise Refused(f"No file in the bucket is this store's, so these are most likely another one's. {KEPT}")
        question = f"Delete {count} for good? Another store with this bucket and prefix would lose its own."
        if code := ask_yes(settings, question, otherwise=KEPT):
            return code
        await delete_orphans(service, orphans.files)
    print_text(console, f"{count} deleted.")
    return 0

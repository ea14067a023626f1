"""Jobs without a client: one made for show, and those that are left finished."""

from __future__ import annotations

import secrets
import shlex
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from sora_mcp.catalogue.catalogue import SAMPLE
from sora_mcp.catalogue.rules import VARIATION
from sora_mcp.cli.terminal import facts
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, LOCAL, Job, VideoRequest
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import show as dollars
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.worker import open_service
from sora_mcp.jobs.worker import watch as finish
from sora_mcp.server.transports.signals import wait_for_stop

PROMPT = "A paper boat sails down a rainy street"
LOOK_S = 0.2
NEXT = "Next: give a chat client this command, and ask it for a video. In Claude Code: claude mcp add --scope user sora -- {command}"


def demo(settings: Settings, arguments: Namespace) -> int:
    """One sample clip, the way a paid one is made, and what to do next."""
    job = anyio.run(_demo, settings, " ".join(arguments.prompt) or PROMPT)
    if job.artifact is None:
        raise SoraError(job.error.message if job.error else f"{job.id} is {job.state}.", job_id=job.id)
    print(facts((("path", job.artifact.path), ("price", f"{dollars(job.micros)}: no vendor was called"), ("job", job.id))))
    print(NEXT.format(command=shlex.join(own_command())))
    return 0


def watch(settings: Settings, arguments: Namespace) -> int:
    """Until it is stopped, or until nothing is left to do."""
    if sys.stderr.isatty():
        print("Finishing jobs. Ctrl-C stops watching; the jobs stay, and go on with the next start.", file=sys.stderr)
    anyio.run(until_stopped, lambda: finish(settings, until_idle=arguments.until_idle))
    return 0


def own_command() -> list[str]:
    """What starts this program from anywhere: clients with a window do not see the shell's PATH."""
    started = Path(sys.argv[0]).absolute()
    return [str(started)] if started.stem == "sora-mcp" else [sys.executable, "-m", "sora_mcp"]


async def until_stopped(work: Callable[[], Awaitable[None]]) -> None:
    """Works until the work ends or a signal asks to stop; then what was begun is still written down."""
    async with anyio.create_task_group() as group:
        group.start_soon(_stop, group.cancel_scope)
        await work()
        group.cancel_scope.cancel()


async def _stop(scope: anyio.CancelScope) -> None:
    await wait_for_stop()
    scope.cancel()


async def _demo(settings: Settings, prompt: str) -> Job:
    async with open_service(settings) as service:
        # A variation of its own: whoever types it again wants to see it made again.
        wish = VideoRequest(prompt, model=SAMPLE, options={VARIATION: secrets.randbelow(2**31)})
        return await _finished(service, await service.create(wish, principal=LOCAL))


async def _finished(service: VideoService, job: Job) -> Job:
    while job.state in LIVE:
        await anyio.sleep(LOOK_S)
        job = await service.job(job.id, principal=LOCAL)
    return job

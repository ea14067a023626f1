"""Work on jobs without a client: make a sample clip, or finish what is left."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import anyio
from rich.status import Status

from sora_mcp.catalogue.catalogue import SAMPLE
from sora_mcp.catalogue.rules import VARIATION
from sora_mcp.cli.desktop_notification import announce_ends, find_notifier
from sora_mcp.cli.program_path import own_command
from sora_mcp.cli.setup import clients
from sora_mcp.cli.terminal import open_console, print_facts, print_text, show_status
from sora_mcp.cli.wrapping import wrap_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, LOCAL, Job, VideoRequest, name_state
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.runtime import watch as finish
from sora_mcp.jobs.service import VideoService
from sora_mcp.server.transports.browser import find_browser
from sora_mcp.server.transports.signals import wait_for_stop

PROMPT = "A paper boat sails down a rainy street"
POLL_S = 0.2
WATCH_S = 2.0
WATCHING = "Finishing jobs. Ctrl-C stops watching; the jobs are kept, and the next start continues them."
NEXT = "Next: add the server to a chat client and ask it for a video. `{setup}` does it for the clients it finds. In Claude Code:"
NEXT_FOUND = "Next: `{setup}` adds the server to {clients}, found on this machine. Then ask there for a video."


def demo(settings: Settings, arguments: Namespace) -> int:
    """Make one sample clip the way a paid one is made, and say what to do next."""
    job = anyio.run(_demo, settings, " ".join(arguments.prompt) or PROMPT)
    if job.artifact is None:
        raise SoraError(job.error.message if job.error else f"{job.id} {name_state(job.state)}.", job_id=job.id)
    console = open_console()
    print_facts(console, (("path", job.artifact.path), ("price", f"{format_dollars(job.micros)}: no vendor was called"), ("job", job.id)))
    _tell_next(clients.find_clients(clients.find_home()))
    if not arguments.no_open and sys.stdout.isatty() and (browser := find_browser(os.environ)) is not None:
        browser.open(Path(job.artifact.path).absolute().as_uri())
    return 0


def _tell_next(found: Sequence[clients.Client]) -> None:
    """Print what to do next in the clients of this machine; Claude Code has a command for it, which is also the example."""
    lacking = [client for client in found if not client.has_server]
    if found and not lacking:
        listed = _list_titles([client.title for client in found], "or")
        print_text(open_console(), f"Next: ask for a video in {listed}, where the server is set up already.")
        return
    titles = [client.title for client in lacking if client.shape != "command"]
    if titles:
        print_text(open_console(), NEXT_FOUND.format(setup=command_line("setup"), clients=_list_titles(titles, "and")))
    if not titles or len(lacking) > len(titles):
        print_text(open_console(), "In Claude Code:" if titles else NEXT.format(setup=command_line("setup")))
        print(clients.claude_command(own_command()))  # in one piece, to be copied


def _list_titles(titles: Sequence[str], joint: str) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} {joint} {titles[-1]}"


def watch(settings: Settings, arguments: Namespace) -> int:
    """Finish jobs until stopped, or until nothing is left to do."""
    if sys.stderr.isatty():
        print(wrap_text(WATCHING, sys.stderr), file=sys.stderr)
    with show_status("Looking for jobs") as status:

        async def show(service: VideoService) -> None:
            while True:
                running = await service.store.jobs.count_live()
                status.update(f"{running} job{'' if running == 1 else 's'} running")
                await anyio.sleep(WATCH_S)

        async def observe(service: VideoService) -> None:
            async with anyio.create_task_group() as group:
                if sys.stderr.isatty():
                    group.start_soon(show, service)
                if settings.notify and (notifier := find_notifier(os.environ)) is not None:
                    group.start_soon(announce_ends, service, notifier)

        anyio.run(run_until_stopped, lambda: finish(settings, until_idle=arguments.until_idle, observe=observe))
    return 0


async def run_until_stopped(work: Callable[[], Awaitable[None]]) -> None:
    """Run until the work ends or a signal asks to stop; calls on their way are still recorded."""
    async with anyio.create_task_group() as group:
        group.start_soon(_cancel_on_signal, group.cancel_scope)
        await work()
        group.cancel_scope.cancel()


async def _cancel_on_signal(scope: anyio.CancelScope) -> None:
    await wait_for_stop()
    scope.cancel()


async def _demo(settings: Settings, prompt: str) -> Job:
    async with open_service(settings) as service:
        # A variation of its own: a second run of the command should make a second clip.
        request = VideoRequest(prompt, model=SAMPLE, options={VARIATION: secrets.randbelow(2**31)})
        with show_status("Making a sample clip") as status:
            return await _wait(service, await service.create(request, principal=LOCAL), status)


async def _wait(service: VideoService, job: Job, status: Status) -> Job:
    while job.state in LIVE:
        await anyio.sleep(POLL_S)
        job = await service.job(job.id, principal=LOCAL)
        status.update(f"Making a sample clip: {job.state}" + (f", {job.progress:.0%}" if job.progress else ""))
    return job

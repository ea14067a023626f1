"""The stdio server, and the process that finishes its jobs after the client has left."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from sora_mcp.cli.wrapping import wrap_text
from sora_mcp.config.setting import PREFIX
from sora_mcp.config.settings import Settings
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import OpenService, open_later
from sora_mcp.server.loopback_pages import Pages
from sora_mcp.server.transports.browser import find_browser
from sora_mcp.server.transports.stdio import run_stdio

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

HELLO = """\
sora-mcp is an MCP server: a chat client starts it, and they talk on stdin and stdout. Ctrl-C ends it.
To see a video made without a client: {demo}. To check this machine: {doctor}."""
WATCH = ("watch", "--until-idle")


def stdio(settings: Settings, arguments: Namespace) -> int:
    """Serve one client until it leaves; then start a process that finishes its jobs."""
    if sys.stdin.isatty():
        print(wrap_text(HELLO.format(demo=command_line("demo"), doctor=command_line("doctor")), sys.stderr), file=sys.stderr)
    leftover = Leftover(open_later("sora_mcp.jobs.runtime", "open_service", settings))
    anyio.run(run_stdio, build_from_settings(settings, leftover.service, pages=_make_pages(settings)))
    if leftover.jobs and not leftover.processes and settings.linger:
        _start_watch(arguments)
    return 0


@dataclass
class Leftover:
    """The state of the store when its client leaves: running jobs, and other processes that work on them."""

    open_service: OpenService
    jobs: int = 0
    processes: int = 0

    @asynccontextmanager
    async def service(self) -> AsyncGenerator[VideoService]:
        """Open the service, and count what is left just before and after it is closed."""
        async with self.open_service() as service:
            try:
                yield service
            finally:
                with anyio.CancelScope(shield=True):
                    self.jobs = await service.store.jobs.count_live()
        # Counted after this process has signed off, so that of two that leave at once, the last one sees no other.
        self.processes = service.store.leases.count_other_processes()


def _make_pages(settings: Settings) -> Pages | None:
    """Return the confirmation pages, with the browser of this machine; None where the user turned them off."""
    if not settings.approval_page:
        return None
    browser = find_browser(os.environ)
    return Pages(None if browser is None else browser.open)


def _start_watch(arguments: Namespace) -> None:
    """Start a process that finishes the jobs and outlives this one and its parent."""
    subprocess.Popen(
        [sys.executable, "-m", "sora_mcp", *WATCH],
        env=_copy_environment(os.environ, vars(arguments)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _copy_environment(environ: Mapping[str, str], given: Mapping[str, object]) -> dict[str, str]:
    """Return an environment that gives another process the same settings and the same code."""
    flags = {PREFIX + name: value for name, value in given.items() if name.isupper() and isinstance(value, str)}
    path = [str(Path(__file__).parents[2]), *filter(None, [environ.get("PYTHONPATH")])]
    return {**environ, **flags, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}

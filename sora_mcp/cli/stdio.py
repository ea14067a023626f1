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

from sora_mcp.config.settings import PREFIX, Settings
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import OpenService, later
from sora_mcp.server.transports.stdio import run_stdio

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

HELLO = """\
sora-mcp is an MCP server: a chat client starts it, and they talk on stdin and stdout. Ctrl-C ends it.
To see a video made without a client: sora-mcp demo. To check this machine: sora-mcp doctor."""
WATCH = ("watch", "--until-idle")


def stdio(settings: Settings, arguments: Namespace) -> int:
    """Serve one client until it leaves; then start a process that finishes its jobs."""
    if sys.stdin.isatty():
        print(HELLO, file=sys.stderr)
    left = Left(later("sora_mcp.jobs.worker", "open_service", settings))
    anyio.run(run_stdio, build_from_settings(settings, left.service))
    if left.alive and not left.others and settings.linger:
        _finish_elsewhere(arguments)
    return 0


@dataclass
class Left:
    """What a client leaves behind: jobs that were under way when its desk was closed, and others that work on them."""

    open_service: OpenService
    alive: int = 0
    others: int = 0

    @asynccontextmanager
    async def service(self) -> AsyncGenerator[VideoService]:
        """The desk, looked at once more before it is closed."""
        async with self.open_service() as service:
            try:
                yield service
            finally:
                with anyio.CancelScope(shield=True):
                    self.alive = await service.store.run(service.store.alive)
        # Asked after this process has signed off: of two that leave at once, one sees nobody.
        self.others = service.store.others()


def _finish_elsewhere(arguments: Namespace) -> None:
    """A process that outlives this one, and whoever started it, until no job is alive."""
    subprocess.Popen(
        [sys.executable, "-m", "sora_mcp", *WATCH],
        env=_same(os.environ, vars(arguments)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _same(environ: Mapping[str, str], given: Mapping[str, object]) -> dict[str, str]:
    """The environment of a process with the very same settings and the very same code."""
    flags = {PREFIX + name: value for name, value in given.items() if name.isupper() and isinstance(value, str)}
    path = [str(Path(__file__).parents[2]), *filter(None, [environ.get("PYTHONPATH")])]
    return {**environ, **flags, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}

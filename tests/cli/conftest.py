"""An environment of its own for each command."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from sora_mcp.cli import consent
from sora_mcp.cli import main as cli
from sora_mcp.cli.program_path import own_command
from sora_mcp.config.settings import load
from sora_mcp.config.sources import config_file
from sora_mcp.domain import LOCAL, Job, VideoRequest
from sora_mcp.domain.errors import NeedsConfirmation
from sora_mcp.domain.terminal_command import quote_command
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.store import Store
from tests.stored import CAPS, place_empty_store, purchase
from tests.waiting import eventually


class Ended(NamedTuple):
    """What a command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Sora = Callable[..., Ended]


def name_folders(folder: Path) -> dict[str, str]:
    """Return the settings of a home and an output folder under this one."""
    return {"SORA_MCP_HOME": str(folder / "home"), "SORA_MCP_OUTPUT_DIR": str(folder / "videos"), "SORA_MCP_TIMEZONE": "UTC"}


def own_line(said: dict[str, str], *words: str) -> str:
    """Return a command of this program as its texts name it: the one that starts it here, for the same store."""
    return quote_command([*own_command(), *words, "--home", said["SORA_MCP_HOME"]])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What is set: folders of its own. The root logger is put back afterwards."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    places = os.environ.get("PATH", "").split(os.pathsep)  # Claude Code is found on the PATH
    monkeypatch.setenv("PATH", os.pathsep.join(place for place in places if not (Path(place) / "claude").exists()))
    monkeypatch.setattr(consent, "DEVICES", (str(tmp_path / "no-terminal"),) * 2)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield name_folders(tmp_path)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def sora(said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Sora:
    """Return a function that runs a command line, with more variables of the environment where a test has some."""

    def run(*words: str, **environ: str) -> Ended:
        capsys.readouterr()
        try:
            code = cli.run(words, said | environ)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def typed_at_terminal(said: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that types at the terminal of the process, whatever its standard input is."""
    pty = pytest.importorskip("pty")
    keyboard, terminal = pty.openpty()
    monkeypatch.setattr(consent, "DEVICES", (os.ttyname(terminal),) * 2)
    yield lambda text: os.write(keyboard, (text or "\x04").encode()) and None
    os.close(keyboard)
    os.close(terminal)


@pytest.fixture
def without_terminal(said: dict[str, str]) -> None:
    """What a person sets for scripts, in the one place where it counts."""
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text("approve_without_terminal = true\n", "utf-8")


@pytest.fixture
def store(said: dict[str, str]) -> Iterator[Store]:
    """The store that the commands will open."""
    home = Path(said["SORA_MCP_HOME"])
    opened = Store(place_empty_store(home), home)
    yield opened
    opened.close()


def make_clip(settings: dict[str, str]) -> str:
    """Make a small sample clip with these settings and return its job's id. `demo` renders for four times as long."""

    async def make() -> Job:
        async with open_service(load(settings, today=date.today())) as service:
            request = VideoRequest("A paper boat", model="sample:sample", size="640x360", seconds=4, options={"audio": False})
            job = await service.create(request, principal=LOCAL)
            assert await eventually(lambda: _is_completed(service, job.id))
            return job

    return anyio.run(make).id


async def _is_completed(service: VideoService, job_id: str) -> bool:
    return (await service.job(job_id, principal=LOCAL)).state == "completed"


def await_yes(store: Store, **more: Any) -> str:
    """Return the quote of a price that waits for a person's yes."""
    with pytest.raises(NeedsConfirmation) as asked:
        store.reservations.reserve.sync(purchase("4.00", confirm=True, **more), CAPS)
    return asked.value.quote_id


def is_approved(store: Store, quote: str) -> bool:
    return store.approvals.get.sync(quote).approved_at is not None

"""Find the command that starts this program from anywhere."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from sora_mcp.config.settings import PREFIX, Settings
from sora_mcp.domain.errors import NotFound
from sora_mcp.domain.terminal_command import NAME, Program
from sora_mcp.media.optional import find_runner

SHELL_DOES_NOT_KNOW = ("the environment", "a flag")
"""Sources of a setting that a terminal does not have, unlike `config.toml`."""


def own_command() -> list[str]:
    """Return the command that starts this program from anywhere: desktop clients do not see the shell's PATH."""
    started = Path(sys.argv[0]).absolute()
    if (runner := find_runner(started, Path(sys.prefix))) is not None:
        asks = ["--from"] if runner == "uvx" else ["run", "--spec"]
        return [_find_program(runner), *asks, _requirement(), NAME]
    return [str(started)] if started.stem == NAME else [sys.executable, "-m", "sora_mcp"]


def describe_program(settings: Settings) -> Program:
    """Return how a person starts a command on the same store from a terminal. An address with a password is never among the flags."""
    flags: list[str] = []
    if settings.sources.get(f"{PREFIX}HOME") in SHELL_DOES_NOT_KNOW:
        flags += ["--home", str(settings.home)]
    if settings.sources.get(f"{PREFIX}DATABASE_URL") in SHELL_DOES_NOT_KNOW and settings.database_url.startswith("sqlite:"):
        flags += ["--database-url", settings.database_url]
    return Program(tuple(own_command()), tuple(flags))


def not_in_store(error: NotFound, settings: Settings) -> NotFound:
    """Return the refusal with the store that was looked in, without a password: the chat's server may use another."""
    is_file = settings.database_url.startswith("sqlite:///")
    store = settings.database_url.removeprefix("sqlite:///") if is_file else f"the database that {PREFIX}DATABASE_URL names"
    return NotFound(f"{error.message} Looked in: {store}. Where the chat's server has another store, add --home and its folder.")


@contextmanager
def naming_store(settings: Settings) -> Generator[None]:
    """Add to a NotFound which store was looked in."""
    try:
        yield
    except NotFound as error:
        raise not_in_store(error, settings) from None


def _find_program(name: str) -> str:
    """Return the full path, or the name alone where the program is not found or itself lies in a cache."""
    found = shutil.which(name)
    return name if found is None or find_runner(Path(found)) else found


def _requirement() -> str:
    """Return what makes the same environment again: with the media extra, and the file it was installed from."""
    requirement = f"{NAME}[media]" if find_spec("av") is not None else NAME
    try:
        origin = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        origin = {}
    return f"{requirement} @ {origin['url']}" if "url" in origin else requirement

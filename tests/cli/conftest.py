"""An environment of its own for each command."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sora_mcp.cli import consent
from sora_mcp.config.sources import config_file
from sora_mcp.store import Store
from tests.stored import place_empty_store


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that install programs of others unless they are asked for."""
    if "clients" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("clients"):
                item.add_marker(pytest.mark.skip(reason="only with `-m clients`"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What is set: folders of its own. The root logger is put back afterwards."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(consent, "DEVICES", (str(tmp_path / "no-terminal"),) * 2)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield {"SORA_MCP_HOME": str(tmp_path / "home"), "SORA_MCP_OUTPUT_DIR": str(tmp_path / "videos"), "SORA_MCP_TIMEZONE": "UTC"}
    root.handlers[:] = handlers
    root.setLevel(level)


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

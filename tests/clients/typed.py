"""Clients' own commands, typed in a home folder of their own and without a network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from .environments import Environment, NotToBeHad, make_environment

NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist: whatever a program wants from another machine fails at once."""
PATIENCE_S = 240


@dataclass(frozen=True)
class Shell:
    """A home folder, and the programs of one environment first on the PATH."""

    home: Path
    environment: Environment

    @property
    def environ(self) -> dict[str, str]:
        """The variables of what runs in it: none of who runs the tests."""
        folders = (self.environment.folder / "node_modules" / ".bin", self.environment.program.parent)
        return {
            "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def run(self, line: str | Sequence[str]) -> str:
        """Return what a line, or a program with its words, says on both outputs. Fail where it fails."""
        command = ["sh", "-c", line] if isinstance(line, str) else list(line)
        done = subprocess.run(
            command,
            env=self.environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{line}: {done.stdout[-3000:]}"
        return done.stdout


def find_environment(name: str) -> Environment:
    """Return the environment; skip, with its name and the reason, where it cannot be had."""
    try:
        return make_environment(name)
    except NotToBeHad as error:
        pytest.skip(f"{name} was not tried: {error}")

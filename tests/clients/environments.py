"""Environments of clients, each in a folder of its own: which packages they have, and how they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tests.node import find_node, npm_command

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sora-mcp-tests" / "clients"
PATIENCE_S = 400
PYTHON: Mapping[str, tuple[str, ...]] = {
    "google-genai": ("google-genai==3.6.1", "mcp==2.3.0"),
    "anthropic": ("anthropic==2.14.0", "mcp==2.3.0"),
    "openai-agents": ("openai-agents==0.24.0", "openai==3.57.0", "mcp==2.3.0"),
    "langchain": (
        "langchain-mcp-adapters==0.3.2",
        "langchain-openai==1.7.4",
        "langchain-anthropic==1.7.10",
        "langchain-google-genai==4.4.3",
        "mcp==1.30.0",
    ),
    "autogen": ("autogen-ext[mcp]==0.7.5", "autogen-core==0.7.5", "mcp==1.30.0"),
    "fastmcp": ("fastmcp==4.2.3", "mcp==2.3.0"),
    "smolagents": ("smolagents==1.26.0", "mcpadapt==0.1.19", "mcp[ws]==1.30.0"),
}
"""Packages from PyPI."""
NODE: Mapping[str, tuple[str, ...]] = {
    "typescript-sdk-1": ("@modelcontextprotocol/sdk@1.32.2",),
    "typescript-sdk-2": ("@modelcontextprotocol/client@2.4.0",),
    "identity-provider": ("oidc-provider@9.13.3", "jose@6.2.18"),
    "mcpb": ("@anthropic-ai/mcpb@2.1.2",),
    "claude-code": ("@anthropic-ai/claude-code@2.1.332",),
    "codex": ("@openai/codex@0.171.0",),
    "gemini-cli": ("@google/gemini-cli@0.61.0",),
    "opencode": ("opencode-ai@1.18.33",),
}
"""Packages from npm."""
SCRIPTED = ("claude-code", "opencode")
"""Those whose program is put in its place by the package's own script."""
UV = Lock()
"""Held while uv itself is installed."""


class NotToBeHad(Exception):
    """An environment cannot be made here; the text says which, and why."""


@dataclass(frozen=True)
class Environment:
    """An environment that is installed."""

    folder: Path
    program: Path
    """The interpreter."""

    def find_program(self, name: str) -> Path:
        """Return a program that a package of Node brings."""
        return self.folder / "node_modules" / ".bin" / name


def make_environment(name: str) -> Environment:
    """Return the environment, installed if it is not there yet as the tables say. Raise NotToBeHad."""
    if name in PYTHON:
        return make_python(name, PYTHON[name], CACHE / name)
    return make_node(name, NODE[name], CACHE / name)


def make_node(name: str, packages: Sequence[str], folder: Path) -> Environment:
    """Return the environment of Node with these packages from npm, installed if it is not there yet. Raise NotToBeHad."""
    node = find_node()
    if node is None:
        raise NotToBeHad(f"{name}: there is no Node that is new enough")
    options = ["--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(folder), *([] if name in SCRIPTED else ["--ignore-scripts"])]
    _install(name, packages, folder, lambda: [[*npm_command(node), "install", *options, *packages]])
    return Environment(folder, Path(node))


def build_module(made: Environment, package: str) -> None:
    """Compile what a package of Node has in C++, with the headers beside Node: its own script would download it. Raise NotToBeHad."""
    folder, node = made.folder / "node_modules" / package, made.program
    node_gyp = node.parent.parent / "lib" / "node_modules" / "npm" / "node_modules" / "node-gyp" / "bin" / "node-gyp.js"
    if not list(folder.glob("build/Release/*.node")):
        _run(package, [str(node), str(node_gyp), "rebuild", f"--directory={folder}", f"--nodedir={node.parent.parent}"])


def make_python(name: str, packages: Sequence[str], folder: Path) -> Environment:
    """Return the environment of an interpreter with these packages from PyPI, installed if it is not there yet. Raise NotToBeHad."""
    found = Environment(folder, folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    _install(name, packages, folder, lambda: _python_commands(packages, found))
    return found


def _install(name: str, packages: Sequence[str], folder: Path, commands: Callable[[], list[list[str]]]) -> None:
    """Run the commands in an empty folder, unless these very packages are there."""
    mark, wanted = folder / "installed.txt", "\n".join((sys.version, *packages))
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands():
        _run(name, command)
    mark.write_text(wanted, "utf-8")


def _python_commands(packages: Sequence[str], made: Environment) -> list[list[str]]:
    with UV:
        uv = _find_uv()
    return [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(made.folder)],
        [uv, "pip", "install", "--quiet", "--python", str(made.program), *packages],
    ]


def _find_uv() -> str:
    """Return the command of uv, which installs several times faster than pip: the machine's, else one from PyPI in the cache."""
    if (found := shutil.which("uv")) is not None:
        return found
    uv = CACHE / "tools" / "bin" / "uv"
    if not uv.exists():
        _run("uv", [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(CACHE / "tools"), "uv"])
    return str(uv)


def _run(name: str, command: Sequence[str]) -> None:
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    try:
        done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotToBeHad(f"{name}: {error}") from error
    if done.returncode:
        raise NotToBeHad(f"{name} cannot be installed here: {done.stderr[-300:]}")

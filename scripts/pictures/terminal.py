"""A recording of a terminal: the real commands, run in one of their own, drawn by rich."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import anyio
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from .session import call, finish, open_shop, replace_folder

WIDTH = 100
PROMPT = "A paper boat sails towards a small island at sunset"
BOUGHT = (
    ("A red kite over the dunes", "muvi:kling-3.0-pro", "16:9", 5),
    ("Rain on a tram window, close", "muvi:sora-2", "1280x720", 4),
    ("A paper boat leaves the harbour", "muvi:veo-3.1", "1280x720", 4),
)
"""Prompt, model, size and length of what is bought before, at a simulated vendor."""
COMMANDS = (("demo", "--no-open", PROMPT), ("jobs",), ("spend",))
THEME = TerminalTheme(
    (27, 29, 33),
    (222, 222, 216),
    [(60, 62, 68), (244, 113, 116), (143, 206, 120), (232, 193, 104), (122, 162, 247), (200, 146, 234), (98, 205, 214), (222, 222, 216)],
    [
        (110, 112, 120),
        (255, 140, 140),
        (166, 227, 140),
        (250, 214, 130),
        (150, 186, 255),
        (219, 172, 247),
        (130, 225, 233),
        (255, 255, 255),
    ],
)


async def draw_terminal(folder: Path, out: Path) -> None:
    """Write `terminal.svg`."""
    async with open_shop(folder) as client:
        for prompt, model, size, seconds in BOUGHT:
            await finish(client, await call(client, "create_video", prompt=prompt, model=model, size=size, seconds=seconds))
    program = _install(folder)
    console = Console(width=WIDTH, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    for command in COMMANDS:
        words = " ".join(f'"{word}"' if " " in word else word for word in command if word != "--no-open")
        console.print(Text.assemble(("$ ", "bold green"), (f"sora-mcp {words}", "bold")))
        console.print(Text.from_ansi(await _run(program, command, folder)), soft_wrap=True)
        if command != COMMANDS[-1]:
            console.print()
    svg = console.export_svg(title="sora-mcp", theme=THEME, unique_id="terminal")
    (out / "terminal.svg").write_text(_drop_fonts(svg), "utf-8")


def _install(folder: Path) -> Path:
    """Return the program as it is found in a home: the commands name their own path."""
    program = folder / ".local" / "bin" / "sora-mcp"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.symlink_to(Path(sys.executable).with_name("sora-mcp"))
    return program


async def _run(program: Path, command: tuple[str, ...], folder: Path) -> str:
    """Return what a command prints at a terminal with colours, with the store that Linux has by default."""
    environ = {"HOME": str(folder), "COLUMNS": f"{WIDTH}", "FORCE_COLOR": "1", "TERM": "xterm-256color", "PATH": os.environ["PATH"]}
    done = await anyio.run_process([str(program), *command], env={**environ, "SORA_MCP_TIMEZONE": "UTC"}, stderr=subprocess.DEVNULL)
    return replace_folder(done.stdout.decode(), folder).rstrip("\n")


def _drop_fonts(svg: str) -> str:
    """Return the drawing without the fonts that rich would load from elsewhere: a picture in a page loads nothing."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace")

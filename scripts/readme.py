"""Writes the README's generated blocks anew: `python -m scripts.readme`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sora_mcp.catalogue import matrix
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.cli.main import COMMANDS, Command
from sora_mcp.config.rows import Setting
from sora_mcp.config.settings import ADDRESSES, KEYS, SETTINGS
from sora_mcp.server import resources
from sora_mcp.server.tools.definitions import FACES

from .facts import TOOLS, clients

README = Path(__file__).parent.parent / "README.md"


def blocks() -> dict[str, str]:
    """Each block by the name in its markers."""
    return {
        "clients": "\n\n".join(_client(c.name, c.where, c.language, c.text) for c in clients()),
        "tools": _table(("tool", "does"), ((f"`{name}`", TOOLS[name]) for name in FACES)),
        "resources": ", ".join(f"`{uri}`" for uri in _resources()),
        "commands": _table(
            ("command", "does"), [("`sora-mcp`", "MCP server on stdio"), *((f"`sora-mcp {_usage(c)}`", c.says) for c in COMMANDS)]
        ),
        "settings": _table(("name", "default", "meaning"), map(_setting, SETTINGS)),
        "keys": _table(("name", "meaning"), ((f"`{row.variable}`", row.help) for row in KEYS)),
        "addresses": ", ".join(f"`{row.variable}`" for row in ADDRESSES.values()),
        "features": matrix.features(Catalogue()),
        "vendors": matrix.markdown(matrix.rows(Catalogue(), today=date.today())),
    }


def written(text: str, new: dict[str, str]) -> str:
    """The text with each named block replaced. KeyError where a block has no markers."""
    for name, block in new.items():
        pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise KeyError(name)
        text = pattern.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
    return text


def block(text: str, name: str) -> str:
    """What stands between the markers of this name."""
    return text.split(f"<!-- begin {name} -->\n")[1].split(f"\n<!-- end {name} -->")[0]


def _usage(command: Command) -> str:
    """The word and what follows it; what may be left out in brackets."""

    def word(name: str, options: Mapping[str, Any]) -> str:
        value = str(options.get("metavar", ""))
        whole = f"{name} {value}".rstrip() if name.startswith("-") else value or name
        return f"[{whole}]" if "nargs" in options or (name.startswith("-") and name not in command.one_of) else whole

    shown = {name: word(name, options) for name, options in command.arguments.items()}
    choice = " / ".join(shown[name] for name in command.one_of)
    free = [text for name, text in shown.items() if name not in command.one_of]
    return " ".join([command.name, *free, *([choice] if choice else [])])


def _resources() -> list[str]:
    return [*(str(each.uri) for each in resources.fixed()), *(each.uri_template for each in resources.templates())]


def _client(name: str, where: str, language: str, text: str) -> str:
    return f"<details><summary>{name}</summary>\n\n{where[0].upper()}{where[1:]}:\n\n```{language}\n{text}\n```\n\n</details>"


def _setting(row: Setting) -> tuple[str, str, str]:
    return f"`{row.variable}`", row.default_text, row.help


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = tuple(headings)
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8"), blocks()), "utf-8")

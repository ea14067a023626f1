"""Write the generated blocks of README.md and docs/ anew: `python -m scripts.readme`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sora_mcp.catalogue import matrix
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.cli.parser import COMMANDS, Command
from sora_mcp.server import resources, tools

from .facts import TOOLS, Client, clients
from .links import LINKS, make_buttons

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CLIENTS, VENDORS, BENCHMARKS = (ROOT / "docs" / f"{name}.md" for name in ("clients", "vendors", "benchmarks"))


def pages() -> dict[Path, dict[str, str]]:
    """Return the generated blocks of each page, each by the name in its markers."""
    code, *others = clients()
    catalogue = Catalogue()
    return {
        README: {
            "buttons": make_buttons(),
            "claude-code": f"```{code.language}\n{code.text}\n```",
            "tools": _table(("tool", "does"), ((f"`{name}`", TOOLS[name]) for name in tools.TOOLS)),
            "vendor-list": f"{', '.join(v.title for v in catalogue.vendors if v.base_url)}, and any server that speaks `/v1/videos`.",
            "commands": _table(
                ("command", "does"), [("`sora-mcp`", "MCP server on stdio"), *((f"`sora-mcp {_usage(c)}`", c.help) for c in COMMANDS)]
            ),
        },
        CLIENTS: {
            "clients": "\n\n".join(_client(client) for client in (code, *others)),
            "resources": "\n".join(f"- `{uri}`" for uri in _resources()),
        },
        VENDORS: {
            "features": matrix.features(catalogue),
            "ends": matrix.describe_ends(catalogue),
            "vendors": matrix.markdown(matrix.rows(catalogue, today=date.today())),
        },
    }


def fill(text: str, blocks: Mapping[str, str]) -> str:
    """Return the text with each named block replaced. Raise KeyError where a block has no markers."""
    for name, block in blocks.items():
        pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise KeyError(name)
        text = pattern.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
    return text


def find_block(text: str, name: str) -> str:
    """Return what stands between the markers of this name."""
    return text.split(f"<!-- begin {name} -->\n")[1].split(f"\n<!-- end {name} -->")[0]


def _usage(command: Command) -> str:
    """Return the word and what follows it, in brackets what may be left out."""

    def word(name: str, options: Mapping[str, Any]) -> str:
        value = str(options.get("metavar", ""))
        whole = f"{name} {value}".rstrip() if name.startswith("-") else value or name
        return f"[{whole}]" if "nargs" in options or (name.startswith("-") and name not in command.one_of) else whole

    shown = {name: word(name, options) for name, options in command.arguments.items()}
    choice = " / ".join(shown[name] for name in command.one_of)
    free = [text for name, text in shown.items() if name not in command.one_of]
    return " ".join([command.name, *free, *([choice] if choice else [])])


def _resources() -> list[str]:
    return [*(str(each.uri) for each in resources.list_fixed()), *(each.uri_template for each in resources.list_templates())]


def _client(client: Client) -> str:
    where = f"{client.where[0].upper()}{client.where[1:]}"
    typed = f"\n\nOr in a terminal:\n\n```bash\n{client.line}\n```" if client.line else ""
    button = f"\n\n[Install in {client.name}]({LINKS[client.name]()})" if client.name in LINKS else ""
    return f"## {client.name}\n\n{where}:\n\n```{client.language}\n{client.text}\n```{typed}{button}"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = tuple(headings)
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    for page, blocks in pages().items():
        page.write_text(fill(page.read_text("utf-8"), blocks), "utf-8")

"""Write server.json, by which MCP registries list the server: `python -m scripts.server_json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sora_mcp import __version__
from sora_mcp.config.setting import Setting
from sora_mcp.config.settings import FLAGS, KEYS, SITES

from .facts import DESCRIPTION, NAME, REPOSITORY, TITLE

FILE = Path(__file__).parent.parent / "server.json"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"


def content() -> dict[str, Any]:
    """Return one package, started on stdio with the media extra, with every variable that it reads."""
    package = {
        "registryType": "pypi",
        "identifier": "sora-mcp",
        "version": __version__,
        "runtimeHint": "uvx",
        "runtimeArguments": [{"type": "named", "name": "--from", "value": f"sora-mcp[media]=={__version__}"}],
        "transport": {"type": "stdio"},
        "environmentVariables": [_variable(setting) for setting in (*KEYS, *SITES.values(), *FLAGS)],
    }
    return {
        "$schema": SCHEMA,
        "name": NAME,
        "title": TITLE,
        "description": DESCRIPTION,
        "version": __version__,
        "repository": {"url": REPOSITORY, "source": "github"},
        "packages": [package],
    }


def _variable(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.variable,
        "description": setting.help,
        "isRequired": False,
        "isSecret": setting.secret,
        "format": setting.kind.format,
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(content(), indent=2, ensure_ascii=False) + "\n", "utf-8")

"""Write server.json, by which MCP registries list the server: `python -m scripts.server_json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sora_mcp import __version__
from sora_mcp.config.setting import Setting
from sora_mcp.config.settings import FLAGS, KEYS, SITES

from .bundle import name_bundle
from .facts import DESCRIPTION, NAME, REPOSITORY, TITLE

FILE = Path(__file__).parent.parent / "server.json"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"


def content(version: str = __version__, bundle_hash: str | None = None) -> dict[str, Any]:
    """Return the package of PyPI, started on stdio with the media extra, with every variable that it reads.

    With the SHA-256 of a release's bundle, return that as a second package: registries take it without a version of its own.
    """
    package = {
        "registryType": "pypi",
        "identifier": "sora-mcp",
        "version": version,
        "runtimeHint": "uvx",
        "runtimeArguments": [{"type": "named", "name": "--from", "value": f"sora-mcp[media]=={version}"}],
        "transport": {"type": "stdio"},
        "environmentVariables": [_variable(setting) for setting in (*KEYS, *SITES.values(), *FLAGS)],
    }
    packages = [package]
    if bundle_hash is not None:
        address = f"{REPOSITORY}/releases/download/v{version}/{name_bundle(version)}"
        packages.append({"registryType": "mcpb", "identifier": address, "fileSha256": bundle_hash, "transport": {"type": "stdio"}})
    return {
        "$schema": SCHEMA,
        "name": NAME,
        "title": TITLE,
        "description": DESCRIPTION,
        "version": version,
        "repository": {"url": REPOSITORY, "source": "github"},
        "packages": packages,
    }


def write(version: str = __version__, bundle_hash: str | None = None) -> str:
    """Return the text of the file."""
    return json.dumps(content(version, bundle_hash), indent=2, ensure_ascii=False) + "\n"


def _variable(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.variable,
        "description": setting.help,
        "isRequired": False,
        "isSecret": setting.secret,
        "format": setting.kind.format,
    }


if __name__ == "__main__":
    FILE.write_text(write(), "utf-8")

"""A real service without its worker behind the server: it prices, refuses and reserves, and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mcp import Client

from sora_mcp.config.settings import Settings, load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.server.app import build
from sora_mcp.vendors import EVERY
from tests.stored import NOON, place_empty_store

from .conftest import Era

TODAY = date(2026, 11, 21)
NOBODY = "http://127.0.0.1:9"
"""Where nobody answers what a vendor's quotes and lists are asked for."""
VEO = "muvi:veo-3.1-fast"
"""4, 6 or 8 s; 16:9 or 9:16; 720p, 1080p, 4k."""
ONE_REQUEST = {"request_id": "first", "prompt": "a paper boat", "model": "sample:sample"}


def load_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a user whose vendors never answer."""
    asked = [vendor.name.upper() for vendor in EVERY if vendor.quote or vendor.listing or vendor.price_list]
    places = {"HOME": str(folder / "home"), "OUTPUT_DIR": str(folder / "out"), "TIMEZONE": "UTC"}
    places |= {f"{name}_BASE_URL": NOBODY for name in asked}
    settings = load({f"SORA_MCP_{name}": value for name, value in places.items()} | environ, today=TODAY, config=folder / "none.toml")
    place_empty_store(settings.home)
    return settings


def connect(folder: Path, environ: Mapping[str, str], era: Era = "auto") -> Client:
    """A client of the server with these settings."""
    known = load_settings(folder, environ)
    return Client(build(lambda: open_service(known, work=False, clock=lambda: NOON), known.catalogue, today=lambda: TODAY), mode=era)


def connect_muvi(folder: Path, era: Era = "auto", **environ: str) -> Client:
    """A client whose user has a key at Muvi, and is asked about nothing."""
    return connect(folder, {"MUVI_API_KEY": "k", "SORA_MCP_CONFIRM_ABOVE_USD": "100", **environ}, era)


async def ask(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The structured part of an answer."""
    return (await client.call_tool(tool, arguments)).structured_content or {}


def video(**given: Any) -> dict[str, Any]:
    """The arguments of a clip of Veo, with these changes."""
    return {"prompt": "a paper boat", "model": VEO, **given}


def mended(call: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The call with these arguments changed, as a model does it that takes the words for what they say."""
    changed = {**call, **({"options": dict(call["options"])} if isinstance(call.get("options"), dict) else {})}
    for name, value in changes.items():
        place, key = (changed.setdefault("options", {}), name[8:]) if name.startswith("options.") and name not in call else (changed, name)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
    return changed

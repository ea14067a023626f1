"""Vendors, played on real sockets: strict as their pages, and able to misbehave."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial

from sora_mcp.vendors import EVERY

from .aimlapi import AimlApi
from .fal import Fal
from .faults import FAULTS
from .modern import Compatible, Google, Runway, Xai
from .mulerun import MuleRun
from .muvi import Muvi
from .nouns import Heard
from .openrouter import OpenRouter
from .pixazo import Pixazo
from .recorded import Recorded
from .vendor import CLIP, KEY, Cdn, Played
from .wire import Wire

OWN: Mapping[str, Callable[[], Played]] = {
    kind.__name__.lower(): kind for kind in (Muvi, MuleRun, AimlApi, Pixazo, OpenRouter, Fal, Google, Runway, Xai, Compatible)
}
"""Vendors with manners that their conversations do not show."""
VENDORS: Mapping[str, Callable[[], Played]] = {
    vendor.name: OWN.get(vendor.name, partial(Recorded, vendor=vendor.name)) for vendor in EVERY if vendor.keys
}
KEYS: Mapping[str, str] = {vendor.name: vendor.keys[0] for vendor in EVERY if vendor.keys}
"""The variable of each vendor's key."""

__all__ = [
    "CLIP",
    "FAULTS",
    "KEY",
    "KEYS",
    "VENDORS",
    "AimlApi",
    "Cdn",
    "Fal",
    "Heard",
    "MuleRun",
    "Muvi",
    "OpenRouter",
    "Pixazo",
    "Played",
    "Wire",
    "played",
]


def played(vendor: Played | Cdn, *, port: int = 0, lifetime_s: float = 120.0, tls: ssl.SSLContext | None = None) -> Wire:
    """The vendor on a socket, with every fault at hand."""
    return Wire(vendor, FAULTS, port=port, lifetime_s=lifetime_s, tls=tls)

"""The registry of vendors."""

from __future__ import annotations

from sora_mcp.domain import Vendor
from sora_mcp.vendors import (
    aimlapi,
    byteplus,
    compatible,
    fal,
    google,
    kling,
    minimax,
    mulerun,
    muvi,
    openrouter,
    pixazo,
    replicate,
    runway,
    sample,
    wavespeed,
    xai,
)
from sora_mcp.vendors.confirmed_prices import confirm_prices

_WRITTEN: tuple[Vendor, ...] = (
    *(sample.VENDOR, muvi.VENDOR, mulerun.VENDOR, aimlapi.VENDOR, pixazo.VENDOR, openrouter.VENDOR, fal.VENDOR),
    *(google.VENDOR, runway.VENDOR, xai.VENDOR, minimax.VENDOR, byteplus.VENDOR, wavespeed.VENDOR, replicate.VENDOR),
    *(kling.VENDOR, compatible.VENDOR),
)
EVERY = tuple(map(confirm_prices, _WRITTEN))

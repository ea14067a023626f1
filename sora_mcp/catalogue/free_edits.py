"""Say what edit_video makes possible for free: a video to edit that costs much less once it is cut short, and a clip of another shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.domain import Order, Quote, VideoRequest
from sora_mcp.domain.money import Micros, format_dollars

FRACTION = 2
"""How many times less it has to cost."""
CUTS = {"square": "1:1", "1:1": "1:1", "portrait": "9:16", "9:16": "9:16", "landscape": "16:9", "16:9": "16:9"}
"""Shapes to which edit_video cuts a finished clip."""


def describe_trim(request: VideoRequest, price: Micros | None, catalogue: Catalogue, *, today: date) -> str:
    """Say which model edits a shorter part of the request's video, and how it is cut: for much less than `price`, what the whole costs
    where anybody takes it; empty where none does."""
    clip = request.clip
    if clip is None or clip.duration_s is None:
        return ""
    found: list[tuple[Order, Quote]] = []
    for offer in catalogue.eligible_offers:
        if offer.video is not None and offer.video.seconds[1] < clip.duration_s:
            part = replace(clip, duration_s=float(offer.video.seconds[1]), bytes=None)
            found += rank_orders((offer,), replace(request, model=None, seconds=None, edits=part), today=today)
    best = min(found, key=lambda one: one[1].micros, default=None)
    if best is None or (price is not None and best[1].micros * FRACTION > price):
        return ""
    order, least = best
    return f"Cut to {order.seconds} s with edit_video (free), it is {format_dollars(least.micros)} on {order.offer.id}."


def describe_cut(shape: str) -> Iterator[str]:
    """Yield how a finished clip of another shape is cut to this one, where edit_video does that."""
    if (ratio := CUTS.get(shape)) is not None:
        yield f'edit_video(action="reframe", ratio="{ratio}", fill="crop") cuts a finished clip to it for free.'

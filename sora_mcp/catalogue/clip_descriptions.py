"""Say in a few words what a clip of an order is like: its length, its sound, its resolution."""

from __future__ import annotations

from sora_mcp.catalogue.sizes import name_lines
from sora_mcp.domain import Order

SOUND = {True: "with sound", False: "without sound", None: ""}


def describe_looks(order: Order) -> str:
    """Say how long an order's clip is, whether it has sound, and how many lines, as far as that is known."""
    return ", ".join(filter(None, (f"{order.seconds} s", SOUND[order.sound], name_lines(order.size))))

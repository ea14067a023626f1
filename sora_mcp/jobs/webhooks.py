"""Webhooks of vendors: the address that a paid call carries, and whether they arrive, so that fewer polls will do."""

from __future__ import annotations

import time

from sora_mcp.domain import Vendor
from sora_mcp.store import Store

KNOWN_S = 5.0
"""How long it counts whether a vendor's webhooks arrive, before the store is asked again."""


class Webhooks:
    """Webhooks of one process. `base_url` is the address at which vendors reach the server; None where they cannot."""

    def __init__(self, base_url: str | None, store: Store) -> None:
        self._base_url, self._store = base_url, store
        self._known = dict[str, tuple[float, bool]]()

    def make_url(self, vendor: Vendor, token: str) -> str | None:
        """Return the address for the paid call with this token: nobody but its vendor knows it."""
        return None if vendor.webhook is None or self._base_url is None else f"{self._base_url}/webhooks/{vendor.name}/{token}"

    async def are_arriving(self, vendor: Vendor) -> bool:
        """Return whether the vendor's last jobs were each followed by a webhook."""
        if vendor.webhook is None or self._base_url is None:
            return False
        asked_at, known = self._known.get(vendor.name, (float("-inf"), False))
        if time.monotonic() - asked_at > KNOWN_S:
            known = await self._store.webhooks.are_arriving(vendor.name)
            self._known[vendor.name] = time.monotonic(), known
        return known

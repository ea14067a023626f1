"""Write down who calls with a token, so that budgets know people and their teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.auth.middleware.auth_context import get_access_token

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

AGAIN_S = 3600.0
"""How long the same token says nothing new of its owner."""
MOST_REMEMBERED = 10_000
FILE = "file"
"""The issuer of the names in a token file."""


class Callers:
    """Callers of this process, and what their tokens said of them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Any], float]] = {}

    async def note(self, service: VideoService) -> None:
        """Write down the caller of the present request, once an hour and whenever the token says something else. StorageError."""
        token = get_access_token()
        if token is None or token.subject is None:
            return
        claims, now = token.claims or {}, service.clock()
        facts = {
            "issuer": claims.get("iss", FILE),
            "subject": claims.get("sub", token.subject),
            "name": claims.get("name"),
            "email": claims.get("email"),
            "member_of": tuple(claims.get("groups", ())),
        }
        known, at = self._known.get(token.subject, (None, 0.0))
        if known == facts and 0 <= now - at < AGAIN_S:
            return
        await service.meet(token.subject, facts)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[token.subject] = (facts, now)

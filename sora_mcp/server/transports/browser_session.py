"""People in a browser: who has signed in, kept in a cookie that every replica reads, and words that no other page can know.

A cookie holds a JSON web token of ours: it is signed, not secret, and says what it is for and until when.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

import jwt
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

SESSION_S = 600
ALGORITHM = "HS256"
PURPOSE = b"sora-mcp pages"
"""Sets the keys of this module apart from other uses of the same secret."""


@dataclass(frozen=True)
class Visitor:
    """A person who has signed in."""

    principal: str
    name: str
    """As a person reads it."""
    is_fresh: bool
    """Whether the person signed in just before, and not only some time today."""
    session: str
    """Tells this session from every other."""


class Sealer:
    """Signs what a browser carries, with the secrets of the settings, else with the store's. The first signs, any of them is taken."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._keys = [_derive(secret) for secret in secrets]

    async def load(self, service: VideoService) -> None:
        """Take the store's secret where the settings name none. StorageError where it cannot be read."""
        if not self._keys:
            self._keys = [_derive((await service.store.shared_secret.get()).reveal())]

    def seal(self, kind: str, claims: dict[str, Any], seconds: int) -> str:
        """Return a text of this kind that counts for so long."""
        now = int(time.time())
        return jwt.encode({**claims, "aud": kind, "iat": now, "exp": now + seconds}, self._keys[0], ALGORITHM)

    def unseal(self, kind: str, text: str) -> dict[str, Any] | None:
        """Return the claims of a text of this kind; None for one that was not sealed here, or has ended."""
        for key in self._keys:
            try:
                return jwt.decode(text, key, [ALGORITHM], audience=kind, options={"require": ["aud", "iat", "exp"]})
            except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
                continue
        return None

    def make_word(self, *parts: str) -> str:
        """Return a word that only who has the secret can make of these parts."""
        return _make_word(self._keys[0], parts)

    def is_word(self, word: str, *parts: str) -> bool:
        """Return whether a word was made of these parts here."""
        given = word.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, _make_word(key, parts).encode()) for key in self._keys)


@dataclass(frozen=True)
class Cookies:
    """The cookies of the public address. Over https their names say that no other host and no plain page can have set them."""

    public_url: str

    @property
    def is_secure(self) -> bool:
        """True but for an address on this machine."""
        return self.public_url.startswith("https:")

    def read(self, request: Request, name: str) -> str:
        """Return the cookie's text; empty where there is none."""
        return request.cookies.get(self._spell(name), "")

    def write(self, response: Response, name: str, text: str, seconds: int) -> None:
        """Add a cookie to the response."""
        response.set_cookie(self._spell(name), text, max_age=seconds, path="/", httponly=True, secure=self.is_secure, samesite="lax")

    def _spell(self, name: str) -> str:
        return f"__Host-{name}" if self.is_secure else name


@dataclass(frozen=True)
class Sessions:
    """Sessions of people who have signed in, in a cookie."""

    sealer: Sealer
    cookies: Cookies

    def find_visitor(self, request: Request) -> Visitor | None:
        """Return who has signed in within the last SESSION_S seconds."""
        claims = self.sealer.unseal("session", self.cookies.read(request, "sora"))
        return None if claims is None else Visitor(claims["sub"], claims["name"], claims["fresh"], claims["jti"])

    def begin(self, response: Response, principal: str, name: str, *, is_fresh: bool) -> None:
        """Begin a new session with this response."""
        claims = {"sub": principal, "name": name, "fresh": is_fresh, "jti": token_urlsafe(16)}
        self.cookies.write(response, "sora", self.sealer.seal("session", claims, SESSION_S), SESSION_S)


def _make_word(key: bytes, parts: Sequence[str]) -> str:
    return hmac.new(key, "\n".join(parts).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _derive(secret: str) -> bytes:
    return hmac.digest(secret.encode("utf-8", "replace"), PURPOSE, hashlib.sha256)

"""The public keys of an identity provider: found by its metadata, kept for a while, and fetched again when it changes them."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeGuard, cast
from urllib.parse import urlsplit

import anyio
import jwt

from sora_mcp.domain.errors import NotSent

KEEP_S = 600.0
AGAIN_S = 30.0
"""Seconds between two fetches, so that tokens with made-up key ids do not keep the issuer busy."""
KINDS = ("RSA", "EC", "OKP")
"""Kinds of keys whose public half verifies a signature. A shared secret (`oct`) is none."""
KINDS_OF_ADDRESS = {"jwks_uri": "keys", "authorization_endpoint": "its page for signing in", "token_endpoint": "tokens"}
"""What the addresses in an issuer's metadata are of, by their names."""
FetchJSON = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""Returns the JSON object at an address; None for any other answer. Raises NotSent where none arrives."""
log = logging.getLogger(__name__)


class IssuerKeys:
    """The keys of one issuer by their ids. Keys that are known are used on while the issuer is away."""

    def __init__(self, issuer: str, fetch: FetchJSON, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._fetch_json, self._clock = fetch, clock
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = anyio.Lock()

    @property
    def is_missing(self) -> bool:
        """Return whether the issuer was asked and has never answered: then no token can be judged."""
        return not self._keys and self._tried_at > float("-inf")

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key of this id; fetch them all where it is unknown or they are old, at most once in AGAIN_S seconds."""
        if key_id not in self._keys or (self._is_old and not self._fetching.locked()):
            async with self._fetching:
                if self._is_due(key_id):
                    await self._fetch()
        return self._keys.get(key_id)

    @property
    def _is_old(self) -> bool:
        return self._clock() - self._fetched_at >= KEEP_S

    def _is_due(self, key_id: str | None) -> bool:
        return self._clock() - self._tried_at >= AGAIN_S and (self._is_old or key_id not in self._keys)

    async def _fetch(self) -> None:
        """Replace the keys by the issuer's present ones; leave them as they are where it does not answer."""
        self._tried_at = self._clock()
        try:
            with anyio.CancelScope(shield=True):  # the caller may leave, and others need them too; every request has a deadline
                self._keys = await self.ask()
                self._fetched_at = self._clock()
        except NotSent as error:
            log.warning("the keys of SORA_MCP_ISSUER cannot be fetched: %s", error.message)

    async def ask(self) -> Mapping[str | None, jwt.PyJWK]:
        """Return the keys that the issuer names now. Raise NotSent where there is no usable one."""
        found = await self._fetch_json(await self._find_address())
        if not (keys := dict(_read_keys(found or {}))):
            raise NotSent("it names no key that could be used")
        return keys

    async def _find_address(self) -> str:
        """Return where the issuer's metadata say that its keys are. Raise NotSent where they say nothing."""
        _, (address,) = await self.find_metadata("jwks_uri")
        return address

    async def find_metadata(self, *names: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return the issuer's metadata, and the addresses that these names have there. Raise NotSent where one of them is missing."""
        why = "it has no metadata at its well-known addresses"
        for place in list_metadata_places(self.issuer):
            if (metadata := await self._fetch_json(place)) is None:
                continue
            addresses = [metadata.get(name) for name in names]
            safe = [address for address in addresses if is_address_of_issuer(address, self.issuer)]
            if (named := metadata.get("issuer")) != self.issuer:
                why = f"at {place} it calls itself {named!r:.200}, and the setting must say exactly the same"
            elif len(safe) < len(names):
                missing = next(name for name, address in zip(names, addresses, strict=True) if address not in safe)
                why = f"{place} names no https:// address of {KINDS_OF_ADDRESS[missing]}"
            else:
                return metadata, tuple(safe)
        raise NotSent(why)


def list_metadata_places(issuer: str) -> list[str]:
    """Return where an issuer's metadata can be, in the order of MCP's authorization chapter: RFC 8414, then OpenID Connect Discovery."""
    url = urlsplit(issuer)
    origin, path = f"{url.scheme}://{url.netloc}", url.path.rstrip("/")
    places = (
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    )
    return list(dict.fromkeys(places))


def is_address_of_issuer(address: Any, issuer: str) -> TypeGuard[str]:
    """Return whether the issuer may be asked there: over https, or over http where the issuer is on this machine too."""
    return isinstance(address, str) and (address.startswith("https://") or (issuer.startswith("http://") and address.startswith("http://")))


def _read_keys(document: Mapping[str, Any]) -> Iterator[tuple[str | None, jwt.PyJWK]]:
    """Yield the keys of a key set (RFC 7517) that verify signatures; skip those of a kind that is not known here."""
    listed = document.get("keys")
    for key in cast(list[Any], listed) if isinstance(listed, list) else []:
        if not isinstance(key, dict) or (fields := cast(dict[str, Any], key)).get("kty") not in KINDS or fields.get("use", "sig") != "sig":
            continue
        if isinstance(key_id := fields.get("kid"), str | None):
            with suppress(jwt.PyJWTError, ValueError, TypeError, KeyError):
                yield key_id, jwt.PyJWK(fields)

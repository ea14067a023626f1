"""Access to the HTTP server: a file of names and tokens, of which only hashes are kept in memory."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path

from mcp.server.auth.provider import AccessToken

from sora_mcp.config.settings import BadSetting

LINE = re.compile(r"([A-Za-z0-9._@-]{1,64}):([\x21-\x7e]{16,512})")


class Tokens:
    """The SDK's TokenVerifier. Every hash is compared, each in constant time, even after one has matched."""

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's owner; None for an unknown token."""
        given = _hash(token)
        matching = [name for known, name in self._names.items() if hmac.compare_digest(known, given)]
        # The token itself is not passed on.
        return AccessToken(token="***", client_id=matching[0], subject=matching[0], scopes=[]) if matching else None


def read_tokens(path: str) -> Tokens:
    """Read the file's lines `name:token`; skip empty ones and comments. Raise BadSetting, which names a line and never its content."""
    try:
        lines = Path(path).expanduser().read_text("utf-8-sig").splitlines()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: the home of an unknown user
        raise BadSetting("--token-file must be a file that can be read.") from None
    names: dict[bytes, str] = {}
    for number, line in enumerate((line.strip() for line in lines), start=1):
        if not line or line.startswith("#"):
            continue
        if (found := LINE.fullmatch(line)) is None:
            raise BadSetting(f"--token-file, line {number}, must be name:token, the token with 16 characters or more and without blanks.")
        if names.setdefault(_hash(found[2]), found[1]) != found[1]:
            raise BadSetting(f"--token-file, line {number}: this token is another name's already.")
    if not names:
        raise BadSetting("--token-file has no line name:token.")
    return Tokens(names)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""Who may come in over HTTP: a file of names and tokens, of which only hashes are kept in memory."""

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
    """The SDK's TokenVerifier. Every hash is compared, each in constant time, whichever fits."""

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names

    async def verify_token(self, token: str) -> AccessToken | None:
        """Whose token it is; None when it is nobody's."""
        given = _hash(token)
        fitting = [name for known, name in self._names.items() if hmac.compare_digest(known, given)]
        # The token itself goes no further than this.
        return AccessToken(token="***", client_id=fitting[0], subject=fitting[0], scopes=[]) if fitting else None


def tokens_in(path: str) -> Tokens:
    """The file's lines `name:token`, but for empty ones and those that begin with #. BadSetting names a line, never what is in it."""
    try:
        lines = Path(path).expanduser().read_text("utf-8-sig").splitlines()
    except (OSError, ValueError, RuntimeError):  # the last for ~nobody
        raise BadSetting("--token-file must be a file that can be read.") from None
    names: dict[bytes, str] = {}
    for number, line in enumerate((line.strip() for line in lines), start=1):
        if not line or line.startswith("#"):
            continue
        if (said := LINE.fullmatch(line)) is None:
            raise BadSetting(f"--token-file, line {number}, must be name:token, the token with 16 characters or more and without blanks.")
        if names.setdefault(_hash(said[2]), said[1]) != said[1]:
            raise BadSetting(f"--token-file, line {number}: this token is another name's already.")
    if not names:
        raise BadSetting("--token-file has no line name:token.")
    return Tokens(names)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""Access to the HTTP server: a file of names and tokens, of which only hashes are kept in memory."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mcp.server.auth.provider import AccessToken

from sora_mcp.config.settings import BadSetting
from sora_mcp.domain import LOCAL

log = logging.getLogger(__name__)
LINE = re.compile(r"([A-Za-z0-9._@-]{1,64}):([\x21-\x7e]{16,512})")
OTHERS = 0o066
"""The modes by which the group and all others may read or write a file."""


class Version(NamedTuple):
    """A file as it was when it was read."""

    inode: int
    size: int
    changed: int
    touched: int
    mode: int


class Tokens:
    """The SDK's TokenVerifier. Every hash is compared, each in constant time, even after one has matched."""

    def __init__(self, path: Path, version: Version | None, names: Mapping[bytes, str]) -> None:
        self._path, self._version, self._names = path, version, names

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's owner; None for an unknown token, and for one that was taken out of the file."""
        self._reload()
        given = _hash(token)
        matching = [name for known, name in self._names.items() if hmac.compare_digest(known, given)]
        # The token itself is not passed on.
        return AccessToken(token="***", client_id=matching[0], subject=matching[0], scopes=[]) if matching else None

    def has_name(self, name: str) -> bool:
        """Return whether somebody of this name stands in the file now."""
        self._reload()
        return name in self._names.values()

    def _reload(self) -> None:
        """Read the file again when it changed. Wrong lines let nobody in, and a file that cannot be read lets in nobody at all."""
        if (version := _look(self._path)) == self._version:
            return
        try:
            self._names, faults = _parse(self._path.read_text("utf-8-sig"))
        except (OSError, ValueError):
            self._names, faults = {}, ["must be a file that can be read: nobody is let in."]
        self._version = version
        for fault in faults:
            log.error("--token-file%s", fault)
        _warn_if_open(self._path, version)


def read_tokens(path: str) -> Tokens:
    """Read the file's lines `name:token`; skip empty ones and comments. Raise BadSetting, which names a line and never its content."""
    try:
        file = Path(path).expanduser()
        version = _look(file)
        names, faults = _parse(file.read_text("utf-8-sig"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: the home of an unknown user
        raise BadSetting("--token-file must be a file that can be read.") from None
    if faults:
        raise BadSetting(f"--token-file{faults[0]}")
    _warn_if_open(file, version)
    return Tokens(file, version, names)


def _parse(text: str) -> tuple[dict[bytes, str], list[str]]:
    """Return the names by the hashes of their tokens, and what is wrong in the file."""
    names, faults = dict[bytes, str](), list[str]()
    for number, line in enumerate((line.strip() for line in text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        if (found := LINE.fullmatch(line)) is None:
            faults.append(f", line {number}, must be name:token, the token with 16 characters or more and without blanks.")
        elif found[1].casefold() == LOCAL:
            faults.append(f", line {number}: the name {LOCAL} is the owner of this machine's own jobs; another name must be chosen.")
        elif names.setdefault(_hash(found[2]), found[1]) != found[1]:
            faults.append(f", line {number}: this token is another name's already.")
    return names, faults or ([] if names else [" has no line name:token."])


def _look(path: Path) -> Version | None:
    """Return what changes with the file; None for a file that cannot be looked at."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return Version(seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_mode)


def _warn_if_open(path: Path, version: Version | None) -> None:
    """Warn of a file that other users of this machine may read or write; Windows has no such modes."""
    if sys.platform != "win32" and version is not None and version.mode & OTHERS:
        log.warning("others on this machine may read or change the token file: chmod 600 %s", path)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""What a text means that a person wrote into a setting: paths, sums, seconds, switches. Else ValueError or LookupError."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

from sora_mcp.domain.money import Micros, ceil


def path(text: str) -> Path:
    """A path; `~` is the home folder."""
    if "\0" in text:
        raise ValueError
    return Path(text).expanduser().absolute()


def folder(text: str) -> Path:
    """A path under which a folder can be, as far as can be seen without making one."""
    meant = path(text)
    if next(place for place in (meant, *meant.parents) if os.path.lexists(place)).is_dir():
        return meant
    raise ValueError


def file(text: str) -> Path:
    """A path at which a file can be."""
    meant = path(text)
    if not meant.is_dir() and folder(str(meant.parent)):
        return meant
    raise ValueError


def paths(text: str) -> tuple[Path, ...]:
    """A list of paths, as PATH is one."""
    return tuple(path(part) for part in text.split(os.pathsep) if part.strip())


def dollars(text: str) -> Micros:
    """Up to a million."""
    if 0 <= (amount := _number(text)) <= 1_000_000:
        return ceil(amount * 1_000_000)
    raise ValueError


def seconds(text: str) -> float:
    """Above zero, an hour at most."""
    if 0 < (number := _number(text)) <= 3600:
        return float(number)
    raise ValueError


def _number(text: str) -> Decimal:
    """Plain digits: Python would read `1_000` and the digits of every script as well."""
    if re.fullmatch(r"[0-9.eE+-]+", text):
        return Decimal(text)
    raise ValueError


def switch(text: str) -> bool:
    """On or off."""
    return {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}[text.casefold()]


def level(text: str) -> str:
    """One of logging's."""
    return {level: level for level in ("debug", "info", "warning", "error", "critical")}[text.casefold()]


def hosts(text: str) -> frozenset[str]:
    """Exact `host:port`, with commas."""
    named = frozenset(part.strip().casefold() for part in text.split(",") if part.strip())
    found = [re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+):([0-9]{1,5})", host) for host in named]
    if not all(host and 0 < int(host[2]) < 65_536 for host in found):
        raise ValueError
    return named

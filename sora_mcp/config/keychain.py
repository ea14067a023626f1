"""Keys in the keychain of the operating system, where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

SERVICE = "sora-mcp"
LISTED = "KEYCHAIN"
"""Entry of `config.toml` that names the keys in the keychain: without it a start would ask for every key there could be."""


def kept(listed: str, *, but: Mapping[str, str]) -> dict[str, str]:
    """Those of the listed keys that the keychain has, without those that are set already."""
    names = [name.strip() for name in listed.split(",") if name.strip() and not but.get(name.strip(), "").strip()]
    found = {name: _ask(name) for name in names}
    return {name: key for name, key in found.items() if key}


def keep(name: str, key: str) -> bool:
    """Whether the key is in the keychain now. False where there is none, or where it is closed."""
    if (ring := _ring()) is None:
        return False
    try:
        ring.set_password(SERVICE, name, key)
    except (ring.errors.KeyringError, OSError, RuntimeError):
        return False
    return _ask(name) == key


def _ask(name: str) -> str | None:
    if (ring := _ring()) is None:
        return None
    try:
        return ring.get_password(SERVICE, name)
    except (ring.errors.KeyringError, OSError, RuntimeError):
        return None


def _ring() -> Any:
    """The library of the extra, imported only when a key is listed or stored; None where it is not installed."""
    try:
        import keyring  # pyright: ignore[reportMissingImports] - an extra
    except ImportError:
        return None
    return cast(Any, keyring)

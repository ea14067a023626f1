"""Keep keys in the keychain of the operating system, where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

SERVICE = "sora-mcp"
LISTED = "KEYCHAIN"
"""Entry of `config.toml` that names the keys in the keychain: without it a start would ask for every key there could be."""


def read_keys(listed: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the listed keys (names with commas) that the keychain has, without asking for those in the environment."""
    names = [name.strip() for name in listed.split(",") if name.strip() and not environ.get(name.strip(), "").strip()]
    found = {name: _read_key(name) for name in names}
    return {name: key for name, key in found.items() if key}


def write_key(name: str, key: str) -> bool:
    """Store the key; return False where there is no keychain, or where it is locked."""
    if (keyring := _import_keyring()) is None:
        return False
    try:
        keyring.set_password(SERVICE, name, key)
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return False
    return _read_key(name) == key


def _read_key(name: str) -> str | None:
    if (keyring := _import_keyring()) is None:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return None


def _import_keyring() -> Any:
    """Import the library of the extra, only when a key is listed or stored; return None where it is not installed."""
    try:
        import keyring  # pyright: ignore[reportMissingImports] - an extra
    except ImportError:
        return None
    return cast(Any, keyring)

"""Whether the media extra, PyAV and Pillow, is installed."""

from __future__ import annotations

from importlib.util import find_spec

from sora_mcp.domain.errors import MissingMediaExtra

INSTALL = "pip install 'sora-mcp[media]'"


def present() -> bool:
    """Looks for both without loading them."""
    return all(find_spec(name) is not None for name in ("av", "PIL"))


def reads_heic() -> bool:
    """Phones' photos need one more library, which not every machine has a build of."""
    return present() and find_spec("pi_heif") is not None


def need(wish: str) -> None:
    """MissingMediaExtra when it is not there. `wish` begins the sentence: "A poster"."""
    if not present():
        raise MissingMediaExtra(f"{wish} needs the media extra: {INSTALL}")

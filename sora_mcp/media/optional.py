"""Find out whether the media extra (PyAV, Pillow, pi-heif) is installed."""

from __future__ import annotations

from importlib.util import find_spec

from sora_mcp.domain.errors import MissingMediaExtra

INSTALL = "pip install 'sora-mcp[media]'"


def has_media_extra() -> bool:
    """Return whether PyAV and Pillow are installed, without loading them."""
    return all(find_spec(name) is not None for name in ("av", "PIL"))


def can_read_heic() -> bool:
    """Return whether HEIC photos can be decoded: pi-heif has no wheel for some machines."""
    return has_media_extra() and find_spec("pi_heif") is not None


def require_media_extra(feature: str) -> None:
    """Raise MissingMediaExtra unless it is installed. `feature` begins the message: "A poster"."""
    if not has_media_extra():
        raise MissingMediaExtra(f"{feature} needs the media extra: {INSTALL}")

"""Find out whether the media extra (PyAV, Pillow, pi-heif) is installed, and whether it loads."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Literal

from sora_mcp.domain.errors import MissingMediaExtra

LEAST_VERSIONS = {"av": (17, 1), "pillow": (12, 3)}
"""The lower bounds of the extra in pyproject.toml."""
UV_CACHES = ("archive-v0", "environments-v2", "builds-v0")
"""Folders of uv's cache, in which `uvx` keeps a program until the cache is cleaned."""
PIPX_CACHES = ((".cache", "pipx"), ("Caches", "pipx"), ("pipx", "Cache"), ("pipx", ".cache"))
"""Ends of the folder, on each system, in which `pipx run` keeps a program for two weeks."""


def find_runner(*paths: Path) -> Literal["uvx", "pipx"] | None:
    """Return the program in whose cache one of the paths lies, from which it is gone one day; None for an installed one."""
    if any(part in UV_CACHES for path in paths for part in path.parts):
        return "uvx"
    return "pipx" if any(pair in PIPX_CACHES for path in paths for pair in pairwise(path.parts)) else None


def choose_commands(prefix: Path) -> tuple[str, str]:
    """Return the commands that install the media extra into the environment at `prefix`, and that install it anew."""
    parts = prefix.parts
    match find_runner(prefix):
        case "uvx":
            return "uvx --from 'sora-mcp[media]' sora-mcp", "uvx --reinstall --from 'sora-mcp[media]' sora-mcp"
        case "pipx":
            return "pipx run --spec 'sora-mcp[media]' sora-mcp", "pipx run --no-cache --spec 'sora-mcp[media]' sora-mcp"
        case None:
            pass
    if ("uv", "tools") in pairwise(parts):
        return "uv tool install 'sora-mcp[media]'", "uv tool install --reinstall 'sora-mcp[media]'"
    if ("pipx", "venvs") in pairwise(parts):
        return "pipx install --force 'sora-mcp[media]'", "pipx reinstall sora-mcp"
    return "pip install 'sora-mcp[media]'", "pip install --force-reinstall 'sora-mcp[media]'"


INSTALL, REINSTALL = choose_commands(Path(sys.prefix))


def has_media_extra() -> bool:
    """Return whether PyAV and Pillow are installed, without loading them."""
    return all(find_spec(name) is not None for name in ("av", "PIL"))


@lru_cache(maxsize=1)
def find_load_error() -> str | None:
    """Load PyAV and Pillow into this process, and return why that fails; None when they load.

    An installed library may still lack a system library, or be built for another machine.
    """
    try:
        import av
        from PIL import Image, ImageCms

        del av, Image, ImageCms
    except (ImportError, OSError) as error:
        return describe_load_error(error)
    return None


def find_heic_load_error() -> str | None:
    """Load pi-heif into this process, and return why that fails; None when it loads."""
    try:
        import pi_heif  # pyright: ignore[reportMissingTypeStubs]

        del pi_heif
    except (ImportError, OSError) as error:
        return describe_load_error(error)
    return None


def find_old_libraries() -> list[str]:
    """Return the libraries, with their versions, that are installed in an older version than the extra asks for.

    A shared environment or an old lock may hold one. CVE-2026-40962 (av) and CVE-2026-25990 (pillow) are mended by these versions.
    """
    found = list[str]()
    for name, least in LEAST_VERSIONS.items():
        with suppress(PackageNotFoundError):
            have = version(name)
            if tuple(map(int, re.findall(r"\d+", have)[:2])) < least:
                found.append(f"{name} {have}")
    return found


def describe_load_error(error: BaseException) -> str:
    """Return the error of an import as one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def make_load_refusal(error: BaseException) -> MissingMediaExtra:
    """Return the refusal for an extra that is installed and does not load."""
    return MissingMediaExtra(f"The media extra is installed but does not load: {describe_load_error(error)}. To mend it: {REINSTALL}")


def can_read_heic() -> bool:
    """Return whether HEIC photos can be decoded: pi-heif has no wheel for some machines."""
    return has_media_extra() and find_spec("pi_heif") is not None


def require_media_extra(feature: str) -> None:
    """Raise MissingMediaExtra unless it is installed. `feature` begins the message: "A poster"."""
    if not has_media_extra():
        raise MissingMediaExtra(f"{feature} needs the media extra: {INSTALL}")

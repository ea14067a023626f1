"""Find files and folders of this program that other users of this machine may read or change."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sora_mcp.config.settings import ROWS, Settings
from sora_mcp.config.sources import find_config_file
from sora_mcp.domain.terminal_command import quote_command

READ_OR_WRITE, WRITE = 0o066, 0o022
"""Permissions of the group and of everybody else."""


@dataclass(frozen=True)
class LooseMode:
    """A file or folder with more permissions for others than it should have, or with another owner."""

    path: Path
    found: str
    why: str
    todo: str
    is_secret: bool
    """Whether keys or the budget are at stake, and not only videos."""

    def describe(self) -> str:
        """Return a clause without a full stop."""
        return f"{self.path} {self.found}: {self.why}"


def find_loose_modes(settings: Settings) -> tuple[LooseMode, ...]:
    """Return what others may read or change; nothing on Windows, which has no such modes."""
    return () if sys.platform == "win32" else tuple(_find(settings))


def _find(settings: Settings) -> Iterator[LooseMode]:
    config = find_config_file()
    if config is not None:
        has_secret = any(source == "config.toml" and ROWS[name].secret for name, source in settings.sources.items())
        why = "others may read the keys in it" if has_secret else "others may change settings"
        yield from _check(config, READ_OR_WRITE if has_secret else WRITE, why, is_secret=True)
        yield from _check(config.parent, WRITE, "others may put another config.toml into it", is_secret=True)
    yield from _check(settings.home, WRITE, "others may replace the store", is_secret=True)
    if settings.database_url.startswith("sqlite:///"):
        file = Path(settings.database_url.removeprefix("sqlite:///"))
        yield from _check(file, READ_OR_WRITE, "others may read or change what was bought", is_secret=True)
    yield from _check(settings.output_dir, WRITE, "others may replace videos", is_secret=False)


def _check(path: Path, refused: int, why: str, *, is_secret: bool) -> Iterator[LooseMode]:
    try:
        found = path.stat()
    except OSError:
        return
    mode = stat.S_IMODE(found.st_mode)
    loose = mode & refused & ~(0o070 if _is_private_group(found.st_gid) else 0)
    if loose:
        change = f"{'g' if loose & 0o070 else ''}{'o' if loose & 0o007 else ''}-{'rwx' if refused & 0o044 else 'w'}"
        yield LooseMode(path, f"has mode {mode:04o}", why, quote_command(("chmod", change, str(path))), is_secret)
    if os.geteuid() not in (0, found.st_uid) and found.st_uid != 0:
        yield LooseMode(path, f"belongs to the user {found.st_uid}", why, "use one of your own", is_secret)


def _is_private_group(gid: int) -> bool:
    """Return whether the group is this user's own and has no other member, as many systems give one to each user."""
    try:
        import grp
        import pwd

        group, user = grp.getgrgid(gid), pwd.getpwuid(os.geteuid())
    except (ImportError, KeyError):
        return False
    return group.gr_name == user.pw_name and user.pw_gid == gid and set(group.gr_mem) <= {user.pw_name}

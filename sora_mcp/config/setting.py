"""Declare a setting in one row, which makes its variable, flag, key in config.toml, help, documentation and registry entry."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sora_mcp.config.parsers import Kind, Unavailable

T = TypeVar("T")
PREFIX = "SORA_MCP_"
ROW = "setting"
"""Where a field of a dataclass keeps its row."""


class BadSetting(Exception):
    """A setting that stops the start. Its one sentence names the setting and never shows its value."""


@dataclass(frozen=True)
class Setting:
    """One environment variable."""

    variable: str
    kind: Kind[object]
    help: str
    default: Callable[[], object] = lambda: None
    default_text: str = "none"
    secret: bool = False
    only_in_file: bool = False
    """Whether it counts in `config.toml` only: what a client or an assistant passes on cannot set it."""
    has_flag: bool = True
    """Whether it is also a flag of every command. Everybody on the machine can read a command line."""

    @property
    def name(self) -> str:
        """The variable without the prefix, as flags are stored and `config.toml` may spell it."""
        return self.variable.removeprefix(PREFIX)

    @property
    def flag(self) -> str:
        """`--daily-usd` for `SORA_MCP_DAILY_USD`."""
        return f"--{self.name.lower().replace('_', '-')}"

    @property
    def requirement(self) -> str:
        """A sentence that says what a value must be."""
        return f"{self.variable} must be {self.kind.expected}."

    def read(self, text: str | None) -> object:
        """Return the value of a text, the default of None. Raise BadSetting for a text that is not of this kind."""
        if text is None:
            return self._find_default()
        try:
            return self.kind.parse(text.strip())
        except Unavailable as error:
            raise BadSetting(f"{self.variable}{error}") from None
        except (ValueError, LookupError, OSError, RuntimeError):  # RuntimeError: the home folder of an unknown user
            raise BadSetting(self.requirement) from None

    def _find_default(self) -> object:
        """Return the default. Raise BadSetting where this machine has none."""
        try:
            return self.default()
        except RuntimeError:  # a user id without a name, and no HOME
            raise BadSetting(f"{self.variable} must be set: this user has no home folder.") from None
        except (ValueError, LookupError, OSError):
            raise BadSetting(self.requirement) from None


def setting(
    name: str,
    kind: Kind[T],
    help: str,
    *,
    default: T | None = None,
    find_default: Callable[[], T] | None = None,
    shown: str,
    secret: bool = False,
    only_in_file: bool = False,
    has_flag: bool = True,
) -> T:
    """Return a field of a dataclass that is declared by this row.

    The default is a value, or `find_default` for one that depends on the machine; `shown` is how the documentation puts it.
    """
    row = Setting(PREFIX + name, kind, help, find_default or (lambda: default), shown, secret, only_in_file, has_flag)
    return cast(T, dataclasses.field(metadata={ROW: row}))


def rows_of(declared: type[Any]) -> dict[str, Setting]:
    """Return the rows of a dataclass by the names of their fields, in order."""
    return {field.name: field.metadata[ROW] for field in dataclasses.fields(declared) if ROW in field.metadata}

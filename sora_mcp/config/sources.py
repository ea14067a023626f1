"""Read settings as text: flags before the environment, before the keychain, before `config.toml`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from sora_mcp.config import keychain
from sora_mcp.config.parsers import SWITCH
from sora_mcp.config.setting import PREFIX, BadSetting, Setting

UNSET = re.compile(r"\s*(\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\})?\s*")
"""Empty, or a placeholder that a client did not fill in."""


@dataclass(frozen=True)
class Given:
    """The settings of all sources, as text by the names of the environment variables."""

    texts: Mapping[str, str]
    sources: Mapping[str, str]
    """Where each text comes from, for a person."""
    unknown: tuple[str, ...]
    """Names in `config.toml`, or in the environment with our prefix, that are no setting: most likely typing errors."""


def read_sources(environ: Mapping[str, str], flags: Mapping[str, str], rows: Mapping[str, Setting], *, config: Path | None) -> Given:
    """Return what is set. Raise BadSetting for a `config.toml` that cannot be read."""
    in_file = {} if config is None else _read_file(config, rows)
    in_keychain = keychain.read_keys(in_file.get(keychain.LISTED, ""), environ)
    layers = {
        "config.toml": in_file,
        "the keychain": in_keychain,
        "the environment": environ,
        "a flag": {PREFIX + name: text for name, text in flags.items()},
    }
    # A higher layer that a client left empty hides nothing below it.
    found = [
        (name, text, source)
        for source, layer in layers.items()
        for name, text in layer.items()
        if not UNSET.fullmatch(text) and (layer is in_file or not _is_only_in_file(name, rows))
    ]
    return Given(
        texts={name: text for name, text, _ in found},
        sources={name: source for name, _, source in found if name in rows},
        unknown=tuple(sorted(_find_unknown(in_file, environ, rows))),
    )


def config_file() -> Path:
    """Return the path of `config.toml`. Raise BadSetting for a user without a home folder."""
    if (file := find_config_file()) is None:
        raise BadSetting("HOME or XDG_CONFIG_HOME must be set: this user has no home folder, so there is no place for config.toml.")
    return file


def find_config_file() -> Path | None:
    """Return the path of `config.toml`; None for a user without a home folder, such as a container's user id without a name."""
    try:
        return platformdirs.user_config_path("sora-mcp", appauthor=False) / "config.toml"
    except RuntimeError:
        return None


def variable_of(entry: str, rows: Mapping[str, Setting]) -> str:
    """Return the environment variable of an entry of `config.toml`, which may be in any case and without the prefix."""
    upper = entry.upper().replace("-", "_")
    return PREFIX + upper if PREFIX + upper in rows else upper


def describe_unknown(name: str, rows: Mapping[str, Setting]) -> str:
    """Return a sentence about a name that is no setting, with the setting that may be meant."""
    if _is_only_in_file(name, rows):
        return f"{name} counts in config.toml only, and has no effect in the environment."
    known = [variable.removeprefix(PREFIX) for variable in rows if variable.startswith(PREFIX)]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.7)
    return f"{name[:100]!r} is not a setting and has no effect" + (f": did you mean {PREFIX}{near[0]}?" if near else ".")


def _find_unknown(in_file: Iterable[str], environ: Mapping[str, str], rows: Mapping[str, Setting]) -> set[str]:
    ours = {name for name in environ if name.startswith(PREFIX)}
    without_effect = {name for name in ours if _is_only_in_file(name, rows) and not UNSET.fullmatch(environ[name])}
    return ({*in_file, *ours} - {*rows, keychain.LISTED}) | without_effect


def _is_only_in_file(name: str, rows: Mapping[str, Setting]) -> bool:
    return name in rows and rows[name].only_in_file


def _read_file(file: Path, rows: Mapping[str, Setting]) -> dict[str, str]:
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        raise BadSetting("config.toml in the config folder must be readable TOML.") from None
    return {variable_of(entry, rows): _to_text(entry, value, rows) for entry, value in table.items()}


def _to_text(entry: str, value: Any, rows: Mapping[str, Setting]) -> str:
    if isinstance(value, bool):
        # Otherwise `daily_usd = true` would be one dollar. A name that is no setting is only reported.
        variable = variable_of(entry, rows)
        is_switch = variable in rows and rows[variable].kind is SWITCH
        if variable == keychain.LISTED or (variable in rows and not is_switch):
            raise BadSetting(f"{entry} in config.toml must be a text or a number, not true or false.")
        return str(int(value))
    if not isinstance(value, str | int | float):
        raise BadSetting(f"{entry} in config.toml must be a text or a number.")
    return str(value)

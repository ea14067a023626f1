"""Read limits of accounts: amounts as they are typed, and whole files of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, cast

from sora_mcp.config.parsers import parse_dollars
from sora_mcp.config.setting import BadSetting
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.domain.money import NO_LIMIT, Micros
from sora_mcp.store.records import ALL, TO_DEFAULT, Limits

ACCOUNT = re.compile(rf"{ALL}|(?:person|team):[^\s:\x00-\x1f][^\x00-\x1f]{{0,199}}")
NONE, DEFAULT = "none", "default"
"""What lifts a limit, and what leaves it to the account's default again."""
SUFFIX = "_usd"
KEYS = {f"{field.name}{SUFFIX}": field.name for field in fields(Limits)}
HEADER = re.compile(r"""\s*\[\s*(?:"([^"]*)"|'([^']*)'|([^\]"']*?))\s*\]""")
AMOUNT = "an amount of dollars from 0 to 1,000,000, none, or default"


def parse_account(text: str) -> str:
    """Return the name of an account. Raise BadSetting for a text that is none."""
    if not ACCOUNT.fullmatch(text):
        raise BadSetting(f"{quote_value(text[:80])} is no account: write all, team:NAME, team:*, person:ID or person:*.")
    return text


def parse_limit(text: str) -> Micros:
    """Return an amount, or what the words for none and for the default mean in a change. ValueError for anything else."""
    return {NONE: NO_LIMIT, DEFAULT: TO_DEFAULT}.get(text.strip().casefold()) or parse_dollars(text)


def read_budgets(text: str) -> dict[str, Limits]:
    """Return the limits by account. Raise BadSetting, which names the line, where the file has a fault: then none of it counts."""
    try:
        tables: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"is not TOML: {error}.") from None
    found = {name: _read_table(text, name, table) for name, table in tables.items()}
    if not found:
        raise BadSetting("names no account.")
    return found


def _read_table(text: str, name: str, table: Any) -> Limits:
    line = _find_line(text, name)
    try:
        parse_account(name)
    except BadSetting as error:
        raise BadSetting(f"line {line}: {error}") from None
    if not isinstance(table, Mapping):
        raise BadSetting(f'line {line}: write ["{name}"] on a line of its own, and its limits below it.')
    limits = dict[str, Micros]()
    for key, value in cast("Mapping[str, Any]", table).items():
        at = _find_line(text, name, key)
        if key not in KEYS:
            raise BadSetting(f"line {at}: {quote_value(key[:80])} is none of {', '.join(KEYS)}.")
        limits[KEYS[key]] = _read_amount(value, key, at)
    return Limits(**limits)


def _read_amount(value: object, key: str, line: int) -> Micros:
    try:
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise ValueError
        return parse_limit(str(value))
    except ValueError:
        raise BadSetting(f"line {line}: {key} must be {AMOUNT}.") from None


def _find_line(text: str, table: str, key: str | None = None) -> int:
    """Return the number of the line where a table begins, or where a key stands in it; 1 where it is written in another way."""
    current, begins = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = HEADER.match(line)
        if header is not None:
            current = next(group for group in header.groups() if group is not None)
            begins = number if current == table else begins
        if key is None:
            is_there = current == table if header is not None else not current and _begins_with(line, table)
        else:
            is_there = header is None and current == table and _begins_with(line, key)
        if is_there:
            return number
    return begins


def _begins_with(line: str, key: str) -> bool:
    return re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line) is not None

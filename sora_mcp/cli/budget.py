"""Show and set what people, teams and all together may spend."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import anyio
from rich.console import Console

from sora_mcp.cli.budget_file import AMOUNT, DEFAULT, NONE, parse_account, parse_limit, read_budgets
from sora_mcp.cli.consent import ask_word
from sora_mcp.cli.terminal import Column, open_console, print_table, print_text
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import Settings
from sora_mcp.domain.money import NO_LIMIT, Micros, format_dollars
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.store.records import TO_DEFAULT, AccountBudget, Limits, name_person_account

COLUMNS = (
    Column("ACCOUNT", least=14),
    Column("ID", only_piped=True),
    Column("DAY SPENT", right=True, rank=3),
    Column("DAY LEFT", right=True),
    Column("MONTH SPENT", right=True, rank=2),
    Column("MONTH LEFT", right=True),
    Column("VIDEO", right=True, rank=4),
    Column("YES ABOVE", right=True, rank=5),
)
WORDS = {"per_video": "a video", "day": "a day", "month": "a month", "confirm_above": "a yes above"}
OTHERWISE = "No budget was changed."


def budget(settings: Settings, arguments: Namespace) -> int:
    """Print every budget; with limits or a file, change them once a person at a terminal agrees."""
    limits = _read_limits(arguments)
    if arguments.load is not None:
        if arguments.account is not None or limits is not None:
            raise BadSetting("--load takes no account and no limits besides: they stand in the file.")
        return anyio.run(_change, settings, _read_file(arguments.load), Path(arguments.load).name)
    if limits is None:
        return anyio.run(_show, settings, arguments.account and parse_account(arguments.account))
    if arguments.account is None:
        raise BadSetting("Whose limit is it? Name all, team:NAME or person:ID before it.")
    return anyio.run(_change, settings, {parse_account(arguments.account): limits}, arguments.account)


async def _show(settings: Settings, account: str | None) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        rows = await service.store.budgets.list_accounts(service.caps)
        if account is not None:
            (account,) = await _resolve(service, console, {account: Limits()})
            rows = [row for row in rows if row.account == account]
    if not rows:
        print_text(console, f"{account} has no budget of its own, and spent nothing this month.")
        return 0
    print_budgets(console, rows)
    return 0


async def _change(settings: Settings, changes: Mapping[str, Limits], word: str) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        changes = await _resolve(service, console, changes)
        for account, limits in changes.items():
            print_text(console, f"{account}: {describe_limits(limits)}")
        question = f"Change {'this budget' if len(changes) == 1 else f'these {len(changes)} budgets'}?"
        if code := ask_word(settings, word, question, otherwise=OTHERWISE):
            return code
        await service.store.budgets.set(changes)
        rows = await service.store.budgets.list_accounts(service.caps)
    print_budgets(console, rows)
    return 0


async def _resolve(service: VideoService, console: Console, changes: Mapping[str, Limits]) -> dict[str, Limits]:
    """Return the limits by accounts as the store knows them: a person may be named by address or name. BadSetting where two are one."""
    found = dict[str, Limits]()
    for account, limits in changes.items():
        kind, _, name = account.partition(":")
        if kind == "person" and name not in ("*", "local"):
            person = await service.store.people.find(name)
            if person is None:
                print_text(console, f"Nobody called {name} has used this server yet: {account} counts for a person of exactly this id.")
            account = account if person is None else name_person_account(person.id)
        if account in found:
            raise BadSetting(f"{account} is named twice.")
        found[account] = limits
    return found


def print_budgets(console: Console, rows: Sequence[AccountBudget]) -> None:
    """Print accounts with what they spent and have left."""
    print_table(console, COLUMNS, [_describe_row(row) for row in rows])


def describe_limits(limits: Limits) -> str:
    """Say which limits are set, as clauses."""
    said = {field.name: getattr(limits, field.name) for field in fields(Limits) if getattr(limits, field.name) is not None}
    return ", ".join(f"{WORDS[name]} {_format_limit(micros)}" for name, micros in said.items()) or "nothing"


def _describe_row(row: AccountBudget) -> tuple[str, ...]:
    is_default = row.account.endswith(":*")
    limits = row.limits
    day, month = ((limits.day, row.day_spent), (limits.month, row.month_spent))
    kind, _, _ = row.account.partition(":")
    name = row.account if row.name in (row.account, row.account.partition(":")[2]) else f"{kind}:{row.name}"
    return (
        name,
        row.account,
        "-" if is_default else format_dollars(row.day_spent),
        _format_left(*day),
        "-" if is_default else format_dollars(row.month_spent),
        _format_left(*month),
        _format_limit(limits.per_video),
        _format_limit(limits.confirm_above),
    )


def _format_left(limit: Micros | None, spent: Micros) -> str:
    return _format_limit(limit) if limit is None or limit >= NO_LIMIT else format_dollars(max(limit - spent, 0))


def _format_limit(limit: Micros | None) -> str:
    return "-" if limit is None else NONE if limit >= NO_LIMIT else DEFAULT if limit == TO_DEFAULT else format_dollars(limit)


def _read_limits(arguments: Namespace) -> Limits | None:
    """Return the limits of the command line; None without any."""
    limits = dict[str, Micros]()
    for field in fields(Limits):
        if (text := getattr(arguments, field.name)) is None:
            continue
        try:
            limits[field.name] = parse_limit(text)
        except ValueError:
            raise BadSetting(f"--{field.name.replace('_', '-')} must be {AMOUNT}.") from None
    return Limits(**limits) if limits else None


def _read_file(path: str) -> dict[str, Limits]:
    try:
        text = Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, ValueError, RuntimeError):
        raise BadSetting("--load must be a file that can be read.") from None
    try:
        return read_budgets(text)
    except BadSetting as error:
        raise BadSetting(f"{Path(path).name}, {error} {OTHERWISE}") from None

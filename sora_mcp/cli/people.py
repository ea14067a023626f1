"""List who called the server, and put people into teams."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime, tzinfo

import anyio
from rich.console import Console

from sora_mcp.cli.budget_file import NONE, parse_account
from sora_mcp.cli.consent import ask_word
from sora_mcp.cli.terminal import Column, open_console, print_table, print_text
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import Settings
from sora_mcp.domain.errors import NotFound
from sora_mcp.jobs.runtime import open_service
from sora_mcp.store.records import Person, name_team_account

COLUMNS = (
    Column("PERSON", least=18),
    Column("NAME", least=10, rank=2),
    Column("TEAM", least=6),
    Column("LAST SEEN", rank=1),
    Column("GROUPS", least=8, rank=3, parts=", "),
    Column("ISSUER", only_piped=True),
)


def people(settings: Settings, arguments: Namespace) -> int:
    """Print everybody who called with a token; with --team, put one of them into a team once a person at a terminal agrees."""
    if arguments.team is not None and arguments.person is None:
        raise BadSetting("Who joins the team? Name a person before --team.")
    return anyio.run(_run, settings, arguments.person, arguments.team)


async def _run(settings: Settings, name: str | None, team: str | None) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        store = service.store.people
        if name is None:
            found = await store.get_all()
        else:
            person = await store.find(name)
            if person is None:
                raise NotFound(f"Nobody called {name} has used this server yet.")
            if team is not None:
                joins = None if team.casefold() == NONE else team
                if joins is not None:
                    parse_account(name_team_account(joins))
                question = f"Take {person.id} out of its team?" if joins is None else f"Put {person.id} into team {joins}?"
                if code := ask_word(settings, name, question, otherwise="No team was changed."):
                    return code
                await store.set_team(person.id, joins)
            found = tuple(one for one in await store.get_all() if one.id == person.id)
    print_people(console, found, zone=settings.zone)
    return 0


def print_people(console: Console, rows: Sequence[Person], *, zone: tzinfo) -> None:
    """Print people as a table."""
    if not rows:
        print_text(console, "Nobody has called with a token yet.")
        return
    lines = [
        (
            one.id,
            one.email or one.name or one.subject,
            one.team or "-",
            f"{datetime.fromtimestamp(one.seen_at, zone):%Y-%m-%d %H:%M}",
            ", ".join(one.member_of) or "-",
            one.issuer,
        )
        for one in rows
    ]
    print_table(console, COLUMNS, lines)

"""Over HTTP everybody sees their own sums and their team's, and of what all spent together only what is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.types import TextResourceContents

from sora_mcp.config.settings import load
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.records import Limits, Person
from tests.each import each

from ..stored import DONE, FILE, running
from .conftest import name_folders
from .test_http import AS_ANNA, AS_BEN, NAMED, call, client, write_tokens
from .test_serving import Served, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which Anna spent $3.37 and, in a team with Carl, who spent $1.19, has little left."""
    folder = tmp_path_factory.mktemp("teams")
    with closing(opened(folder)) as store:
        store.budgets.set.sync({"team:film": Limits(month=usd("5"))})
        for person in ("anna", "carl"):
            store.people.meet.sync(Person(person, "file", person))
            store.people.set_team.sync(person, "film")
        for price, person in (("3.37", "anna"), ("1.19", "carl")):
            job = store.outcomes.settle.sync(running(store, price, principal=person), DONE)
            assert job is not None
            store.outcomes.complete.sync(job, FILE)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(name_folders(folder), folder, "--token-file", str(write_tokens(folder)), *NAMED) as running:
        yield running


def opened(folder: Path) -> Store:
    settings = load(name_folders(folder), today=date.today())
    return Store(settings.database_url, settings.home)


async def read_all(who: Client) -> tuple[dict[str, Any], str]:
    """Return the budget, and everything that tools and resources say of money."""
    listed = await call(who, "list_videos")
    said = [
        listed,
        await call(who, "get_spend"),
        await call(who, "estimate_cost", model="sample:sample"),
        await call(who, "get_spend", by="job"),
    ]
    (content,) = (await who.read_resource("sora://spend")).contents
    assert isinstance(content, TextResourceContents)
    return listed, "\n".join([*(json.dumps(one) for one in said), content.text])


@each("mode", ["legacy", "auto"])
async def test_nobody_sees_what_others_spent(mode: str, server: Served, folder: Path) -> None:
    async with client(server, AS_BEN, mode) as ben:
        listed, text = await read_all(ben)
        assert listed["message"].splitlines()[0] == "0 videos. You spent $0.00 today, $0.00 this month. Left today $5.44."
        budget = listed["budget"]
        assert (budget["day_left_usd"], budget["limited_by"], budget["own"]) == (
            5.44,
            "this server, day",
            {"day_spent_usd": 0, "month_spent_usd": 0},
        )
        assert not {"day_limit_usd", "month_limit_usd", "team"} & budget.keys()
        assert [sum_ for sum_ in ("3.37", "1.19", "4.56", "film", "anna", "carl") if sum_ in text] == []
    async with client(server, AS_ANNA, mode) as anna:
        listed, text = await read_all(anna)
        said = "You spent $3.37 today, $3.37 this month. Team film spent $4.56 this month. Left this month $0.44 of team film's $5.00."
        assert f"1 video. {said}" in listed["message"].splitlines()
        assert listed["budget"]["limited_by"] == "team film, month"
        assert listed["budget"]["team"] == {"name": "film", "day_spent_usd": 4.56, "month_spent_usd": 4.56}
        assert [sum_ for sum_ in ("1.19", "carl", "ben") if sum_ in text] == []
    with closing(opened(folder)) as store:
        assert {person.id: person.issuer for person in store.people.get_all.sync()} == {"anna": "file", "ben": "file", "carl": "file"}

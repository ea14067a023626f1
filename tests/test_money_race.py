"""Sixty-four wishes at once, and money for ten: ten are bought, whatever the database, however many processes."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from sora_mcp.domain.errors import OverBudget
from tests.played import Muvi, played
from tests.played.processes import buying, ended, go, line
from tests.played.rig import environment, held, rig, settled

pytestmark = pytest.mark.slow

WISHES, MONEY_FOR = 64, 10
BUDGETS = {
    "day": {"DAILY_USD": "4.00"},
    "month": {"MONTHLY_USD": "4.00"},
    "not quite eleven": {"DAILY_USD": "4.39", "MONTHLY_USD": "4.399999"},
}
BOTH = "not quite eleven"
OWN_PRICE = '["muvi:sora-2"]\nper_second = "0.10"\n'


@pytest.mark.fault("C01")
@pytest.mark.parametrize(("store_url", "budget"), [*(("sqlite", cap) for cap in BUDGETS), ("postgres", BOTH)], indirect=["store_url"])
async def test_one_process_buys_what_the_budget_pays_for(store_url: str, budget: str, tmp_path: Path) -> None:
    ends: list[str] = []
    async with rig(Muvi(), tmp_path, DATABASE_URL=store_url, **BUDGETS[budget]) as at:

        async def wish(number: int) -> None:
            try:
                job = await at.create("muvi:sora-2", seconds=4, prompt=f"A boat, {number}")
            except OverBudget as error:
                ends.append(error.its_code)
            else:
                ends.append((await at.until(job.id, "completed", "failed", "unknown")).state)

        async with anyio.create_task_group() as group:
            for number in range(WISHES):
                group.start_soon(wish, number)
        assert sorted(ends) == ["completed"] * MONEY_FOR + ["over_budget"] * (WISHES - MONEY_FOR)
        assert (len(at.posts), len(at.wire.made)) == (MONEY_FOR, MONEY_FOR)
        assert (at.held(), (await at.service.budget()).day_spent) == (0, MONEY_FOR * 400_000)


@pytest.mark.fault("C02")
async def test_four_processes_buy_together_what_the_budget_pays_for(store_url: str, tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        settings = settled(tmp_path, {"muvi": wire.address}, (wire.host,), DATABASE_URL=store_url)
        env = environment(
            tmp_path,
            {"muvi": wire.address},
            (wire.host,),
            prices=OWN_PRICE,
            DATABASE_URL=store_url,
            DAILY_USD="4.00",
            TIMEZONE="Etc/GMT+12",
        )
        racers = [await buying(WISHES // 4, f"racer {number}", env) for number in range(4)]
        for process in racers:
            await go(process)
        said: list[dict[str, int]] = [json.loads(await line(process)) for process in racers]
        codes = [await ended(process) for process in racers]
        assert (codes, sum(one.get("made", 0) for one in said), sum(one.get("over_budget", 0) for one in said)) == ([0] * 4, 10, 54)
        assert (len(wire.requests("submit")), len(wire.made), held(settings.database_url)) == (MONEY_FOR, MONEY_FOR, 0)

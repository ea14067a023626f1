"""A fault of ours: before anything is held it is a refusal, afterwards nobody claims to know."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from mcp import Client

from sora_mcp.config.settings import Settings
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.server.app import build
from sora_mcp.vendors import muvi
from tests.each import each
from tests.stored import NOON

from .conftest import Era
from .counter import PlayedService, a_server
from .keyed import TODAY, ask, load_settings

CLIP = {"prompt": "a paper boat", "model": "muvi:sora-2", "seconds": 4}
MUVI = {"MUVI_API_KEY": "muvi-key-0123456789"}
OURS = "Something unforeseen went wrong in the server; its log says what."


def broken(*_: object) -> NoReturn:
    raise ZeroDivisionError("ours")


async def answer(settings: Settings, era: Era, changed: Callable[[VideoService], None] = lambda _: None) -> tuple[dict[str, Any], int]:
    """What create_video says over a real service, and how much money is held then."""

    @asynccontextmanager
    async def service() -> AsyncGenerator[VideoService]:
        async with open_service(settings, work=False, clock=lambda: NOON) as real:
            changed(real)
            yield real

    async with Client(build(service, settings.catalogue, today=lambda: TODAY), mode=era) as client:
        return await ask(client, "create_video", CLIP), (await ask(client, "list_videos", {}))["budget"]["day_spent_usd"]


@each("part", ["submit", "warn"])
async def test_a_fault_before_the_money_is_held_costs_nothing_and_says_so(
    part: str, era: Era, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(tmp_path, MUVI)
    vendor = next(vendor for vendor in settings.catalogue.vendors if vendor.name == muvi.VENDOR.name)
    settings = replace(settings, catalogue=replace(settings.catalogue, vendors=(replace(vendor, **{part: broken}),)))
    with caplog.at_level(logging.ERROR, "sora_mcp"):
        refused, held = await answer(settings, era)
    assert refused == {"message": f"Not sent, nothing charged. {OURS}", "error": {"code": "internal", "message": OURS, "charged": "no"}}
    assert held == 0
    assert "ZeroDivisionError: ours" in caplog.text


async def test_a_fault_after_the_money_is_held_leaves_it_open(era: Era, tmp_path: Path) -> None:
    refused, held = await answer(load_settings(tmp_path, MUVI), era, lambda service: setattr(service, "wake", broken))
    assert refused["message"].startswith("It is not known whether anything was charged: list_videos shows what is held.")
    assert (refused["error"]["charged"], held) == ("unknown", 0.4)


class Odd(dict[str, Any]):
    """What no client can send: arguments that break while they are read."""

    def __iter__(self) -> Any:
        return broken()

    def keys(self) -> Any:
        return broken()


async def test_a_fault_while_the_arguments_are_read_costs_nothing_and_says_so() -> None:
    refused = (await a_server(PlayedService()).call_tool("create_video", Odd(CLIP))).structured_content  # pyright: ignore
    assert refused and refused["error"]["charged"] == "no"


async def test_a_fault_in_a_tool_that_is_free_costs_nothing(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:  # this service cannot edit at all
        refused = (await client.call_tool("edit_video", {"inputs": ["v_0123456789"], "action": "gif"})).structured_content
    assert refused and (refused["error"]["code"], refused["error"]["charged"]) == ("internal", "no")

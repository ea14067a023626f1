"""Both eras of the protocol: 2026-07-28 without a handshake, and 2025-11-25 with one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from mcp import Client

if TYPE_CHECKING:
    from .forms import Shop
    from .room import Room

Era = Literal["auto", "legacy"]


@pytest.fixture(params=["auto", "legacy"], ids=["2026", "2025"])
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def keyed(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Client]:
    """A client of one server for a whole file: a key at Muvi, a large purse, and nothing is ever sent."""
    from .keyed import connect_muvi

    async with connect_muvi(tmp_path_factory.mktemp("keyed"), SORA_MCP_DAILY_USD="1000", SORA_MCP_MONTHLY_USD="10000") as client:
        yield client


@pytest.fixture(scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Room]:
    """One room for a whole file."""
    from .room import a_room

    async with a_room(tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Shop]:
    """A shop in which the clip needs a person's yes."""
    from .forms import shop

    async with shop(tmp_path) as opened:
        yield opened

"""Both eras of the protocol: 2026-07-28 without a handshake, and 2025-11-25 with one."""

from __future__ import annotations

from typing import Literal

import pytest

Era = Literal["auto", "legacy"]


@pytest.fixture(params=["auto", "legacy"], ids=["2026", "2025"])
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

"""What a person made in the last days: bought through the service itself, on those days."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sora_mcp.config.settings import load
from sora_mcp.domain import LOCAL, Job, VideoRequest
from sora_mcp.domain.errors import NeedsConfirmation, Refused
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.net.client import VendorClient
from tests.conversations.script import NOON
from tests.played import KEYS
from tests.played.rig import TODAY
from tests.waiting import eventually

from .lenient import Lenient, Manners

DAY_S = 86_400.0
ENDED = ("completed", "failed", "cancelled", "expired")
TAKEN = ("queued", "running")
RUNS_S = 180.0
"""How long the one that is running goes on."""
POLL_S = "0.05"


@dataclass(frozen=True)
class Earlier:
    """A video that was ordered so many seconds before noon."""

    before_s: float
    prompt: str
    size: str = "16:9"
    seconds: int = 5
    fails: bool = False
    runs: bool = False


EARLIER = (
    Earlier(4 * DAY_S, "A red fox runs through fresh snow in a birch forest"),
    Earlier(3 * DAY_S, "Waves roll onto a beach at sunset, seen from the dunes", seconds=8),
    Earlier(3 * DAY_S - 1800, "A steaming cup of coffee on a wooden table by the window", "9:16"),
    Earlier(DAY_S, "The skyline of a city at night, rain on the streets"),
    Earlier(DAY_S - 600, "A celebrity dances on a table", fails=True),
    Earlier(7200, "A rocket rises into a starry sky"),
    Earlier(90, "A sailing boat in the morning mist", runs=True),
)


async def make_history(env: Mapping[str, str], vendors: Mapping[str, Lenient], *, earlier: Sequence[Earlier] = EARLIER) -> None:
    """Buy each of them at one vendor after the other; without a key, those that succeed are sample clips."""
    waiting = list(vendors.values())
    for one in earlier:
        if not vendors and not (one.fails or one.runs):
            await _make(one, env, None)
        while waiting:
            vendor = waiting.pop(0)
            vendor.manners = Manners(RUNS_S if one.runs else 0.1, one.fails)
            if await _make(one, env, vendor):
                waiting.append(vendor)
                break


async def _make(one: Earlier, env: Mapping[str, str], vendor: Lenient | None) -> bool:
    """Return False where the vendor does not sell that, as without a file of prices."""
    settings = load(_leave_key_of(env, vendor), today=TODAY, config=Path(env["SORA_MCP_HOME"]) / "none.toml")
    client = VendorClient(settings.home, settings.keys, settings.trusted_hosts)
    began = time.monotonic()
    async with open_service(settings, clock=lambda: NOON - one.before_s + time.monotonic() - began, http_client=client) as service:
        try:
            job = await _order(service, VideoRequest(one.prompt, "sample" if vendor is None else None, size=one.size, seconds=one.seconds))
        except Refused:
            return False
        wanted = TAKEN if one.runs else ENDED

        async def has_moved() -> bool:
            return (await service.job(job.id, principal=LOCAL)).state in wanted

        await eventually(has_moved)
        now = await service.job(job.id, principal=LOCAL)
        if not one.runs and now.state != ("failed" if one.fails else "completed"):
            raise RuntimeError(f"{one.prompt} at {now.model}: {now.state}, {now.error}")
        return True


async def _order(service: VideoService, request: VideoRequest) -> Job:
    try:
        return await service.create(request, principal=LOCAL)
    except NeedsConfirmation as error:
        await service.store.approvals.approve(error.quote_id)
        return await service.create(replace(request, quote_id=error.quote_id), principal=LOCAL)


def _leave_key_of(env: Mapping[str, str], vendor: Lenient | None) -> dict[str, str]:
    """Return the settings of a person who has no other key."""
    others = {variable for name, variable in KEYS.items() if vendor is None or name != vendor.name}
    return {name: value for name, value in env.items() if name not in others} | {"SORA_MCP_POLL_SECONDS": POLL_S}

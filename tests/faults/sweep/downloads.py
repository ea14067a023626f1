"""Kills while a download that broke off is continued, and while `sora-mcp fetch` brings a lost file home."""

from __future__ import annotations

from pathlib import Path

from tests.played import Wire
from tests.played.rig import settled

from .kills import CALLS, finish, outlive, place, strike
from .oracle import Figures, judged
from .victim import Victim, fetching

WRITES = (*CALLS, "rename")
PROMPT = "A boat"


async def resumed_at(call: str, number: int, folder: Path, figures: Figures) -> bool:
    """A purchase whose download breaks off in the middle, killed at this call of the kernel; whether it came to that."""
    async with place(folder) as (wire, env):
        break_off(wire)
        struck = await strike(Victim(env, [PROMPT]), call, number, figures)
        break_off(wire, times=1)
        if struck:  # a second life goes on with what the first one left, and breaks off once more
            await live(Victim(env), figures, f"resume {call} {number}")
        await finish(env, wire, folder, figures, f"resume {call} {number}")
        count_resumed(wire, figures)
        return struck


async def fetched_at(call: str, number: int, folder: Path, figures: Figures) -> bool:
    """A `fetch` of a file whose links were dead, killed at this call of the kernel, then one that is not; whether it came to that."""
    run = f"fetch {call} {number}"
    async with place(folder) as (wire, env):
        wire.arm("media", "instead", times=-1, status=410)
        await live(Victim(env, [PROMPT]), figures, run)
        wire.armed.clear()
        break_off(wire, times=1)
        struck = await strike(Victim(env, life=fetching), call, number, figures)
        await outlive(env, wire, figures, run, life=fetching)
        judged(settled(folder, {"muvi": wire.address}, (wire.host,)), wire, figures, run)
        count_resumed(wire, figures)
        return struck


async def live(victim: Victim, figures: Figures, run: str) -> None:
    """A life to its own end."""
    await victim.ready()
    victim.go()
    if (code := await victim.ended()) != 0:
        figures.wrong.append((run, f"a life that nobody ended ended with {code}"))


def break_off(wire: Wire, *, times: int = 2) -> None:
    """Let the next downloads break off, each after half of what it would send."""
    wire.arm("media", "cut", times=times)


def count_resumed(wire: Wire, figures: Figures) -> None:
    """Count the downloads that went on where an earlier one stopped."""
    figures.resumed += sum("range" in heard.headers for heard in wire.requests("media"))

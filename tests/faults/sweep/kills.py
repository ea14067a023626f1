"""The two ways to kill: with `strace` at the n-th call of a kind, and by chance under load."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from tests.played import Wire, played
from tests.played.rig import environment, settled
from tests.waiting import eventually, patience

from .host import Resuming
from .oracle import Figures, judged
from .victim import Life, Victim

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "linkat", "openat", "mkdir", "connect", "sendto", "recvfrom", "write")
"""Of the kernel: all that a store, a paid call and a file are made of."""
PRICES = '["muvi:sora-2"]\nper_second = "0.10"\n'
FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("accept", "close", {}),
    ("submit", "close", {}),
    ("submit", "reset", {"taken": False}),
    ("submit", "slow", {"seconds": 0.1}),
    ("submit", "instead", {"status": 503}),
    ("submit", "instead", {"status": 503, "taken": True}),
    ("submit", "instead", {"status": 429, "headers": {"Retry-After": "0.05"}}),
    ("submit", "half_headers", {}),
    ("status", "close", {}),
    ("status", "instead", {"status": 500}),
    ("status", "slow", {"seconds": 0.05}),
    ("media", "short_body", {}),
    ("media", "cut", {}),
    ("media", "cut", {"share": 0.9}),
    ("media", "instead", {"status": 503}),
    ("media", "slow", {"seconds": 0.05}),
)
LOST = 255
"""The fork server lost the exit code, once in a thousand: what the store says is looked at all the same, and a sweep goes on."""
LOAD, LIVES, LATEST_S = 8, 4, 0.5
StrikeAt = Callable[[str, int, Path, Figures], Awaitable[bool]]
"""Kills a work at the n-th call of this kind, and judges what came of it; whether it came to that."""


def unfit() -> str | None:
    """Why no system call can be struck here; None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (apt-get install strace)"
    tried = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=fsync:signal=SIGKILL", "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else f"strace cannot trace here: {tried.stderr.decode(errors='replace').strip()[:100]}"


async def at_call(call: str, number: int, folder: Path, figures: Figures) -> bool:
    """A purchase killed at this call of the kernel; whether it came to that."""
    async with place(folder) as (wire, env):
        struck = await strike(Victim(env, ["A boat"]), call, number, figures)
        await finish(env, wire, folder, figures, f"{call} {number}")
        return struck


async def at_each(strike_at: StrikeAt, call: str, numbers: Iterable[int], folder: Path, figures: Figures) -> None:
    """At these calls of a work, in order, until it ends before it comes to one."""
    for number in numbers:
        if not await strike_at(call, number, folder / f"{call}-{number}", figures):
            break


async def by_chance(seed: int, folder: Path, figures: Figures) -> None:
    """Some lives under load and faults, each ended at a moment of this seed; the same wishes come again each time."""
    chance = random.Random(seed)
    async with place(folder / f"seed-{seed}") as (wire, env):
        for on, fault, args in chance.sample(FAULTS, k=chance.randint(0, 5)):
            wire.arm(on, fault, times=chance.randint(1, 4), after=chance.randint(0, 3), **args)
        prompts = [f"A boat, {seed}, {number}" for number in range(chance.randint(1, LOAD))]
        for _ in range(chance.randint(2, LIVES)):
            victim = Victim(env, prompts)
            await victim.ready()
            victim.go()
            if chance.random() < 0.5:  # a busy machine comes to no call within LATEST_S
                await _called(wire, victim)
            await anyio.sleep(chance.uniform(0, LATEST_S))
            victim.process.kill()
            figures.kills += await victim.ended() == -9
        await finish(env, wire, folder / f"seed-{seed}", figures, f"seed {seed}")


async def _called(wire: Wire, victim: Victim) -> None:
    """Waits until this life speaks to the vendor, or is over."""
    before = wire.accepted
    await eventually(lambda: wire.accepted > before or victim.process.exitcode is not None)


async def strike(victim: Victim, call: str, number: int, figures: Figures) -> bool:
    """A life that ends at its n-th such call of the kernel; whether it came to that."""
    tracer = await _traced(await victim.ready(), call, number)
    victim.go()
    code = await victim.ended()
    await tracer.wait()
    figures.kills += code == -9
    if code not in (0, -9, LOST):
        figures.wrong.append((f"{call} {number}", f"the life ended with {code}"))
    return code in (-9, LOST)


@asynccontextmanager
async def place(folder: Path) -> AsyncGenerator[tuple[Wire, dict[str, str]]]:
    """A vendor, and a user's folder with settings, which goes afterwards."""
    folder.mkdir(parents=True)
    async with played(Resuming(walk=("pending", "completed")), lifetime_s=600) as wire:
        yield wire, environment(folder, {"muvi": wire.address}, (wire.host,), prices=PRICES)
    shutil.rmtree(folder)


async def finish(env: dict[str, str], wire: Wire, folder: Path, figures: Figures, run: str) -> None:
    """A last life, and what is to be said of the run."""
    await outlive(env, wire, figures, run)
    judged(settled(folder, {"muvi": wire.address}, (wire.host,)), wire, figures, run)


async def outlive(env: dict[str, str], wire: Wire, figures: Figures, run: str, *, life: Life | None = None) -> None:
    """Faults off, and a last life to its own end."""
    wire.armed.clear()
    last = Victim(env, life=life)
    await last.ready()
    last.go()
    if (code := await last.ended()) not in (0, LOST):
        figures.wrong.append((run, f"the last life ended with {code}"))


async def _traced(pid: int, call: str, number: int) -> anyio.abc.Process:
    """strace at this process and all its threads, once it is; it decodes no other call."""
    injected = f"inject={call}:signal=SIGKILL:when={number}"
    words = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", injected, "-p", str(pid)]
    tracer = await anyio.open_process(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert tracer.stderr is not None
    said = b""
    with patience("strace to attach"):
        while b"attached" not in said:
            said += await tracer.stderr.receive()
    return tracer

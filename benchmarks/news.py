"""A finished job while many people have sessions of the 2025 protocol open: only its owner hears of it."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import anyio
import httpx2
import sqlalchemy as sa

from sora_mcp.store import Store
from sora_mcp.store.schema import jobs

from . import stored
from .service import HEADERS, Replica, name_person, replica, token_of

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "news", "version": "1"}}
ENDED, PAUSE_S = 20, 0.5
AT_ONCE = 8


async def measure(people: int) -> float:
    """Return the CPU ms that the end of one job costs with a session of each of the people."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "r" / "home").mkdir(parents=True)
        url = f"sqlite:///{folder}/r/home/sora.db"
        Store(url, folder / "r" / "home").close()
        (tokens := folder / "tokens").write_text("".join(f"{name_person(n)}:{token_of(n)}\n" for n in range(people)), "utf-8")
        tokens.chmod(0o600)
        with replica(folder / "r", {}, "--token-file", str(tokens)) as server:
            async with httpx2.AsyncClient(timeout=120.0, verify=False) as http:
                await open_sessions(http, server, people)
                await anyio.sleep(2.0)
                idle_ms = await end_jobs(server, url, 0)
                return (await end_jobs(server, url, ENDED) - idle_ms) / ENDED


async def open_sessions(http: httpx2.AsyncClient, server: Replica, people: int) -> None:
    """Shake hands as each of the people, and ask once."""
    places = anyio.CapacityLimiter(AT_ONCE)

    async def open_session(person: int) -> None:
        headers = {**HEADERS, "Authorization": f"Bearer {token_of(person)}"}
        async with places:
            hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
            answer = await http.post(server.url, content=json.dumps(hello), headers=headers)
            headers |= {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": HELLO["protocolVersion"]}
            await http.post(server.url, content='{"jsonrpc": "2.0", "method": "notifications/initialized"}', headers=headers)
            await http.post(server.url, content='{"jsonrpc": "2.0", "id": 2, "method": "ping"}', headers=headers)

    async with anyio.create_task_group() as tasks:
        for person in range(people):
            tasks.start_soon(open_session, person)


async def end_jobs(server: Replica, url: str, count: int) -> float:
    """Write so many finished jobs of one person, one after the other, and return the server's CPU ms meanwhile."""
    engine, before = sa.create_engine(url), server.cpu_ms
    for number in range(ENDED):
        if number < count:
            row = stored.make_finished(number) | {"principal": name_person(0), "finished_at": time.time(), "created_at": time.time()}
            with engine.begin() as conn:
                conn.execute(jobs.insert(), [row])
        await anyio.sleep(PAUSE_S)
    engine.dispose()
    return server.cpu_ms - before

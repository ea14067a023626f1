"""A real service with a running worker, over a played vendor and a played file host, in one folder."""

from __future__ import annotations

import base64
import random
import sqlite3
import struct
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
from sqlalchemy import create_engine, text

from sora_mcp.config.settings import Settings, load
from sora_mcp.domain import Job
from sora_mcp.domain.errors import NeedsConfirmation
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest, VideoService
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors import EVERY
from tests.stored import place_empty_store
from tests.waiting import patience

from . import KEY, KEYS, Cdn, Played, Wire, played

TODAY = date(2026, 11, 20)
NOON = 1_795_176_000.0
"""The day's noon in UTC."""
PROMPT = "A paper boat drifts down a rainy street"
PRICES = """
["mulerun:sora-2-pro"]
per_second = "0.30"
when = [{ resolution = "1080p", per_second = "0.50" }]
["mulerun:sora-2"]
per_second = "0.10"
["mulerun:kling-v3"]
per_second = "0.08"
["mulerun:veo-3.1"]
per_second = "0.20"
["mulerun:wan-2.6"]
per_second = "0.09"
["aimlapi:sora-2-pro"]
per_second = "0.39"
when = [{ resolution = "1080p", per_second = "0.65" }]
["aimlapi:seedance-2.0"]
per_second = "0.11"
["aimlapi:kling-v3-pro"]
per_second = "0.12"
["pixazo:veo-3.1"]
per_video = "2.00"
["pixazo:grok-imagine-video-1.5"]
per_video = "0.90"
["pixazo:ltx-2.5-pro"]
per_video = "0.70"
"""


@dataclass
class Rig:
    """What a test plays with."""

    name: str
    vendor: Played
    wire: Wire
    cdn: Wire
    settings: Settings
    folder: Path
    submit_s: float
    clock: Callable[[], float]
    service: VideoService = field(init=False)
    _opened: AsyncExitStack = field(init=False)

    async def open(self) -> None:
        """A service with its worker."""
        self._opened = AsyncExitStack()
        self.service = await self._opened.enter_async_context(opened(self.settings, submit_s=self.submit_s, clock=self.clock))

    async def close(self) -> None:
        """As when the server ends."""
        await self._opened.aclose()

    async def restart(self) -> None:
        """As when the server ends, and another one begins."""
        await self.close()
        await self.open()

    @property
    def posts(self) -> list[Any]:
        """Every body that came to the submit address, in order."""
        return [heard.body for heard in self.wire.requests("submit")]

    async def create(self, model: str = "", **wish: Any) -> Job:
        """A wish at the counter."""
        return await self.service.create(
            VideoRequest(**{"prompt": PROMPT, "model": model or f"{self.name}:sora-2-pro", **wish}), principal="local"
        )

    async def bought(self, model: str = "", **wish: Any) -> Job:
        """A wish, with a person's yes where one is needed."""
        try:
            return await self.create(model, **wish)
        except NeedsConfirmation as error:
            await self.service.store.approvals.approve(error.quote_id)
            return await self.create(model, **{**wish, "quote_id": error.quote_id})

    async def job(self, job_id: str) -> Job:
        """As the store has it."""
        return await self.service.job(job_id, principal="local")

    async def until(self, job_id: str, *states: str) -> Job:
        """Return the job once it is in one of the states."""
        job = await self.job(job_id)
        with patience(f"{job_id} to be {' or '.join(states)}"):
            while job.state not in states:
                await anyio.sleep(0.03)
                job = await self.job(job_id)
        return job

    def held(self) -> int:
        """Money that jobs hold, by the ledger's own rows."""
        return held(self.settings.database_url)


@asynccontextmanager
async def rig(
    vendor: Played, folder: Path, *, submit_s: float = 20.0, clock: Callable[[], float] = lambda: NOON, own: bool = True, **env: str
) -> AsyncGenerator[Rig]:
    """The vendor on one port, its files on another; `own` False leaves the address of the vendor to `env`."""
    name = vendor.name
    async with played(vendor) as wire, played(Cdn(vendor.clip)) as cdn:
        vendor.cdn, wire.clock = cdn.address, clock
        settings = settled(folder, {name: wire.address} if own else {}, (wire.host, cdn.host), **env)
        if not settings.home.exists() and settings.database_url.startswith("sqlite"):
            place_empty_store(settings.home)
        at = Rig(name, vendor, wire, cdn, settings, folder, submit_s, clock)
        await at.open()
        try:
            yield at
        finally:
            await at.close()


@asynccontextmanager
async def opened(settings: Settings, *, submit_s: float = 20.0, clock: Callable[[], float] = lambda: NOON) -> AsyncGenerator[VideoService]:
    """A service with a running worker."""
    async with AsyncExitStack() as stack:
        http_client = VendorClient(settings.home, settings.keys, settings.trusted_hosts, submit_s=submit_s, upload_s=submit_s)
        yield await stack.enter_async_context(open_service(settings, clock=clock, http_client=http_client))


def settled(folder: Path, vendors: Mapping[str, str], hosts: tuple[str, ...], **env: str) -> Settings:
    """Settings of a user who has a key at these vendors, and a large purse."""
    return load(environment(folder, vendors, hosts, **env), today=TODAY, config=folder / "none.toml")


def environment(folder: Path, vendors: Mapping[str, str], hosts: tuple[str, ...], *, prices: str = PRICES, **env: str) -> dict[str, str]:
    """The same as variables, for another process."""
    (folder / "prices.toml").write_text(prices, "utf-8")
    given = {
        "HOME": str(folder / "home"),
        "OUTPUT_DIR": str(folder / "videos"),
        "TRUSTED_HOSTS": ",".join(hosts),
        "PRICES": str(folder / "prices.toml"),
        "POLL_SECONDS": "0.02",
        "PER_VIDEO_USD": "100",
        "DAILY_USD": "1000",
        "MONTHLY_USD": "10000",
        "CONFIRM_ABOVE_USD": "100",
        "APPROVAL_PAGE": "0",  # no test opens a page on a developer's screen
        "TIMEZONE": "UTC",
        **{f"{name.upper()}_BASE_URL": address for name, address in vendors.items()},
        **env,
    }
    keys = {vendor.keys[0]: KEY for vendor in EVERY if vendor.name in (vendors or KEYS.keys() - {"compatible"})}
    return keys | {name if name.startswith("AWS_") else f"SORA_MCP_{name}": value for name, value in given.items()}


def held(database_url: str) -> int:
    """What went into the jobs' own accounts and did not leave them, summed from the ledger."""
    query = "SELECT coalesce(sum(CASE WHEN to_account LIKE 'held:%' THEN micros ELSE 0 END), 0)"
    query += " - coalesce(sum(CASE WHEN from_account LIKE 'held:%' THEN micros ELSE 0 END), 0) FROM ledger"
    if database_url.startswith("sqlite:///"):
        with sqlite3.connect(f"file:{database_url.removeprefix('sqlite:///')}?mode=ro", uri=True) as connection:
            return int(connection.execute(query).fetchone()[0])
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())
    finally:
        engine.dispose()


def leaks(folder: Path, *texts: str) -> list[str]:
    """Where the key stands in clear, as a URL writes it, or in base64."""
    spelt = [KEY.encode(), quote(KEY, safe="").encode(), base64.b64encode(KEY.encode())]
    places = [(str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [name for name, content in [*places, *(("text", text_.encode()) for text_ in texts)] if any(key in content for key in spelt)]


def picture(width: int, height: int) -> str:
    """A grey PNG of exactly this size as a data: URI."""
    return _png(width, height, zlib.compress(b"".join(b"\x00" + b"\x80" * width for _ in range(height)), 9), colours=0)


def random_picture(width: int, height: int) -> str:
    """A coloured PNG of exactly this size, whose bytes are as many as its pixels need, as a data: URI."""
    noise = random.Random(1)
    return _png(width, height, zlib.compress(b"".join(b"\x00" + noise.randbytes(width * 3) for _ in range(height)), 0), colours=2)


def _png(width: int, height: int, rows: bytes, *, colours: int) -> str:
    head = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")))
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""Purchases, caps and empty databases for tests of the store."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import sqlalchemy as sa

from sora_mcp.domain import Artifact, Call, Done, Image, Job, JobError, Offer, Order, Pending, Quote, Size
from sora_mcp.domain.money import Micros, usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.leases import count_in_flight
from sora_mcp.store.records import Caps, Identity, Purchase

NOON = 1_795_262_400.0
"""2026-11-21, 12:00 UTC."""
DAY_S = 86_400.0
CAPS = Caps(per_video=usd("5"), daily=usd("10"), monthly=usd("100"), zone=UTC)
CALL = Call("POST", "/v1/jobs/submit", {"prompt": "a paper boat", "seed": 7}, headers=(("x-trace", "1"),))
ASK = Call("GET", "/v1/jobs/abc", query=(("full", "1"),))
MEDIA = Call("GET", "https://cdn.example.com/abc.mp4")
FILE = Artifact("/videos/boat.mp4", 1_000, "00" * 32, duration_s=4.0, width=1280, height=720)
PENDING = Pending("abc", ASK, "running", "processing", progress=0.4)
DONE = Done(MEDIA, "completed")


class Clock:
    """A clock that only the test moves."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


OFFER = Offer("sora-2", "sora-2", (), (), "https://example.com/prices", date(2026, 11, 20), expected_s=180, vendor="muvi")
ORDER = Order(
    OFFER,
    "A paper boat drifts down a rainy street",
    Size("1280x720"),
    4,
    None,
    {"audio": True, "seed": 7},
    warnings=("It may be gone.",),
)


def purchase(
    price: str = "1.00",
    *,
    prompt: str = ORDER.prompt,
    vendor: str = "muvi",
    model: str = "sora-2",
    image: Image | None = None,
    **more: Any,
) -> Purchase:
    """A purchase of Muvi's Sora 2 at this price, unlike any other unless `fingerprint` says so. `more` are keys and fields."""
    price_quote = Quote(usd(price), f"${price} per video", "https://example.com/prices", date(2026, 11, 20), "listed")
    order = replace(ORDER, prompt=prompt, offer=replace(OFFER, vendor=vendor, model=model), image=image)
    keys = {name: more.pop(name) for name in list(more) if name in Identity.__dataclass_fields__}
    identity = Identity(**({"principal": "local", "request_id": None, "words_hash": None, "fingerprint": uuid4().hex} | keys))
    return Purchase(order, price_quote, CALL, identity, **more)


def reserve(store: Store, price: str = "1.00", caps: Caps = CAPS, **changes: Any) -> Job:
    """The job of such a purchase."""
    return store.reservations.reserve.sync(purchase(price, **changes), caps)


def no(charged: Any, code: str = "vendor_rejected") -> JobError:
    """A vendor's no."""
    return JobError(code, "Muvi could not make this video.", charged, "sorry")


def claimed(store: Store, owner: str = "me", lease_s: float = 60.0) -> Job:
    """The one job that is due."""
    (job,) = store.leases.claim.sync(owner, limit=1, lease_s=lease_s)
    return job


def begun(store: Store, price: str = "1.00", **changes: Any) -> Job:
    """A job whose paid call is on its way, with the token `t`."""
    made = reserve(store, price, **changes)
    job = next(job for job in store.leases.claim.sync("me", limit=100, lease_s=60.0) if job.id == made.id)
    assert store.leases.begin_submit.sync(job, "t", lease_s=60.0, most=100)
    return job


def running(store: Store, price: str = "1.00", **changes: Any) -> Job:
    """A job that the vendor has, claimed."""
    job = begun(store, price, **changes)
    store.outcomes.bind.sync(job, "t", replace(PENDING, id=f"at-{job.id}"), due_s=0)
    return claimed(store)


def moves(database: Database, job: Job) -> dict[str, int]:
    """What the ledger says about a job."""
    with database.reading() as conn:
        rows = conn.execute(sa.text("SELECT kind, micros FROM ledger WHERE job_id = :id ORDER BY kind"), {"id": job.id})
        return {row.kind: row.micros for row in rows}


def sending(database: Database, vendor: str = "muvi") -> int:
    """How many submits are in flight at the vendor."""
    with database.reading() as conn:
        return count_in_flight(conn, vendor)


def spent(store: Store, caps: Caps = CAPS) -> tuple[Micros, Micros]:
    """Of the day and of the month."""
    budget = store.budgets.get.sync(caps)
    return budget.day_spent, budget.month_spent


@cache
def _read_empty() -> bytes:
    with TemporaryDirectory() as folder:
        Store(f"sqlite:///{folder}/sora.db", Path(folder)).close()
        return (Path(folder) / "sora.db").read_bytes()


def place_empty_store(home: Path) -> str:
    """Return the address of a store as a first start leaves it in this home: a copy takes a quarter of the time of that start."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / "sora.db"
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(_read_empty())
    return f"sqlite:///{file}"


@contextmanager
def empty_schema(server: str) -> Generator[str]:
    """The address of an empty schema on this PostgreSQL: always the same one, so that statements for it are compiled once."""
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA test")
        try:
            yield f"{server}&options={quote('-csearch_path=test')}"
        finally:
            conn.execute("DROP SCHEMA test CASCADE")

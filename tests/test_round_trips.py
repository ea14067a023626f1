"""What PostgreSQL is asked: in few round trips, each of which is one more wait for everybody; again where a connection broke; as UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store
from sora_mcp.store.records import Limits

from .stored import CAPS, PENDING, Clock, empty_schema, reserve, running
from .test_store_files import reads

pytestmark = pytest.mark.slow

LOOSE = (
    "approvals.find_of_job",
    "approvals.find_waiting",
    "approvals.get",
    "jobs.count_live",
    "jobs.find_edit",
    "jobs.get",
    "jobs.get_paid_call",
    "jobs.get_version",
    "jobs.look",
    "leases.get_blocked_until",
    "leases.get_next_due_s",
    "leases.has_waiting_download",
    "leases.is_abandoned",
    "news.find_ended",
    "news.get_heard_until",
    "questions.get",
)
"""Readings without a transaction: each has to be one statement."""
LIFTED = Limits(NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT)


def opening(url: str, folder: Path) -> closing[Store]:
    return closing(Store(f"{url}&application_name=opened", folder / "home", clock=Clock(), marks=folder / "marks"))


@pytest.fixture
def opened(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    with empty_schema(postgres_url) as url, opening(url, tmp_path) as store:
        store.budgets.set.sync({"all": LIFTED, "person:*": Limits(day=usd("9"))})
        yield store


def count(store: Store, act: Callable[[], object]) -> int:
    """The statements that an act sends; one more round trip is the commit of a transaction."""
    with listening(store) as statements:
        act()
    return len(statements)


@contextmanager
def listening(store: Store) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    statements, engine = list[str](), store._database.write  # pyright: ignore[reportPrivateUsage]

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_purchase_a_claim_and_a_poll_take_few_round_trips(opened: Store) -> None:
    reserve(opened, principal="anna")
    bought = count(opened, lambda: reserve(opened, principal="anna"))
    claimed = count(opened, lambda: opened.leases.claim.sync("me", limit=5, lease_s=60))
    job = running(opened)
    polled = count(opened, lambda: opened.outcomes.step.sync(job, replace(PENDING, id=f"at-{job.id}", progress=0.5), due_s=5))
    assert {"purchase": bought, "claim": claimed, "poll": polled} == {"purchase": 7, "claim": 2, "poll": 2}


def test_a_reading_without_a_transaction_is_one_statement(opened: Store) -> None:
    running(opened)
    known = reads(opened)
    found = {name: count(opened, known[name]) for name in LOOSE}
    assert found == dict.fromkeys(LOOSE, 1)


def test_a_database_that_was_made_without_an_encoding_keeps_every_text(postgres_url: str, tmp_path: Path) -> None:
    url = postgres_url.replace("/postgres?", "/plain?")
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE plain TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        with closing(Store(url, tmp_path / "home", clock=Clock())) as store:
            job = reserve(store, prompt="Ein Boot \u26f5 im Regen")
            assert store.jobs.get.sync(job.id, None).prompt == "Ein Boot \u26f5 im Regen"
        conn.execute("DROP DATABASE plain WITH (FORCE)")


def test_a_connection_that_broke_while_idle_is_replaced(opened: Store, postgres_url: str) -> None:
    """The first statement of each notices it, when nothing has happened yet."""
    job = reserve(opened)
    acts: tuple[Callable[[], object], ...] = (
        lambda: opened.jobs.get.sync(job.id, None),
        lambda: opened.budgets.get.sync(CAPS),
        lambda: opened.leases.claim.sync("me", limit=5, lease_s=60),
    )
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opened'"
    for act in acts:
        with psycopg.connect(postgres_url, autocommit=True) as conn:
            assert conn.execute(end).fetchall()
        assert act()

"""What PostgreSQL is asked: in few round trips, each a wait for everybody, planned once; again where a connection broke; as UTF-8."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
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
    """The statements that an act sends; one more round trip is the commit of a transaction, of which a poll has none."""
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
    assert {"purchase": bought, "claim": claimed, "poll": polled} == {"purchase": 7, "claim": 2, "poll": 1}


def test_a_poll_does_not_wait_for_who_changes_budgets_or_tables(opened: Store) -> None:
    job = running(opened)
    with opened._database.writing(alone=True):  # pyright: ignore[reportPrivateUsage]
        stepped = opened.outcomes.step.sync(job, replace(PENDING, id=f"at-{job.id}", progress=0.5), due_s=5)
    assert stepped is not None and stepped.progress == 0.5
    assert opened.jobs.get.sync(job.id, None).progress == 0.5


def test_a_reading_without_a_transaction_is_one_statement(opened: Store) -> None:
    running(opened)
    known = reads(opened)
    found = {name: count(opened, known[name]) for name in LOOSE}
    assert found == dict.fromkeys(LOOSE, 1)


def read_setting(store: Store, statement: str) -> object:
    with store._database.writing() as conn:  # pyright: ignore[reportPrivateUsage]
        return conn.execute(sa.text(statement)).scalar()


def count_prepared(store: Store) -> object:
    """The statements that PostgreSQL keeps the plans of, after several purchases on one connection."""
    for _ in range(7):
        reserve(store, principal="anna")
    return read_setting(store, "SELECT count(*) FROM pg_prepared_statements")


def test_the_statements_of_a_purchase_are_planned_once(opened: Store) -> None:
    assert count_prepared(opened) == 6, "all but the one that begins it"


@contextmanager
def pooling(server: str) -> Iterator[int]:
    """The port of a pooler: to each client it names a process that PostgreSQL does not have."""
    with psycopg.connect(server) as conn:
        path = f"{conn.info.host}/.s.PGSQL.{conn.info.port}"

    class Link(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as behind:
                behind.connect(path)
                threading.Thread(target=self.send_on, args=(behind,), daemon=True).start()
                greeting = b""
                while b"Z\0\0\0\5" not in greeting:
                    greeting += behind.recv(65536)
                at = greeting.index(b"K\0\0\0\x0c") + 5
                self.request.sendall(greeting[:at] + b"\x7f\xff\xff\xff" + greeting[at + 4 :])
                while data := behind.recv(65536):
                    self.request.sendall(data)

        def send_on(self, behind: socket.socket) -> None:
            with suppress(OSError):
                while data := self.request.recv(65536):
                    behind.sendall(data)
                behind.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Link) as pooler:
        threading.Thread(target=pooler.serve_forever, daemon=True).start()
        yield pooler.server_address[1]
        pooler.shutdown()


def test_behind_a_pooler_nothing_is_prepared(postgres_url: str, tmp_path: Path) -> None:
    """Its next transaction may run on a server that has other statements, or the same name for another one."""
    with empty_schema(postgres_url) as url, pooling(postgres_url) as port:
        _, _, options = url.partition("&")
        with opening(f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable&gssencmode=disable&{options}", tmp_path) as store:
            assert count_prepared(store) == 0


def test_what_is_written_down_survives_the_power_wherever_the_server_does_not_ask_for_that(postgres_url: str, tmp_path: Path) -> None:
    """A paid call whose line was lost would be sent again."""
    with empty_schema(postgres_url) as url:
        for asked, needed in (("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")):
            with opening(f"{url}%20-csynchronous_commit%3D{asked}", tmp_path) as store:
                assert read_setting(store, "SHOW synchronous_commit") == needed


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

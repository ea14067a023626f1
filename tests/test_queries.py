"""Queries that go to SQLite's driver as they are: they find what SQLAlchemy finds, and fail as everything in the store fails."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import sora_mcp.store
from sora_mcp.domain import Job
from sora_mcp.domain.errors import StorageError
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.jobs import STORED, _query_page  # pyright: ignore[reportPrivateUsage] - pages are built for what is asked
from sora_mcp.store.query import Query
from sora_mcp.store.records import QuoteTerms

from .stored import CAPS, DAY_S, FILE, NOON, no, purchase, reserve, running

DAY = "2026-11-21"
PAGES = {"a page": {}, "a page of some": {"of_one": True, "since": True}, "a next page": {"of_one": True, "goes_on": True}}


def list_queries() -> Iterator[tuple[str, Query]]:
    """Every query of a module of the store, and those of pages."""
    for found in pkgutil.iter_modules(sora_mcp.store.__path__):
        module = import_module(f"sora_mcp.store.{found.name}")
        for name, value in vars(module).items():
            for number, one in enumerate(value.values() if isinstance(value, dict) else [value]):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType]
                if isinstance(one, Query):
                    yield f"{found.name}.{name}[{number}]", one
    for name, asked in PAGES.items():
        yield name, _query_page(("completed", "failed", "running"), **{"of_one": False, "since": False, "goes_on": False} | asked)


@pytest.fixture
def filled(store: Store) -> dict[str, Any]:
    """A store with something for each query to find; the values that they are asked with."""
    done = running(store, request_id="r")
    store.outcomes.complete.sync(done, FILE)
    store.outcomes.end.sync(running(store), "failed", no("unknown"))
    terms = QuoteTerms("local", "terms", "muvi:sora-2", "1280x720", 4, purchase().total)
    store.approvals.request.sync(terms)
    store.purchase_mark.forget.sync(CAPS.zone)
    return {
        "job_id": done.id,
        "whose": "local",
        "principal": "local",
        "most": 5,
        "day": DAY,
        "of_month": DAY[:7],
        "month": DAY[:7],
        "person": "person:local",
        "team": "team:film",
        "is_owner": 1,
        "since": NOON - DAY_S,
        "after": NOON - DAY_S,
        "now": NOON,
        "oldest": NOON - DAY_S,
        "made_before": NOON + DAY_S,
        "made_at": NOON + 1,
        "made_id": done.id,
        "terms": "terms",
        "price": terms.micros,
    }


def test_a_query_finds_what_sqlalchemy_finds(store: Store, database: Database, filled: dict[str, Any]) -> None:
    queries = dict(list_queries())
    with database.reading() as conn:
        for name, query in queries.items():
            bound = filled | ({"most": 1} if name.startswith("approvals") else {})
            rows = conn.execute(query.select, bound).all()
            found = query.get_all(conn, bound)
            assert [tuple(row) for row in found] == [tuple(row) for row in rows], name
            named = [field for field in rows[0]._fields if not field.endswith("_1")]  # SQLAlchemy's own name of a sum
            assert [[getattr(row, field) for field in named] for row in found] == [
                [getattr(row, field) for field in named] for row in rows
            ], name
            assert tuple(query.get_first(conn, bound)) == tuple(rows[0]), name
            assert query.get_value(conn, bound) == rows[0][0], name
    assert len(queries) > 10


def test_a_job_of_a_row_is_the_one_that_its_class_makes(store: Store, filled: dict[str, Any]) -> None:
    job = store.jobs.get.sync(filled["job_id"], None)
    made = Job(**{name: getattr(job, name) for name in STORED})
    assert [getattr(job, field.name) for field in fields(Job)] == [getattr(made, field.name) for field in fields(Job)]
    assert replace(job) == made == job


def test_a_query_that_finds_nothing_has_no_first_row_and_no_value(store: Store, database: Database) -> None:
    query = Query(sa.select(sa.literal(1)).where(sa.literal(1) == sa.bindparam("one")))
    with database.reading() as conn:
        assert (query.get_all(conn, {"one": 2}), query.get_first(conn, {"one": 2}), query.get_value(conn, {"one": 2})) == ([], None, None)


def test_a_query_that_is_not_told_all_values_is_no_query(store: Store, database: Database) -> None:
    query = Query(sa.select(sa.literal(1)).where(sa.literal(1) == sa.bindparam("one")))
    with pytest.raises((KeyError, StorageError)), database.reading() as conn:
        query.get_all(conn)


def test_what_the_driver_refuses_is_an_error_of_the_store(store: Store, tmp_path: Path) -> None:
    query = Query(sa.select(sa.column("nowhere")).select_from(sa.table("nothing")))
    database = store._database  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(StorageError, match=r"The store cannot be read or written: .*nothing"), database.reading() as conn:
        query.get_all(conn)
    assert reserve(store).state == "submitting"

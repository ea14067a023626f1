"""Decorators that make a repository's methods awaitable, each in one transaction and in the threads of its lane.

class Jobs(Repository):
    @reads
    def get(self, conn: sa.Connection, job_id: str) -> Job: ...

job = await store.jobs.get(job_id)      # from async code: in a thread
job = store.jobs.get.sync(job_id)       # from a thread that may block
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Generic, Literal, ParamSpec, TypeVar

import sqlalchemy as sa

from sora_mcp.store.database import Database
from sora_mcp.store.threads import Threads
from sora_mcp.telemetry import watch_transaction

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R", bound="Repository")
Lane = Literal["reads", "writes"]


@dataclass(frozen=True)
class Repository:
    """Part of the store: methods over one database."""

    database: Database
    clock: Callable[[], float]


@dataclass(frozen=True)
class BoundOperation(Generic[P, T]):
    """An operation of one repository, ready to be called.

    What the database or the disk refuses is a StorageError, and then nothing of that call happened, but for one case: when the
    connection breaks in the moment of committing. So an outcome may be recorded again: a second time changes nothing.
    """

    sync: Callable[P, T]
    """Runs the operation in the calling thread, and blocks it."""
    database: Database
    threads: Threads

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> BoundOperation[[], T]:
        """Return the operation with these arguments."""
        return BoundOperation(functools.partial(self.sync, *args, **kwargs), self.database, self.threads)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation in a thread. Cancelling waits for its end, so that no transaction is torn apart."""
        return await self.threads.run(functools.partial(self.sync, *args, **kwargs))


async def read_both(first: BoundOperation[[], A], second: Callable[[A], B]) -> tuple[A, B]:
    """Run two readings one after the other in one thread and one transaction, the second with what the first found: another thread and
    another transaction cost more than a short reading."""

    def run() -> tuple[A, B]:
        with first.database.reading():
            return (found := first.sync()), second(found)

    return await first.threads.run(run)


@dataclass(frozen=True)
class Operation(Generic[R, P, T]):
    """A blocking method, and the lane in which it runs: reads never wait behind a write."""

    method: Callable[Concatenate[R, P], T]
    lane: Lane

    def __get__(self, repository: R, owner: type[R]) -> BoundOperation[P, T]:
        """Bind the method to its repository."""
        database = repository.database
        threads = database.read_threads if self.lane == "reads" else database.write_threads
        return BoundOperation(functools.partial(self.method, repository), database, threads)


def reads(method: Callable[Concatenate[R, sa.Connection, P], T]) -> Operation[R, P, T]:
    """Run the method in one read transaction, which sees one moment and needs no write lock."""

    @functools.wraps(method)
    def run(repository: R, *args: P.args, **kwargs: P.kwargs) -> T:
        with watch_transaction("reads", method.__name__), repository.database.reading() as conn:
            return method(repository, conn, *args, **kwargs)

    return Operation(run, "reads")


def reads_loosely(method: Callable[Concatenate[R, sa.Connection, P], T]) -> Operation[R, P, T]:
    """Run the method without a transaction, which would be two more round trips: each of its statements sees a moment of its own.
    It has one statement only, or does not mind."""

    @functools.wraps(method)
    def run(repository: R, *args: P.args, **kwargs: P.kwargs) -> T:
        with watch_transaction("reads", method.__name__):
            return repository.database.read_loosely(lambda conn: method(repository, conn, *args, **kwargs))

    return Operation(run, "reads")


def writes(method: Callable[Concatenate[R, sa.Connection, P], T]) -> Operation[R, P, T]:
    """Run the method in one write transaction: all of it happens, or nothing."""

    @functools.wraps(method)
    def run(repository: R, *args: P.args, **kwargs: P.kwargs) -> T:
        with watch_transaction("writes", method.__name__), repository.database.writing() as conn:
            return method(repository, conn, *args, **kwargs)

    return Operation(run, "writes")


def writes_in_steps(method: Callable[Concatenate[R, P], T]) -> Operation[R, P, T]:
    """Run the method in a writer's thread; it opens its transactions itself, because it takes the write lock only where it needs it."""

    @functools.wraps(method)
    def run(repository: R, *args: P.args, **kwargs: P.kwargs) -> T:
        with watch_transaction("writes", method.__name__):
            return method(repository, *args, **kwargs)

    return Operation(run, "writes")

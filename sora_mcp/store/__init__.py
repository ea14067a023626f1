"""The store: the only state, and the only memory of money, on SQLite for one machine and on PostgreSQL for many."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import anyio.to_thread

from sora_mcp.domain import Artifact, Call, Done, Failed, Job, JobError, Pending, State
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import Micros
from sora_mcp.store import jobs, ledger, made, outcomes
from sora_mcp.store import leases as claims
from sora_mcp.store import reservations as reserving
from sora_mcp.store.approvals import Approvals
from sora_mcp.store.database import connect, ours
from sora_mcp.store.paused_models import Pauses
from sora_mcp.store.processes import Owners
from sora_mcp.store.records import READS, Approval, Budget, Caps, Outline, Page, Pause, Purchase, Said, SpendRow
from sora_mcp.store.unclear import LostCall
from sora_mcp.store.vendor_lists import Listings

__all__ = ["READS", "Approval", "Budget", "Caps", "Outline", "Page", "Pause", "Purchase", "Said", "SpendRow", "Store"]

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Jobs, money and approvals. Each call is one transaction and blocks: from async code it goes through `run`.

    What the database or the disk refuses is a StorageError, and then nothing of that call happened, but for one case: when the
    connection breaks in the moment of committing. So every outcome may be told again: a second time changes nothing.
    Leases and due times go by the database's clock, everything else by `clock`.
    """

    def __init__(self, url: str, home: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Opens the store at `sqlite:///…` or `postgresql://…`, and makes it where there is none. `home` is for the lock files."""
        self._database = connect(url, home)
        self._clock = clock
        self.approvals = Approvals(self._database, clock)
        self.listings = Listings(self._database, clock)
        self.lost = LostCall(self._database, clock)
        self.pauses = Pauses(self._database)
        self._owners = Owners(home / "owners") if self._database.on_one_machine else None
        self._writes = anyio.CapacityLimiter(self._database.parallel_writes)
        self._reads = anyio.CapacityLimiter(self._database.parallel_reads)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The work, in a thread. Cancelling waits for its end, so that no transaction is torn apart."""
        limiter = self._reads if getattr(work, "__name__", "") in READS else self._writes
        return await anyio.to_thread.run_sync(functools.partial(work, *args, **kwargs), limiter=limiter)

    def close(self) -> None:
        """Lets go of every connection and lock file."""
        if self._owners is not None:
            self._owners.close()
        self._database.close()

    # The desk

    def reserve(self, purchase: Purchase, caps: Caps) -> Job:
        """The job that the intent means: one that exists (`deduplicated`), or a new one with its money held; with `day_left`.

        The same request_id is always the same job: RequestIdConflict with other arguments. Without one, the same wish within ten
        minutes, or while that one is live or unknown, is the same job, unless that one ended free of charge. OverBudget when a cap
        would be passed; NeedsConfirmation when a person has to agree first. Over all processes at once, what is held and spent never
        exceeds the caps.
        """
        with self._database.writing() as conn:
            found = reserving.reserve(conn, purchase, caps, self._clock())
        if isinstance(found, SoraError):
            raise found
        return found

    def foresee(self, purchase: Purchase, caps: Caps) -> None:
        """Refused where `reserve` would be, but for a missing yes. Nothing is held or written."""
        with self._database.reading() as conn:
            now = self._clock()
            found = reserving.foreseen(conn, purchase, caps, now, left=ledger.budget(conn, caps, now))
        if isinstance(found, SoraError):
            raise found

    def known(self, said: Said) -> Job | None:
        """The job that `reserve` would find for what was said, where nobody can say what it means now. RequestIdConflict as there."""
        with self._database.reading() as conn:
            return reserving.known(conn, said, self._clock())

    def get(self, job_id: str, principal: str | None) -> Job:
        """The job, however its id was typed. NotFound for others' jobs too; None as principal sees all."""
        with self._database.reading() as conn:
            return jobs.get(conn, job_id, principal)

    def page(
        self, principal: str | None, *, state: State | None = None, query: str | None = None, limit: int, cursor: str | None = None
    ) -> Page:
        """Jobs, newest first, whose prompt has every word of the query. BrokenRules for a cursor that is not ours."""
        with self._database.reading() as conn:
            return jobs.page(conn, principal, state=state, query=query, limit=limit, cursor=cursor)

    def cancel_unsent(self, job: Job) -> Job | None:
        """The job, cancelled and its hold released; None when its call may have left."""
        with self._database.writing() as conn:
            return reserving.cancel_unsent(conn, job, self._clock())

    def keep_off(self, job: Job, *, seconds: float) -> None:
        """Nobody asks about a live job for so long, and an answer that is on its way to somebody is not written down."""
        with self._database.writing() as conn:
            claims.keep_off(conn, job, seconds)

    def call_back(self, job: Job, error: JobError, *, micros: Micros, said: str) -> Job | None:
        """The vendor called it off and keeps `micros`, whoever works on it; None when it has ended."""
        with self._database.writing() as conn:
            return outcomes.call_back(conn, job, error, self._clock(), micros=micros, said=said)

    def hurry(self, job: Job) -> None:
        """A live job is due now. Who works on it keeps it."""
        with self._database.writing() as conn:
            claims.hurry(conn, job)

    def made(self, principal: str, fingerprint: str) -> Job | None:
        """The finished job of this computer's own with this fingerprint."""
        with self._database.reading() as conn:
            return made.known(conn, principal, fingerprint)

    def add(self, job: Job, fingerprint: str) -> Job:
        """Writes down a job that this computer did itself, done and free."""
        with self._database.writing() as conn:
            return made.add(conn, job, fingerprint)

    # Money

    def budget(self, caps: Caps) -> Budget:
        """What is left of the caps; held money counts as spent."""
        with self._database.reading() as conn:
            return ledger.budget(conn, caps, self._clock())

    def outlook(self, micros: Micros, caps: Caps, *, clips: int = 1) -> tuple[str | None, Budget]:
        """Which cap one such video would pass, or else `clips` of them one after the other, and the budget as it is now."""
        with self._database.reading() as conn:
            now = self._clock()
            left, every = ledger.budget(conn, caps, now), Micros(micros * clips)
            no = ledger.over(conn, micros, caps, now, left=left) or ledger.over(conn, every, replace(caps, per_video=every), now, left=left)
            return no and no[0], left

    def spend(self, month: str | None = None) -> tuple[SpendRow, ...]:
        """What was held and spent, by day, vendor and model; of one month (`2026-11`), or of all."""
        with self._database.reading() as conn:
            return ledger.spend(conn, month)

    # Changes, over all processes

    def version(self) -> int:
        """The highest version of a job."""
        with self._database.reading() as conn:
            return jobs.version(conn)

    def changed(self, since: int) -> tuple[Job, ...]:
        """Jobs that changed after this version, in order, a thousand at most."""
        with self._database.reading() as conn:
            return jobs.changed(conn, since)

    def alive(self) -> int:
        """How many jobs the worker still has something to do for."""
        with self._database.reading() as conn:
            return jobs.alive(conn)

    # The worker

    def sign_on(self, owner: str) -> None:
        """Shows the other processes on this machine that the owner lives, until `sign_off` or the end of the process."""
        if self._owners is not None:
            with ours():
                self._owners.sign_on(owner)

    def others(self) -> int:
        """How many other processes of this machine work on this store, also when this one has closed it. On PostgreSQL nobody knows: 0."""
        with ours():
            return self._owners.others() if self._owners is not None else 0

    def sign_off(self, owner: str) -> None:
        """Frees the owner's leases. One that has none takes no write lock: who leaves does not wait for who writes."""
        with self._database.reading() as conn:
            leased = claims.is_leased(conn, owner)
        if leased:
            with self._database.writing() as conn:
                claims.let_go(conn, owner)
        if self._owners is not None:
            with ours():
                self._owners.sign_off(owner)

    def bury(self, owner: str) -> int:
        """Frees at once the leases of dead owners on this machine, and says how many. On PostgreSQL leases just run out."""
        freed = 0
        with ours():
            for gone in self._owners.dead() if self._owners is not None else ():
                with self._database.writing() as conn:
                    freed += claims.let_go(conn, gone) if gone != owner else 0
        return freed

    def claim(self, owner: str, *, limit: int, lease_s: float) -> tuple[Job, ...]:
        """Due jobs that nobody works on, longest due first, `limit` at most: leased to the owner, each with a new fence."""
        with self._database.reading() as conn:
            if limit < 1 or not claims.is_due(conn):
                return ()  # an idle worker takes no write lock
        with self._database.writing() as conn:
            return claims.claim(conn, owner, limit=limit, lease_s=lease_s)

    def next_due(self) -> float | None:
        """Seconds until something can be claimed, 0 when it can be now, None when nothing is waiting."""
        with self._database.reading() as conn:
            return claims.next_due(conn)

    def renew(self, owner: str, job_ids: Sequence[str], *, lease_s: float) -> None:
        """Prolongs the owner's leases on these jobs; those that others took over stay theirs."""
        with self._database.writing() as conn:
            claims.renew(conn, owner, job_ids, lease_s=lease_s)

    def begin(self, job: Job, token: str, *, lease_s: float, most: int = 4, alone_s: float = 0.0) -> bool:
        """Writes the token down before a byte is sent. False, and nothing may be sent, when the job is another's, was begun before,
        or has to wait (due again soon): `most` submits are in flight at its vendor, or one of its model, not `alone_s` old, is unclear.
        False also when its model is paused or it is older than an hour: then it has failed, free of charge."""
        with self._database.writing() as conn:
            return claims.begin(conn, job, token, self._clock(), lease_s=lease_s, most=most, alone_s=alone_s)

    # Outcomes of the submit: by token, whoever holds the lease now

    def put_back(self, job: Job, token: str, *, due_s: float) -> None:
        """Provably not sent: submitting again, without a token."""
        with self._database.writing() as conn:
            outcomes.put_back(conn, job, token, due_s=due_s)

    def bind(self, job: Job, token: str, pending: Pending, *, due_s: float) -> Job:
        """The vendor has it, under this id. An id that cannot be this row's goes to `orphans`, and the row's job comes back."""
        with self._database.writing() as conn:
            return outcomes.bind(conn, job, token, pending, self._clock(), due_s=due_s)

    def bind_done(self, job: Job, token: str, done: Done, vendor_id: str | None, *, ask: Call | None = None) -> Job:
        """The vendor's first answer is already the end: bound and settled in one. `ask` asks for another link, where that can be."""
        with self._database.writing() as conn:
            return outcomes.bind_done(conn, job, token, done, vendor_id, self._clock(), ask=ask)

    def bind_failed(self, job: Job, token: str, failed: Failed, error: JobError) -> Job:
        """The vendor's first answer is its no to a job of this id: bound, and ended as in `end`."""
        with self._database.writing() as conn:
            return outcomes.bind_failed(conn, job, token, failed, error, self._clock())

    def refuse(self, job: Job, token: str | None, error: JobError, *, micros: Micros | None = None, said: str | None = None) -> Job:
        """It was not taken. `error.charged` "no" releases the hold, "yes" spends `micros` or the hold; with anything else the job is
        unknown, and held."""
        with self._database.writing() as conn:
            return outcomes.refuse(conn, job, token, error, self._clock(), micros=micros, said=said)

    def unclear(self, job: Job, token: str | None, error: JobError, *, look_s: float | None = None) -> Job:
        """Nobody can tell whether it was taken: unknown, held, never sent again. In `look_s` the vendor's list is looked at, if ever."""
        with self._database.writing() as conn:
            return outcomes.unclear(conn, job, token, error, self._clock(), look_s=look_s)

    # What follows: by fence; None when the job was claimed by another since, or has ended. Each frees the lease

    def step(
        self,
        job: Job,
        pending: Pending | None = None,
        *,
        due_s: float | None,
        tries: int = 0,
        said: str | None = None,
        error: JobError | None = None,
    ) -> Job | None:
        """Still going on; without `pending` nothing new was heard. With `due_s` None nothing more is done until a person decides."""
        with self._database.writing() as conn:
            return outcomes.step(conn, job, pending, self._clock(), due_s=due_s, tries=tries, said=said, error=error)

    def settle(self, job: Job, done: Done) -> Job | None:
        """The vendor made it: the money is spent (what it says, else the hold), the file is to be fetched, due now.
        A second time only renews the link."""
        with self._database.writing() as conn:
            return outcomes.settle(conn, job, done, self._clock())

    def renew_link(self, job: Job, *, due_s: float, dead_links: int) -> Job | None:
        """The vendor is to be asked for another link; the money stays spent."""
        with self._database.writing() as conn:
            return outcomes.renew_link(conn, job, due_s=due_s, dead_links=dead_links)

    def finish(self, job: Job, artifact: Artifact) -> Job | None:
        """The file is on disk: completed."""
        with self._database.writing() as conn:
            return outcomes.finish(conn, job, artifact, self._clock())

    def end(self, job: Job, state: State, error: JobError, *, micros: Micros | None = None, said: str | None = None) -> Job | None:
        """No file will come. `error.charged` "no" gives everything back, "yes" spends `micros` or the hold. What nobody can tell stays
        held while the state is unknown, and counts as spent in any other."""
        with self._database.writing() as conn:
            return outcomes.end(conn, job, state, error, self._clock(), micros=micros, said=said)

"""The store: the only state, and the only memory of money, on SQLite for one machine and on PostgreSQL for many."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sora_mcp.store.approval_questions import Questions
from sora_mcp.store.approvals import Approvals
from sora_mcp.store.budgets import Budgets
from sora_mcp.store.database import connect
from sora_mcp.store.files import Files
from sora_mcp.store.jobs import Jobs
from sora_mcp.store.last_seen import News
from sora_mcp.store.leases import Leases
from sora_mcp.store.ledger import Ledger
from sora_mcp.store.loss_detection import PurchaseMark, locate_mark
from sora_mcp.store.metric_values import Gauges
from sora_mcp.store.outcomes import Outcomes
from sora_mcp.store.paused_models import PausedModels
from sora_mcp.store.people import People
from sora_mcp.store.processes import Processes
from sora_mcp.store.reservations import Reservations
from sora_mcp.store.shared_secret import SharedSecret
from sora_mcp.store.unclear_jobs import UnclearSubmits
from sora_mcp.store.vendor_lists import VendorLists
from sora_mcp.store.webhooks import ReceivedWebhooks

__all__ = ["Store"]


class Store:
    """Open the store at `sqlite:///…` or `postgresql://…`, and create it where there is none. `home` holds the lock files, and
    `marks`, a folder elsewhere, what was bought through each store: so one that vanished is noticed.

    Leases and due times go by the database's clock, everything else by `clock`.
    """

    def __init__(self, url: str, home: Path, *, clock: Callable[[], float] = time.time, marks: Path | None = None) -> None:
        self._database = database = connect(url, home)
        self._processes = Processes(home / "owners") if database.on_one_machine else None
        self.jobs = Jobs(database, clock)
        self.leases = Leases(database, clock, self._processes)
        mark_file = locate_mark(marks, database.write.url)
        self.purchase_mark = PurchaseMark(database, clock, mark_file)
        self.reservations = Reservations(database, clock, mark_file)
        self.outcomes = Outcomes(database, clock)
        self.unclear = UnclearSubmits(database, clock)
        self.ledger = Ledger(database, clock)
        self.gauges = Gauges(database, clock)
        self.budgets = Budgets(database, clock, mark_file)
        self.people = People(database, clock)
        self.approvals = Approvals(database, clock)
        self.questions = Questions(database, clock)
        self.shared_secret = SharedSecret(database, clock)
        self.news = News(database, clock)
        self.paused_models = PausedModels(database, clock)
        self.vendor_lists = VendorLists(database, clock)
        self.webhooks = ReceivedWebhooks(database, clock)
        self.files = Files(database, clock)

    def close(self) -> None:
        """Close every connection and lock file."""
        if self._processes is not None:
            self._processes.close()
        self._database.close()

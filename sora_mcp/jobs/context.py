"""The tools of every step of a job: settings, store, network, clock, catalogue, and the facts that only this process knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import anyio

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job, Quote, Vendor
from sora_mcp.domain.errors import SoraError
from sora_mcp.jobs.availability import Availability
from sora_mcp.jobs.backoff import compute_exclusive_s
from sora_mcp.jobs.download_places import DownloadPlaces
from sora_mcp.jobs.finished_files import FinishedFiles
from sora_mcp.jobs.in_memory_facts import InMemoryFacts
from sora_mcp.jobs.live_quotes import Quotes
from sora_mcp.jobs.webhooks import Webhooks
from sora_mcp.media.optional import has_media_extra
from sora_mcp.media.pool import MediaPool
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store
from sora_mcp.store.records import Budget


@dataclass
class JobContext:
    """Settings, store, network and catalogue of one process. `wake` tells the worker that there is something to do."""

    settings: Settings
    store: Store
    http_client: VendorClient
    clock: Callable[[], float]
    wake: Callable[[], None] = lambda: None
    in_memory_facts: InMemoryFacts = field(default_factory=InMemoryFacts)
    media_pool: MediaPool = field(default_factory=MediaPool)
    download_places: DownloadPlaces = field(default_factory=DownloadPlaces)
    finishing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    """Threads that measure and convert downloaded files, so that many at once leave those of the store and the network free."""
    files: FinishedFiles = field(init=False)
    availability: Availability = field(init=False)
    quotes: Quotes = field(init=False)
    webhooks: Webhooks = field(init=False)

    def __post_init__(self) -> None:
        self.files = FinishedFiles(self.settings, self.in_memory_facts)
        written = replace(self.settings.catalogue, can_crop=has_media_extra())
        self.availability = Availability(written, self.store, self.http_client, self.clock)
        self.quotes = Quotes(self.http_client, self.clock)
        self.webhooks = Webhooks(self.settings.webhook_url, self.store)

    @property
    def catalogue(self) -> Catalogue:
        """The offers that this user can buy."""
        return self.availability.catalogue

    @property
    def today(self) -> date:
        """The calendar day in the user's zone."""
        return datetime.fromtimestamp(self.clock(), self.settings.zone).date()

    def needs_yes(self, price: Quote, budget: Budget | None = None) -> bool:
        """Return whether a person has to agree to this price first: by this budget, else by the settings."""
        if price.micros == 0:
            return False
        above = self.settings.confirm_above if budget is None else budget.confirm_above
        return (above is not None and price.micros > above) or bool(price.describe_doubt(self.today))

    def vendor_of(self, job: Job) -> Vendor:
        """Return the vendor that makes the job, also where its list does not have the model any more."""
        vendor = self.catalogue.find_vendor(job.vendor)
        if vendor is None:
            raise SoraError(f"This version does not know the vendor {job.vendor}.", job_id=job.id)
        return vendor

    def alone_s(self, job: Job) -> float:
        """Return for how many seconds no other submit of the model may follow one that became unclear.

        Later ones are told apart by `rivals`.
        """
        find = self.vendor_of(job).find
        return compute_exclusive_s(self.settings.poll_seconds) if find is not None and find.by_time else 0.0

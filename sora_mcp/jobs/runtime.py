"""Run the service and its worker in one process."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio

from sora_mcp.config.settings import Settings
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.worker import Worker
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_service(
    settings: Settings, *, work: bool = True, clock: Callable[[], float] = time.time, http_client: VendorClient | None = None
) -> AsyncGenerator[VideoService]:
    """Open a service over the user's store, with a worker in the background. StorageError when the store cannot be opened."""
    store = await anyio.to_thread.run_sync(lambda: Store(settings.database_url, settings.home, clock=clock, marks=settings.marks))
    try:
        async with http_client or VendorClient(settings.home, settings.keys, settings.trusted_hosts) as net:
            service = VideoService(settings, store, net, clock)
            await service.availability.load()
            if not work:
                yield service
                return
            if (loss := await store.purchase_mark.find_loss(settings.zone)) is not None:
                log.warning("%s", loss.describe())
            async with anyio.create_task_group() as group:
                worker = Worker(service)
                service.wake, service.availability.beside = worker.wake, group.start_soon
                group.start_soon(worker.run)
                try:
                    yield service
                finally:
                    await worker.drain()
                    group.cancel_scope.cancel()
    finally:
        store.close()


async def watch(
    settings: Settings, *, until_idle: bool = False, observe: Callable[[VideoService], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Finish jobs without a client, with `observe` beside. When it is stopped, paid calls on their way get a last while to be answered."""
    async with open_service(settings, work=False) as service, anyio.create_task_group() as group:
        worker = Worker(service)
        group.start_soon(_drain_at_end, worker)
        if observe is not None:
            group.start_soon(observe, service)
        await worker.run(until_idle=until_idle)
        group.cancel_scope.cancel()


async def _drain_at_end(worker: Worker) -> None:
    """Drain the worker from beside its loop: a cancelled loop waits for its paid calls, and so cannot end their waiting itself."""
    try:
        await anyio.sleep_forever()
    finally:
        await worker.drain()

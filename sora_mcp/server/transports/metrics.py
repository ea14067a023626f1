"""Serve metrics to Prometheus on a port of their own, so that they are never on the public one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sora_mcp.config.settings import BadSetting, Settings
from sora_mcp.domain.errors import SoraError
from sora_mcp.server.context import ServerContext
from sora_mcp.telemetry import enable_metrics

if TYPE_CHECKING:
    from prometheus_client.metrics_core import GaugeMetricFamily

    from sora_mcp.store.metric_values import StoreGauges

log = logging.getLogger(__name__)
READ_AGAIN_S = 5.0
"""Seconds for which figures of the store count, however many ask."""


@contextmanager
def serve_metrics(settings: Settings, get_context: Callable[[], ServerContext | None], *, version: str) -> Generator[None]:
    """Serve metrics while the block runs, where a port is set. Raise BadSetting for one that cannot be opened."""
    if settings.metrics_port is None:
        yield
        return
    from prometheus_client import CollectorRegistry, Gauge, GCCollector, PlatformCollector, ProcessCollector, start_http_server

    registry = CollectorRegistry()
    for collector in (GCCollector, PlatformCollector, ProcessCollector):
        collector(registry=registry)
    Gauge("sora_mcp_info", "Version of this server", ("version",), registry=registry).labels(version).set(1)
    registry.register(StoreCollector(get_context))
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, registry)
    except OSError as error:
        place = f"Port {settings.metrics_port} of {settings.metrics_host}"
        raise BadSetting(f"{place} cannot be opened ({error.strerror}): --metrics-port and --metrics-host take another.") from None
    enable_metrics(registry, settings.keys)
    try:
        yield
    finally:
        enable_metrics(None)
        server.shutdown()
        server.server_close()
        thread.join()


class StoreCollector:
    """A collector that reads the store when it is asked, but not more often than every READ_AGAIN_S, and one reading at a time."""

    def __init__(self, get_context: Callable[[], ServerContext | None]) -> None:
        self._get_context = get_context
        self._lock = threading.Lock()
        self._read_at, self._gauges = float("-inf"), None

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return nothing: what is registered need not be read yet."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the figures; without the store, only that it cannot be read."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        with self._lock:
            if time.monotonic() - self._read_at >= READ_AGAIN_S:
                self._read_at, self._gauges = time.monotonic(), self._read()
            gauges = self._gauges
        yield GaugeMetricFamily("sora_mcp_store_up", "Whether the store can be read", value=float(gauges is not None))
        if gauges is not None:
            yield from _list_families(gauges)

    def _read(self) -> StoreGauges | None:
        context = self._get_context()
        service = None if context is None else context.current
        if service is None:
            return None
        try:
            return service.store.gauges.read.sync(service.caps)
        except SoraError as error:
            log.warning("metrics of the store cannot be read: %s", type(error).__name__)
            return None


def _list_families(gauges: StoreGauges) -> Iterable[GaugeMetricFamily]:
    """Yield what the store says, which every replica says alike."""
    from prometheus_client.metrics_core import GaugeMetricFamily

    jobs = GaugeMetricFamily("sora_mcp_jobs", "Jobs that have not ended, of all replicas", labels=("vendor", "state"))
    held = GaugeMetricFamily("sora_mcp_held_micros", "Money held for them, in millionths of a dollar", labels=("vendor", "state"))
    for count in gauges.counts:
        jobs.add_metric((count.vendor, count.state), count.jobs)
        held.add_metric((count.vendor, count.state), count.held)
    spent = GaugeMetricFamily("sora_mcp_spent_micros", "Held and spent, in millionths of a dollar", labels=("window",))
    caps = GaugeMetricFamily("sora_mcp_cap_micros", "Most that all may spend, in millionths of a dollar", labels=("window",))
    for family, amounts in ((spent, gauges.spent), (caps, gauges.caps)):
        for window, micros in amounts.items():
            family.add_metric((window,), micros)
    yield from (jobs, held, spent, caps)

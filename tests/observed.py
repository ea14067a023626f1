"""Exporters in this process, and a collector of traces on the loopback that keeps every byte."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sora_mcp.telemetry import enable_metrics, enable_tracing


@dataclass
class Exported:
    """What was exported so far."""

    registry: Any
    exporter: Any

    def value(self, name: str, **labels: str) -> float:
        """Return the value of one series; 0 for one that is not there."""
        return self.registry.get_sample_value(name, labels) or 0.0

    @property
    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and attributes, in the order of their ends."""
        return [(span.name, dict(span.attributes)) for span in self.exporter.get_finished_spans()]


@contextmanager
def exporting(vendors: tuple[str, ...] = ()) -> Iterator[Exported]:
    """Export into memory while the block runs."""
    prometheus, sdk = pytest.importorskip("prometheus_client"), pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    provider, exporter, registry = sdk.TracerProvider(), memory.InMemorySpanExporter(), prometheus.CollectorRegistry()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    enable_tracing(provider.get_tracer("test"))
    enable_metrics(registry, vendors)
    try:
        yield Exported(registry, exporter)
    finally:
        enable_tracing(None)
        enable_metrics(None)
        provider.shutdown()


@dataclass
class Collector:
    """A collector of OTLP over HTTP."""

    url: str
    bodies: list[bytes] = field(default_factory=list[bytes])
    """As they came: protobuf has texts in clear."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that name it; spans are sent soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect while the block runs."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.bodies.append(self.path.encode() + b"\n" + body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        found = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()

"""Switch traces on by OpenTelemetry's own variables, and export nothing of a span but what is listed here."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from sora_mcp.telemetry import enable_tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import SpanContext
    from opentelemetry.util.types import AttributeValue

log = logging.getLogger(__name__)
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"
TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
TIMEOUT_S = 3.0
"""A server that ends waits so long for a collector that is away, where no variable says otherwise."""
MISSING = "{}: traces need one more package: pip install 'sora-mcp[observe]'. Nothing is traced."
WRONG_PROTOCOL = f"{{}}: traces are sent as {HTTP} only. Nothing is traced."
REFUSED = "rpc.response.status_code"
"""The attribute of a request that the protocol refuses."""
EXPORTED = frozenset(
    (
        "error.type",
        "gen_ai.operation.name",
        "gen_ai.tool.name",
        "http.response.status_code",
        "mcp.method.name",
        "mcp.protocol.version",
        REFUSED,
        "sora_mcp.job",
        "sora_mcp.model",
        "sora_mcp.vendor",
    )
)
"""Attributes that are exported. The SDK's other ones, such as the number of a request, may hold any text of a client."""
GROUPS = "completion|elicitation|logging|notifications|prompts|resources|roots|sampling|server|subscriptions|tasks|tools"
METHOD = rf"initialize|ping|(?:{GROUPS})(?:/[a-z_]{{1,32}}){{1,2}}"
"""A method of MCP. A client may send any text in its place."""


def is_traced(environ: Mapping[str, str]) -> bool:
    """Return whether the variables ask for traces: an address for them, or `otlp` as their exporter."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true":
        return False
    exporters = environ.get("OTEL_TRACES_EXPORTER", "").strip().casefold()
    return exporters == "otlp" or (not exporters and any(environ.get(name, "").strip() for name in ENDPOINTS))


def start_tracing(environ: Mapping[str, str], *, version: str) -> None:
    """Send traces from now on, where the variables ask for it; where that cannot be, say why in one line of the log."""
    if not is_traced(environ):
        return
    asked = next(name for name in (*ENDPOINTS, "OTEL_TRACES_EXPORTER") if environ.get(name))
    protocol = next((name for name in PROTOCOLS if environ.get(name)), None)
    if not _has_exporter():
        log.warning("%s", MISSING.format(asked))
        return
    if protocol is not None and environ[protocol].strip() != HTTP:
        log.warning("%s", WRONG_PROTOCOL.format(protocol))
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.version": version})
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "sora-mcp"}))
    timeout_s = None if any(environ.get(name) for name in TIMEOUTS) else TIMEOUT_S
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(cast("SpanExporter", BoundedExporter(OTLPSpanExporter(timeout=timeout_s)))))
    trace.set_tracer_provider(provider)
    enable_tracing(provider.get_tracer("sora-mcp", version))


def _has_exporter() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


class BoundedExporter:
    """An exporter that passes spans on without what a client or an exception can put into them. It derives from the SDK's class in name
    only: that is not loaded where nothing is traced."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans."""
        return self._exporter.export([bound_span(span) for span in spans])

    def shutdown(self) -> None:
        """End the exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)


def bound_span(span: ReadableSpan) -> ReadableSpan:
    """Return the span with the listed attributes only: no event, no link, no words of an error, no name that a client chose."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    return ReadableSpan(
        name=_bound_name(span),
        context=_bound_context(span.context),
        parent=_bound_context(span.parent),
        resource=span.resource,
        attributes={name: value for name, value in _list_attributes(span).items() if name in EXPORTED},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _list_attributes(span: ReadableSpan) -> dict[str, AttributeValue]:
    """Return the attributes, with a method and a tool only where they are MCP's and ours: the protocol refuses other ones with a code."""
    found = dict(span.attributes or {})
    if not re.fullmatch(METHOD, str(found.get("mcp.method.name", ""))):
        found.pop("mcp.method.name", None)
    if REFUSED in found:
        found.pop("gen_ai.tool.name", None)
    return found


def _bound_name(span: ReadableSpan) -> str:
    """Return the name. The SDK's ends with a name that the client sent."""
    if "mcp.method.name" not in (span.attributes or {}):
        return span.name
    found = _list_attributes(span)
    return " ".join(str(found[name]) for name in ("mcp.method.name", "gen_ai.tool.name") if name in found) or "unknown method"


def _bound_context(context: SpanContext | None) -> SpanContext | None:
    """Return the ids, without the state that a client may send with them."""
    from opentelemetry.trace import SpanContext

    return context and SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)

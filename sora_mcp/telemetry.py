"""Report what happens: spans for traces, counters and times for metrics, and facts that log lines carry.

Until `enable_tracing` or `enable_metrics` is called nothing is exported or imported, and every call here returns at once. What is
exported names vendors, models, jobs, codes and times. It never holds a prompt, a key, a link, or, outside of log lines, a person.
A fault of an exporter never reaches the caller: a paid call may be on its way.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer
    from prometheus_client import CollectorRegistry

log = logging.getLogger(__name__)
CallKind = Literal["submit", "poll", "request", "upload", "download"]
S3Kind = Literal["put", "get", "delete"]
Lane = Literal["reads", "writes"]
OUTCOMES = ("taken", "refused", "unknown", "not_sent")
"""What became of a paid call. One that is `not_sent` is tried again."""
SPAN_FACTS = ("job", "model")
CODE = "[a-z][a-z_]{0,39}"
CALL_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0, 300.0)
STORE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 8.0)


class Metric(NamedTuple):
    """A metric of this process; with `buckets` it is a time in seconds, else a counter, or a gauge where it can go down."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    goes_down: bool = False


PURCHASES = Metric("sora_mcp_purchases", "Videos that were bought", ("vendor",))
REFUSALS = Metric("sora_mcp_refusals", "Calls of tools that were refused", ("tool", "code"))
SUBMITS = Metric("sora_mcp_submits", "Paid calls by outcome; unknown: nobody can tell whether it was charged", ("vendor", "outcome"))
ENDS = Metric("sora_mcp_ended_jobs", "Jobs that ended in this process", ("vendor", "state"))
CALLS = Metric("sora_mcp_vendor_call_seconds", "Calls to vendors; kind poll counts the polls", ("vendor", "kind", "status"), CALL_S)
TRANSACTIONS = Metric("sora_mcp_store_transaction_seconds", "Transactions of the store", ("lane", "operation"), STORE_S)
LOCKS = Metric("sora_mcp_store_lock_wait_seconds", "Waits of writers for a lock of the store", ("lock",), STORE_S)
S3 = Metric("sora_mcp_s3_seconds", "Requests to the S3 store", ("kind", "outcome"), CALL_S)
WAITING = Metric("sora_mcp_waiting_callers", "Callers that wait for the end of a job", goes_down=True)
WAKES = Metric("sora_mcp_webhook_wakes", "Webhooks by what they did", ("vendor", "outcome"))
METRICS = (PURCHASES, REFUSALS, SUBMITS, ENDS, CALLS, TRANSACTIONS, LOCKS, S3, WAITING, WAKES)


class Exports:
    """Exporters that are switched on in this process."""

    def __init__(self) -> None:
        self.tracer: Tracer | None = None
        self.metrics: Mapping[str, Any] = {}
        """prometheus_client's objects, by name."""


class Observation:
    """Outcome of something that is being timed."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.error: str | None = None
        """The class of the exception that ended it."""

    @property
    def status_class(self) -> str:
        """`2xx` for 204; `none` where nothing was answered."""
        return "none" if self.status is None else f"{self.status // 100}xx"


_exports = Exports()
_facts: ContextVar[Mapping[str, str]] = ContextVar("facts", default={})  # noqa: B039 - never changed


def enable_tracing(tracer: Tracer | None) -> None:
    """Open spans with this tracer; None switches tracing off."""
    _exports.tracer = tracer


def enable_metrics(registry: CollectorRegistry | None, vendors: Iterable[str] = ()) -> None:
    """Count into this registry; None switches metrics off. What can alarm begins at zero for these vendors: a counter that appears with
    its first event has, to Prometheus, not increased."""
    if registry is None:
        _exports.metrics = {}
        return
    from prometheus_client import Counter, Gauge, Histogram

    found: dict[str, Any] = {}
    for metric in METRICS:
        if metric.buckets:
            found[metric.name] = Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
        else:
            found[metric.name] = (Gauge if metric.goes_down else Counter)(metric.name, metric.help, metric.labels, registry=registry)
    for vendor in vendors:
        found[PURCHASES.name].labels(vendor)
        for outcome in OUTCOMES:
            found[SUBMITS.name].labels(vendor, outcome)
    _exports.metrics = found


# Facts of the present task


@contextmanager
def about(**facts: str | None) -> Generator[None]:
    """Add facts to the log lines and spans of the block, and of the threads that it starts: `job`, `model`, `person`, `request`."""
    token = _facts.set({**_facts.get(), **{name: fact for name, fact in facts.items() if fact is not None}})
    try:
        yield
    finally:
        _facts.reset(token)


@contextmanager
def work_on(job: str, model: str, vendor: str) -> Generator[None]:
    """Name the job whose step the block takes, and open a span around what it does."""
    with about(job=job, model=model), ExitStack() as stack:
        span = _open_span("job step", {"sora_mcp.vendor": vendor}, stack)
        stack.callback(_end_span, span, Observation())
        yield


def get_facts() -> Mapping[str, str]:
    """Return what the present task is about."""
    return _facts.get()


def get_trace_id() -> str | None:
    """Return the id of the present trace as 32 hexadecimal digits."""
    if _exports.tracer is None:
        return None
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


# Events: each is a line of the log too


def note_purchase(vendor: str, job: str, *, videos: int = 1) -> None:
    """Count videos that were bought together; `job` is the first of them."""
    _count(PURCHASES, vendor, by=videos)
    with about(job=job):
        log.info("bought at %s: %d", vendor, videos)


def note_refusal(tool: str, code: str) -> None:
    """Count a call of a tool that was refused."""
    code = code if re.fullmatch(CODE, code) else "other"
    _count(REFUSALS, tool, code)
    log.info("refused %s: %s", tool, code)


def note_submit(vendor: str, state: str | None) -> None:
    """Count a paid call by the state that it left its job in; None where it is sent again."""
    if state == "submitting":
        return  # an answer that was not used; what comes next says how the call ended
    outcome = {"unknown": "unknown", "failed": "refused", None: "not_sent"}.get(state, "taken")
    _count(SUBMITS, vendor, outcome)
    log.log(logging.WARNING if outcome == "unknown" else logging.INFO, "submit to %s: %s", vendor, outcome)


def note_end(vendor: str, state: str) -> None:
    """Count a job that ended."""
    _count(ENDS, vendor, state)
    log.info("ended at %s: %s", vendor, state)


def count_webhook_wake(vendor: str, outcome: str) -> None:
    """Count a webhook: `woken`, or why it did nothing, as one word of a few."""
    _count(WAKES, vendor, outcome)


# Times


@contextmanager
def count_waiting() -> Generator[None]:
    """Count a caller that waits while the block runs."""
    _count(WAITING)
    try:
        yield
    finally:
        _count(WAITING, by=-1)


def watch_call(kind: CallKind, vendor: str) -> AbstractContextManager[Observation]:
    """Time a call to a vendor, and open a span for it. The block says the `status`."""
    return _watch(CALLS, f"vendor {kind}", lambda seen: (vendor, kind, seen.status_class), {"sora_mcp.vendor": vendor})


def watch_s3(kind: S3Kind) -> AbstractContextManager[Observation]:
    """Time a request to the S3 store, and open a span for it."""
    return _watch(S3, f"s3 {kind}", lambda seen: (kind, "error" if seen.error else "ok"), {})


def watch_transaction(lane: Lane, operation: str) -> AbstractContextManager[Observation]:
    """Time a transaction of the store."""
    return _watch(TRANSACTIONS, None, lambda seen: (lane, operation), {})


def watch_lock(lock: str) -> AbstractContextManager[Observation]:
    """Time how long a writer waits for a lock: of the whole `store`, or of a kind of thing in it."""
    return _watch(LOCKS, None, lambda seen: (lock,), {})


def _watch(
    metric: Metric, span_name: str | None, label: Callable[[Observation], tuple[str, ...]], attributes: dict[str, str]
) -> AbstractContextManager[Observation]:
    """Time the block into the metric, and into a span where it has a name; do nothing where nobody listens."""
    if not _exports.metrics and _exports.tracer is None:
        return nullcontext(Observation())
    return _time(metric, span_name, label, attributes)


@contextmanager
def _time(
    metric: Metric, span_name: str | None, label: Callable[[Observation], tuple[str, ...]], attributes: dict[str, str]
) -> Generator[Observation]:
    seen, began = Observation(), time.perf_counter()
    with ExitStack() as stack:
        span = None if span_name is None else _open_span(span_name, attributes, stack, is_call=True)
        try:
            yield seen
        except BaseException as error:
            seen.error = type(error).__name__
            raise
        finally:
            took_s = time.perf_counter() - began
            _end_span(span, seen)
            with suppress(Exception):
                if (found := _exports.metrics.get(metric.name)) is not None:
                    (found.labels(*label(seen)) if metric.labels else found).observe(took_s)


def _open_span(name: str, attributes: dict[str, str], stack: ExitStack, *, is_call: bool = False) -> Span | None:
    """Open a span as the present one, where tracing is on. No exception is recorded: its words may quote anything."""
    if _exports.tracer is None:
        return None
    with suppress(Exception):
        from opentelemetry.trace import SpanKind, use_span

        facts = {f"sora_mcp.{name}": fact for name, fact in get_facts().items() if name in SPAN_FACTS}
        kind = SpanKind.CLIENT if is_call else SpanKind.INTERNAL
        span = _exports.tracer.start_span(name, kind=kind, attributes={**attributes, **facts})
        stack.enter_context(use_span(span, record_exception=False, set_status_on_exception=False))
        return span
    return None


def _end_span(span: Span | None, seen: Observation) -> None:
    if span is None:
        return
    with suppress(Exception):
        from opentelemetry.trace import StatusCode

        if seen.status is not None:
            span.set_attribute("http.response.status_code", seen.status)
        if seen.error is not None:
            span.set_attribute("error.type", seen.error)
        if seen.error is not None or (seen.status or 0) >= 400:
            span.set_status(StatusCode.ERROR)
        span.end()


def _count(metric: Metric, *labels: str, by: int = 1) -> None:
    with suppress(Exception):
        if (found := _exports.metrics.get(metric.name)) is not None:
            (found.labels(*labels) if labels else found).inc(by)

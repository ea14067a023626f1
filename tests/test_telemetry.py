"""Spans, metrics and log lines: what they say of a purchase, and what none of them can say."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scripts.house import ROOT
from sora_mcp import telemetry
from sora_mcp.config import logging as log_config
from sora_mcp.config.json_log import is_wanted
from sora_mcp.config.logging import JsonLines, NonBlockingHandler, list_secrets
from sora_mcp.config.settings import load
from sora_mcp.config.tracing import MISSING, WRONG_PROTOCOL, bound_span, is_traced, start_tracing
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.domain.secret import Secret
from sora_mcp.store import Store
from sora_mcp.store.records import Limits

from .each import each
from .observed import exporting
from .played import Muvi
from .played.rig import rig
from .stored import CAPS, purchase

ABSENT = "import sys\nsys.modules.update(dict.fromkeys(('opentelemetry.exporter', 'opentelemetry.sdk', 'prometheus_client')))\n"
"""A sitecustomize for a process in which the extra is not installed."""


# What is told


async def test_a_purchase_is_told_in_spans_and_metrics(tmp_path: Path) -> None:
    with exporting(("muvi",)) as exported:
        async with rig(Muvi(), tmp_path) as at:
            assert exported.value("sora_mcp_submits_total", vendor="muvi", outcome="unknown") == 0.0
            job = await at.until((await at.bought()).id, "completed")
        facts = {"sora_mcp.vendor": "muvi", "sora_mcp.job": job.id, "sora_mcp.model": job.model, "http.response.status_code": 200}
        spans = {name: attributes for name, attributes in exported.spans if "sora_mcp.job" in attributes}
        assert spans == dict.fromkeys(("vendor submit", "vendor poll", "vendor download"), facts) | {
            "job step": {name: fact for name, fact in facts.items() if name.startswith("sora_mcp.")},
            "vendor submit": facts | {"http.response.status_code": spans["vendor submit"]["http.response.status_code"]},
        }
        assert exported.value("sora_mcp_purchases_total", vendor="muvi") == 1
        assert exported.value("sora_mcp_submits_total", vendor="muvi", outcome="taken") == 1
        assert exported.value("sora_mcp_ended_jobs_total", vendor="muvi", state="completed") == 1
        polls = exported.value("sora_mcp_vendor_call_seconds_count", vendor="muvi", kind="poll", status="2xx")
        assert polls == len(at.wire.requests("status"))
        assert exported.value("sora_mcp_store_transaction_seconds_count", lane="writes", operation="reserve") == 1
        assert exported.value("sora_mcp_store_lock_wait_seconds_count", lock="store") > 0


@each(
    ("fault", "outcome"),
    [
        ({"fault": "close"}, "unknown"),
        ({"fault": "instead", "status": 400, "json": {"message": "no"}}, "refused"),
        ({"fault": "instead", "status": 429, "json": {"message": "later"}}, "not_sent"),
    ],
)
async def test_what_becomes_of_a_paid_call_is_counted(fault: dict[str, Any], outcome: str, tmp_path: Path) -> None:
    with exporting() as exported:
        async with rig(Muvi(), tmp_path) as at:
            at.wire.arm("submit", **fault)
            await at.until((await at.bought()).id, "completed", "failed", "unknown")
        assert exported.value("sora_mcp_submits_total", vendor="muvi", outcome=outcome) == 1


def test_a_lost_answer_has_no_status(tmp_path: Path) -> None:
    with exporting() as exported:
        with pytest.raises(TimeoutError), telemetry.watch_call("poll", "muvi"):
            raise TimeoutError("https://cdn.example/secret?sig=1")
        ((name, attributes),) = exported.spans
        assert (name, attributes) == ("vendor poll", {"sora_mcp.vendor": "muvi", "error.type": "TimeoutError"})
        assert exported.value("sora_mcp_vendor_call_seconds_count", vendor="muvi", kind="poll", status="none") == 1


def test_the_store_says_what_is_held_and_spent(store: Store) -> None:
    store.reservations.reserve.sync(purchase("0.40"), CAPS)
    gauges = store.gauges.read.sync(CAPS)
    ((vendor, state, number, held),) = [(count.vendor, count.state, count.jobs, count.held) for count in gauges.counts]
    assert (vendor, state, number, held) == ("muvi", "submitting", 1, 400_000)
    assert gauges.spent == {"day": 400_000, "month": 400_000}
    assert gauges.caps == {"day": CAPS.daily, "month": CAPS.monthly}


def test_the_caps_of_the_store_are_those_in_force(store: Store) -> None:
    store.budgets.set.sync({"all": Limits(day=usd("7"), month=NO_LIMIT)})
    assert store.gauges.read.sync(CAPS).caps == {"day": usd("7")}


# What an exporter can do


class Broken:
    """Fails whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("a bug")


async def test_a_fault_of_an_exporter_changes_no_purchase(tmp_path: Path) -> None:
    broken: Any = Broken()
    with exporting():
        telemetry.enable_tracing(broken)
        telemetry._exports.metrics = {metric.name: broken for metric in telemetry.METRICS}  # pyright: ignore[reportPrivateUsage]
        async with rig(Muvi(), tmp_path) as at:
            assert (await at.until((await at.bought()).id, "completed", "unknown")).charged == "yes"
            assert len(at.posts) == 1


# What is off


def test_nothing_of_the_extra_is_loaded_until_it_is_switched_on() -> None:
    code = (
        "import sys, sora_mcp.cli.serve, sora_mcp.cli.stdio, sora_mcp.cli.main, sora_mcp.jobs.runtime, sora_mcp.server.dispatch\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'prometheus_client'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@each(
    ("environ", "is_on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "console"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_SERVICE_NAME": "videos"}, False),
    ],
)
def test_the_standard_variables_switch_traces_on(environ: dict[str, str], is_on: bool) -> None:
    assert is_traced(environ) == is_on


def test_an_endpoint_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sitecustomize.py").write_text(ABSENT, "utf-8")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]), "SORA_MCP_HOME": str(tmp_path)}
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    words = [sys.executable, "-m", "sora_mcp"]
    done = subprocess.run(words, env=environ | endpoint, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert line.endswith(MISSING.format("OTEL_EXPORTER_OTLP_ENDPOINT"))
    metrics = subprocess.run([*words, "serve", "--metrics-port", "9464"], env=environ, capture_output=True, text=True, check=False)
    assert (metrics.returncode, metrics.stderr) == (
        2,
        "sora-mcp: SORA_MCP_METRICS_PORT needs one more package: pip install 'sora-mcp[observe]'.\n",
    )
    start_tracing(endpoint | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, version="1")
    assert caplog.messages == [WRONG_PROTOCOL.format("OTEL_EXPORTER_OTLP_PROTOCOL")]


# What is left out


@each(
    ("name", "attributes", "shown", "kept"),
    [
        (
            "tools/call create_video",
            {"mcp.method.name": "tools/call", "gen_ai.tool.name": "create_video", "jsonrpc.request.id": "secret"},
            "tools/call create_video",
            {"mcp.method.name": "tools/call", "gen_ai.tool.name": "create_video"},
        ),
        (
            "tools/call secret",
            {"mcp.method.name": "tools/call", "gen_ai.tool.name": "secret", "rpc.response.status_code": "-32602"},
            "tools/call",
            {"mcp.method.name": "tools/call", "rpc.response.status_code": "-32602"},
        ),
        (
            "prompts/get secret",
            {"mcp.method.name": "prompts/get", "gen_ai.prompt.name": "secret"},
            "prompts/get",
            {"mcp.method.name": "prompts/get"},
        ),
        ("my secret", {"mcp.method.name": "my secret"}, "unknown method", {}),
        ("vendor poll", {"sora_mcp.vendor": "muvi", "url.full": "https://x/?sig=secret"}, "vendor poll", {"sora_mcp.vendor": "muvi"}),
    ],
)
def test_a_span_is_sent_with_the_listed_attributes_only(name: str, attributes: dict[str, Any], shown: str, kept: dict[str, Any]) -> None:
    with exporting() as exported:
        trace = pytest.importorskip("opentelemetry.trace")
        tracer = telemetry._exports.tracer  # pyright: ignore[reportPrivateUsage]
        assert tracer is not None
        state = trace.TraceState([("vendor", "secret")])
        parent = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=True, trace_flags=trace.TraceFlags(1), trace_state=state))
        with tracer.start_as_current_span(name, trace.set_span_in_context(parent), attributes=attributes) as span:
            span.record_exception(ValueError("secret"))
            span.set_status(trace.StatusCode.ERROR, "secret")
        sent = bound_span(exported.exporter.get_finished_spans()[0])
        assert (sent.name, dict(sent.attributes or {}), sent.status.status_code) == (shown, kept, trace.StatusCode.ERROR)
        assert "secret" not in sent.to_json()
        assert sent.parent is not None
        assert (sent.parent.trace_id, sent.parent.trace_state) == (1, trace.TraceState())


# Log lines


def line(record: logging.LogRecord, *keys: str) -> dict[str, Any]:
    """The line of a record, which has to be one."""
    (text,) = JsonLines([Secret(key) for key in keys]).format(record).splitlines()
    return json.loads(text)


def a_record(message: str, *args: object, name: str = "sora_mcp.jobs.worker", error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.WARNING, "", 1, message, args, info)


def test_a_line_says_what_it_is_about() -> None:
    with telemetry.about(job="v_1", model="muvi:sora-2"), telemetry.about(person="p_1", request="abc", model=None):
        said = line(a_record("%s waits\nfor \x1b[31m", "v_1"))
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "warning",
        "logger": "sora_mcp.jobs.worker",
        "event": "v_1 waits\nfor \x1b[31m",
        "job": "v_1",
        "model": "muvi:sora-2",
        "person": "p_1",
        "request": "abc",
    }
    assert telemetry.get_facts() == {}


def test_a_line_within_a_trace_has_its_id() -> None:
    with exporting() as exported, telemetry.watch_call("poll", "muvi"):
        trace = line(a_record("x"))["trace"]
        assert len(trace) == 32
        assert exported.spans == []
    assert "trace" not in line(a_record("x"))


def test_a_line_has_no_words_of_an_exception_and_no_key() -> None:
    try:
        try:
            raise KeyError("secret prompt")
        except KeyError as cause:
            raise SoraError("secret words") from cause
    except SoraError as error:
        said = line(a_record("%s failed with k3y-of-mine", "x", error=error), "k3y-of-mine")
    assert said["error"] == "sora_mcp.domain.errors.SoraError from builtins.KeyError"
    assert said["event"] == "x failed with ***"
    assert said["frames"][-1].endswith("test_a_line_has_no_words_of_an_exception_and_no_key")
    assert "secret" not in json.dumps(said)


def test_lines_of_other_libraries_have_their_template_and_only_warnings() -> None:
    assert line(a_record("refused %r", "secret", name="mcp.server"))["event"] == "refused %r"
    debug = logging.LogRecord("mcp.server", logging.INFO, "", 1, "secret", (), None)
    own = logging.LogRecord("sora_mcp.telemetry", logging.INFO, "", 1, "bought", (), None)
    assert (is_wanted(debug), is_wanted(own), is_wanted(a_record("x", name="mcp"))) == (False, True, True)


def test_a_line_that_was_cut_does_not_spoil_the_next() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(writer, "w") as stream:
        handler = NonBlockingHandler(stream)
        handler.setFormatter(JsonLines([]))
        for _ in range(40):
            handler.emit(a_record("x" * 9_000))  # more than a pipe holds
        os.set_blocking(reader, False)
        whole = os.read(reader, 1 << 20)
        handler.emit(a_record("the next"))
        assert not whole.endswith(b"\n")
        cut, last = os.read(reader, 1 << 20).splitlines()
    os.close(reader)
    assert (cut, json.loads(last)["event"]) == (b"", "the next")


def test_a_log_hides_keys_secrets_credentials_and_the_stores_password() -> None:
    given = {
        "MUVI_API_KEY": "key-of-muvi",
        "SORA_MCP_SECRET": "s" * 32,
        "SORA_MCP_DATABASE_URL": "postgresql://sora:pass-word-1@db/sora",
    }
    hidden = {secret.reveal() for secret in list_secrets(load(given, today=date(2026, 11, 30), config=Path(os.devnull)))}
    assert hidden == {"key-of-muvi", "s" * 32, "pass-word-1"}
    short = load({"SORA_MCP_DATABASE_URL": "postgresql://sora:sora@db/sora"}, today=date(2026, 11, 30), config=Path(os.devnull))
    assert list_secrets(short) == []
    assert len("sora") < log_config.LEAST_PASSWORD

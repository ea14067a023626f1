"""What `doctor` shows of the money that is left at vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from sora_mcp.domain import Reply
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read_balance
from tests.each import each

from .conftest import Sora

KEYS = {
    "AIMLAPI_API_KEY": "AIMLAPI",
    "FAL_KEY": "FAL",
    "OPENROUTER_API_KEY": "OPENROUTER",
    "RUNWAYML_API_SECRET": "RUNWAY",
    "WAVESPEED_API_KEY": "WAVESPEED",
}
TOLD: dict[str, Any] = {
    "/v2/billing": {"current_balance": 123.45, "currency": "USD"},
    "/v1/account/billing": {"username": "fox", "credits": {"current_balance": "24.5", "currency": "USD"}},
    "/api/v1/credits": {"data": {"total_credits": 100.5, "total_usage": 25.75}},
    "/v1/organization": {"creditBalance": 1234, "tier": {"maxMonthlyCreditSpend": 1, "models": {}}, "usage": {"models": {}}},
    "/api/v3/balance": {"code": 200, "message": "success", "data": {"balance": 7.0025}},
}
"""What each answers, as its page or library shows it."""
KEY_TESTS: dict[str, Any] = {"/api/v1/key": {"data": {"label": "sk-or-v1-0"}}}
"""What one answers that is asked whether it takes the key."""


@dataclass
class Office:
    """Every vendor's office at one address."""

    address: str
    answers: dict[str, Any] = field(default_factory=lambda: TOLD | KEY_TESTS)
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@pytest.fixture
def office() -> Iterator[Office]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            there.asked.append((path, self.headers.get("authorization", "")))
            body = json.dumps(there.answers.get(path, {"detail": "Not found"})).encode()
            self.send_response(200 if path in there.answers else 403)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Office(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


def look(sora: Sora, office: Office, *arguments: str) -> list[str]:
    """The lines about balances."""
    given = dict.fromkeys(KEYS, "s3cr3t-key") | {f"SORA_MCP_{name}_BASE_URL": office.address for name in KEYS.values()}
    code, out, err = sora("doctor", *arguments, **given)
    assert code == 0 and "s3cr3t" not in out + err
    return [line for line in out.splitlines() if "balance" in line]


def test_each_vendor_that_documents_it_tells_what_is_left(sora: Sora, office: Office) -> None:
    assert look(sora, office) == [
        "ok    balance at AI/ML API: $123.45",
        "ok    balance at OpenRouter: $74.75",
        "ok    balance at fal: $24.50",
        "ok    balance at Runway: $12.34",
        "ok    balance at WaveSpeed: $7.00",
    ]
    assert {path for path, _ in office.asked} >= TOLD.keys()
    assert ("/v1/account/billing", "Key s3cr3t-key") in office.asked


def test_a_look_that_fails_costs_one_line(sora: Sora, office: Office) -> None:
    for path in ("/api/v1/credits", "/v1/account/billing"):
        del office.answers[path]
    office.answers["/api/v3/balance"] = {"code": 200, "data": {"balance": None}}
    assert [line for line in look(sora, office) if "ok" not in line] == [
        "note  balance at OpenRouter: not read; this key may not read it (status 403)",
        "note  balance at fal: not read; this key may not read it (status 403)",
        "note  balance at WaveSpeed: not read; not an answer with a sum (status 200)",
    ]


def test_offline_no_vendor_is_asked(sora: Sora, office: Office) -> None:
    assert (look(sora, office, "--offline"), office.asked) == ([], [])


@each(
    ("left", "micros"),
    [(-3.5, -3_500_000), (0, 0), ("0.0000019", 1), ("NaN", None), (True, None), ("much", None), (None, None)],
    ids=["a debt", "nothing", "less than a micro", "no number", "a truth", "a word", "none"],
)
def test_a_balance_may_be_a_debt_and_is_never_guessed(left: object, micros: int | None) -> None:
    [vendor] = [vendor for vendor in EVERY if vendor.name == "aimlapi"]
    assert vendor.balance is not None
    assert read_balance(vendor, Reply(vendor.balance.ask, 200, {"current_balance": left, "currency": "USD"})) == micros
    assert read_balance(vendor, Reply(vendor.balance.ask, 200, {"current_balance": left, "currency": "EUR"})) is None
    assert read_balance(vendor, Reply(vendor.balance.ask, 500, {"current_balance": left})) is None

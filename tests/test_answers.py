"""What statuses and error bodies mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sora_mcp.domain import Call, Refusal, Reply
from sora_mcp.vendors import muvi
from sora_mcp.vendors.reading import read_quote
from sora_mcp.vendors.shared.responses import find_value, parse_time, read_refusal, read_retry_after

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLAIN = replace(muvi.VENDOR, refusals=(), retry_after=None)


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    return Reply(Call("POST", "/v1/jobs/submit"), status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "vendor_rejected"),
        (401, "vendor_auth"),
        (402, "vendor_balance"),
        (403, "vendor_auth"),
        (404, "vendor_rejected"),
        (405, "vendor_rejected"),
        (413, "vendor_rejected"),
        (415, "vendor_rejected"),
        (422, "vendor_rejected"),
        (429, "vendor_rate_limited"),
        (451, "content_refused"),
    ],
)
def test_a_clear_no_has_a_code_and_cost_nothing(status: int, code: str) -> None:
    no = read_refusal(PLAIN, reply(status))

    assert no is not None
    assert (no.its_code, no.charged, no.vendor_message) == (code, "no", None)


@pytest.mark.parametrize("status", [100, 200, 301, 302, 307, 408, 409, 418, 423, 425, 500, 502, 503, 504, 599])
def test_any_other_status_leaves_it_open(status: int) -> None:
    assert read_refusal(PLAIN, reply(status)) is None


def test_the_vendors_own_row_comes_first_and_its_word_is_looked_for_everywhere() -> None:
    vendor = replace(
        PLAIN, refusals=(Refusal(400, "model_retired", "not found"), Refusal(500, "vendor_rejected", "nope", charged="unknown"))
    )

    gone = read_refusal(vendor, reply(400, {"error": {"details": [{"why": "Model NOT FOUND"}]}}))
    other = read_refusal(vendor, reply(400, {"error": {"message": "bad\u202e size"}}))
    unclear = read_refusal(vendor, reply(500, {"message": "nope"}))

    assert gone is not None and other is not None and unclear is not None
    assert (gone.its_code, gone.message) == ("model_retired", "Muvi no longer offers this model.")
    assert (other.its_code, other.vendor_message) == ("vendor_rejected", "bad size")
    assert (unclear.its_code, unclear.charged) == ("vendor_rejected", "unknown")


@pytest.mark.fault("S22", "Q21")
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2", 2.0),
        ("0.2", 1.0),
        ("-5", 1.0),
        ("999999", 900.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 1.0),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999", None),
    ],
)
def test_the_wait_that_a_header_asks_for_is_a_floor_within_bounds(told: str, seconds: float | None) -> None:
    assert read_retry_after(PLAIN, reply(429, retry_after=told), now=NOON) == seconds


def test_the_wait_may_stand_in_the_body() -> None:
    vendor = replace(PLAIN, retry_after="error.details.retryAfter")

    assert read_retry_after(vendor, reply(429, {"error": {"details": {"retryAfter": 30}}})) == 30.0
    assert read_retry_after(vendor, reply(429, {"error": {"details": {"retryAfter": True}}})) is None
    assert read_retry_after(vendor, reply(429, None)) is None
    assert read_retry_after(PLAIN, reply(429, {"error": {"details": {"retryAfter": 30}}})) is None


def test_a_path_leads_to_what_stands_there_or_to_nothing() -> None:
    assert find_value({"a": {"b": 1}}, "a.b") == 1
    assert find_value({"a": [1]}, "a.b") is None
    assert find_value(None, "a") is None


@pytest.mark.parametrize(
    ("words", "code"), [("This interface is temporarily paused", "vendor_unavailable"), ("veo-3.1 is no longer available", "model_retired")]
)
@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
def test_a_model_that_is_away_is_known_by_its_words(status: int, words: str, code: str) -> None:
    no = read_refusal(PLAIN, reply(status, {"message": words}))

    assert no is not None
    assert (no.its_code, no.charged) == (code, "no")


@pytest.mark.parametrize("body", [None, [], {}, {"totalCostMicroCents": "12"}, {"totalCostMicroCents": -1}])
def test_a_quote_that_no_page_describes_is_none(body: Any) -> None:
    assert read_quote(muvi.VENDOR, reply(200, body)) is None


@pytest.mark.parametrize("text", [None, 1_795_176_000, "yesterday", ""])
def test_a_moment_that_is_none_is_not_guessed_at(text: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        parse_time(text)


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00", "2026-11-20T13:00:00+01:00"])
def test_a_moment_without_a_zone_is_in_utc(text: str) -> None:
    assert parse_time(text) == NOON.timestamp()

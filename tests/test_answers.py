"""What statuses and error bodies mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sora_mcp.domain import Call, Refusal, Reply
from sora_mcp.vendors import muvi
from sora_mcp.vendors.reading import read_quote
from sora_mcp.vendors.refusals import read_refusal, read_retry_after
from sora_mcp.vendors.shared.responses import find_place, find_value, parse_time

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLAIN = replace(muvi.VENDOR, refusals=(), retry_after=None)


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    return Reply(Call("POST", "/v1/jobs/submit"), status, body, {name.replace("_", "-"): value for name, value in headers.items()})


NOES: dict[str, tuple[int, ...]] = {
    "vendor_rejected": (400, 404, 405, 413, 415, 422),
    "vendor_auth": (401, 403),
    "vendor_balance": (402,),
    "vendor_rate_limited": (429,),
    "content_refused": (451,),
}


def test_a_clear_no_has_a_code_and_cost_nothing_and_any_other_status_leaves_it_open() -> None:
    for code, status in [(code, status) for code, statuses in NOES.items() for status in statuses]:
        no = read_refusal(PLAIN, reply(status))
        assert no is not None, status
        assert (no.its_code, no.charged, no.vendor_message) == (code, "no", None), status
    for status in (100, 200, 301, 302, 307, 408, 409, 418, 423, 425, 500, 502, 503, 504, 599):
        assert read_refusal(PLAIN, reply(status)) is None, status


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


WAITS: dict[float | None, tuple[str, ...]] = {
    2.0: ("2",),
    1.0: ("0.2", "-5", "Fri, 20 Nov 2026 11:00:00 GMT"),
    30.0: ("Fri, 20 Nov 2026 12:00:30 GMT",),
    900.0: ("999999",),
    None: ("soon", "nan", "inf", "Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +99999999"),
}


@pytest.mark.fault("S22", "Q21")
def test_the_wait_that_a_header_asks_for_is_a_floor_within_bounds() -> None:
    for seconds, told in [(seconds, told) for seconds, texts in WAITS.items() for told in texts]:
        assert read_retry_after(PLAIN, reply(429, retry_after=told), now=NOON) == seconds, told


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


def test_a_model_that_is_away_is_known_by_its_words() -> None:
    for words, code in (
        ("This interface is temporarily paused", "vendor_unavailable"),
        ("veo-3.1 is no longer available", "model_retired"),
    ):
        for status in (400, 403, 404, 410, 422):
            no = read_refusal(PLAIN, reply(status, {"message": words}))
            assert no is not None, (words, status)
            assert (no.its_code, no.charged) == (code, "no"), (words, status)


def test_a_quote_that_no_page_describes_is_none() -> None:
    for body in (None, [], {}, {"totalCostMicroCents": "12"}, {"totalCostMicroCents": -1}):
        assert read_quote(muvi.VENDOR, reply(200, body)) is None, body


def test_a_moment_is_in_utc_where_it_names_no_zone_and_is_not_guessed_at_where_it_is_none() -> None:
    for text in ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00", "2026-11-20T13:00:00+01:00"):
        assert parse_time(text) == NOON.timestamp(), text
    for nothing in (None, 1_795_176_000, "yesterday", ""):
        with pytest.raises((TypeError, ValueError)):
            parse_time(nothing)


def test_the_place_of_a_text_is_where_it_is_found_again() -> None:
    body = {"steps": [{"kind": "input"}, {"content": {"a.b": "x", "data": "y"}}]}
    assert find_place(body, "y") == "steps.1.content.data"
    assert find_value(body, "steps.1.content.data") == "y"
    assert (find_place(body, "x"), find_place(body, "z")) == (None, None)

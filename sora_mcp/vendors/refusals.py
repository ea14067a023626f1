"""Read a vendor's refusal, and how long it asks to wait."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from sora_mcp.domain import Refusal, Reply, Vendor
from sora_mcp.domain.errors import VendorError
from sora_mcp.domain.text import sanitize
from sora_mcp.vendors.shared.moderation import is_filtered
from sora_mcp.vendors.shared.responses import find_text, find_value

PAUSED = (400, 403, 404, 410, 422)
"""Statuses that vendors use for a paused or retired model."""
AWAY = (
    *(Refusal(status, "vendor_unavailable", "temporarily paused") for status in PAUSED),
    *(Refusal(status, "model_retired", "no longer available") for status in PAUSED),
)
FILTER = tuple(Refusal(status, "content_refused") for status in (400, 403, 422))
"""Meanings of statuses where the reply has a content filter's words."""
USUAL = (
    Refusal(401, "vendor_auth"),
    Refusal(402, "vendor_balance"),
    Refusal(403, "vendor_auth"),
    Refusal(429, "vendor_rate_limited"),
    Refusal(451, "content_refused"),
)
"""Meanings of statuses at most vendors."""
CLEAR = (400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 429, 451)
"""Statuses that prove that a vendor took nothing. Any other leaves a submit unclear."""
SENTENCES = {
    "vendor_auth": "{vendor} does not accept the key.",
    "vendor_balance": "The account at {vendor} has not enough money left.",
    "vendor_rate_limited": "{vendor} takes no more requests at the moment.",
    "content_refused": "{vendor} refuses this content.",
    "model_retired": "{vendor} no longer offers this model.",
    "vendor_rejected": "{vendor} refuses this request.",
    "vendor_unavailable": "{vendor} does not answer as it should.",
}
ECHOES = ("input", "prompt", "body", "request")
"""Names under which an error body repeats the request, whose prompt is not the vendor's message."""
WAIT_S = (1.0, 900.0)
"""Bounds of the pause that a vendor may ask for."""


def read_refusal(vendor: Vendor, reply: Reply) -> VendorError | None:
    """Return the error for a refusal; None where the reply leaves open whether the request was taken."""
    message, text = sanitize(find_message(vendor, reply)), _collect_text(reply)
    rows = (*vendor.refusals, *AWAY, *(FILTER if is_filtered(text) else ()), *USUAL)
    row = next((row for row in rows if row.status == reply.status and row.word.casefold() in text), None)
    if row is None and reply.status not in CLEAR:
        return None
    code = row.code if row else "vendor_rejected"
    return VendorError(
        code,
        SENTENCES[code].format(vendor=vendor.title),
        vendor=vendor.title,
        vendor_message=message,
        charged=row.charged if row else "no",
        retry_after_s=read_retry_after(vendor, reply),
    )


def find_message(vendor: Vendor, reply: Reply) -> str:
    """Return the vendor's own message, or an empty text."""
    return find_text(reply.body, *vendor.message)


def describe_packing(reply: Reply) -> str:
    """Return a sentence, with a blank before it, for an answer that could not be read as it came packed; else an empty text."""
    coding = sanitize(reply.headers.get("content-encoding")) or ""
    if reply.body is not None or coding.lower() in ("", "identity"):
        return ""
    return f" It came packed as {coding}, which was not asked for and is not read here: a gateway in between has to leave answers plain."


def read_retry_after(vendor: Vendor, reply: Reply, *, now: datetime | None = None) -> float | None:
    """Return seconds to wait, from `Retry-After` (seconds or a date) or the vendor's own field; None where neither can be read."""
    wait = reply.headers.get("retry-after")
    if wait is None and vendor.retry_after is not None:
        wait = find_value(reply.body, vendor.retry_after)
    seconds = _seconds(wait, now or datetime.now(UTC))
    return None if seconds is None else min(max(seconds, WAIT_S[0]), WAIT_S[1])


def _collect_text(reply: Reply) -> str:
    """Return all texts of the (bounded) body in lower case, without sentences that repeat the request."""
    text = "\n".join(_texts(reply.body, but=ECHOES)).casefold()
    for sent in _texts(reply.call.body):
        text = text.replace(sent.casefold(), "") if len(sent.split()) > 1 else text
    return text


def _texts(body: Any, *, but: tuple[str, ...] = ()) -> Iterator[str]:
    left: list[Any] = [body]
    while left:
        part = left.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            left += cast("list[Any]", part)
        elif isinstance(part, dict):
            left += [value for name, value in cast("dict[str, Any]", part).items() if name.casefold() not in but]


def _seconds(wait: object, now: datetime) -> float | None:
    if isinstance(wait, bool) or wait is None:
        return None
    try:
        number = float(str(wait))
    except ValueError:
        return _until(str(wait), now)
    return number if math.isfinite(number) else None


def _until(wait: str, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(wait)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()

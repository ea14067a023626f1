"""What a vendor's status and error body mean, where they are not the answer that was hoped for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

from sora_mcp.domain import Refusal, Reply, Vendor
from sora_mcp.domain.errors import VendorError
from sora_mcp.domain.money import Micros
from sora_mcp.security.text import sanitize
from sora_mcp.vendors.shared.moderation import is_filtered

NOT_AS_DOCUMENTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What a vendor's functions raise at an answer that has another shape."""
PAUSED = (400, 403, 404, 410, 422)
"""Statuses with which vendors say that a model is away."""
AWAY = (
    *(Refusal(status, "vendor_unavailable", "temporarily paused") for status in PAUSED),
    *(Refusal(status, "model_retired", "no longer available") for status in PAUSED),
)
FILTER = tuple(Refusal(status, "content_refused") for status in (400, 403, 422))
"""Where an answer has a filter's words, what those statuses mean."""
USUAL = (
    Refusal(401, "vendor_auth"),
    Refusal(402, "vendor_balance"),
    Refusal(403, "vendor_auth"),
    Refusal(429, "vendor_rate_limited"),
    Refusal(451, "content_refused"),
)
"""What HTTP's statuses mean at most vendors."""
CLEAR = (400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 429, 451)
"""Statuses with which a vendor says that it took nothing. Any other leaves a submit unclear."""
SAID = {
    "vendor_auth": "{vendor} does not accept the key.",
    "vendor_balance": "The account at {vendor} has not enough money left.",
    "vendor_rate_limited": "{vendor} takes no more requests at the moment.",
    "content_refused": "{vendor} refuses this content.",
    "model_retired": "{vendor} does not have this model any more.",
    "vendor_rejected": "{vendor} refuses this request.",
    "vendor_unavailable": "{vendor} does not answer as it should.",
}
ECHOES = ("input", "prompt", "body", "request")
"""Under these names an error repeats what it was asked: a prompt is no word of the vendor's."""
WAIT_S = (1.0, 900.0)
"""A vendor's word on how long to wait counts between these."""


def read_refusal(vendor: Vendor, reply: Reply) -> VendorError | None:
    """The vendor's no, in our words; None where it leaves open whether it took the request."""
    words, said = sanitize(find_text(reply.body, *vendor.message)), _said(reply)
    rows = (*vendor.refusals, *AWAY, *(FILTER if is_filtered(said) else ()), *USUAL)
    row = next((row for row in rows if row.status == reply.status and row.word.casefold() in said), None)
    if row is None and reply.status not in CLEAR:
        return None
    code = row.code if row else "vendor_rejected"
    return VendorError(
        code,
        SAID[code].format(vendor=vendor.title),
        vendor_message=words,
        charged=row.charged if row else "no",
        retry_after_s=read_retry_after(vendor, reply),
    )


def read_retry_after(vendor: Vendor, reply: Reply, *, now: datetime | None = None) -> float | None:
    """Seconds to wait, from the header in both its forms or the vendor's own place; None when it says nothing sensible."""
    wait = reply.headers.get("retry-after")
    if wait is None and vendor.retry_after is not None:
        wait = find_value(reply.body, vendor.retry_after)
    seconds = _seconds(wait, now or datetime.now(UTC))
    return None if seconds is None else min(max(seconds, WAIT_S[0]), WAIT_S[1])


def find_value(body: Any, path: str) -> Any:
    """What stands at `a.b.0`; None where there is no such place."""
    for name in path.split("."):
        if isinstance(body, list) and name.isdecimal():
            body = next(iter(cast("list[Any]", body)[int(name) :]), None)
        else:
            body = cast("dict[str, Any]", body).get(name) if isinstance(body, dict) else None
    return body


def find_text(body: Any, *paths: str) -> str:
    """The vendor's words: the first text at these places; empty where there is none."""
    return next((text for path in paths if isinstance(text := find_value(body, path), str) and text.strip()), "")


def parse_time(text: object) -> float:
    """A point of time as RFC 3339 writes it. ValueError or TypeError when it is none."""
    if not isinstance(text, str):
        raise TypeError(text)
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _said(reply: Reply) -> str:
    """Every text of the answer, which is bounded, in small letters, without what it repeats of the sentences that were sent."""
    said = "\n".join(_texts(reply.body, but=ECHOES)).casefold()
    for sent in _texts(reply.call.body):
        said = said.replace(sent.casefold(), "") if len(sent.split()) > 1 else said
    return said


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


def parse_percent(part: object) -> float | None:
    """How far it is, of 100, as a part of 1; None when that is no such number."""
    return part / 100 if isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 100 else None


def read_charge(cost: Micros | None) -> tuple[Literal["no", "yes", "unknown"], Micros | None]:
    """What a sum that the vendor told of a failure means: 0 is "not charged", none is "unknown"."""
    return ("unknown", None) if cost is None else ("yes", cost) if cost else ("no", cost)

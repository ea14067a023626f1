"""Money as whole micro-dollars: made from text, never from a float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, DecimalException
from typing import NewType

Micros = NewType("Micros", int)
"""1,000,000 micros are one US dollar."""

PER_USD = 1_000_000
CENT = PER_USD // 100
MAX_PRICE = PER_USD**2
"""No video costs a million dollars: more is refused, and an outcome that claims more is booked as this, so that no sum can overflow."""
NO_LIMIT = Micros(1 << 62)
"""Stands for a limit that was lifted, and for what is left where nothing is limited."""
LIMIT_SETTINGS = {"per_video": "SORA_MCP_PER_VIDEO_USD", "day": "SORA_MCP_DAILY_USD", "month": "SORA_MCP_MONTHLY_USD"}
"""The settings that limit what the user of this machine spends."""


@dataclass(frozen=True)
class Unsettled:
    """The part of a sum that counts as spent, and may still be given back."""

    held: Micros = Micros(0)
    """Reserved for jobs under way."""
    unclear: Micros = Micros(0)
    """Of jobs that may have been charged or not."""

    @property
    def total(self) -> Micros:
        """Both together."""
        return Micros(self.held + self.unclear)


SETTLED = Unsettled()


def usd(text: str) -> Micros:
    """Return exactly this many dollars. ValueError when the text has parts of a micro."""
    micros = Decimal(text) * PER_USD
    if micros != micros.to_integral_value():
        raise ValueError(f"{text} dollars is no whole number of micros")
    return Micros(int(micros))


def ceil(micros: Decimal) -> Micros:
    """Return the next whole micro upwards, so that a hold is never too small."""
    return Micros(int(micros.to_integral_value(ROUND_CEILING)))


def parse_amount(amount: object, *, per_usd: int) -> Micros | None:
    """Return an amount in a vendor's own unit, `per_usd` of them to the dollar, rounded up. None where it is no sum below a million
    dollars."""
    try:
        micros = Decimal(str(amount)) * PER_USD / per_usd
    except DecimalException:
        return None
    return ceil(micros) if micros.is_finite() and 0 <= micros < MAX_PRICE else None


def show(micros: int) -> str:
    """Return the amount as a person writes it: `$1.20`, `$0.0025`, `-$0.10`."""
    sign = "-" if micros < 0 else ""
    dollars, rest = divmod(abs(micros), PER_USD)
    cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${dollars}.{cents}"


def format_dollars(micros: int) -> str:
    """Return the amount as people read it: `$1,234.50`; below one cent also hundredths of a cent, `$0.0025`, and below those all of it."""
    unit = CENT if abs(micros) >= CENT else PER_USD // 10_000
    rounded = (abs(micros) + unit // 2) // unit * unit
    if not rounded:
        return show(micros)
    dollars, rest = divmod(rounded, PER_USD)
    return f"{'-' if micros < 0 else ''}${dollars:,}{show(rest)[2:]}"


UNASKED_TIMES = 2
"""How many times the price above which a person must approve may be spent within an hour without approval."""


def describe_call_limit(above: int) -> str:
    """Return as a clause that a price is above the one that a person has to approve: it counts for a call, with all its variations."""
    return f"above {format_dollars(above)} a call"


def format_quote(micros: int, likely: int | None) -> str:
    """Return a quoted amount, and what will probably be charged where that is more."""
    quoted, charged = format_dollars(micros), format_dollars(micros if likely is None else likely)
    return quoted if quoted == charged else f"quoted {quoted}, probably about {charged}"


def format_excess(micros: int, likely: int) -> str:
    """Return what will probably be charged in place of a quoted amount, to stand after it in brackets; empty where that is no more."""
    quoted, charged = format_dollars(micros), format_dollars(likely)
    return "" if quoted == charged else f" (probably about {charged})"


def split_dollars(parts: Sequence[int]) -> list[str]:
    """Return the parts of a sum as people read them, so that they add up to the sum as `format_dollars` shows it. A part below one cent
    is shown whole."""
    total = sum(parts)
    missing = (total + CENT // 2) // CENT - sum(part // CENT for part in parts)
    raised = sorted(range(len(parts)), key=lambda index: -(parts[index] % CENT))[:missing]
    cents = [part // CENT * CENT + (CENT if index in raised else 0) for index, part in enumerate(parts)]
    return [format_dollars(part if 0 < part < CENT else shown) for part, shown in zip(parts, cents, strict=True)]


def round_up(micros: int) -> Micros:
    """Return the next whole cent upwards: what a cap must be, said as people say it."""
    return Micros(-(-micros // CENT) * CENT)


def as_number(micros: int) -> float:
    """Return dollars as a JSON number, for showing only: nothing is computed from it."""
    return float(Decimal(micros) / PER_USD)

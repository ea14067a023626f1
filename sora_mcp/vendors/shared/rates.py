"""Make rates of the prices that a vendor states, on a page or in a list."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from sora_mcp.domain.money import Micros, ceil, usd
from sora_mcp.domain.offer import Rate, Scalar

Price = tuple[Mapping[str, Scalar], Decimal]
"""Conditions, and micros per second where they hold."""


def make_rates(axes: Mapping[str, Sequence[Scalar]], *lists: Sequence[Price]) -> tuple[Rate, ...]:
    """Return a rate per second for each case that the prices distinguish: each value of the axes that they name.

    Of several lists the dearest counts. A name that is no axis is left open, so that the dearest of its prices counts. A case without a
    price has no rate.
    """
    named = [name for name in axes if any(name in when for prices in lists for when, _ in prices)]
    rates: list[Rate] = []
    for values in itertools.product(*(axes[name] for name in named)):
        case = dict(zip(named, values, strict=True))
        found = [micros for prices in lists if (micros := _find_dearest(prices, case)) is not None]
        rates += [Rate(max(found), "second", case)] if found else []
    for name in named:
        rates = merge_rates(rates, name, axes[name])
    return tuple(rates)


def merge_rates(rates: Sequence[Rate], name: str, values: Sequence[Scalar]) -> list[Rate]:
    """Return the rates without this condition, where they are the same for each of several values; else as they are."""
    merged: dict[str, tuple[Rate, list[Scalar]]] = {}
    for rate in rates:
        plain = replace(rate, when={other: value for other, value in rate.when.items() if other != name})
        merged.setdefault(repr(plain), (plain, []))[1].append(cast("Scalar", rate.when.get(name)))
    whole = len(values) > 1 and all(seen == list(values) for _, seen in merged.values())
    return [plain for plain, _ in merged.values()] if whole else list(rates)


def _find_dearest(prices: Sequence[Price], case: Mapping[str, Scalar]) -> Micros | None:
    """Return the highest of the most specific prices that hold, so that a hold is never too small."""
    holding = [(when, amount) for when, amount in prices if all(_can_be(case.get(name), value) for name, value in when.items())]
    narrow = [amount for when, amount in holding if not any(set(when.items()) < set(other.items()) for other, _ in holding)]
    return ceil(max(narrow)) if narrow else None


def _can_be(value: Scalar | None, wanted: Scalar) -> bool:
    """Return whether the case's value is open or equal; `4K` equals `4k`."""
    return value is None or (str(value).casefold() == str(wanted).casefold())


def rate_resolutions(prices: Mapping[str, str], **more: Any) -> tuple[Rate, ...]:
    """Return a rate per second for each resolution."""
    return tuple(Rate(usd(price), "second", {"resolution": name}, **more) for name, price in prices.items())


def rate_sound(silent: str, audible: str, *resolutions: str) -> tuple[Rate, ...]:
    """Return rates per second, without sound and with it, at these resolutions or at any."""
    where = {"resolution": resolutions} if resolutions else {}
    return tuple(Rate(usd(price), "second", {"audio": audio, **where}) for audio, price in ((False, silent), (True, audible)))


def rate_sound_and_size(prices: Mapping[str, tuple[str, str]]) -> tuple[Rate, ...]:
    """Return rates per second for each resolution, without sound and with it."""
    return tuple(rate for name, pair in prices.items() for rate in rate_sound(*pair, name))


def rate_lengths(prices: Mapping[int, str]) -> tuple[Rate, ...]:
    """Return a rate per video for each length."""
    return tuple(Rate(usd(price), "video", {"seconds": seconds}) for seconds, price in prices.items())

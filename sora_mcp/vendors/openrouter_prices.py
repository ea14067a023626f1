"""Read the prices of one row of OpenRouter's list as rates. https://openrouter.ai/docs/api/api-reference/video-generation"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, DecimalException

from sora_mcp.domain.money import ceil
from sora_mcp.domain.offer import Rate, Scalar, Size
from sora_mcp.vendors.shared.rates import Price, make_rates

SECONDS = re.compile(
    r"(?:(?P<mode>text|image)_to_video_)?duration_seconds(?:_(?P<sound>with|without)_audio)?(?:_(?P<resolution>\d+p|\dk))?"
)
CENTS = re.compile(r"cents_per_(?:second_output|video_output_second)(?:_(?P<resolution>\d+p|\dk))?(?:_(?P<sound>with|without)_audio)?")
TOKENS = re.compile(r"video_tokens(_without_audio)?")
NOT_OURS = re.compile(r"reference_.*|.*_video_(?:input|continuation)(?:_.*)?")
"""Prices of inputs that we do not send: references and videos."""
BESIDES = ("cents_per_image_input", "minimum_cents_per_generation")
"""Cents for each picture sent, and the minimum for a video."""
MOST = 1_000_000
"""Dollars or cents above which a number is not taken for a price."""


def read_rates(prices: Mapping[str, object], sizes: tuple[Size, ...], *, audio: bool, image: bool) -> tuple[Rate, ...]:
    """Return one rate for each case that the prices distinguish; none where a price is zero or in an unknown unit."""
    besides = {name: _amount(prices[name]) for name in BESIDES if name in prices}
    ours = {name: value for name, value in prices.items() if name not in BESIDES and not NOT_OURS.fullmatch(name)}
    if None in besides.values():
        return ()
    picture, least = (ceil((besides.get(name) or Decimal(0)) * 10_000) for name in BESIDES)
    if any(TOKENS.fullmatch(name) for name in ours):
        rows = _by_tokens(ours, sizes, audio=audio)
    else:
        known = [price for name, value in ours.items() if (price := _price(name, value)) is not None]
        rows = make_rates(_list_axes(sizes, audio=audio, image=image), known) if len(known) == len(ours) else ()
    free = any(row.micros == 0 for row in rows) and not least  # only the user's price file calls a model free
    return () if free else tuple(replace(row, picture=picture, least=least) for row in rows)


def _by_tokens(prices: Mapping[str, object], sizes: tuple[Size, ...], *, audio: bool) -> tuple[Rate, ...]:
    """Return rates from dollars per token, for sizes with known pixels. A second is taken as width x height x 24 / 1024 tokens."""
    loud, silent = _amount(prices.get("video_tokens")), _amount(prices.get("video_tokens_without_audio", prices.get("video_tokens")))
    if loud is None or silent is None or not all(TOKENS.fullmatch(name) for name in prices):
        return ()
    sounds: list[tuple[Decimal, dict[str, Scalar]]] = [(loud, {"audio": True}), (silent, {"audio": False})]
    either: list[tuple[Decimal, dict[str, Scalar]]] = [(max(loud, silent), {})]
    cases = [(size, amount, when) for size in sizes if size.pixels for amount, when in (sounds if audio else either)]
    return tuple(Rate(ceil(amount * _tokens(size) * 1_000_000), "second", {"size": size.text, **when}) for size, amount, when in cases)


def _tokens(size: Size) -> Decimal:
    width, height = size.pixels or (0, 0)
    return Decimal(width * height * 24) / 1024


def _amount(value: object) -> Decimal | None:
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except DecimalException:
        return None
    return amount if amount is not None and amount.is_finite() and 0 <= amount <= MOST else None


def _price(name: str, value: object) -> Price | None:
    """Return micros per second and the conditions that the price's name states; None for an unknown name or amount."""
    amount, dollars = _amount(value), SECONDS.fullmatch(name)
    if amount is None or (found := dollars or CENTS.fullmatch(name)) is None:
        return None
    parts = {key: text for key, text in found.groupdict().items() if text}
    when: dict[str, Scalar] = {"resolution": parts["resolution"]} if "resolution" in parts else {}
    when |= {"audio": parts["sound"] == "with"} if "sound" in parts else {}
    when |= {"image": parts["mode"] == "image"} if "mode" in parts else {}
    return when, amount * (1_000_000 if dollars else 10_000)


def _list_axes(sizes: tuple[Size, ...], *, audio: bool, image: bool) -> Mapping[str, Sequence[Scalar]]:
    """Return what a price may depend on, with the values that the model has."""
    axes: dict[str, Sequence[Scalar]] = {"resolution": list(dict.fromkeys(size.resolution for size in sizes if size.resolution))}
    if audio:
        axes["audio"] = (True, False)
    return {**axes, "image": (False, True) if image else (False,)}

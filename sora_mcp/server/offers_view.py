"""The offers as fields and as text, made of the same rules and rates that orders are checked against."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, rank_orders
from sora_mcp.catalogue.family_choice import describe_clip
from sora_mcp.catalogue.hints import get_hint
from sora_mcp.catalogue.rules import breaches, describe_lengths, one_of, quote, rate_of, sizes_of, words
from sora_mcp.catalogue.sizes import describe_size, has_shape
from sora_mcp.catalogue.unavailable import describe_modes_missing
from sora_mcp.domain import STALE, Image, ImageRule, Link, Offer, Order, Rate, Rule, Scalar, Size, Text, Vendor, VideoRequest
from sora_mcp.domain.broken_rule import format_bytes
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import Micros, as_number, ceil, format_dollars, show
from sora_mcp.domain.terminal_command import describe_command

ANY_IMAGE = Image("https://example.com/frame.png")
SUCCESSORS = 3
"""Models that are named in place of one that ended."""
CONFIDENCE = {"derived": "calculated by us, so each clip needs approval"}
"""What is said of the price, where its word does not."""
MOST_TABLES = 3
"""Vendors of one model whose tables are shown whole; of the others the least price is named."""
FEW_LENGTHS, MANY_LENGTHS = 3, 12
"""With more lengths, sold by the second or not, only the shortest and the longest are priced."""


@dataclass(frozen=True)
class Prices:
    """Prices of these sizes under these conditions, by length; None where no source states one."""

    sizes: tuple[str, ...]
    when: tuple[tuple[str, Scalar], ...]
    micros: tuple[tuple[int, int | None], ...]
    rate: Rate | None


@functools.lru_cache(maxsize=64)
def describe_model(model: str, catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return everything about a model, of the vendors that sell it, those with a key first. Where these are many, the cheapest have all,
    and the others their least price. Cached, as it changes once a day. Raise UnknownModel."""
    offers = sorted(catalogue.find_named(model), key=lambda offer: not catalogue.is_usable(offer))
    if len(offers) > MOST_TABLES + 1:
        offers.sort(key=lambda offer: (not catalogue.is_usable(offer), _get_least(offer, today)))
    shown, rest = (offers[:MOST_TABLES], offers[MOST_TABLES:]) if len(offers) > MOST_TABLES + 1 else (offers, [])
    told = describe(shown, catalogue, today=today)
    if not rest:
        return told
    also = ", ".join(_describe_least(offer, catalogue, today) for offer in rest)
    more = f'Also: {also}. list_sizes(model="{rest[0].id}") has all of the first of these.'
    return {"message": f"{told['message']}\n\n{more}", "offers": told["offers"]}


def _get_least(offer: Offer, today: date) -> float:
    return float("inf") if (found := find_least(offer, today=today)) is None else found[1]


def _describe_least(offer: Offer, catalogue: Catalogue, today: date) -> str:
    """Return an offer with the least that it costs, and what stands against buying it."""
    found = find_least(offer, today=today)
    cost = "without a published price" if found is None else f"from {format_dollars(found[1])}" if found[1] else "free"
    return f"{offer.id} {cost}{_marks(offer, catalogue, today, with_page=False)}"


def describe(offers: Sequence[Offer], catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return everything about these offers, as text and as fields."""
    return {
        "message": "\n\n".join([*(_table(offer, catalogue, today) for offer in offers), *name_successors(offers, catalogue, today)]),
        "offers": [offer_fields(offer, catalogue, today=today) for offer in offers],
    }


def name_successors(offers: Sequence[Offer], catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield which models can be bought with the keys at hand, where none of these lives."""
    if not any(catalogue.is_living(offer) for offer in offers):
        cheapest = rank_orders(catalogue.buyable_offers, VideoRequest("a clip"), today=today)
        found = [describe_clip(*one, today=today) for one in cheapest if one[0].offer.id != SAMPLE][:SUCCESSORS] or [SAMPLE]
        yield f"Instead of an ended model, cheapest first: {', '.join(found)}."


def offer_fields(offer: Offer, catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return one offer; what is unknown or unlimited is left out."""
    known = {
        "model": offer.id,
        "sizes": [size.text for size in sizes_of(offer)],
        "seconds": list(offer.seconds_by_frame[not offer.text]),
        "prices": [_price_fields(prices) for prices in price_table(offer, today=today)],
        "prompt_max": offer.prompt_max,
        "image": _image_fields(offer),
        "video": _video_fields(offer),
        "sound": _sound_field(offer),
        "options": {rule.param: _option_fields(rule) for rule in offer.options},
        **_hint_fields(offer),
        **_status_fields(offer, catalogue, today),
        "source": offer.source,
        "checked": offer.checked.isoformat(),
        "confidence": offer.confidence,
    }
    return {name: value for name, value in known.items() if value is not None and value != {}}


def price_table(offer: Offer, *, today: date) -> tuple[Prices, ...]:
    """Return the price of every legal combination; sizes that cost the same share a row."""
    groups: dict[tuple[Any, ...], tuple[Rate | None, list[str]]] = {}
    for when, size in itertools.product(_conditions(offer), sizes_of(offer)):
        orders = [order for order in _orders(offer, dict(when), size, offer.seconds) if not any(breaches(order))]
        if orders:
            rate = rate_of(orders[0].facts, offer.rates, today=today)
            bare = rate and replace(rate, when={}, since=None)
            micros = tuple((order.seconds, _micros(order, today)) for order in orders)
            groups.setdefault((when, micros, repr(bare)), (bare, []))[1].append(size.text)
    return tuple(Prices(tuple(sizes), when, micros, rate) for (when, micros, _), (rate, sizes) in groups.items())


def find_least(offer: Offer, *, today: date) -> tuple[Order, Micros] | None:
    """Return the clip that costs the least under any condition, and its price; a longer one is looked at only where its price says so."""
    by_length = "seconds" in offer.priced_by
    lengths = offer.seconds if by_length or offer.conditional_rules else offer.seconds[:1]
    found = list[tuple[Order, Micros]]()
    for when, size in itertools.product(_conditions(offer), sizes_of(offer)):
        legal = (order for order in _orders(offer, dict(when), size, lengths) if not any(breaches(order)))
        priced = ((order, _micros(order, today)) for order in (legal if by_length else itertools.islice(legal, 1)))
        found += ((order, Micros(micros)) for order, micros in priced if micros is not None)
    return min(found, key=lambda one: one[1], default=None)


def _conditions(offer: Offer) -> list[tuple[tuple[str, Scalar], ...]]:
    """Return every combination of the conditions that prices depend on besides size and length."""
    named = {name for rate in offer.rates for name in rate.when}
    axes: list[list[tuple[str, Scalar]]] = []
    if "image" in named and offer.image is not None:
        axes.append([("image", value) for value in ((False, True) if offer.text else (True,))])
    axes += [[(rule.param, value) for value in values] for rule in offer.options if rule.param in named and (values := _plain(rule))]
    return list(itertools.product(*axes))


def _plain(rule: Rule) -> list[Scalar]:
    return [value for value in rule.allowed if not isinstance(value, Size)] if isinstance(rule.allowed, tuple) else []


def _orders(offer: Offer, when: Mapping[str, Scalar], size: Size, lengths: Sequence[int]) -> Iterator[Order]:
    with_image = bool(when.get("image", offer.image is not None and not offer.text))
    options = {rule.param: rule.default for rule in offer.options if rule.default is not None}
    options |= {name: value for name, value in when.items() if name != "image"}
    for seconds in lengths:
        yield Order(offer, "x", size, seconds, ANY_IMAGE if with_image else None, options)


def _micros(order: Order, today: date) -> int | None:
    try:
        return quote(order, today=today).micros
    except PriceUnknown:
        return None


def _select_lengths(prices: Prices) -> tuple[tuple[int, int | None], ...]:
    """Return the lengths whose prices are listed: only the shortest and the longest where the others follow from these, or are many."""
    most = FEW_LENGTHS if prices.rate is None or prices.rate.per == "second" else MANY_LENGTHS
    return prices.micros if len(prices.micros) <= most else (prices.micros[0], prices.micros[-1])


def _price_fields(prices: Prices) -> dict[str, Any]:
    fields: dict[str, Any] = {"sizes": list(prices.sizes)}
    if prices.when:
        fields["when"] = dict(prices.when)
    if prices.rate is None:
        return {**fields, "price": "unknown"}
    each = ceil(Decimal(prices.rate.micros) * Decimal(prices.rate.times))
    fields[f"usd_per_{prices.rate.per}"] = as_number(each)
    if prices.rate.picture:
        fields["usd_per_picture"] = as_number(prices.rate.picture)
    if prices.rate.free_pictures:
        fields["free_pictures"] = prices.rate.free_pictures
    if prices.rate.fee:
        fields["usd_fee"] = as_number(prices.rate.fee)
    return {**fields, "usd": {str(seconds): as_number(micros) for seconds, micros in _select_lengths(prices) if micros is not None}}


def _image_fields(offer: Offer) -> dict[str, Any] | None:
    rule = offer.image
    if rule is None:
        return None
    fields = {
        "needed": not offer.text or None,
        "urls": rule.urls,
        "files": rule.data,
        "types": list(rule.types),
        "most_bytes": rule.most_bytes,
        "exact": rule.exact or None,
        "sides": list(rule.sides) if rule.sides else None,
        "most_stretch": rule.most_stretch,
        "prompt": None if offer.prompt_with_image else "not sent",
    }
    return {name: value for name, value in fields.items() if value is not None}


def _video_fields(offer: Offer) -> dict[str, Any] | None:
    """Return the videos that it edits or continues."""
    rule = offer.video
    return None if rule is None else {"needed": True, "type": "video/mp4", "seconds": list(rule.seconds), "most_bytes": rule.most_bytes}


def _sound_field(offer: Offer) -> str | bool | None:
    """Return whether clips have sound: `optional` where the caller may choose; None where no source says it."""
    rule = next((rule for rule in offer.options if rule.param == "audio"), None)
    if rule is None:
        return offer.sound
    return "optional" if len(_plain(rule)) > 1 else bool(rule.default)


def _hint_fields(offer: Offer) -> dict[str, Any]:
    hint = get_hint(offer)
    return {} if hint is None else {"good_for": {"what": hint.good_for, "source": hint.source, "checked": hint.checked.isoformat()}}


def _option_fields(rule: Rule) -> dict[str, Any]:
    match rule.allowed:
        case Text(most):
            taken: dict[str, Any] = {"text_max": most}
        case Link(most):
            taken = {"pictures": most}
        case range() as numbers:
            taken = {"least": numbers[0], "most": numbers[-1]}
        case _:
            taken = {"values": _plain(rule)}
    return taken if rule.default is None else {**taken, "default": rule.default}


def _status_fields(offer: Offer, catalogue: Catalogue, today: date) -> dict[str, Any]:
    """Return whether the offer has ended, and whether it can be bought now."""
    ended, fields = offer.ended, dict[str, Any]()
    if ended is not None:
        fields["ended"] = {"on": ended.on.isoformat(), "source": ended.source}
    elif offer.ends is not None:
        fields["ends"] = {"on": offer.ends.on.isoformat(), "source": offer.ends.source}
    if offer.absent_on is not None:
        fields["gone"] = offer.absent_on.isoformat()
    elif said := describe_modes_missing(offer):
        fields["not_now"] = said
    if offer.id in catalogue.paused_models:
        fields["paused"] = True
    if catalogue.is_living(offer) and not catalogue.is_usable(offer):
        fields["needs_key"] = catalogue.get_vendor(offer).keys[0]
    if (days := _stale_days(offer, catalogue, today)) is not None:
        fields["price_days_old"] = days
    return fields


def _stale_days(offer: Offer, catalogue: Catalogue, today: date) -> int | None:
    """Return the age of the price in days where it is too old; else None."""
    age = today - offer.checked
    return age.days if offer.rates and catalogue.needs_key(offer) and age > STALE else None


def _marks(offer: Offer, catalogue: Catalogue, today: date, *, with_page: bool = True) -> str:
    """Return in brackets what stands against buying an offer; `with_page` says how a missing key is had."""
    ended = [f"ended {offer.ended.on}"] if offer.ended else [f"ends {offer.ends.on}"] if offer.ends else []
    gone = [f"gone at {catalogue.get_vendor(offer).title}, as it said on {offer.absent_on}"] if offer.absent_on else []
    if said := describe_modes_missing(offer):
        gone.append(f"not {said} now, as {catalogue.get_vendor(offer).title} said on {max(offer.missing.values())}")
    key = (
        []
        if catalogue.is_usable(offer) or not catalogue.is_living(offer)
        else [_name_key_page(catalogue.get_vendor(offer)) if with_page else "no key"]
    )
    old = [f"price looked up {days} days ago"] if (days := _stale_days(offer, catalogue, today)) is not None else []
    paused = ["paused, as it charged more than quoted"] if offer.id in catalogue.paused_models else []
    return f" ({', '.join(marks)})" if (marks := [*ended, *paused, *gone, *key, *old]) else ""


def _name_key_page(vendor: Vendor) -> str:
    page = f"get one at {vendor.key_page}, then " if vendor.key_page else ""
    return f"no key: {page}{describe_command('setup', vendor.name)}"


def _table(offer: Offer, catalogue: Catalogue, today: date) -> str:
    options = "; ".join(f"{_option(rule)}{_describe_condition(offer, rule)}" for rule in offer.options) or "none"
    prompt = "no stated limit" if offer.prompt_max is None else f"at most {offer.prompt_max} characters"
    lines = [
        f"{offer.id}{_marks(offer, catalogue, today)}",
        *([caveat] if (caveat := catalogue.get_vendor(offer).caveat) else []),
        *(_price_line(prices, is_edit=offer.video is not None) for prices in price_table(offer, today=today)),
        f"Prompt: {prompt}. {_describe_input(offer)}.{_describe_going_on(offer)} Sound: {_sound(offer)}. Options: {options}.",
        *([f"Good for: {hint.good_for} ({hint.source}, read {hint.checked})."] if (hint := get_hint(offer)) else []),
        f"Source: {offer.source}, checked {offer.checked} ({CONFIDENCE.get(offer.confidence, offer.confidence)}).",
    ]
    return "\n".join(lines)


def _price_line(prices: Prices, *, is_edit: bool) -> str:
    when = "".join(f" with {name} {str(value).lower() if isinstance(value, bool) else value}" for name, value in prices.when)
    picture = f"; {format_dollars(prices.rate.picture)} more for each picture" if prices.rate and prices.rate.picture else ""
    picture += f" beyond {prices.rate.free_pictures}" if picture and prices.rate and prices.rate.free_pictures else ""
    sizes = ", ".join(describe_size(size, is_edit=is_edit) for size in prices.sizes)
    return f"{sizes}{when}: {_describe_costs(prices)}{picture}"


def _describe_costs(prices: Prices) -> str:
    """Return what the lengths cost: each of a few, else which there are, the price of a second, and the least and the most."""
    lengths, rate = describe_lengths([seconds for seconds, _ in prices.micros]), prices.rate
    known = [(seconds, micros) for seconds, micros in _select_lengths(prices) if micros is not None]
    if rate is None or not known:
        return f"{lengths} s, price unknown"
    least, most = known[0][1], known[-1][1]
    if least == most:
        return f"{lengths} s {format_dollars(least) if least else 'free'}"
    if len(known) == len(prices.micros):
        return ", ".join(f"{seconds} s {format_dollars(micros)}" for seconds, micros in known)
    fee = f" + {show(rate.fee)}" if rate.fee else ""
    second = f" at {show(ceil(Decimal(rate.micros) * Decimal(rate.times)))}/s{fee}" if rate.per == "second" else ""
    return f"{lengths} s{second}, {format_dollars(least)} to {format_dollars(most)}"


def _option(rule: Rule) -> str:
    if isinstance(rule.allowed, Link):
        return f"{rule.param}: {words(rule)}, as First frame"
    default = "" if rule.default is None else f" (default {str(rule.default).lower()})"
    return f"{rule.param}: {words(rule)}{default}"


def _describe_condition(offer: Offer, rule: Rule) -> str:
    """Say that an option is taken only with a first frame, or only without one; empty for any other."""
    left_out = [other.when for other in offer.conditional_rules if other.param == rule.param and other.allowed == ()]
    ways = {"with": {"image": False}, "without": {"image": True}}
    frame = "one" if isinstance(rule.allowed, Link) else "a first frame"
    return next((f", only {word} {frame}" for word, when in ways.items() if when in left_out), "")


def _sound(offer: Offer) -> str:
    said = {"optional": "as you choose (audio)", True: "always", False: "none", None: "not stated"}
    return said[_sound_field(offer)]


def _describe_input(offer: Offer) -> str:
    if (rule := offer.video) is None:
        return f"First frame: {_frame(offer)}{_describe_frame_lengths(offer)}{_describe_frame_sizes(offer)}"
    first, last = rule.seconds
    ways = "job, MP4 file or https URL" if rule.urls else "job or MP4 file"
    what = "Continues a clip (continues)" if rule.continues else "Edits a video (edits)"
    ways = ways if not rule.continues else "finished job"
    return f"{what}: {ways}, {first} to {last} s, at most {format_bytes(rule.most_bytes, at_most=True)}"


def _describe_frame_sizes(offer: Offer) -> str:
    """Say that the first frame decides the shape, and which sizes are left then; empty where the caller's size decides."""
    sizes = sizes_of(offer, image=True) if offer.image is not None else ()
    if not sizes or any(has_shape(size) for size in sizes):
        return ""
    return f"; with one the video has its shape, and size is {'left out' if len(sizes) == 1 else one_of([size.text for size in sizes])}"


def _describe_frame_lengths(offer: Offer) -> str:
    """Say which lengths there are with a first frame, where these are others than from words."""
    lengths = offer.seconds_by_frame
    differ = offer.text and offer.image is not None and lengths[True] != lengths[False]
    return f"; with one {describe_lengths(lengths[True])} s" if differ else ""


def _frame(offer: Offer) -> str:
    rule = offer.image
    if rule is None:
        return "not taken"
    ways = " or ".join(way for way, taken in (("https URL", rule.urls), ("file or data: URI", rule.data)) if taken)
    types = ", ".join(kind.removeprefix("image/") for kind in rule.types)
    prompt = "" if offer.prompt_with_image else "; the prompt is then not sent"
    return f"{ways}, {types}, at most {format_bytes(rule.most_bytes, at_most=True)}{_limits(rule)}{prompt}"


def _describe_going_on(offer: Offer) -> str:
    """Say that a clip can be continued, where the model takes a picture itself; a model that gets the clip says so as its input."""
    if offer.video is not None or offer.image is None or not offer.image.data:
        return ""
    return " Can be continued."


def _limits(rule: ImageRule) -> str:
    exact = ", exactly as large as the video" if rule.exact else ""
    sides = f", {rule.sides[0]} to {rule.sides[1]} pixels a side" if rule.sides else ""
    return exact + sides + (f", at most 1:{rule.most_stretch:g}" if rule.most_stretch else "")

"""The models that this user can buy now, in a few lines: what `list_sizes` says without a model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.first_key import describe_first_key
from sora_mcp.catalogue.hints import BEST, SELLERS_WORD, get_hint, is_known_for
from sora_mcp.catalogue.rules import SIZE_FACTS, describe_lengths, sizes_of
from sora_mcp.catalogue.sizes import count_lines, name_lines
from sora_mcp.catalogue.unavailable import count_unavailable, describe_ended_here, describe_modes_missing
from sora_mcp.domain import Clip, Image, Offer, Order, Quote, VideoRequest, VideoRule
from sora_mcp.domain.money import Micros
from sora_mcp.server.charges import format_price
from sora_mcp.server.offers_view import find_least, name_successors
from sora_mcp.server.results import count_bytes, to_dollars, without_empty

MOST_SUMMARY_BYTES = 1_950
"""Bytes of the whole result, message and rows: below 600 tokens."""
ANY_IMAGE = Image("https://example.com/frame.png")
ANY_CLIP = "https://example.com/clip.mp4"
MOST_CHEAPEST, MOST_BEST = 3, 2
"""Models that are named to a user without any key."""
MOST_EDITORS = 2
"""Models that change a video, of those that are named."""
FROM = "Prices from: a clip without seconds (the shortest), at its cheapest size and sound."
FROM_EDITS = "Prices from: the shortest video that each takes."
NO_KEY = "None of these can be bought yet: no key is here, and one is enough."
NO_KEY_FOR_THEM = "None of these can be bought yet: no key for them is here, and one is enough."
NEXT = 'Next: list_sizes(model="…") has every size, price and option of one'
ALL = ', list_sizes(model="all") a line for each family'


@dataclass(frozen=True)
class Row:
    """One offer at its lowest price."""

    order: Order
    """The cheapest of all lengths, sizes and options."""
    least: Micros
    is_usable: bool = True
    is_paused: bool = False

    @property
    def offer(self) -> Offer:
        """The offer."""
        return self.order.offer

    @property
    def text(self) -> str:
        """The offer as a line."""
        offer, hint = self.offer, get_hint(self.offer)
        parts = [_describe_lengths(offer), _describe_largest(offer), _describe_sound(offer), self.need]
        missing = describe_modes_missing(offer)
        gone = "paused" if self.is_paused else f"not {missing} now" if missing else "not now" if offer.absent_on else ""
        key = "" if self.is_usable else "no key"
        good = f" ({hint.good_for})" if hint else ""
        return f"{offer.id}{good}: {', '.join(filter(None, (*parts, self.cost, gone, key)))}"

    @property
    def cost(self) -> str:
        """The least that a clip costs."""
        return f"from {format_price(self.least)}" if self.least else "free"

    @property
    def edits(self) -> bool:
        """True where it changes a video."""
        return self.offer.video is not None

    @property
    def kind(self) -> tuple[bool, bool]:
        """Return whether it changes a video, and whether it needs a first frame: prices are compared within a kind."""
        return self.edits, not self.offer.text

    @property
    def is_buyable(self) -> bool:
        """True where it can be bought now."""
        return self.is_usable and not self.is_paused

    @property
    def need(self) -> str:
        """Return what it needs beside words."""
        if self.offer.video is not None:
            return "continues a clip" if self.offer.video.continues else "edits a video"
        return "" if self.offer.text else "needs a first frame"

    @property
    def fields(self) -> dict[str, Any]:
        """The offer as fields."""
        hint, lengths = get_hint(self.offer), self.offer.seconds_by_frame[not self.offer.text]
        return without_empty(
            model=self.offer.id,
            seconds=[lengths[0], lengths[-1]],
            from_usd=to_dollars(self.least),
            good_for=hint.good_for if hint else None,
        )


@functools.lru_cache(maxsize=4)
def summarize(catalogue: Catalogue, *, today: date) -> Mapping[str, Any]:
    """Return the models that can be bought now, cheapest first, and how many more there are and why they cannot be bought.

    Where there are too many for a short result, one of each vendor, those with a hint and the cheapest are shown. Made once for a
    catalogue and a day.
    """
    rows = rank_rows(catalogue.eligible_offers, catalogue, today)
    makers = [row for row in rows if not row.edits]
    shown, kept = [], list[Row]()
    hinted = sorted(makers, key=lambda row: get_hint(row.offer) is None)
    first = {row.offer.vendor: row.offer.id for row in reversed(hinted)}
    for row in sorted(hinted, key=lambda row: row.offer.id not in first.values()):
        shown = [one for one in makers if one in kept or one is row]
        if kept and count_bytes(_build(catalogue, shown, rows, today)) > MOST_SUMMARY_BYTES:
            break
        kept.append(row)
    return _build(catalogue, [row for row in makers if row in kept], rows, today)


def list_models(offers: Sequence[Offer], catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return all of these offers in a line each, cheapest first, also those that cannot be bought now."""
    rows = rank_rows(offers, catalogue, today)
    unpriced = [offer.id for offer in offers if offer.id not in {row.offer.id for row in rows}]
    rest = [f"Without a published price: {', '.join(unpriced)}."] if unpriced else []
    lacking = [catalogue.get_vendor(row.offer) for row in rows if not row.is_usable and catalogue.is_living(row.offer)]
    add = [describe_adding_key(lacking, what="a key")] if lacking else []
    begin = _explain(rows, rows)
    if len(lacking) == len(rows) > 1:  # said once and not in each line
        begin, rows_shown = [NO_KEY_FOR_THEM if catalogue.keyed else NO_KEY, *begin], [replace(row, is_usable=True) for row in rows]
    else:
        rows_shown = rows
    lines = [*begin, *(_describe_row(row, catalogue) for row in rows_shown), *rest, *add, f"{NEXT}."]
    return {"message": "\n".join(lines), "offers": [row.fields for row in rows]}


def list_ended(offers: Sequence[Offer], catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return a line for each of these models that have ended, after when they did, and before what can be bought instead."""
    ends = dict.fromkeys(f"{offer.ended.by} ended {offer.ended.what} on {offer.ended.on}." for offer in offers if offer.ended is not None)
    doubt = ["Vendors that still list it may refuse it."] if any(map(catalogue.is_usable, offers)) else []
    listed = list_models(offers, catalogue, today=today)
    return {**listed, "message": "\n".join([*ends, *doubt, listed["message"], *name_successors(offers, catalogue, today)])}


def rank_rows(offers: Sequence[Offer], catalogue: Catalogue, today: date) -> list[Row]:
    """Return the offers that have a price, each at its lowest: cheapest first, but those that make clips from words before others, and
    those that change a video last."""
    from_words = [offer for offer in offers if offer.text and offer.video is None]
    animators = [offer for offer in offers if offer.image and not offer.text]
    found = [
        *rank_orders(from_words, VideoRequest("a clip"), today=today, with_missing=True),
        *rank_orders(animators, VideoRequest("a clip", image=ANY_IMAGE), today=today, with_missing=True),
    ]
    for offer in offers:
        if offer.video is not None:
            found += rank_orders((offer,), _edit_shortest(offer.video), today=today, with_missing=True)
    rows = [
        Row(*_find_least(order, price, today), catalogue.is_usable(order.offer), order.offer.id in catalogue.paused_models)
        for order, price in found
    ]
    return sorted(rows, key=lambda row: (*row.kind, row.least))


def _find_least(order: Order, price: Quote, today: date) -> tuple[Order, Micros]:
    """Return the cheapest clip of an offer, and what it costs: the default of an option may cost more."""
    offer = order.offer
    found = None if offer.video is not None or not offer.priced_by - SIZE_FACTS - {"seconds"} else find_least(offer, today=today)
    return found or (order, price.micros)


def _edit_shortest(rule: VideoRule) -> VideoRequest:
    return VideoRequest("a change", edits=Clip(ANY_CLIP, duration_s=rule.seconds[0], is_continued=bool(rule.continues)))


def _describe_lengths(offer: Offer) -> str:
    """Return the lengths from words, and those with a first frame where they are others."""
    lengths = offer.seconds_by_frame
    said = f"{describe_lengths(lengths[not offer.text])} s"
    differ = offer.text and offer.image is not None and lengths[True] != lengths[False]
    return f"{said} ({describe_lengths(lengths[True])} s from a picture)" if differ else said


def _build(catalogue: Catalogue, shown: Sequence[Row], rows: Sequence[Row], today: date) -> dict[str, Any]:
    editors = [row for row in rows if row.offer.keeps_length][:MOST_EDITORS]
    unshown = len(rows) - len(shown) - len(editors)
    own = [*_name_extremes(rows), *(_describe_row(row, catalogue) for row in shown), *_name_editors(editors)]
    lines = [
        *_explain(*((rows, shown) if catalogue.keyed else ((), ()))),
        *own,
        *_list_examples(catalogue, today),
        *_describe_rest(catalogue, unshown),
    ]
    return {"message": "\n".join(lines), "offers": [row.fields for row in (*shown, *editors)]}


def _explain(rows: Sequence[Row], shown: Sequence[Row]) -> list[str]:
    """Return the line that says of what the prices of several models are, and whose word it is what the shown ones are good for."""
    prices = [FROM_EDITS if all(row.edits for row in rows) else FROM] if sum(row.least > 0 for row in rows) > 1 else []
    labels = dict.fromkeys(hint.good_for for row in shown if (hint := get_hint(row.offer)) is not None)
    words = [f"{', '.join(labels).capitalize()}: {SELLERS_WORD}."] if labels and len(shown) > 1 else []
    return [" ".join([*prices, *words])] if prices or words else []


def _describe_row(row: Row, catalogue: Catalogue) -> str:
    """Return the line of an offer, with what its vendor's clips are not."""
    caveat = catalogue.get_vendor(row.offer).caveat
    return f"{row.text}. {caveat}" if caveat else row.text


def _name_extremes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield which model is the cheapest, with its price, and which makes the longest clips."""
    makers = [row for row in rows if row.offer.text and not row.edits]
    if len(makers) > 1:
        longest = max(makers, key=lambda row: row.offer.seconds_by_frame[False][-1])
        seconds = longest.offer.seconds_by_frame[False][-1]
        yield f"Cheapest: {makers[0].offer.id}, {makers[0].cost}. Longest: {longest.offer.id}, {seconds} s."


def _name_editors(rows: Sequence[Row]) -> Iterator[str]:
    """Yield which models change a video, apart from those that make one."""
    if rows:
        yield f'To change a video: {", ".join(f"{row.offer.id} {row.cost}" for row in rows)}; list_sizes(model="edit") has all.'


def _list_examples(catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield to a user without any key the cheapest models and those with the best look, and how a key is had."""
    if catalogue.keyed:
        return
    offers = [offer for offer in catalogue.living_offers if offer.text and offer.video is None]
    each = {row.offer.model: row for row in reversed(rank_rows(offers, catalogue, today))}
    rows = sorted(each.values(), key=lambda row: row.least)
    best = [row for row in rows if is_known_for(row.offer, BEST)]
    named = [*[row for row in rows if row not in best][:MOST_CHEAPEST], *best[:MOST_BEST]]
    if named:
        yield from (NO_KEY, *_explain(named, named), *(replace(row, is_usable=True).text for row in named))
    yield from filter(None, (describe_first_key(catalogue, today=today),))


def _describe_rest(catalogue: Catalogue, unshown: int) -> Iterator[str]:
    if unshown:
        yield f"And {unshown} more that can be bought."
    yield from _explain_empty(catalogue)
    if said := count_unavailable(catalogue, word="more" if catalogue.keyed else "in all"):
        yield f"Cannot be bought now: {said}."
    yield from filter(None, (describe_ended_here(catalogue),))
    yield f"{NEXT}{ALL}."


def _explain_empty(catalogue: Catalogue) -> Iterator[str]:
    """Yield how to name the models of a vendor whose models only the user knows."""
    for vendor in catalogue.vendors:
        if vendor.own is not None and not vendor.offers and vendor.name in catalogue.keyed:
            row = f'["{vendor.name}:my-model"] with per_second = "0.10", sizes = ["1280x720"] and seconds = [4, 8]'
            yield f"{vendor.title}: no models yet. Only the user can name them, in the file of SORA_MCP_PRICES: {row}."


def _describe_largest(offer: Offer) -> str:
    """Return the highest resolution; empty where no size names one."""
    return name_lines(max(sizes_of(offer), key=count_lines)) if sizes_of(offer) else ""


def _describe_sound(offer: Offer) -> str:
    """Return whether it makes sound; empty where no source says it."""
    rule = next((rule for rule in offer.options if rule.param == "audio"), None)
    if rule is not None and isinstance(rule.allowed, tuple) and len(rule.allowed) > 1:
        return "sound if wanted"
    sound = rule.default if rule is not None else offer.sound
    return "sound" if sound is True else "silent" if sound is False else ""

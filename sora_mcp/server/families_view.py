"""The families of models, a line each: what `list_sizes` says of `all`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.name_matching import name_brand
from sora_mcp.catalogue.name_parsing import drop_makers, read_words
from sora_mcp.domain import Offer
from sora_mcp.server.models_view import NO_KEY, Row, rank_rows
from sora_mcp.server.results import without_empty

MOST_LINES = 40
"""Families of which each has a line; vendors with long lists of their own may have more."""
NO_KEY_BUT_SAMPLE = NO_KEY.replace("None of these", "None of these but the sample")
HEADING = "Families of models, cheapest first{}; in brackets what that price buys:"
KEYLESS_LAST = ", those without a key here last"
NEXT = (
    'Next: list_sizes(model="{}") has a line for each of its models; a vendor\'s name lists what it sells, '
    'model="edit" what changes a video.'
)


@dataclass(frozen=True)
class Family:
    """The living models that one name lists, at all vendors."""

    name: str
    """As `list_sizes` takes it."""
    offers: Sequence[Offer]
    rows: Sequence[Row]
    """Those with a price, as lists have them: cheapest first, but those that make a clip from words before others."""

    @property
    def at_hand(self) -> Row | None:
        """The cheapest that can be bought now."""
        return next((row for row in self.rows if row.is_buyable), None)

    @property
    def cheapest(self) -> Row | None:
        """The cheapest that can be bought now, else the cheapest of all; None without a price."""
        return self.at_hand or next(iter(self.rows), None)

    @property
    def models(self) -> int:
        """Number of its models: vendors spell the name of one in several ways."""
        return len({drop_makers(read_words(offer.model)) for offer in self.offers})

    def describe(self, catalogue: Catalogue) -> str:
        """Return its line: how many models, the least price with a key that is here and with another, and the vendors."""
        first, at_hand = self.cheapest, self.at_hand
        other = self._find_cheaper_without_key(at_hand) if at_hand is not None or catalogue.keyed else None
        own = at_hand or (None if other is not None else first)
        costs = [] if own is None else [_describe_cost(own)]
        costs += [] if other is None else [f"with another key {_describe_cost(other)}"]
        count = [f"{self.models} models"] if self.models > 1 else []
        caveat = "" if first is None else catalogue.get_vendor(first.offer).caveat
        said = "; ".join(filter(None, (", ".join([*count, *(costs or ["no published price"])]), *self._list_sellers(catalogue))))
        return f"{self.name}: {said}{f'. {caveat}' if caveat else ''}"

    def _list_sellers(self, catalogue: Catalogue) -> Iterator[str]:
        """Yield the vendors, those without a key apart where one is here; one that the price names is not named again alone."""
        sellers = {offer.vendor: catalogue.is_usable(offer) or not catalogue.keyed for offer in self.offers}
        usable, keyless = (sorted(vendor for vendor, can_buy in sellers.items() if can_buy is wanted) for wanted in (True, False))
        is_named = self.cheapest is not None and len(sellers) == 1
        if usable and not is_named:
            why = (
                ""
                if self.at_hand or not (self.rows and catalogue.keyed)
                else f" ({'paused' if any(row.is_usable for row in self.rows) else 'no price'})"
            )
            yield f"at {', '.join(usable)}{why}"
        if keyless and not is_named:
            yield f"no key: {', '.join(keyless)}"

    def _find_cheaper_without_key(self, first: Row | None) -> Row | None:
        """Return the cheapest without a key here, where it costs less than the one at hand and needs no more, or where none is at hand."""
        keyless = (row for row in self.rows if not row.is_usable)
        return next((row for row in keyless if first is None or (row.kind <= first.kind and row.least < first.least)), None)

    @property
    def fields(self) -> dict[str, Any]:
        """The family as fields: those of its cheapest model, as in every list, and how many there are."""
        first = self.cheapest
        return without_empty(family=self.name, models=self.models, **({} if first is None else first.fields))


@functools.lru_cache(maxsize=4)
def list_families(catalogue: Catalogue, *, today: date) -> Mapping[str, Any]:
    """Return the families of all living models in a line each, those that can be bought now first. Made once for a catalogue and a day."""
    families = sorted(_group(catalogue, today), key=lambda family: (family.at_hand is None, _get_least(family)))
    shown, rest = families[:MOST_LINES], families[MOST_LINES:]
    more = [f"And {len(rest)} more: {', '.join(family.name for family in rest)}"] if rest else []
    example = next((family.name for family in families if family.models > 1), families[0].name if families else "…")
    keyless = [row.offer for family in families for row in family.rows if not row.is_usable]
    add = [describe_adding_key(map(catalogue.get_vendor, keyless), what="a key")] if keyless else []
    has_later = catalogue.keyed and any(family.at_hand is None for family in families)
    begin = [*([] if catalogue.keyed else [NO_KEY_BUT_SAMPLE]), HEADING.format(KEYLESS_LAST if has_later else "")]
    lines = [*begin, *(family.describe(catalogue) for family in shown), *more, *add, NEXT.format(example)]
    return {"message": "\n".join(lines), "offers": [family.fields for family in shown]}


def _group(catalogue: Catalogue, today: date) -> Iterator[Family]:
    """Yield the families, each under the name that lists exactly its models: its brand, else the name of each model."""
    by_brand = dict[str, list[Offer]]()
    for offer in catalogue.offers:
        if catalogue.is_living(offer):
            by_brand.setdefault(name_brand(offer.model), []).append(offer)
    for brand, offers in by_brand.items():
        if not catalogue.has_name(brand) and [offer.id for offer in catalogue.find_family(brand)] == [offer.id for offer in offers]:
            yield _make_family(brand, offers, catalogue, today)
            continue
        for model in dict.fromkeys(offer.model for offer in offers):
            yield _make_family(model, [offer for offer in offers if offer.model == model], catalogue, today)


def _make_family(name: str, offers: Sequence[Offer], catalogue: Catalogue, today: date) -> Family:
    return Family(name, offers, rank_rows(offers, catalogue, today))


def _get_least(family: Family) -> float:
    return float("inf") if family.cheapest is None else family.cheapest.least


def _describe_cost(row: Row) -> str:
    """Return the least that a clip costs, where, and what that clip is like."""
    looks = ", ".join(filter(None, (describe_looks(row.order), row.need)))
    return f"{row.cost} on {row.offer.id} ({looks})"

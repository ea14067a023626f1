"""Show features and prices side by side: every offer as one row, made of the rows that orders are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.rules import sizes_of
from sora_mcp.domain import ImageRule, Offer, Rate, Scalar, Size, Vendor, VideoRule, When
from sora_mcp.domain.money import ceil, show

FEATURES = (
    *("Vendor", "Key", "Text", "First frame", "Last frame", "References", "Sound", "Seed", "Edits", "Continues"),
    *("Cancel", "Actual cost", "Prices", "Tested"),
)
ENDS = ("Day", "Model", "Ended by", "Successor", "Source")
HEADINGS = ("Model", "Sizes", "Seconds", "Price", "First frame", "Options", "Checked")


@dataclass(frozen=True)
class Row:
    """One offer, in words."""

    model: str
    ended: date | None
    sizes: str
    seconds: str
    price: str
    first_frame: str
    options: str
    checked: date
    source: str
    ends: date | None = None


def rows(catalogue: Catalogue, *, today: date) -> tuple[Row, ...]:
    """Return every offer of every vendor, in the registry's order."""
    return tuple(_row(offer, today) for offer in catalogue.offers)


def markdown(table: Iterable[Row]) -> str:
    """Return the table for the README."""
    lines = [_line(HEADINGS), _line(["---"] * len(HEADINGS))]
    for row in table:
        model = f"`{row.model}`{_describe_end(row)}"
        checked = f"[{row.checked}]({row.source})" if row.source.startswith("https://") else str(row.checked)
        lines.append(_line((model, row.sizes, row.seconds, row.price, row.first_frame, row.options, checked)))
    return "\n".join(lines)


def _describe_end(row: Row) -> str:
    """Return when the model ended, or will end, by the day that its maker names: the page stays the same on that day."""
    return f" (ended {row.ended})" if row.ended else f" (ends {row.ends})" if row.ends else ""


def describe_ends(catalogue: Catalogue) -> str:
    """Return the table of the models whose makers announced their end, soonest first, as on the day of the announcement."""
    coming = sorted((offer.ends.on, offer.id, offer.ends) for offer in catalogue.offers if offer.ends is not None)
    rows = [_line((str(on), f"`{model}`", f"{ends.by}: {ends.what}", ends.successor or "-", ends.source)) for on, model, ends in coming]
    return "\n".join([_line(ENDS), _line(["---"] * len(ENDS)), *rows])


def features(catalogue: Catalogue) -> str:
    """Return the README's table of what each vendor can do with any of its models."""
    rows = [_line([vendor.title, _name_key(vendor), *_list_abilities(vendor), *_list_manners(vendor)]) for vendor in catalogue.vendors]
    return "\n".join([_line(FEATURES), _line(["---"] * len(FEATURES)), *rows])


def _name_key(vendor: Vendor) -> str:
    """Return the variable with a vendor's key, linked to the page on which the key is made."""
    key = f"`{vendor.keys[0]}`" if vendor.keys else "-"
    return f"[{key}]({vendor.key_page})" if vendor.key_page else key


def _list_abilities(vendor: Vendor) -> list[str]:
    """Return what a vendor's models take; those that ended count only where it has no other. A list of its own says it of each."""
    if vendor.listing is not None:
        return [*["by its list"] * 6, "-", "-"]
    offers = [offer for offer in vendor.offers if offer.ended is None] or list(vendor.offers)
    options = {rule.param for offer in offers for rule in offer.options}
    own = vendor.own is not None
    text, image = own or any(offer.text for offer in offers), own or any(offer.image is not None for offer in offers)
    videos = [offer.video for offer in offers if offer.video is not None]
    edits, continues = any(not rule.continues for rule in videos), any(rule.continues for rule in videos)
    marks = (text, image, *(name in options for name in ("last_image", "references", "audio", "seed")), edits, continues)
    return [_mark(fact) for fact in marks]


def _list_manners(vendor: Vendor) -> list[str]:
    """Return how a vendor treats a job and the money."""
    confidences = dict.fromkeys(offer.confidence if offer.rates else "not stated" for offer in vendor.offers)
    confidences |= {"live": None} if vendor.price_list else {}
    tested = "this machine" if vendor.serve else "documented answers, played server"
    marks = [_mark(vendor.cancel is not None), _mark(vendor.tells_cost)]
    return [*marks, ", ".join(confidences) or ("live" if vendor.listing else "your price file"), tested]


def _mark(fact: bool) -> str:
    return "yes" if fact else "-"


def cells(table: Iterable[Row]) -> list[Sequence[str]]:
    """Return the table for a terminal: without links."""
    return [
        (row.model, row.sizes, row.seconds, row.price, row.first_frame, row.options, f"{row.checked}{', ended' if row.ended else ''}")
        for row in table
    ]


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


def _row(offer: Offer, today: date) -> Row:
    return Row(
        model=offer.id,
        ended=offer.ended.on if offer.ended else None,
        ends=offer.ends.on if offer.ends else None,
        sizes=_sizes(sizes_of(offer)),
        seconds=_lengths(offer.seconds),
        price=describe_prices(offer.rates, today),
        first_frame=_video(offer.video) if offer.video else _first_frame(offer.image, needed=not offer.text),
        options=", ".join(rule.param for rule in offer.options) or "-",
        checked=offer.checked,
        source=offer.source,
    )


def _sizes(sizes: Sequence[Size]) -> str:
    """Return the sizes one by one; where every ratio comes in every resolution, the ratios and the resolutions."""
    paired = [size for size in sizes if size.ratio and size.resolution and not size.pixels]
    ratios = list(dict.fromkeys(size.ratio for size in paired))
    resolutions = list(dict.fromkeys(size.plain_resolution for size in paired))
    if len(paired) < 2 or len(paired) != len(ratios) * len(resolutions):
        return ", ".join(size.text for size in sizes)
    together = f"{', '.join(map(str, ratios))} in {', '.join(map(str, resolutions))}"
    return "; ".join([together, *(size.text for size in sizes if size not in paired)])


def _lengths(lengths: Sequence[int]) -> str:
    """Return `4, 8, 12`, or `3-15` where none is left out."""
    whole = len(lengths) > 2 and list(lengths) == list(range(lengths[0], lengths[-1] + 1))
    return f"{lengths[0]}-{lengths[-1]}" if whole else ", ".join(map(str, lengths))


def describe_prices(rates: Sequence[Rate], today: date) -> str:
    """Return each price once, with its conditions."""
    held: dict[str, list[str]] = {}
    for rate in _in_force(rates, today):
        amount = ceil(Decimal(rate.micros) * Decimal(rate.times))
        price = "free" if amount == 0 else f"{show(amount)}{'/s' if rate.per == 'second' else ''}"
        price += f" + {show(rate.picture)} a picture" if rate.picture else ""
        price += f" beyond {rate.free_pictures}" if rate.free_pictures else ""
        price += f" + {show(rate.fee)} a video" if rate.fee else ""
        held.setdefault(price, []).append(_condition(rate.when))
    return "; ".join(_format_price(price, conditions) for price, conditions in held.items()) or "not stated"


def _in_force(rates: Sequence[Rate], today: date) -> list[Rate]:
    """Return the newest row that has begun of those with the same conditions."""
    begun = sorted((rate for rate in rates if rate.since is None or rate.since <= today), key=lambda rate: rate.since or date.min)
    newest = {tuple(sorted((name, str(value)) for name, value in rate.when.items())): rate for rate in begun}
    return [rate for rate in rates if any(rate is kept for kept in newest.values())]


def _format_price(price: str, conditions: Sequence[str]) -> str:
    return price if "" in conditions else f"{price} ({', '.join(conditions)})"


def _condition(when: When) -> str:
    return " ".join(_describe(name, value) for name, value in when.items())


def _describe(name: str, value: Scalar | tuple[Scalar, ...]) -> str:
    values = value if isinstance(value, tuple) else (value,)
    match name:
        case "size" | "ratio" | "resolution":
            return " or ".join(Size(str(value)).text for value in values)
        case "seconds":
            return f"{' or '.join(map(str, values))} s"
        case "image":
            return "with a first frame" if value else "without a first frame"
        case _ if value is True:
            return f"with {name}"
        case _ if value is False:
            return f"without {name}"
        case _:
            return f"{name} {' or '.join(map(str, values))}"


def _video(rule: VideoRule) -> str:
    if rule.continues:
        return f"- (continues a clip of {rule.continues})"
    return f"- (edits a video: {'URL or file' if rule.urls else 'file'})"


def _first_frame(rule: ImageRule | None, *, needed: bool) -> str:
    if rule is None:
        return "-"
    ways = " or ".join(way for way, taken in (("URL", rule.urls), ("file", rule.data)) if taken)
    exact = ", as large as the video" if rule.exact else ""
    return f"{ways}{exact}{', needed' if needed else ''}"

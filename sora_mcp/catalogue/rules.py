"""Check and price a request by an offer's rules and rates; the same rows list and explain them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from sora_mcp.catalogue.frame_shapes import bring_to_shape, describe_sizes, fit_frame
from sora_mcp.catalogue.input_videos import check_clip, measure_clip
from sora_mcp.catalogue.sizes import first_of_each_shape, fitting, has_shape, names_shape, of_shape
from sora_mcp.domain import (
    PICTURES,
    Facts,
    Image,
    ImageRule,
    Link,
    Offer,
    Order,
    Quote,
    Rate,
    Rule,
    Scalar,
    Size,
    Text,
    VideoRequest,
    When,
    read_uri,
)
from sora_mcp.domain.broken_rule import MUTED, NO_SUCH_OPTION, SOUND_KNOWN, BrokenRule, format_bytes
from sora_mcp.domain.errors import BrokenRules, UnpricedModel
from sora_mcp.domain.money import ceil, format_dollars, show
from sora_mcp.domain.text import is_storable_text, sanitize
from sora_mcp.net.urls import is_fetchable

VARIATION = "variation"
"""The option that every offer takes: it makes a wanted repeat another request. It is not sent."""
SIZE_FACTS = frozenset(("size", "ratio", "resolution"))
"""Facts of an order that follow from its size."""
FIT, FITS = "fit", ("crop", "pad", "none")
"""The option that every offer with first frames takes: how a picture is brought to the video's size. It is not sent."""
FETCHABLE = "a plain https:// URL that the vendor can reach"
HOW_TO_FIT = 'options.fit="crop" cuts it to fit, "pad" adds bars, both for free.'


def check(request: VideoRequest, offer: Offer, *, today: date) -> Order:
    """Return the order that meets the request: the shortest, and of these the cheapest. BrokenRules names every rule that it breaks."""
    if (order := find_order(request, offer, today=today)) is not None:
        return order
    sizes = _wanted_sizes(request, offer)
    clip = check_clip(request, offer) if request.edits is not None or offer.video is not None else ()
    named = (*_prompt(request, offer), *clip, *_image(request, offer, sizes))
    broken = (*named, *_options(request, offer), *_format(request, offer, sizes))
    raise BrokenRules(broken or _blame(request, offer, sizes), subject=offer.id)


def find_order(request: VideoRequest, offer: Offer, *, today: date) -> Order | None:
    """Return the order that meets the request, as `check` does; None as soon as it breaks a rule."""
    if request.seconds is not None and not offer.keeps_length and request.seconds not in offer.seconds:
        return None  # as `_format` finds too, after more work; most offers of a comparison fall away here
    sizes = _wanted_sizes(request, offer)
    clip = check_clip(request, offer) if request.edits is not None or offer.video is not None else ()
    parts = (clip, _format(request, offer, sizes), _prompt(request, offer), _image(request, offer, sizes), _options(request, offer))
    if next(itertools.chain.from_iterable(parts), None) is not None:
        return None
    orders = _orders(request, offer, sizes)
    legal = (order for order in orders if not any(breaches(order))) if offer.conditional_rules else orders
    first = next(legal, None)
    if first is None:
        return None
    priced_by = offer.priced_by & SIZE_FACTS
    if not priced_by:
        return first  # all sizes of the shortest length cost the same
    one_of_each_price: dict[tuple[object, ...], Order] = {}
    for order in (first, *itertools.takewhile(lambda order: order.seconds == first.seconds, legal)):
        one_of_each_price.setdefault(tuple(order.facts[name] for name in priced_by), order)
    sizes_apart = one_of_each_price.values()
    return first if len(sizes_apart) == 1 else min(sizes_apart, key=lambda order: _price(order, today))


def quote(order: Order, *, today: date) -> Quote:
    """Return what the order costs. PriceUnknown where no row states it."""
    offer = order.offer
    if (rate := rate_of(order.facts, offer.rates, today=today)) is None:
        raise UnpricedModel(offer.id, what=f"{order.seconds} s at {order.size.text}" if offer.rates else "")
    return Quote(ceil(_exact(rate, order)), _basis(rate, order), offer.source, offer.checked, offer.confidence)


def rate_of(facts: Facts, rates: Iterable[Rate], *, today: date) -> Rate | None:
    """Return the row in force: the narrowest of those that match, and of these the newest. None where that is not one row."""
    begun = [row for row in rates if row.since is None or row.since <= today]
    matching = [row for row in begun if not row.when or holds(row.when, facts)]
    if len(matching) < 2:
        return matching[0] if matching else None
    ranks = [(len(row.when), row.since or date.min) for row in matching]
    best = max(ranks)
    return matching[ranks.index(best)] if ranks.count(best) == 1 else None


def holds(when: When, facts: Facts) -> bool:
    """Return whether every condition of `when` is true of these facts."""
    return all(facts.get(name) in (value if isinstance(value, tuple) else (value,)) for name, value in when.items())


def sizes_of(offer: Offer, *, image: bool | None = None) -> tuple[Size, ...]:
    """Return every size that the offer sells, in its own order; only those with, or without, a first frame where that is said."""
    return offer.sizes_by_frame[image]


def breaches(order: Order) -> Iterator[Rule]:
    """Yield the conditional rules that an order of legal values breaks."""
    facts = order.facts
    for rule in order.offer.conditional_rules:
        value = facts.get(rule.param)
        if value is not None and holds(rule.when, facts) and not allows(rule, value):
            yield rule


def allows(rule: Rule, value: object) -> bool:
    """Return whether this rule, taken alone, takes the value. True is not 1, and 4.0 is not 4."""
    match rule.allowed:
        case Text(most):
            return isinstance(value, str) and 0 < len(value) <= most and is_storable_text(value)
        case Link(most):
            return isinstance(value, str) and 0 < len(value.split()) <= most and all(map(is_fetchable, value.split()))
        case range() as numbers:
            return type(value) is int and value in numbers
        case _:
            return isinstance(value, str | int | float) and (type(value), value) in rule.typed_values


def words(rule: Rule) -> str:
    """Return what a rule takes, for a person."""
    match rule.allowed:
        case ():
            return "left out"
        case Text(most):
            return f"a text of at most {most} characters"
        case Link(most):
            return "one picture" if most == 1 else f"1 to {most} pictures"
        case range() as numbers:
            return f"a whole number from {numbers[0]} to {numbers[-1]}"
        case values:
            return one_of([v.text if isinstance(v, Size) else _spell(v) for v in values])


def one_of(values: Sequence[object]) -> str:
    """Return a list in words: `4, 8 or 12`."""
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def describe_lengths(seconds: Sequence[int]) -> str:
    """Return lengths in words: `4-15` where every second between is one, else `5, 10 or 15`."""
    is_range = len(seconds) > 2 and list(seconds) == list(range(seconds[0], seconds[-1] + 1))
    return f"{seconds[0]}-{seconds[-1]}" if is_range else one_of(seconds)


# Checking, one argument each


def _prompt(request: VideoRequest, offer: Offer) -> Iterator[BrokenRule]:
    if sanitize(text := request.prompt) is None:  # blanks, or nothing that can be seen
        yield BrokenRule("prompt", None, "a text that says what to show", "invalid_prompt")
    elif offer.prompt_max is not None and (length := _count(text, offer)) > offer.prompt_max:
        unit = "characters, where an emoji counts as two" if length > len(text) else "characters"
        yield BrokenRule("prompt", f"{length} characters", f"at most {offer.prompt_max} {unit}", "invalid_prompt", is_quoted=False)
    elif not is_storable_text(text):
        yield BrokenRule("prompt", None, "valid Unicode text, without lone surrogates and NUL", "invalid_prompt")


def _count(prompt: str, offer: Offer) -> int:
    """Return the length of a prompt as the vendor counts it."""
    return len(prompt.encode("utf-16-le", "surrogatepass")) // 2 if offer.prompt_in_utf16 else len(prompt)


def _image(request: VideoRequest, offer: Offer, wanted: Sequence[Size]) -> Iterator[BrokenRule]:
    image, rule = request.frame, offer.image
    if image is None:
        if not offer.text and offer.video is None:
            yield BrokenRule("image", None, "given: this model animates a first frame", "invalid_image")
        return
    if rule is None:
        does = "changes a video" if offer.video else "makes videos from words only"
        yield BrokenRule("image", None, f"left out: this model {does}", "invalid_image")
        return
    if image.is_url and not rule.urls:
        yield BrokenRule("image", None, "a file or a data: URI: this vendor fetches no links", "invalid_image")
    if not image.is_url and not rule.data:
        yield BrokenRule("image", None, "an https:// link: this vendor takes no files", "invalid_image")
    if request.is_fitted and any(has_shape(size) for size in wanted or sizes_of(offer, image=True)):
        return  # it is made anew, in a form, of a size and of so many bytes as the vendor takes
    sent = bring_to_shape(request, wanted)
    yield from _stretch(sent or image, rule)  # without a shape of the video's, a picture that is fitted keeps its own, or has the asked one
    if request.is_fitted:
        yield from check_measures(sent or image, rule)
        return
    if image.media_type is not None and image.media_type not in rule.types:
        yield BrokenRule("image", image.media_type, one_of(rule.types), "invalid_image")
    if image.bytes is not None and image.bytes > rule.most_bytes:
        most = f"at most {format_bytes(rule.most_bytes, at_most=True)}"
        yield BrokenRule("image", format_bytes(image.bytes), f"{most}, or made smaller by options.fit", "invalid_image", is_quoted=False)
    yield from check_measures(image, rule)
    yield from _shape(request, offer, wanted)


def check_measures(image: Image, rule: ImageRule) -> Iterator[BrokenRule]:
    """Yield what is wrong with the width and height of a picture."""
    if rule.sides is None or image.width is None or image.height is None:
        return
    if not all(rule.sides[0] <= side <= rule.sides[1] for side in (image.width, image.height)):
        allowed = f"{rule.sides[0]} to {rule.sides[1]} pixels wide and high"
        yield BrokenRule("image", f"{image.width}x{image.height}", allowed, "invalid_image", is_quoted=False)


def _stretch(image: Image, rule: ImageRule) -> Iterator[BrokenRule]:
    if rule.most_stretch is None or not image.width or not image.height:
        return
    if max(image.width, image.height) > rule.most_stretch * min(image.width, image.height):
        allowed = f"at most {rule.most_stretch:g} times as long on one side as on the other"
        yield BrokenRule("image", f"{image.width}x{image.height}", allowed, "invalid_image")


def _shape(request: VideoRequest, offer: Offer, wanted: Sequence[Size]) -> Iterator[BrokenRule]:
    """Yield the rule that no wanted size has the measured first frame's shape, or at some vendors its very pixels."""
    image, rule, sizes = request.frame, offer.image, wanted or sizes_of(offer, image=True)
    if image is None or rule is None or _take_shape(sizes, request, offer):
        return
    got = f"{image.width}x{image.height}"
    if rule.exact:
        yield BrokenRule("image", got, f"exactly as large as the video: {one_of([size.text for size in sizes])}", "invalid_image", False)
    elif wanted:
        shapes = one_of(first_of_each_shape(sizes))
        yield BrokenRule("image", got, f"of the shape of {shapes}, or brought to it by options.fit", "invalid_image", False)


def _options(request: VideoRequest, offer: Offer) -> Iterator[BrokenRule]:
    rules = {rule.param: rule for rule in offer.options}
    for name, value in request.options.items():
        if name == VARIATION:
            if type(value) is not int or not 0 <= value < 2**31:
                yield BrokenRule("options.variation", value, "a whole number from 0 to 2147483647", "invalid_option")
        elif name == FIT:
            if value not in FITS or (request.image is None and value != "none"):
                allowed = one_of(FITS) if request.image else "left out: there is no first frame to fit"
                yield BrokenRule("options.fit", value, allowed, "invalid_option")
        elif name in PICTURES and name in rules and isinstance(value, str) and value:
            yield from _pictures(request.name_option(name), value.split(), rules[name], offer.image)
        elif has_anyway(name, value, offer):
            continue
        elif name not in rules or not allows(rules[name], value):
            known = one_of([*rules, VARIATION]) if rules else f"none but {VARIATION}, a number that asks for another take"
            allowed = words(rules[name]) if name in rules else f"{NO_SUCH_OPTION}{known}"
            if name == "audio" and name not in rules and type(value) is bool:
                muted = MUTED if offer.sound is None and not value else ""
                yield BrokenRule(request.name_option(name), None, f"{SOUND_KNOWN[offer.sound]}{muted}", "invalid_option")
                continue
            argument = name if name in request.arguments else f"options.{name}"
            yield BrokenRule(argument, _shorten(value) if name in PICTURES else value, allowed, "invalid_option")


def _pictures(argument: str, uris: Sequence[str], rule: Rule, taken: ImageRule | None) -> Iterator[BrokenRule]:
    """Yield what is wrong with the pictures of an option: a vendor takes them as it takes first frames."""
    if not isinstance(rule.allowed, Link) or not 0 < len(uris) <= rule.allowed.most:
        yield BrokenRule(argument, _shorten(" ".join(uris)), words(rule), "invalid_option")
        return
    for image in map(read_uri, uris):
        if image.is_url and not is_fetchable(image.uri):
            yield BrokenRule(argument, image.uri, FETCHABLE, "invalid_option")
        elif image.is_url and taken is not None and not taken.urls:
            yield BrokenRule(argument, None, "a file or a data: URI: this vendor fetches no links", "invalid_image")
        elif not image.is_url and (taken is None or not taken.data):
            yield BrokenRule(argument, None, "an https:// link: this vendor takes no files", "invalid_image")
        elif taken is not None and image.media_type is not None and image.media_type not in taken.types:
            yield BrokenRule(argument, image.media_type, one_of(taken.types), "invalid_image")
        elif taken is not None and image.bytes is not None and image.bytes > taken.most_bytes:
            yield BrokenRule(
                argument,
                format_bytes(image.bytes),
                f"at most {format_bytes(taken.most_bytes, at_most=True)}",
                "invalid_image",
                is_quoted=False,
            )


def has_anyway(name: str, value: object, offer: Offer) -> bool:
    """Return whether the offer makes each clip so without being told: with sound, or without. It is not sent then."""
    return name == "audio" and type(value) is bool and value is offer.sound and all(rule.param != name for rule in offer.options)


def _shorten(value: object) -> object:
    """Return pictures as a refusal repeats them: addresses as they are, and of one that was read only that it is one."""
    return "a picture" if isinstance(value, str) and "data:" in value else value


def _format(request: VideoRequest, offer: Offer, wanted: Sequence[Size]) -> Iterator[BrokenRule]:
    if not wanted:
        allowed = describe_sizes(request, sizes_of(offer, image=request.image is not None))
        yield BrokenRule("size", request.size, allowed, "invalid_size")
    if request.seconds is None or offer.keeps_length:
        return
    for rule in offer.rules:
        if rule.param == "seconds" and not rule.when and not allows(rule, request.seconds):
            yield BrokenRule("seconds", request.seconds, words(rule), "invalid_seconds")


# Finding the order


def _wanted_sizes(request: VideoRequest, offer: Offer) -> tuple[Size, ...]:
    every = sizes_of(offer, image=request.image is not None)
    return every if request.size is None else fitting(request.size, every) or fit_frame(request, every)


def _orders(request: VideoRequest, offer: Offer, sizes: Sequence[Size]) -> Iterator[Order]:
    """Yield every way to fill in what the caller left open: the shortest first, and of these the offer's first size."""
    options: dict[str, Scalar] = {rule.param: rule.default for rule in offer.options if rule.default is not None}
    mine = request.options.items()
    options |= {name: value for name, value in mine if name not in (VARIATION, FIT) and not has_anyway(name, value, offer)}
    image, clip = request.frame, None if request.edits is None else request.clip
    lengths = offer.seconds if request.seconds is None else (request.seconds,)
    if clip is not None and offer.keeps_length:
        lengths = (measure_clip(clip, offer),)
    for seconds, size in itertools.product(lengths, _take_shape(sizes, request, offer)):
        yield Order(offer, request.prompt, size, seconds, image, options, clip)


def _take_shape(sizes: Sequence[Size], request: VideoRequest, offer: Offer) -> Sequence[Size]:
    """Return the sizes that a first frame leaves of those that the caller's words mean: where they say no shape, it decides.

    A picture that is not measured decides nothing. One that is cropped or padded takes the nearest shape.
    """
    image, rule = request.frame, offer.image
    if image is None or rule is None or image.width is None or image.height is None:
        return sizes
    if rule.exact and not request.is_fitted:
        return [size for size in sizes if size.pixels == (image.width, image.height)]
    same = of_shape(image, sizes, nearest=request.is_fitted)
    return same or (sizes if names_shape(request.size) else ())


def _blame(request: VideoRequest, offer: Offer, sizes: Sequence[Size]) -> tuple[BrokenRule, ...]:
    """Return the conditional rules that forbid values which are legal alone, of the order that breaks the fewest."""
    order, rules = min(((order, tuple(breaches(order))) for order in _orders(request, offer, sizes)), key=lambda found: len(found[1]))
    codes = {"size": "invalid_size", "seconds": "invalid_seconds"}
    return tuple(
        BrokenRule(
            rule.param if rule.param in codes else request.name_option(rule.param),
            _shorten(order.facts[rule.param]),
            f"{words(rule)} {_circumstances(rule.when)}",
            codes.get(rule.param, "invalid_option"),
        )
        for rule in rules
    )


def _circumstances(when: When) -> str:
    nouns = {"image": "an image", "referenced": "references"}
    return " and ".join(
        f"{'with' if value else 'without'} {nouns[name]}" if name in nouns else f"with {name} {_list_values(value)}"
        for name, value in when.items()
    )


def _list_values(value: Scalar | tuple[Scalar, ...]) -> str:
    return one_of([Size(_spell(one)).text for one in (value if isinstance(value, tuple) else (value,))])


def _spell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Pricing


def _price(order: Order, today: date) -> tuple[bool, Decimal]:
    """Return a key for comparing: an order without a stated price comes after all others."""
    rate = rate_of(order.facts, order.offer.rates, today=today)
    return (True, Decimal(0)) if rate is None else (False, _exact(rate, order))


def _exact(rate: Rate, order: Order) -> Decimal:
    length = Decimal(rate.micros) * (order.seconds if rate.per == "second" else 1) * Decimal(rate.times)
    pictures = rate.picture * max(order.pictures - rate.free_pictures, 0) if rate.picture else 0
    sum_ = max(length + pictures + rate.fee, Decimal(rate.least))
    return Decimal(math.ceil(sum_ / rate.whole) * rate.whole) if rate.whole else sum_


def _basis(rate: Rate, order: Order) -> str:
    sum_ = f"{show(rate.micros)}/s x {order.seconds} s" if rate.per == "second" else f"{format_dollars(rate.micros)} per video"
    times = "" if rate.times == "1" else f" x {rate.times}"
    paid = order.pictures - rate.free_pictures if rate.picture else 0
    pictures = f" + {format_dollars(rate.picture)} x {paid} picture{'' if paid == 1 else 's'}" if paid > 0 else ""
    fee = f" + {show(round(rate.fee, -3) or rate.fee)}" if rate.fee else ""
    least = f", at least {format_dollars(rate.least)}" if rate.least else ""
    whole = f", rounded up to {format_dollars(rate.whole)}" if rate.whole else ""
    return f"{sum_}{times}{pictures}{fee}{least}{whole}"

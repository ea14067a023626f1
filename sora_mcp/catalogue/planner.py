"""Plan a purchase: which offer a request means, which order it makes there, and what that costs."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, count_broken_rules, rank_eligible, rank_orders
from sora_mcp.catalogue.family_choice import describe_choice, find_family_takers
from sora_mcp.catalogue.first_key import describe_first_key
from sora_mcp.catalogue.input_videos import is_any
from sora_mcp.catalogue.overcharges import describe_pauses
from sora_mcp.catalogue.picture_limits import describe_cheaper_for_other_picture
from sora_mcp.catalogue.rules import check, one_of, quote, sizes_of
from sora_mcp.catalogue.size_words import list_meanings
from sora_mcp.catalogue.sizes import first_of_each_shape, fitting, has_shape, name_lines, names_shape, of_shape
from sora_mcp.catalogue.unavailable import describe_missing, refuse_all
from sora_mcp.catalogue.usual_length import USUAL_S
from sora_mcp.domain import Image, Offer, Order, Quote, Vendor, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule, Fix, quote_value
from sora_mcp.domain.errors import BrokenRules, MissingKey, ModelRetired, OverBudget, Refused, UnpricedModel
from sora_mcp.domain.money import Micros, format_dollars, format_excess, round_up, show

MOST_CHANGE = 5
"""Percent by which a live price may differ from the dated one without a word."""
SHORT_S = 4
"""A clip below this is shorter than people expect where they say no length."""


CHEAPEST = "The cheapest for this request was chosen."
TIED = "One of {} that cost the same, the least for this request, was chosen."
ONLY = "It is the only one of {} here that takes this request."
NO_KEY = "No vendor's key is set up, so this is a free sample clip."
"""Why an offer was chosen of all that there are."""
UNSTATED = "Its resolution is not stated."
CHOICE = re.compile("|".join(rf"^{re.escape(why).replace(re.escape('{}'), '[0-9]+')} ?" for why in (CHEAPEST, TIED)))
"""The reason that an order is the cheapest."""


def plan(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Order, Quote]:
    """Find the offer, and return the order that it makes of the request, with its price. Refused says why there is none."""
    _check_size_words(request, catalogue)
    offer, why = find(request, catalogue, today=today)
    return plan_at(offer, request, catalogue, why=why, today=today)


def _check_size_words(request: VideoRequest, catalogue: Catalogue) -> None:
    """Raise BrokenRules where the words of the size may mean several that are sold, unless the model that was named has that very one."""
    if not (meanings := list_meanings(text := request.size or "")):
        return
    named = catalogue.find_offers(request.model) if request.model is not None else ()
    sold = [size for size in meanings if any(fitting(size, offer.sizes) for offer in named or catalogue.eligible_offers)]
    if sold and not any(fitting(text, offer.sizes) for offer in named):
        rule = BrokenRule("size", text, one_of(sold), "invalid_size")
        raise BrokenRules((rule,), fixes=tuple(Fix("size", size) for size in sold))


def plan_at(offer: Offer, request: VideoRequest, catalogue: Catalogue, *, why: str | None = None, today: date) -> tuple[Order, Quote]:
    """Return the order that this offer makes of the request, with its price. `why` is why it was chosen, if anybody chose it."""
    try:
        order = check(request, offer, today=today)
        price = quote(order, today=today)
    except BrokenRules as error:
        if offer.rates:
            raise
        raise _refuse_unpriced(offer, catalogue, error.broken) from None
    except UnpricedModel as error:
        raise _refuse_unpriced(offer, catalogue, (), what=error.what) from None
    found = (
        why or _describe_seller(offer, request, catalogue),
        describe_cheaper_for_other_picture(order, price, request, catalogue, today=today),
        _describe_silence(order, request, catalogue, today),
        _describe_length(order, request, today),
        _describe_shape(order, request),
        _describe_resolution(order, catalogue),
        _describe_clip(order, request),
        *(describe_pauses(order, price, request, catalogue, today=today) if catalogue.pauses else ()),
    )
    notes = tuple(note for note in found if note)
    warnings = _warnings(order, request, vendor=catalogue.get_vendor(offer))
    if (change := _describe_change(order, price, today=today)) is not None:
        warnings = (*warnings, change)
    return replace(order, why=" ".join(notes) or None, warnings=warnings), price


def _refuse_unpriced(offer: Offer, catalogue: Catalogue, broken: tuple[BrokenRule, ...], *, what: str = "") -> Refused:
    """Return the refusal of a model without a price; of one whose vendor states prices in a list, the key is what is missing first."""
    if catalogue.is_usable(offer) or catalogue.get_vendor(offer).price_list is None:
        return UnpricedModel(offer.id, what=what, broken=broken)
    return MissingKey(catalogue.describe_missing_key((offer,)), broken=broken)


def find(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Offer, str | None]:
    """Return the offer that a request means, and why it is this one where the caller left it open. Refused where none is left.

    Where none of several offers takes the request, it is the one whose rules are broken the least, so that the refusal says what to
    change; one that takes this kind of first frame comes before those that do not. Of these it is the cheapest at the nearest length.
    """
    offers, why = _find_candidates(request, catalogue, today)
    if len(offers) == 1:
        return offers[0], why if why != CHEAPEST or request.model is None else ONLY.format(quote_value(request.model))
    is_open = offers is catalogue.eligible_offers
    if ranked := rank_eligible(catalogue, request, today=today) if is_open else rank_orders(offers, request, today=today):
        return _choose(ranked, request, why, today=today)

    if request.model is None and (missing := _find_missing(offers, request, today)):
        refuse_all(missing, catalogue, request=request)
    # An offer that breaks no rule has no price for the request: what a rule says can be mended, and is named before that.
    counted = [(offer, count_broken_rules(offer, request, today=today)) for offer in offers]
    mendable = [(offer, broken) for offer, broken in counted if broken] or counted
    ranks = {offer.id: _rank_refused(offer, broken, request) for offer, broken in mendable}
    least = min(ranks.values())
    return _find_cheapest([offer for offer, _ in mendable if ranks[offer.id] == least], request, today), why


def _rank_refused(offer: Offer, broken: int, request: VideoRequest) -> tuple[bool, bool, bool, int, int]:
    """Return a key by which offers that do not take the request are compared: the least is the one to say what to change of."""
    makes_words_only = request.frame is not None and offer.image is None
    goes_on = offer.video is not None and bool(offer.video.continues)
    does_else = (offer.video is None) != (request.clip is None) or goes_on != (request.clip is not None and request.clip.is_continued)
    return does_else, makes_words_only, not takes_kind(offer, request), broken, _measure_gap(offer, request)


def _choose(ranked: Sequence[tuple[Order, Quote]], request: VideoRequest, why: str | None, *, today: date) -> tuple[Offer, str | None]:
    """Return the offer to buy of those that take the request, and why. Of equal prices, a stated one goes before one that is worked out:
    a person is asked about that each time."""
    equal = [(order, price) for order, price in ranked if price.micros == ranked[0][1].micros]
    chosen, _ = min(equal, key=lambda one: bool(one[1].describe_doubt(today)))
    if why == CHEAPEST and (tied := len({order.offer.model for order, _ in equal})) > 1:
        why = TIED.format(tied)
    return chosen.offer, why if request.model is None or why is None else describe_choice(request.model, chosen, ranked, why, today=today)


def remove_choice(why: str) -> str:
    """Return the reasons of an order without the one that it is the cheapest, for a text that compares prices anyhow."""
    return CHOICE.sub("", why)


def _find_missing(offers: Sequence[Offer], request: VideoRequest, today: date) -> list[Offer]:
    """Return the offers that would take the request, had their vendors not said that they do not have this mode of them now."""
    return [order.offer for order, _ in rank_orders(offers, request, today=today, with_missing=True)]


def _measure_gap(offer: Offer, request: VideoRequest) -> int:
    """Return how many seconds the nearest length of the offer is from the one that was asked for; 0 where none was."""
    wanted = request.seconds
    return min(abs(seconds - wanted) for seconds in offer.seconds) if type(wanted) is int else 0


def _find_cheapest(offers: Sequence[Offer], request: VideoRequest, today: date) -> Offer:
    """Return the offer that is the cheapest at its nearest length; the first where the length is not all that is wrong."""
    wanted, gap = request.seconds, _measure_gap(offers[0], request)
    lengths = (wanted - gap, wanted + gap) if type(wanted) is int else ()
    priced = [found for seconds in lengths for found in rank_orders(offers, replace(request, seconds=seconds), today=today)]
    return min(priced, key=lambda found: found[1].micros)[0].offer if priced else offers[0]


def takes_kind(offer: Offer, request: VideoRequest) -> bool:
    """Return whether the offer takes the request's first frame by its kind, a URL or a file; true where there is none."""
    image, rule = request.frame, offer.image
    return image is None or (rule is not None and (rule.urls if image.is_url else rule.data))


def find_broken(offers: Sequence[Offer], request: VideoRequest, *, today: date) -> tuple[BrokenRule, ...]:
    """Return the rules that the request breaks at that of the offers where it breaks the fewest."""
    broken: list[tuple[BrokenRule, ...]] = []
    for offer in offers:
        try:
            check(request, offer, today=today)
        except BrokenRules as error:
            broken.append(error.broken)
        else:
            return ()
    return min(broken, key=len, default=())


@functools.lru_cache(maxsize=256)
def can_animate(frame: Image, catalogue: Catalogue, *, today: date) -> bool:
    """Return whether a clip that begins with this picture can be bought now, of whichever model."""
    try:
        return bool(plan(VideoRequest("a clip", image=frame), catalogue, today=today))
    except Refused:
        return False


def find_broken_cap(request: VideoRequest, price: Quote) -> tuple[BrokenRule, ...]:
    """Return the caller's own cap as a broken rule, where the price of all clips is above it."""
    total = Micros(price.micros * request.variations)
    if request.max_usd is None or total <= request.max_usd:
        return ()
    return (BrokenRule("max_usd", show(request.max_usd)[1:], f"at least {show(round_up(total))[1:]}", "over_budget"),)


def check_max_usd(request: VideoRequest, order: Order, price: Quote) -> None:
    """Raise OverBudget when the order costs more than the caller's own cap."""
    total, clips = Micros(price.micros * request.variations), request.variations
    if request.max_usd is not None and total > request.max_usd:
        own, cap = format_dollars(total), format_dollars(request.max_usd)
        cost = f"{show(total) if own == cap else own}{format_excess(total, order.offer.expect(total))}"
        what = f"{order.offer.id} costs {cost} for this" if clips == 1 else f"{clips} clips on {order.offer.id} cost {cost} together"
        raise OverBudget(f"{what}, above max_usd {cap}. Only the user can raise it: ask whether {format_dollars(round_up(total))} is fine.")


def _find_candidates(request: VideoRequest, catalogue: Catalogue, today: date) -> tuple[tuple[Offer, ...], str | None]:
    """Return the offers of which the cheapest that takes the request is bought, and why it is that one where nobody named it."""
    if request.model is not None:
        if family := find_family_takers(request, catalogue, today=today):
            return family, CHEAPEST
        named = catalogue.find_named(request.model)
        is_living = any(catalogue.is_living(offer) for offer in named)
        if not is_living and not any(catalogue.is_usable(offer) for offer in named):
            raise ModelRetired(_describe_end(named, catalogue, today), broken=find_broken(named, request, today=today))
        if len(named) == 1:
            return named, None
        # Where every vendor's has ended, the name itself asks for an ended one.
        buyable = tuple(offer for offer in named if catalogue.is_buyable(offer) and (not is_living or catalogue.is_living(offer)))
        if not any(catalogue.is_usable(offer) for offer in named):
            living = [offer for offer in named if catalogue.is_living(offer)]
            note = catalogue.describe_sample(request, today=today)
            cheapest = [order.offer for order, _ in rank_orders(living, replace(request, model=None), today=today)]
            missing = catalogue.describe_missing_key((*cheapest, *living), sample=note)
            raise MissingKey(missing, broken=find_broken(living, request, today=today))
        return buyable or refuse_all(named, catalogue), None
    if not catalogue.keyed:
        return catalogue.find_named(SAMPLE), NO_KEY
    keyed = [offer for offer in catalogue.offers if offer.vendor in catalogue.keyed]
    return catalogue.eligible_offers or refuse_all(keyed, catalogue), CHEAPEST


def _describe_end(offers: Sequence[Offer], catalogue: Catalogue, today: date) -> str:
    """Say that a model ended, before a person gets a key for it, and where others are found."""
    ended = next((offer.ended for offer in offers if offer.ended is not None), None)
    what = "The vendor said that this model is gone" if ended is None else f"{ended.by} ended {ended.what} on {ended.on}"
    instead = "list_sizes shows the models that can be bought." if catalogue.keyed else describe_first_key(catalogue, today=today)
    return f"{what}: a key for {offers[0].id} would be of no use. {instead}"


def _describe_seller(offer: Offer, request: VideoRequest, catalogue: Catalogue) -> str | None:
    """Say why this vendor was chosen, where several sell the model that was named."""
    named = () if request.model is None else catalogue.find_offers(request.model)
    if len({one.vendor for one in named}) < 2:
        return None
    title = catalogue.get_vendor(offer).title
    is_only = len({one.vendor for one in named if catalogue.is_buyable(one)}) < 2
    return f"Only {title} has a key for it." if is_only else f"{title} is its cheapest vendor with a key."


def _describe_silence(order: Order, request: VideoRequest, catalogue: Catalogue, today: date) -> str | None:
    """Say what the same model costs with sound, where one was named, nobody spoke of sound, and this clip has none."""
    if request.model is None or "audio" in request.options or order.options.get("audio", order.offer.sound) is not False:
        return None
    sellers = [offer for offer in catalogue.find_offers(order.offer.model) if catalogue.is_living(offer) and catalogue.is_buyable(offer)]
    aloud = replace(request, model=None, options={**request.options, "audio": True})
    for other, price in rank_orders(sellers, aloud, today=today)[:1]:
        where = "" if other.offer is order.offer else f" on {other.offer.id}"
        return f"It has no sound: with audio=true a clip costs {format_dollars(price.micros)}{where}."
    return None


def _describe_length(order: Order, request: VideoRequest, today: date) -> str | None:
    """Say how short a clip is of which nobody said the length, how long it can be, and what a usual one costs."""
    if request.seconds is not None or order.seconds >= SHORT_S or request.clip is not None:
        return None
    lengths = order.offer.seconds_by_frame[order.image is not None]
    longer = [seconds for seconds in lengths if seconds >= USUAL_S][:1]
    usual = rank_orders((order.offer,), replace(request, model=None, seconds=longer[0]), today=today) if longer else []
    cost = f"; {longer[0]} s cost {format_dollars(usual[0][1].micros)} a clip" if usual else ""
    return f"{order.offer.id} makes {lengths[0]} to {lengths[-1]} s{cost}."


def _describe_resolution(order: Order, catalogue: Catalogue) -> str | None:
    """Say that no source states the resolution of a size that is a shape alone."""
    is_stated = not has_shape(order.size) or bool(name_lines(order.size))
    return None if is_stated or not catalogue.needs_key(order.offer) else UNSTATED


def _describe_clip(order: Order, request: VideoRequest) -> str | None:
    """Say what is set aside for the edit of a video at an address."""
    clip = request.clip
    if clip is None or clip.duration_s is not None or is_any(clip) or not order.offer.keeps_length:
        return None
    return f"The video's length is not known here, so {order.seconds} s are set aside, the most that is edited."


def _describe_shape(order: Order, request: VideoRequest) -> str | None:
    """Say where the shape of the video comes from, of a request with a first frame and without a shape."""
    image = request.frame
    if image is None:
        return None
    if not has_shape(order.size):
        return "The first frame decides the shape."
    if names_shape(request.size):
        return None
    if image.width is not None:
        return None if request.is_fitted else "The clip will have the first frame's shape."
    if len(first_of_each_shape(sizes_of(order.offer, image=True))) == 1:
        return None
    return f"The picture's shape is not known here, so the video is {order.size.text}: name a size for another."


def _describe_change(order: Order, price: Quote, *, today: date) -> str | None:
    """Say how far a vendor's price of now is from the dated one, where that is more than MOST_CHANGE."""
    if (written := order.offer.written) is None or not written.rates:
        return None
    try:
        dated = quote(replace(order, offer=written), today=today)
    except UnpricedModel:
        return None
    change = price.micros - dated.micros
    if 100 * abs(change) <= MOST_CHANGE * dated.micros or not dated.micros:
        return None
    side = "above" if change > 0 else "below"
    return f"The vendor's own price is {abs(change) / dated.micros:.0%} {side} the {format_dollars(dated.micros)} of {dated.checked}."


def _warnings(order: Order, request: VideoRequest, *, vendor: Vendor) -> tuple[str, ...]:
    """Return what the buyer should know of the finished video."""
    image, found = order.image, list[str]()
    if order.missing is not None:
        found.append(f"{describe_missing(order.offer, order.slug, vendor.title)}; it may refuse this again.")
    if (ends := order.offer.ends) is not None:
        found.append(f"{ends.announce()}.")
    if vendor.keys and any(source is not None and source.is_sample for source in (image, order.clip)):
        found.append("It starts from a free sample clip: a drawn scene, not what its prompt asked for.")
    if image is not None and not order.offer.prompt_with_image:
        found.append(f"{vendor.title} takes no prompt with a first frame: the prompt is not sent.")
    if image is not None and image.width is not None and not request.is_fitted and not of_shape(image, (order.size,)):
        fit = "" if image.is_url else '; options.fit="pad" or "crop" does it here'
        shape = f"The first frame is {image.width}x{image.height}: another shape than the video"
        found.append(f"{shape}, so {vendor.title.replace('The ', 'the ', 1)} may cut or stretch it{fit}.")
    return (*found, *(vendor.warn(order) if vendor.warn else ()))

"""Say what an estimate says: what the clips cost, which offers there are, what would be refused, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from sora_mcp.catalogue.affordable_clips import say_fitting
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.clip_plan import describe_joining, describe_part, describe_parts, price_going_on
from sora_mcp.catalogue.hints import WHOSE
from sora_mcp.catalogue.input_videos import is_any
from sora_mcp.catalogue.nearest_offers import describe_muting, describe_nearest, is_muted
from sora_mcp.catalogue.planner import NO_KEY, UNSTATED, remove_choice
from sora_mcp.catalogue.sizes import describe_size
from sora_mcp.domain import Order, Quote
from sora_mcp.domain.money import describe_call_limit
from sora_mcp.domain.times import show_left
from sora_mcp.server.budget_text import describe_left
from sora_mcp.server.charges import capitalize, format_price, say_all
from sora_mcp.server.comparison_text import Comparison, find_room, is_same_clip
from sora_mcp.server.messages import describe_approving, describe_ended, describe_sound, join_fixes

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_AT_HAND = 2
SPENT_UNASKED = "Much was spent within an hour without approval"
"""Why a person has to agree to a price that is stated, fresh and below their limit."""


def describe_estimate(estimate: Estimate, catalogue: Catalogue, *, asks: bool, how_to_raise: str, today: date) -> str:
    """Say what there is to know of an ended model, the price, whether it would be allowed, and what is left."""
    comparison = Comparison(estimate, catalogue, today)
    if estimate.refusal and estimate.is_paused:
        return " ".join(filter(None, [estimate.refusal, name_at_hand(estimate), describe_list_price(estimate)]))
    begin, end = list(_describe_offer(estimate, comparison)), list(_describe_notes(estimate, comparison))
    if estimate.refusal:
        begin = [name_at_hand(estimate) if estimate.is_usable else "", *begin]
        not_now = "" if is_muted(estimate.nearest) else "Not now: "
        end += [f"{not_now}{estimate.refusal}", how_to_raise, *_describe_fitting(estimate)]
    else:
        left = [f"{describe_left(estimate.budget)}."] if catalogue.keyed or not estimate.offers else []
        end += [*_describe_yes(estimate, asks=asks, today=today), comparison.describe_call_limit(), *left]
    if not _is_compared(estimate, catalogue):
        return _join([*begin, *end])
    return "\n".join([_join(begin), *comparison.describe(), _join(end)])


def _is_compared(estimate: Estimate, catalogue: Catalogue) -> bool:
    """Return whether other offers are listed: no model was named, and a key is here for one of them."""
    return bool(estimate.offers) and not is_muted(estimate.nearest) and not _is_sample(estimate, catalogue)


def _is_sample(estimate: Estimate, catalogue: Catalogue) -> bool:
    """Return whether the sample is what is estimated, as no key is here and no model was named."""
    return bool(estimate.offers) and not catalogue.keyed and not estimate.refusal


def _join(sentences: Iterable[str]) -> str:
    return " ".join(filter(None, sentences))


def describe_list_price(estimate: Estimate) -> str:
    """Return as a sentence what a paused model costs by its list; empty for any other estimate."""
    if not estimate.is_paused:
        return ""
    clips = f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    return f"By its list {clips}{estimate.order.seconds} s, {estimate.order.size.text} cost {format_price(estimate.micros)}."


def _describe_fitting(estimate: Estimate) -> Iterator[str]:
    """Yield what can be bought all the same, and when: other models with a key, or so many of the clips as the caps leave room for."""
    each, fitting = estimate.quote.micros, find_room(estimate).count(estimate.quote.micros, estimate.clips)
    if not fitting and each <= estimate.budget.per_video and (ends := estimate.budget.resets_at) and "day" in (estimate.refusal or ""):
        yield f"The day ends {ends:%Y-%m-%d at %H:%M} UTC."
    if not estimate.is_usable:
        yield name_at_hand(estimate)
    if 0 < fitting < estimate.clips:
        yield f"{capitalize(say_fitting(fitting, estimate.clips, estimate.budget.remainder))}: {format_price(each * fitting)}."


def name_at_hand(estimate: Estimate) -> str:
    """Return as a sentence what can be bought: other models, where the one that was named has no key or is paused; changes that are within
    the caps, where the price is above one; empty for any other estimate."""
    if estimate.is_usable:
        split = estimate.within if not estimate.is_paused else None
        parts = [f"{describe_part(split, with_model=True)}, joined with edit_video"] if split else []
        changes = ", or ".join([*parts, *(join_fixes((fix,)) for fix in estimate.at_hand[: 1 if estimate.is_paused else MOST_AT_HAND])])
        return f"{'Instead' if estimate.is_paused else 'Within your limits'}: {changes}." if changes else ""
    named = [
        f"{fix.value} {format_price(fix.micros or 0)}{f' ({describe_looks(fix.order)})' if fix.order else ''}"
        for fix in estimate.at_hand[:MOST_AT_HAND]
    ]
    return f"With the keys here: {', '.join(named)}." if named else ""


def describe_larger(estimate: Estimate, catalogue: Catalogue, *, today: date) -> str:
    """Return as a sentence what the clips cost at the next sizes of the model that was named; empty for a comparison."""
    if estimate.offers or len(estimate.best) < 2:
        return ""
    return f"{capitalize(', '.join(Comparison(estimate, catalogue, today).list_larger()))}."


def _describe_offer(estimate: Estimate, comparison: Comparison) -> Iterator[str]:
    """Yield whether the model ended, how a long video is made of parts, the price, and the other offers."""
    order, catalogue = estimate.order, comparison.catalogue
    yield from describe_ended(order.offer.ended, catalogue.get_vendor(order.offer).title)
    if estimate.nearest:
        yield describe_nearest(estimate.nearest, clips=estimate.clips)
    if is_sample := _is_sample(estimate, catalogue):
        yield from comparison.describe_real()
    if estimate.parts:
        yield describe_parts(estimate.parts, of_model="" if estimate.offers else order.offer.id, room=find_room(estimate))
        if not estimate.refusal or find_room(estimate).count(estimate.parts[0].average, 1):
            yield describe_joining(estimate.parts[0])
    if order.clip is not None and is_any(order.clip) and order.clip.duration_s is None and order.offer.keeps_length:
        yield "Pass the clip as image."
    if is_sample:
        clips = f"{estimate.clips} clips of " if estimate.clips > 1 else ""
        yield f"Without a key: {clips}{order.seconds} s on {order.offer.id}, free."
    else:
        shortest = "Without seconds, its shortest: " if comparison.usual_length and _is_compared(estimate, catalogue) else ""
        yield f"{'With another key: ' if estimate.nearest else shortest}{_describe_price(estimate, comparison.label)}"
    if estimate.muted and not estimate.offers:
        _, other, price = estimate.muted
        yield f"For less: {describe_muting(other, price, clips=estimate.clips, asking=comparison.describe_asking(price))}"
    if not _is_compared(estimate, catalogue) and (larger := describe_larger(estimate, catalogue, today=comparison.today)):
        yield larger


def _describe_notes(estimate: Estimate, comparison: Comparison) -> Iterator[str]:
    """Yield why this offer was chosen, what gives more for less, and warnings."""
    order, catalogue = estimate.order, comparison.catalogue
    why = remove_choice(order.why or "").removeprefix(NO_KEY).strip() if estimate.offers else order.why  # the comparison says it
    if why and comparison.usual_length:  # at which all are priced, in place of what is said of the length
        why = why.partition(f"{order.offer.id} makes ")[0].strip()
    if (why := (why or "").replace(UNSTATED, "").strip()) and not estimate.refusal:  # the price says it beside the size
        yield why
    yield from _describe_doubts(estimate, comparison)
    yield from _describe_edit(estimate)
    if (own := estimate.going_on) is not None:
        longer = "" if own.as_long is None else f"with seconds={own.as_long.seconds} {format_price(own.as_long.micros)}"
        if own.model != order.offer.id:
            alone = f"continues without a model stays with {own.model}: {own.seconds} s, {format_price(own.micros)}"
            yield f"{'; '.join(filter(None, (alone, longer)))}."
        elif longer:
            yield f"As long as the clip before: {longer}."
    if estimate.splits and not estimate.offers:
        each = estimate.splits[0].order
        sound = describe_sound(each.options, model=each.offer.id)
        one_of = "each clip as " if estimate.clips > 1 else ""
        yield f"Cheaper in parts: {one_of}{describe_part(estimate.splits[0], with_model=True)}, {sound}, joined with edit_video."
    if estimate.more and not any(is_same_clip(estimate.more, found) for found in estimate.close):
        yield _describe_more(estimate, *estimate.more)
    if caveat := catalogue.get_vendor(order.offer).caveat:
        yield caveat
    if order.warnings:
        yield f"Note: {' '.join(order.warnings)}"


def _describe_doubts(estimate: Estimate, comparison: Comparison) -> Iterator[str]:
    """Yield why a price of the comparison needs approval that is not above the limit, where the estimate's own does not say it."""
    above, today = estimate.budget.confirm_above, comparison.today
    if not _is_compared(estimate, comparison.catalogue) or estimate.quote.describe_doubt(today):
        return
    splits = [(part.order, part.price) for part in (*estimate.splits, *estimate.best_splits)]
    prices = [price for _, price in (*comparison.cheapest, *estimate.best, *splits) if above is None or price.micros <= above]
    doubtful = {price.confidence == "derived" for price in prices if price.micros and price.describe_doubt(today)}
    kinds = {True: "calculated by us", False: "that is old"}
    if doubtful:
        yield f"A price {' or '.join(kinds[kind] for kind in sorted(doubtful, reverse=True))} needs approval, however low."


def _describe_edit(estimate: Estimate) -> Iterator[str]:
    """Yield how the video that was named is changed, and where no model was named, how a new clip begins with a frame of it."""
    clip = estimate.order.clip
    if clip is not None and not is_any(clip):
        yield "create_video takes the video as edits."
        if estimate.offers:
            yield "For a new clip that begins with one of its frames, image ends in #first, #last or a second such as #2.5s."


def _describe_yes(estimate: Estimate, *, asks: bool, today: date) -> Iterator[str]:
    """Yield how the user agrees to the price, where that is needed."""
    if (waits := estimate.waits) is not None:
        why, left = _describe_why(estimate, today), show_left(estimate.good_for_s, 0)
        how = f"{why} {describe_approving(waits.id, waits.total)}"
        if estimate.clips > 1:
            covers = f"covers {say_all(estimate.clips)} for {left}, with any prompts{_describe_going_on(estimate, today)}"
            by_chat = f'The user will be asked once, at create_video with quote="{waits.id}": that approval {covers}.'
            yield by_chat if asks else f"{how}. It {covers}: pass it as quote."
        else:
            yield f"{why} the user will be asked to approve it." if asks else f"{how} within {left}. Then pass it as quote."


def _describe_why(estimate: Estimate, today: date) -> str:
    """Say why the user has to approve the price, as the begin of a sentence. The limit is one of a call, which buys one clip."""
    above = estimate.budget.confirm_above
    doubt = estimate.quote.describe_doubt(today, f"{estimate.order.offer.id}'s").removesuffix(".")
    if above is None or estimate.quote.micros <= above:
        if estimate.clips > 1 and not doubt:
            return f"Bought within an hour, {say_all(estimate.clips)} need approval:"
        return f"{doubt or SPENT_UNASKED}, so"
    limit = describe_call_limit(above)
    return f"{doubt}, and it is {limit}, so" if doubt else capitalize(limit)


def _describe_going_on(estimate: Estimate, today: date) -> str:
    """Say as a clause that a clip that goes on from another has another price, for which its first frame is charged: a person agreed to the
    price of each clip, so the quote does not cover that one. Empty where the price is the same."""
    each = price_going_on(estimate.order, estimate.quote, today)
    return "" if each == estimate.quote.micros else f"; one that goes on from another costs {format_price(each)} and is asked about"


def _describe_price(estimate: Estimate, label: str) -> str:
    order, clips = estimate.order, f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    sound = describe_sound(order.options, model=order.offer.id)
    total = "" if not estimate.micros or estimate.refusal or estimate.offers else f" ({describe_sum(estimate)})"
    if clips and estimate.micros and (estimate.quote_id or estimate.refusal or estimate.offers):
        total = f" ({format_price(estimate.quote.micros)} each)"
    silent = "" if estimate.silent is None else f"; without sound (audio=false) {format_price(estimate.silent)}"
    size = describe_size(order.size.text, is_edit=order.clip is not None)
    size += ", resolution unknown" if UNSTATED in (order.why or "") else ""
    model = f"{order.offer.id}{f' ({label}, {WHOSE})' if label else ''}"
    return f"{clips}{order.seconds} s, {size}, {sound}, on {model}: {format_price(estimate.micros)}{total}{silent}."


def _describe_more(estimate: Estimate, order: Order, price: Quote) -> str:
    """Name a clip that gives more and costs less."""
    is_longer = order.seconds > estimate.order.seconds
    begin, trim = ("Longer for less", "; trimming is free") if is_longer else ("Larger for less", "")
    return f"{begin}: {order.seconds} s, {order.size.text}, on {order.offer.id}, {format_price(price.micros * estimate.clips)}{trim}."


def describe_sum(estimate: Estimate) -> str:
    each, frames = estimate.quote.basis, estimate.micros - estimate.quote.micros * estimate.clips
    more = f" + {format_price(frames)} for first frames" if frames else ""
    return each if estimate.clips == 1 else f"{each} x {estimate.clips} clips{more}"

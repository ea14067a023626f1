"""Say what an estimate says: what the clips cost, which offers there are, what would be refused, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sora_mcp.catalogue.affordable_clips import Room, say_fitting
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.clip_plan import describe_joining, describe_part, describe_parts, list_lengths, make_part
from sora_mcp.catalogue.first_key import is_best_look
from sora_mcp.catalogue.hints import TALK, get_hint
from sora_mcp.catalogue.input_videos import ANY_CLIP
from sora_mcp.catalogue.nearest_offers import describe_muting, describe_nearest, is_muted
from sora_mcp.catalogue.planner import CHEAPEST, NO_KEY
from sora_mcp.catalogue.sizes import describe_size, name_lines, name_size
from sora_mcp.catalogue.unavailable import count_unavailable
from sora_mcp.domain import Order, Quote
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.address import is_remote
from sora_mcp.server.budget_text import describe_left
from sora_mcp.server.charges import capitalize, format_price, say_all
from sora_mcp.server.messages import describe_ended, describe_sound, join_fixes

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_AT_HAND = 2
MOST_NAMED = 4
"""Offers of a comparison in the message."""
MOST_SIZES = 3
"""Sizes of which the price of the best look is named, the largest first."""
SPENT_UNASKED = "Much was spent within an hour without approval."
"""Why a person has to agree to a price that is stated, fresh and below their limit."""


def describe_estimate(estimate: Estimate, catalogue: Catalogue, *, asks: bool, how_to_raise: str, today: date) -> str:
    """Say what there is to know of an ended model, the price, whether it would be allowed, and what is left."""
    sentences = [*_describe_offer(estimate, catalogue, today), *_describe_notes(estimate, catalogue)]
    if estimate.refusal:
        if estimate.is_paused:
            return " ".join(filter(None, [estimate.refusal, name_at_hand(estimate), describe_list_price(estimate)]))
        begin = "" if is_muted(estimate.nearest) else "Not now: "
        within = name_at_hand(estimate) if estimate.is_usable else ""
        return " ".join(filter(None, [within, *sentences, f"{begin}{estimate.refusal}", how_to_raise, *_describe_fitting(estimate)]))
    return " ".join([*sentences, *_describe_yes(estimate, asks=asks, today=today), f"{describe_left(estimate.budget)}."])


def describe_list_price(estimate: Estimate) -> str:
    """Return as a sentence what a paused model costs by its list; empty for any other estimate."""
    if not estimate.is_paused:
        return ""
    clips = f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    return f"By its list {clips}{estimate.order.seconds} s, {estimate.order.size.text} cost {format_price(estimate.micros)}."


def _find_room(estimate: Estimate) -> Room:
    return Room(estimate.budget.per_video, estimate.budget.remainder)


def _describe_fitting(estimate: Estimate) -> Iterator[str]:
    """Yield what can be bought all the same, and when: other models with a key, or so many of the clips as the caps leave room for."""
    each, fitting = estimate.quote.micros, _find_room(estimate).count(estimate.quote.micros, estimate.clips)
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


def _describe_offer(estimate: Estimate, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield whether the model ended, how a long video is made of parts, the price, and the other offers."""
    order = estimate.order
    yield from describe_ended(order.offer.ended, catalogue.get_vendor(order.offer).title)
    if estimate.nearest:
        yield describe_nearest(estimate.nearest, clips=estimate.clips)
    if is_sample := bool(estimate.offers) and not catalogue.keyed and not estimate.refusal:
        yield from _describe_real(estimate, catalogue, today)
    if estimate.parts:
        yield describe_parts(estimate.parts, of_model="" if estimate.offers else order.offer.id, room=_find_room(estimate))
        if not estimate.refusal or _find_room(estimate).count(estimate.parts[0].average, 1):
            yield describe_joining(estimate.parts[0])
    if order.clip is not None and order.clip.uri == ANY_CLIP and order.clip.duration_s is None and order.offer.keeps_length:
        yield f"Priced for {order.seconds} s: pass the clip as image for its own length."
    begin = "With another key: " if estimate.nearest else "Without a key: " if is_sample else ""
    yield f"{begin}{_describe_price(estimate)}"
    if estimate.muted and not estimate.offers:
        _, other, price = estimate.muted
        yield f"For less: {describe_muting(other, price, clips=estimate.clips, asking=_describe_asking(estimate, price, today))}"
    if not is_muted(estimate.nearest) and not is_sample:
        yield from _describe_others(estimate, catalogue, today)


def _describe_real(estimate: Estimate, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield, to a user without any key, what a clip that is no sample costs, which key that needs and how it is added, and the others."""
    (order, price), *others = _list_real(estimate, catalogue)
    total, clips = _sum(estimate, order, price, today), estimate.clips
    what = f"{clips} real clips cost" if clips > 1 else "A real clip costs"
    yield f"{what} {format_price(total)}: {order.offer.id} ({describe_looks(order)}{_describe_asking(estimate, price, today)})."
    yield f"{catalogue.describe_missing_key((order.offer,))} The key comes with an account there, where clips are paid."
    if others:
        yield f"Others: {_compare(estimate, catalogue, today, others[: MOST_NAMED - 1])}."
    for known, cost in [found for found in others if is_best_look(found)][:1]:
        yield f"Best look: {_describe_offered(estimate, known, cost, catalogue, today)}."


def _describe_others(estimate: Estimate, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield the compared offers, the one with the best look, with sound the one for talking people, and why none can be bought, where no
    model was named."""
    if not estimate.offers:
        if larger := describe_larger(estimate, today=today):
            yield larger
        return
    compared = _compare(estimate, catalogue, today, _list_within(estimate, catalogue)[:MOST_NAMED])
    yield f"Cheapest first: {', '.join([*_describe_muted(estimate, today), compared])}."
    if estimate.close:
        close = [_describe_offered(estimate, *found, catalogue, today, lines="resolution not stated") for found in estimate.close]
        yield f"Close to it: {', '.join(close)}."
    yield from _describe_best(estimate, catalogue, today)
    if estimate.talk is not None:
        order, price = estimate.talk
        yield f"{capitalize(TALK)}: {_describe_offered(estimate, order, price, catalogue, today)}."
    if catalogue.keyed:
        can_buy = any(catalogue.is_usable(order.offer) for order, _ in estimate.offers)
        yield from (f"Cannot be bought now: {said}." for said in (count_unavailable(catalogue),) if said and not can_buy)


def _describe_muted(estimate: Estimate, today: date) -> Iterator[str]:
    """Yield the offer that is cheaper than all that surely make a silent clip, and how its sound is taken out."""
    if estimate.muted:
        _, order, price = estimate.muted
        sound = ", may have sound" if order.sound is None else ""
        free = f"{describe_looks(order)}{sound}: edit_video mute takes it out, free"
        yield f"{order.offer.id} {_describe_cost(estimate, order, price, today)} ({free}{_describe_asking(estimate, price, today)})"


def _describe_notes(estimate: Estimate, catalogue: Catalogue) -> Iterator[str]:
    """Yield why this offer was chosen, what gives more for less, and warnings."""
    order = estimate.order
    why = (order.why or "").removeprefix(CHEAPEST).removeprefix(NO_KEY).strip() if estimate.offers else order.why  # the comparison says it
    if why and not estimate.refusal:
        yield why
    yield from _describe_edit(estimate)
    if (own := estimate.going_on) is not None:
        longer = "" if own.as_long is None else f"with seconds={own.as_long.seconds} {format_price(own.as_long.micros)}"
        if own.model != order.offer.id:
            alone = f"continues without a model stays with {own.model}: {own.seconds} s, {format_price(own.micros)}"
            yield f"{'; '.join(filter(None, (alone, longer)))}."
        elif longer:
            yield f"As long as the clip before: {longer}."
    if estimate.split:
        each = estimate.split.order
        sound = describe_sound(each.options, model=each.offer.id)
        each_as = "each as " if estimate.clips > 1 else ""
        yield f"Cheaper in parts: {each_as}{describe_part(estimate.split, with_model=True)}, {sound}, joined with edit_video."
    if estimate.more:
        yield _describe_more(estimate, *estimate.more)
    if caveat := catalogue.get_vendor(order.offer).caveat:
        yield caveat
    if order.warnings:
        yield f"Note: {' '.join(order.warnings)}"


def _describe_edit(estimate: Estimate) -> Iterator[str]:
    """Yield how the video that was named is changed, and where no model was named, how a new clip begins with a frame of it."""
    clip = estimate.order.clip
    if clip is not None and clip.uri != ANY_CLIP:
        yield "create_video takes the video as edits."
        if estimate.offers:
            yield "For a new clip that begins with one of its frames, image ends in #first, #last or a second such as #2.5s."


def _describe_yes(estimate: Estimate, *, asks: bool, today: date) -> Iterator[str]:
    """Yield how the user agrees to the price, where that is needed."""
    above = estimate.budget.confirm_above
    is_above = above is not None and estimate.micros > above
    if estimate.quote_id:
        doubt = estimate.quote.describe_doubt(today, f"{estimate.order.offer.id}'s")
        why = doubt or SPENT_UNASKED
        begin = f"Above {format_dollars(above or 0)} the" if is_above else f"{why.removesuffix('.')}, so the"
        who = "people who run this server approve it there," if is_remote() else "user approves it"
        in_terminal = f"{begin} {who} in a terminal: `{command_line('approve', estimate.quote_id)}`."
        if estimate.clips > 1:
            asked = f'The user will be asked once, at create_video with quote="{estimate.quote_id}": that approval'
            covers = f"covers {say_all(estimate.clips)} for an hour, with any prompts"
            if estimate.parts and (extra := estimate.parts[0].extra):
                more = Micros(estimate.quote.micros + extra // (estimate.parts[0].clips - 1))
                covers = (
                    f"covers clips at {format_price(estimate.quote.micros)}; one that goes on costs {format_price(more)} and is asked about"
                )
            yield f"{asked} {covers}." if asks else f"{in_terminal} That {covers}: pass it as quote."
        else:
            asked = f"{begin} user will be asked to confirm it."
            yield (f"{doubt} {asked}".strip() if is_above else asked) if asks else f"{in_terminal} Then pass it as quote."
    elif estimate.clips > 1 and is_above:
        yield "Bought one by one they need no approval; as variations of one call they do."


def _describe_price(estimate: Estimate) -> str:
    order, clips = estimate.order, f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    sound = describe_sound(order.options, model=order.offer.id)
    total = "" if not estimate.micros or estimate.refusal else f" ({describe_sum(estimate)})"
    if clips and estimate.micros and (estimate.quote_id or estimate.refusal):
        total = f" ({format_price(estimate.quote.micros)} each)"
    silent = "" if estimate.silent is None else f"; without sound (audio=false) {format_price(estimate.silent)}"
    size = describe_size(order.size.text, is_edit=order.clip is not None)
    return f"{clips}{order.seconds} s, {size}, {sound}, on {order.offer.id}: {format_price(estimate.micros)}{total}{silent}."


def _describe_more(estimate: Estimate, order: Order, price: Quote) -> str:
    """Name a clip that gives more and costs less."""
    is_longer = order.seconds > estimate.order.seconds
    begin, trim = ("Longer for less", "; trimming is free") if is_longer else ("Larger for less", "")
    return f"{begin}: {order.seconds} s, {order.size.text}, on {order.offer.id}, {format_price(price.micros * estimate.clips)}{trim}."


def describe_sum(estimate: Estimate) -> str:
    each, frames = estimate.quote.basis, estimate.micros - estimate.quote.micros * estimate.clips
    more = f" + {format_price(frames)} for first frames" if frames else ""
    return each if estimate.clips == 1 else f"{each} x {estimate.clips} clips{more}"


def _list_real(estimate: Estimate, catalogue: Catalogue) -> list[tuple[Order, Quote]]:
    """Return the compared offers without the free sample, which is no video of the prompt."""
    return [found for found in estimate.offers if not catalogue.get_vendor(found[0].offer).caveat] or list(estimate.offers)


def _list_within(estimate: Estimate, catalogue: Catalogue) -> list[tuple[Order, Quote]]:
    """Return those of the compared offers for which the caps leave room, as far as a key is here; all where they leave none for any."""
    offers = _list_real(estimate, catalogue)
    room = _find_room(estimate)
    return [found for found in offers if room.count(found[1].micros, 1) or not catalogue.is_usable(found[0].offer)] or offers


def _compare(estimate: Estimate, catalogue: Catalogue, today: date, offers: Sequence[tuple[Order, Quote]]) -> str:
    """List these of the compared offers with their prices, how many more there are, and where all of these need approval, the cheapest
    that needs none."""
    named = [_describe_offered(estimate, *found, catalogue, today) for found in offers]
    listed = "all" if estimate.order.clip is None else "edit"
    more = [f'and {rest} more in list_sizes(model="{listed}")'] if (rest := len(estimate.offers) - MOST_NAMED) > 0 else []
    if all(_describe_asking(estimate, price, today) for _, price in offers):
        others = [found for found in _list_within(estimate, catalogue) if catalogue.is_usable(found[0].offer) or not catalogue.keyed]
        unasked = next((found for found in others if not _describe_asking(estimate, found[1], today)), None)
        more += [f"without approval from {_describe_offered(estimate, *unasked, catalogue, today)}"] if unasked else []
    return ", ".join([*named, *more])


def _describe_offered(estimate: Estimate, order: Order, price: Quote, catalogue: Catalogue, today: date, *, lines: str = "") -> str:
    """Name an offer, with what the clips cost there, what one is like, and whether it needs a key or approval. `lines` stands in place of
    a resolution that no source says."""
    unstated = f", {lines}" if lines and not name_lines(order.size) else ""
    key = ", no key" if catalogue.keyed and not catalogue.is_usable(order.offer) else ""
    looks = f"{describe_looks(order)}{unstated}{key}{_describe_asking(estimate, price, today)}"
    return f"{order.offer.id} {_describe_cost(estimate, order, price, today)} ({looks})"


def _sum(estimate: Estimate, order: Order, price: Quote, today: date) -> Micros:
    """Return what all clips cost: those that go on from another have a first frame, which may cost more."""
    if not estimate.parts:
        return Micros(price.micros * estimate.clips)
    count = estimate.parts[0].clips
    return Micros(make_part(count, order, price, today=today).total * (estimate.clips // count))


def _describe_cost(estimate: Estimate, order: Order, price: Quote, today: date) -> str:
    """Return what the clips cost together, and each; how many of them, where the caps leave no room for all."""
    total, room = _sum(estimate, order, price, today), _find_room(estimate)
    both = f"{format_price(total)} in all, {format_price(price.micros)} each" if estimate.clips > 1 and total else format_price(total)
    return f"{both}{room.describe(price.micros, estimate.clips)}"


def _describe_best(estimate: Estimate, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield which compared model has the best look, and what it costs: as it is compared, and at its next sizes, beside the cheapest of
    the first of these; where the caps leave room for some of the clips alone, what all can be."""
    if not estimate.best:
        yield from _describe_best_splits(estimate, today)
        return
    order, price = estimate.best[0]
    fitting = _find_room(estimate).count(price.micros, estimate.clips)
    if not fitting:
        yield f"Best look: {order.offer.id} {_describe_cost(estimate, order, price, today)}."
        return
    yield f"Best look: {', '.join([_describe_offered(estimate, order, price, catalogue, today), *_list_steps(estimate, today)])}."
    if estimate.as_large is not None:
        other, least = estimate.as_large
        yield f"At {name_size(other.size)} from {_describe_cost(estimate, other, least, today)} on {other.offer.id}."
    elif fitting < estimate.clips:
        yield from _describe_all_fitting(estimate, catalogue, today)


def describe_larger(estimate: Estimate, *, today: date) -> str:
    """Return as a sentence what the clips cost at the next sizes of the model that was named; empty for a comparison."""
    return "" if estimate.offers or len(estimate.best) < 2 else f"{capitalize(', '.join(_list_steps(estimate, today)))}."


def _list_steps(estimate: Estimate, today: date) -> list[str]:
    """Return what the clips cost at the next sizes of the model that is priced there, and which of them alone needs approval."""
    (_, least), *steps = estimate.best
    is_asked = bool(_describe_asking(estimate, least, today))
    return [
        f"at {name_lines(order.size)} {format_price(_sum(estimate, order, price, today))}"
        f"{'' if is_asked else _describe_asking(estimate, price, today)}"
        for order, price in steps
    ]


def _describe_all_fitting(estimate: Estimate, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield the dearest of the compared models that are known for something of which the caps leave room for all clips."""
    room = _find_room(estimate)
    for order, price in reversed(estimate.offers):
        hint = get_hint(order.offer)
        if hint and catalogue.is_usable(order.offer) and room.count(price.micros, estimate.clips) == estimate.clips:
            named = f"{_describe_offered(estimate, order, price, catalogue, today)}, good for {hint.good_for}"
            yield f"{capitalize(say_all(estimate.clips))} fit: {named}."
            return


def _describe_best_splits(estimate: Estimate, today: date) -> Iterator[str]:
    """Yield of which clips a model with the best look makes the length, and what they cost together at each size that the caps allow."""
    if not estimate.best_splits:
        return
    split, clips = estimate.best_splits[0], estimate.clips
    costs = [f"{name_lines(part.order.size)} {format_price(Micros(part.total * clips))}" for part in estimate.best_splits[:MOST_SIZES]]
    each = "each as " if clips > 1 else ""
    looks = describe_sound(split.order.options, model=split.order.offer.id)
    clauses = f"{list_lengths(split.lengths)} on {split.order.offer.id}, {looks}{_describe_asking(estimate, split.price, today)}"
    yield f"Best look in parts: {each}{clauses}, joined with edit_video: {', '.join(costs)}."


def _describe_asking(estimate: Estimate, price: Quote, today: date) -> str:
    """Say that a person is asked about the price of a clip, or about that of all in one call; and why, where it is low and the estimate
    does not say it anyhow of its own."""
    above = estimate.budget.confirm_above
    if not price.micros:
        return ""
    if above is not None and price.micros > above:
        return ", needs approval"
    if price.describe_doubt(today):
        why = "" if estimate.quote.describe_doubt(today) else "calculated price " if price.confidence == "derived" else "old price "
        return f", {why}needs approval"
    in_one = not estimate.parts and above is not None and price.micros * estimate.clips > above
    return ", needs approval as variations" if in_one else ""

"""Say why models cannot be chosen: paused, gone, without a price, ended, without a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Offer, VideoRequest
from sora_mcp.domain.errors import MissingKey, ModelRetired, PriceUnknown
from sora_mcp.domain.terminal_command import describe_command

MOST_NAMED = 3
"""Models that are named for one reason."""
MOST_REASONS = 5
Reason = tuple[int, str, str]
"""Its rank, and its words for one model and for several."""


def refuse_all(offers: Sequence[Offer], catalogue: Catalogue, *, request: VideoRequest | None = None) -> NoReturn:
    """Raise the refusal of a request for which no offer is left, with the reason why each fell away."""
    reasons = dict[Reason, list[Offer]]()
    for offer in offers:
        reasons.setdefault(_find_reason(offer, catalogue, request), []).append(offer)
    ranked = sorted(reasons)
    clauses = [_describe(reason, [offer.id for offer in reasons[reason]]) for reason in ranked[:MOST_REASONS]]
    if more := sum(len(reasons[reason]) for reason in ranked[MOST_REASONS:]):
        clauses.append(f"and {more} more")
    message = f"No model is left to choose: {'; '.join(clauses) or 'no vendor with a key sells one'}."
    kinds = {rank for rank, _, _ in ranked}
    if paused := [offer.id for offer in offers if offer.id in catalogue.paused_models]:
        raise PriceUnknown(f"{message} Only the user can go on with a paused one: {describe_command('resume', paused[0])}.")
    keyless = [offer for offer in offers if _find_reason(offer, catalogue, request)[0] == KEYLESS]
    if UNPRICED in kinds:
        add = f" {catalogue.describe_missing_key(keyless)}" if keyless else ""
        raise PriceUnknown(f"{message} The user can name prices in a file: SORA_MCP_PRICES.{add}")
    if keyless:
        raise MissingKey(f"{message} {catalogue.describe_missing_key(keyless)}")
    raise ModelRetired(f"{message} list_sizes shows the models that can be bought.")


PAUSED, GONE, UNPRICED, ENDED, KEYLESS = range(5)


COUNTED = {KEYLESS: "without a key", ENDED: "ended", UNPRICED: "without a published price", GONE: "gone", PAUSED: "paused"}


def count_unavailable(catalogue: Catalogue, *, word: str = "more") -> str:
    """Say how many models cannot be bought now, and why; empty where all can. `word` stands after their number. Ended ones that can be
    named all the same are not among them."""
    spare = {offer.id for offer in (*catalogue.buyable_offers, *_list_ended_here(catalogue))}
    rest = Counter(_find_reason(offer, catalogue)[0] for offer in catalogue.offers if offer.id not in spare)
    why = ", ".join(f"{rest[rank]} {words}" for rank, words in COUNTED.items() if rest[rank])
    return f"{rest.total()} {word} ({why})" if rest else ""


def describe_ended_here(catalogue: Catalogue) -> str:
    """Say how many models have ended and are sent all the same where somebody names them; empty where none is."""
    if not (sold := _list_ended_here(catalogue)):
        return ""
    one = len(sold) == 1
    ended = f"{len(sold)} ended {'model is' if one else 'models are'} sent only when named in full"
    return f"{ended} ({sold[0].id}{'' if one else ', …'}), and may be refused."


def _list_ended_here(catalogue: Catalogue) -> list[Offer]:
    """Return the ended models of vendors with a key."""
    return [offer for offer in catalogue.offers if offer.ended is not None and offer.vendor in catalogue.keyed]


def describe_missing(offer: Offer, slug: str, title: str) -> str:
    """Say that the vendor with this title does not have this mode of the model now, as a clause."""
    what = "" if offer.absent_on else f" {offer.modes[slug]}"
    return f"{title} said on {offer.missing[slug]} that it does not have {offer.id}{what} now"


def describe_modes_missing(offer: Offer) -> str:
    """Say which modes of a model its vendor does not have now, in a few words; empty where none is missing, or all are."""
    return "" if offer.absent_on else " or ".join(words for slug, words in offer.modes.items() if slug in offer.missing)


def _find_reason(offer: Offer, catalogue: Catalogue, request: VideoRequest | None = None) -> Reason:
    """Return why an offer cannot be chosen; what a person can do nothing about counts before a missing key."""
    if offer.id in catalogue.paused_models:
        return PAUSED, "is paused because it charged more than quoted", "are paused because they charged more than quoted"
    if offer.ended is not None:
        return ENDED, f"ended on {offer.ended.on}", f"ended on {offer.ended.on}"
    slug = "" if request is None else offer.find_slug(request.options, with_image=request.image is not None)
    if (day := offer.absent_on or offer.missing.get(slug)) is not None:
        what = "" if offer.absent_on else f" {offer.modes[slug]}"
        return GONE, f"was not available{what} on {day}", f"were not available{what} on {day}"
    if not catalogue.is_usable(offer):
        return KEYLESS, "has no key", "have no key"
    return UNPRICED, "has no published price", "have no published price"


def _describe(reason: Reason, names: Sequence[str]) -> str:
    _, one, several = reason
    if len(names) == 1:
        return f"{names[0]} {one}"
    shown = names if len(names) <= MOST_NAMED + 1 else [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]} {several}"

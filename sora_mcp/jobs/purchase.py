"""Make a purchase of a priced order: what the store writes down, the call to send, and the identity that recognises a repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sora_mcp.catalogue.catalogue import PricedOrder
from sora_mcp.catalogue.rules import VARIATION
from sora_mcp.domain import VideoRequest
from sora_mcp.store.records import Pause, Purchase, QuoteTerms

MOST_FREE_LIVE = 12
"""Clips that one principal may have under way at a vendor without a key, which costs nothing: more than the variations of one call."""


def make_purchase(request: VideoRequest, priced: PricedOrder, principal: str, *, words: str, confirm: bool, agreed: str | None) -> Purchase:
    """Return the order as the store takes it, with the call to send.

    `words` is `hash_words` of the request, `confirm` whether a person has to agree, `agreed` the quote that a person has just agreed to.
    """
    order, offer, frame = priced.order, priced.choice.offer, request.frame
    return Purchase(
        principal=principal,
        fingerprint=hash_order(principal, priced, request),
        words_hash=words,
        terms_hash=hash_terms(principal, priced),
        request_id=request.request_id,
        vendor=priced.choice.vendor.name,
        model=priced.choice.id,
        prompt=order.prompt,
        size=order.size.text,
        seconds=order.seconds,
        options=dict(order.options),
        with_image=order.image is not None,
        warnings=priced.warnings,
        call=priced.choice.vendor.submit(order, offer),
        quote=priced.quote,
        expected_s=offer.expected_s,
        parents=(frame.job_id,) if frame is not None and frame.job_id is not None else (),
        quote_id=request.quote_id,
        agreed=agreed,
        confirm=confirm,
        most_live=None if priced.choice.vendor.keys else MOST_FREE_LIVE,
    )


def make_terms(priced: PricedOrder, principal: str) -> QuoteTerms:
    """Return what a person agrees to before the prompt is known: one such clip."""
    order = priced.order
    return QuoteTerms(principal, hash_terms(principal, priced), priced.choice.id, order.size.text, order.seconds, priced.quote.micros)


def hash_order(principal: str, priced: PricedOrder, request: VideoRequest) -> str:
    """Return a key that is the same for the same order of the same principal, in whatever words: what a person agrees to."""
    order = priced.order
    options = {**order.options, **({VARIATION: request.options[VARIATION]} if VARIATION in request.options else {})}
    parts = [
        principal,
        priced.choice.id,
        order.prompt,
        order.size.text,
        order.seconds,
        order.image and order.image.sha256,
        sorted(options.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def hash_words(principal: str, request: VideoRequest) -> str:
    """Return a key that is the same for the same words of the same principal. What they lead to moves with lists, prices and pauses."""
    image = request.frame and request.frame.sha256
    parts = ["as said", principal, request.prompt, request.model, request.size, request.seconds, image, dict(request.options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def hash_terms(principal: str, priced: PricedOrder) -> str:
    """Return a key that is the same whatever the prompt and the first frame: all that an estimate knows of an order."""
    order = priced.order
    parts = [
        "any prompt",
        principal,
        priced.choice.id,
        order.size.text,
        order.seconds,
        order.image is not None,
        sorted(order.options.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def describe_choice(priced: PricedOrder) -> tuple[str, ...]:
    """Return remarks that only matter while it is bought: the vendor's answers say more afterwards."""
    ended, title = priced.choice.offer.ended, priced.choice.vendor.title
    gone = f"{ended.by} ended {ended.what} on {ended.on}; {title} may answer that it is gone." if ended else ""
    why = f"Why this one: {priced.why}." if priced.why else ""
    return tuple(note for note in (gone, why) if note)


def describe_pauses(pauses: Sequence[Pause]) -> tuple[str, ...]:
    """Return what every purchase says of paused models, until a person has looked at them."""
    named = pauses[0].model if len(pauses) == 1 else f"{len(pauses)} models"
    return (f"Paused, dearer than quoted: {named}.",) if pauses else ()

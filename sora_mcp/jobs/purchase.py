"""Make a purchase of an order: what the store writes down, the call to send, and the identity that recognises a repeat."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from sora_mcp.catalogue.rules import VARIATION
from sora_mcp.catalogue.sizes import has_shape, of_shape
from sora_mcp.domain import EDITS, Order, Quote, Size, Vendor, VideoRequest
from sora_mcp.store.records import Identity, Purchase, QuoteTerms

MOST_FREE_LIVE = 12
"""Clips that one principal may have under way at a vendor without a key, which costs nothing: more than the variations of one call."""


def make_purchase(
    order: Order,
    price: Quote,
    vendor: Vendor,
    *,
    request: VideoRequest,
    principal: str,
    confirm: bool,
    agreed: str | None,
    only_on_page: bool = False,
) -> Purchase:
    """Return the order as the store takes it, with the call to send and the keys that recognise a repeat.

    `confirm` is whether a person has to agree, `only_on_page` whether that counts on a page only, `agreed` the quote that a person has just
    agreed to.
    """
    identity = replace(
        identify_words(request, principal),
        fingerprint=_hash_order(order, request, principal),
        terms=_list_terms(order, principal),
    )
    return Purchase(
        order,
        price,
        vendor.submit(order),
        identity,
        quote_id=request.quote_id,
        agreed=agreed,
        clips=request.variations,
        confirm=confirm,
        only_on_page=only_on_page,
        most_live=None if vendor.keys else MOST_FREE_LIVE,
    )


def make_terms(order: Order, price: Quote, principal: str, clips: int = 1) -> QuoteTerms:
    """Return what a person agrees to before the prompts are known: so many purchases of one such clip, each at this price."""
    return QuoteTerms(
        principal, _hash_terms(order, principal, order.size), order.offer.id, order.size.text, order.seconds, price.micros, clips
    )


def identify_words(request: VideoRequest, principal: str) -> Identity:
    """Return what recognises a repeat by its words alone. What they lead to moves with lists, prices and pauses."""
    image = request.frame and request.frame.sha256
    parts: list[object] = ["as said", principal, request.prompt, request.model, request.size, request.seconds, image, dict(request.options)]
    parts += [*_count_takes(request.variations), *(() if request.clip is None else (EDITS, request.clip.sha256))]
    return Identity(principal, request.request_id, hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest())


def _hash_order(order: Order, request: VideoRequest, principal: str) -> str:
    """Return a key that is the same for the same order of the same principal, in whatever words: what a person agrees to."""
    options = {**order.options, **({VARIATION: request.options[VARIATION]} if VARIATION in request.options else {})}
    image = order.image and order.image.sha256
    parts: list[object] = [principal, order.offer.id, order.prompt, order.size.text, order.seconds, image, sorted(options.items())]
    return _hash([*parts, *_count_takes(request.variations), *(() if order.clip is None else (EDITS, order.clip.sha256))])


def _list_terms(order: Order, principal: str) -> tuple[str, ...]:
    """Return the terms of each estimate that means this order: its own, and where its first frame decides the shape, those of the sizes
    without one that have that shape and the same lines."""
    sizes, frame = [order.size], order.image
    if frame is not None and frame.width and frame.height and not has_shape(order.size):
        alike = [size for size in order.offer.sizes_by_frame[False] if has_shape(size) and size.resolution == order.size.resolution]
        sizes += of_shape(frame, alike)
    return tuple(_hash_terms(order, principal, size) for size in sizes)


def _hash_terms(order: Order, principal: str, size: Size) -> str:
    """Return a key that is the same whatever the prompt, the first frame and the number of takes: what an estimate knows of one clip."""
    parts: list[object] = ["any prompt and frame", principal, order.offer.id, size.text, order.seconds, sorted(order.options.items())]
    return _hash(parts if order.clip is None else [*parts, EDITS])


def _count_takes(clips: int) -> list[object]:
    """Return what tells several takes from one: other than `variation`, the number of takes makes one purchase of all of them."""
    return [] if clips == 1 else ["takes", clips]


def _hash(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

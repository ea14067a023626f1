"""Make offers of models that each have a path and fields of their own, and write orders with those fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sora_mcp.domain import ImageRule, Offer, Order, Rate, Rule
from sora_mcp.vendors.shared.requests import drop_missing

FRAME = ImageRule()


@dataclass(frozen=True)
class Wire:
    """The names and types of a model's fields. What it has no field for, no rule of its offer allows."""

    seconds: Literal["number", "text", "suffix"] | None = "number"
    """A length of 5 s as 5, "5" or "5s"; None where it is fixed."""
    ratio: str | None = "aspect_ratio"
    framed_ratio: str | None = None
    """What stands for the ratio where the first frame decides it."""
    resolution: str | None = "resolution"
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """The model's own words for resolutions."""
    pixels: bool = False
    """A `size` such as `1280*720`, where the order has no first frame."""
    first: str = "image"
    last: str = "last_image"
    first_of_two: str | None = None
    """The field of the first frame beside a last one, where it is another."""
    references: str = "reference_images"
    audio: str = "generate_audio"
    video: str = "video"
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the model requires and no order says."""


Row = tuple[Offer, Wire]


def sell(
    pages: str,
    model: str,
    path: str,
    rates: tuple[Rate, ...],
    *rules: Rule,
    text: bool = True,
    picture: str | None = None,
    last: str | None = None,
    references: str | None = None,
    image: ImageRule | None = FRAME,
    **facts: Any,
) -> Offer:
    """Return an offer, whose page has the path in its address.

    The path has `{}` for what is made from what. `picture`, `last` and `references` are those with a first frame, between two, and with
    references, where they are others.
    """
    from_picture = picture or path.format("image-to-video")
    slug = path.format("text-to-video") if text else from_picture
    known: dict[str, Any] = {"source": f"{pages}{slug}", "image": image, "text": text} | facts
    options = {name: other for name, other in (("last_image", last), ("references", references)) if other is not None}
    return Offer(model, slug, rules, rates, image_slug=from_picture if text and image else None, option_slugs=options, **known)


def write_fields(wire: Wire, order: Order) -> dict[str, Any]:
    """Return the fields of an order without its pictures and its video, which no price depends on."""
    size, options = order.size, order.options
    is_exact = wire.pixels and order.image is None and size.pixels is not None
    lengths: Mapping[str, Any] = {"number": order.seconds, "text": str(order.seconds), "suffix": f"{order.seconds}s"}
    fields: dict[str, Any] = {
        "prompt": order.prompt,
        "duration": lengths[wire.seconds] if wire.seconds and not order.offer.keeps_length else None,
        "seed": options.get("seed"),
        "negative_prompt": options.get("negative_prompt"),
        wire.audio: options.get("audio"),
        **wire.fixed,
    }
    if is_exact:
        return drop_missing({**fields, "size": size.text.replace("x", "*")})
    if wire.ratio:
        fields[wire.ratio] = size.ratio or (wire.framed_ratio if order.image else None)
    if wire.resolution and size.resolution:
        fields[wire.resolution] = wire.words.get(size.resolution, size.resolution)
    return drop_missing(fields)


def write_pictures(wire: Wire, order: Order) -> dict[str, Any]:
    """Return the fields of an order's pictures, and of the video that it changes or continues."""
    last, references = order.options.get("last_image"), str(order.options.get("references", "")).split()
    first = wire.first if last is None else wire.first_of_two or wire.first
    fields = {first: order.image and order.image.uri, wire.last: last, wire.references: references or None}
    return drop_missing({**fields, wire.video: order.clip and order.clip.uri})

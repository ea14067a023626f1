"""Muvi's submit call: each capability of a model has a slug, and names its pictures in its own way. https://developer.muvi.video/docs"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sora_mcp.domain import PICTURES, Call, Image, Order
from sora_mcp.vendors.shared.requests import drop_missing

NO_RESOLUTION = {"sora-2"}
"""Offers whose page has no `resolution` field."""
SWITCHED = {"seedance-1.5-pro-super"}
"""Offers whose sound is a switch, `generate_audio`, instead of a text, `has_sound`."""
SAME_FRAMES, START_END = ("image_url", "end_frame_url"), ("start_frame_url", "end_frame_url")
FRAMES = {
    **dict.fromkeys(("kling-3.0-pro", "kling-3.0-standard", "kling-o3-pro", "kling-o3-std"), START_END),
    **dict.fromkeys(("seedance-2.0", "seedance-2.0-fast"), START_END),
    **dict.fromkeys(("kling-o1-pro", "kling-o1-standard"), ("image_url", "end_image_url")),
    "seedance-1.5-pro-super": START_END,
    "veo-3.1-ecl": ("first_frame_url", "last_frame_url"),
}
"""Field names of a first and a last frame that go together, where they are not SAME_FRAMES."""
REFERENCES = {
    **dict.fromkeys(("veo-3.1", "veo-3.1-fast"), "image_urls"),
    **dict.fromkeys(("seedance-2.0", "seedance-2.0-fast"), "omni_images"),
    **dict.fromkeys(("kling-o3-pro", "kling-o3-std", "kling-o1-pro"), "images"),
}
"""Field name of the list of references."""
ONE_REFERENCE = {"wan-2.7"}
"""Offers that take one reference, as `image_url`."""
ANY_FILE = "https://example.com/frame.png"
"""In a question after a price, in place of a file that is not uploaded: the price does not depend on it."""


def submit(order: Order) -> Call:
    """Return the submit call. Lengths and most switches are text; `seed` is a number."""
    if order.clip is not None and order.offer.keeps_length:
        return Call("POST", "/v1/jobs/submit", {"model": order.slug, "input": {"prompt": order.prompt, "video_url": order.clip.uri}})
    fields: dict[str, Any] = {
        "prompt": order.prompt if order.image is None or order.offer.prompt_with_image else None,
        "aspect_ratio": order.size.ratio,
        "duration": str(order.seconds),
        "resolution": order.size.resolution if order.offer.model not in NO_RESOLUTION else None,
        **_name_sound(order),
        "camera_fixed": order.options.get("camera_fixed"),
        "fps": str(order.options["fps"]) if "fps" in order.options else None,
        "seed": order.options.get("seed"),
        "quality": order.options.get("quality"),
        "negative_prompt": order.options.get("negative_prompt"),
        "video_url": order.clip and order.clip.uri,
        **_name_pictures(order),
    }
    return Call("POST", "/v1/jobs/submit", {"model": order.slug, "input": drop_missing(fields)})


def ask_quote(order: Order) -> Call:
    """Return the call that prices this order for this account, discounts included. https://developer.pixelbyte.app/docs/api-reference/jobs/estimate"""
    options = {name: ANY_FILE if name in PICTURES else value for name, value in order.options.items()}
    plain = replace(order, image=order.image and Image(ANY_FILE), clip=order.clip and replace(order.clip, uri=ANY_FILE), options=options)
    return Call("POST", "/v1/jobs/estimate", submit(plain).body)


def _name_sound(order: Order) -> dict[str, Any]:
    """Return whether there is sound, as a text or as a switch."""
    if "audio" not in order.options:
        return {}
    audio = order.options["audio"]
    return {"generate_audio": audio} if order.offer.model in SWITCHED else {"has_sound": str(audio).lower()}


def _name_pictures(order: Order) -> dict[str, Any]:
    """Return the pictures under the names that this model has for them."""
    model, pictures = order.offer.model, dict[str, Any]()
    last, references = order.options.get("last_image"), str(order.options.get("references", "")).split()
    first_name, last_name = FRAMES.get(model, SAME_FRAMES) if last is not None else SAME_FRAMES
    if order.image is not None:
        pictures[first_name] = order.image.uri
    if last is not None:
        pictures[last_name] = last
    if references:
        pictures |= {"image_url": references[0]} if model in ONE_REFERENCE else {REFERENCES[model]: references}
    return pictures

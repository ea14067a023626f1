"""Kling at fal, and how each model is ordered. https://fal.ai/models?keywords=kling

Fields are those of fal's list of models, exported in the week before 2026-09-01 (https://github.com/gokayfem/ComfyUI-fal-API). It states
no price for O1.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sora_mcp.domain import ImageRule, Rate, Rule, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import KLING_2_SECONDS, KLING_SECONDS, NEGATIVE, list_kling, name_resolution
from sora_mcp.vendors.shared.offer_rows import Row, Wire, sell
from sora_mcp.vendors.shared.rates import rate_sound
from sora_mcp.vendors.shared.sizes import AUDIO, AUTO, LAST, allow_references

CHECKED, READ, EXPORTED = date(2026, 11, 30), date(2026, 10, 4), date(2026, 9, 1)
PATH = "/fal-ai/kling-video"
FRAME = ImageRule(types=("image/jpeg", "image/png"), sides=(300, 65_535), most_stretch=2.5)
WIRE = Wire("text", first="image_url", last="end_image_url", references="image_urls", video="video_url", resolution=None)
NAMED = replace(WIRE, first="start_image_url")
TAILED = replace(WIRE, last="tail_image_url")
_sell = partial(sell, "https://fal.ai/models")


def _per_second(price: str) -> tuple[Rate, ...]:
    return (Rate(usd(price), "second"),)


def _kling_3(tier: str, silent: str, audible: str) -> Row:
    """Return an offer of Kling 3.0."""
    rules = list_kling(KLING_SECONDS, AUDIO, NEGATIVE, *LAST, resolution=name_resolution(tier))
    return _sell(f"kling-3.0-{tier}", f"{PATH}/v3/{tier}/{{}}", rate_sound(silent, audible), *rules, checked=CHECKED), NAMED


def _turbo(tier: str, price: str) -> Row:
    """Return an offer of Kling 3.0 Turbo, whose clips always have sound."""
    facts: dict[str, Any] = {"image": FRAME, "prompt_max": 2500, "sound": True, "checked": READ}
    return _sell(f"kling-3.0-turbo-{tier}", f"{PATH}/v3/turbo/{tier}/{{}}", _per_second(price), *list_kling(KLING_SECONDS), **facts), WIRE


def _o3(tier: str, silent: str, audible: str, references: int) -> Row:
    """Return an offer of Kling O3. Its field for the first frame has another name in its sister with references."""
    rules = list_kling(KLING_SECONDS, AUDIO, *LAST, *allow_references(references), resolution=name_resolution(tier))
    path = f"{PATH}/o3/{tier}/"
    rates = rate_sound(silent, audible)
    return _sell(f"kling-o3-{tier}", f"{path}{{}}", rates, *rules, references=f"{path}reference-to-video", checked=EXPORTED), WIRE


def _o1(tier: str, path: str) -> Row:
    """Return an offer of Kling O1, which makes nothing from words alone."""
    rules = (Rule("size", (AUTO,)), Rule("seconds", range(3, 11)), *LAST)
    return _sell(f"kling-o1-{tier}", f"{PATH}/{path}{{}}", (), *rules, text=False, image=FRAME, checked=EXPORTED), NAMED


def _edit(model: str, path: str, rates: tuple[Rate, ...], seconds: tuple[int, int]) -> Row:
    """Return an offer that changes a video, whose sound it keeps."""
    rules = (Rule("size", (AUTO,)), Rule("seconds", range(seconds[0], seconds[1] + 1)))
    slug = f"{PATH}/{path}video-to-video/edit"
    offer = _sell(model, slug, rates, *rules, text=False, picture=slug, image=None, video=VideoRule(seconds), checked=EXPORTED)
    return offer, replace(WIRE, fixed={"keep_audio": True})


def _kling_2(model: str, path: str, rates: tuple[Rate, ...], wire: Wire, *more: Rule, **facts: Any) -> Row:
    """Return an offer of Kling 2."""
    rules = list_kling(KLING_2_SECONDS, NEGATIVE, *more)
    return _sell(model, f"{PATH}/{path}/{{}}", rates, *rules, checked=EXPORTED, **facts), wire


def _kling_2_framed(model: str, path: str, price: str, *more: Rule) -> Row:
    """Return an offer of Kling 2 from pictures only."""
    rules = (Rule("size", (AUTO,)), KLING_2_SECONDS, NEGATIVE, *more)
    return _sell(model, f"{PATH}/{path}/{{}}", _per_second(price), *rules, text=False, checked=EXPORTED, sound=False), TAILED


ROWS: tuple[Row, ...] = (
    _kling_3("pro", "0.112", "0.168"),
    _kling_3("standard", "0.084", "0.126"),
    _kling_3("4k", "0.42", "0.42"),
    _turbo("pro", "0.14"),
    _turbo("standard", "0.112"),
    _o3("pro", "0.112", "0.14", 4),
    _o3("standard", "0.084", "0.112", 4),
    _o3("4k", "0.42", "0.42", 7),
    _edit("kling-o3-pro-edit", "o3/pro/", _per_second("0.168"), (3, 15)),
    _edit("kling-o3-standard-edit", "o3/standard/", _per_second("0.126"), (3, 15)),
    _o1("pro", "o1/"),
    _o1("standard", "o1/standard/"),
    _edit("kling-o1-pro-edit", "o1/", (), (3, 10)),
    _edit("kling-o1-standard-edit", "o1/standard/", (), (3, 10)),
    _kling_2("kling-2.6-pro", "v2.6/pro", rate_sound("0.07", "0.14"), NAMED, AUDIO, *LAST),
    _kling_2("kling-2.5-turbo-pro", "v2.5-turbo/pro", _per_second("0.07"), TAILED, *LAST, sound=False),
    _kling_2_framed("kling-2.5-turbo-standard", "v2.5-turbo/standard", "0.042"),
    _kling_2("kling-2.1-master", "v2.1/master", _per_second("0.28"), WIRE, sound=False),
    _kling_2_framed("kling-2.1-pro", "v2.1/pro", "0.098", *LAST),
    _kling_2_framed("kling-2.1-standard", "v2.1/standard", "0.056"),
)

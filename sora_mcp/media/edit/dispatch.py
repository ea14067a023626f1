"""Which edit is made by which room."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from sora_mcp.domain.errors import BrokenRule, BrokenRules, Fix
from sora_mcp.media import mp4_probe as mp4
from sora_mcp.media.edit import gif as gifs
from sora_mcp.media.edit.actions import Edit, Made, reshaped
from sora_mcp.media.edit.join import join
from sora_mcp.media.edit.transcode import Empty, Piece, Shape, remake, shape_of
from sora_mcp.media.limits import Allowance
from sora_mcp.media.sample.draw import caption
from sora_mcp.media.view import frames as looking

LEAST_S = 0.05
"""What a piece lasts at least that is said to work: a picture of 24 in a second."""


def cut(edit: Edit, target: Path, allowance: Allowance) -> Made:
    """Writes it, and measures what came out. BrokenRules for times between which no picture begins."""
    try:
        return _cut(edit, target, allowance)
    except Empty:
        raise _empty(edit, allowance) from None


def _cut(edit: Edit, target: Path, allowance: Allowance) -> Made:
    piece = Piece(edit.paths[0], edit.start, edit.end)
    match edit.action:
        case "frame":
            return _frame(piece, target, allowance)
        case "gif":
            width, height = gifs.gif(piece, target, allowance)
            return Made(width, height, None)
        case "join":
            copied = join(edit.paths, target, allowance)
            note = "" if copied else "The clips differ, so they were encoded again in the size of the first one."
            return replace(_measured(target), note=note)
        case "trim":
            remake([piece], shape_of(piece.path), target, allowance)
        case "reframe":
            own = shape_of(piece.path)
            width, height = reshaped(own.width, own.height, edit.ratio)
            remake([Piece(piece.path)], replace(own, width=width, height=height, fill=edit.fill), target, allowance)
        case "caption":
            remake([Piece(piece.path)], _worded(shape_of(piece.path), edit), target, allowance)
    return _measured(target)


def _frame(piece: Piece, target: Path, allowance: Allowance) -> Made:
    _, picture = looking.still(piece.path, piece.start, allowance)
    picture.save(target, "PNG", compress_level=4)
    return Made(picture.width, picture.height, None)


def _empty(edit: Edit, allowance: Allowance) -> BrokenRules:
    """With a start that takes in the picture shown then, or with an end behind the one that begins next."""
    at, _ = looking.still(edit.paths[0], edit.start, allowance)
    if at < edit.start:
        start = math.floor(at * 1000) / 1000
        return _refusal("start", edit.start, f"at most {start:g}, as no picture begins later in this time", start)
    end = math.ceil((at + LEAST_S) * 1000) / 1000
    return _refusal("end", edit.end, f"at least {end:g}, as no picture begins before", end)


def _refusal(name: str, got: float | None, allowed: str, works: float) -> BrokenRules:
    return BrokenRules((BrokenRule(name, got, allowed, "invalid_argument"),), fixes=(Fix(name, works),))


def _worded(own: Shape, edit: Edit) -> Shape:
    return replace(own, caption=caption(edit.text, own.width, own.height), shown=(edit.start, edit.end))


def _measured(target: Path) -> Made:
    facts = mp4.inspect(target)
    return Made(facts.width, facts.height, facts.duration_s)

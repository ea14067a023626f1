"""Carry out an edit."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.colours import HDR_NOTE, read_colours
from sora_mcp.media.edit.caption import add_caption, add_title
from sora_mcp.media.edit.edits import Action, Edit, EditResult, reshape
from sora_mcp.media.edit.gif import write_gif
from sora_mcp.media.edit.join import join_clips
from sora_mcp.media.edit.sound import add_sound, check_sound, remove_sound
from sora_mcp.media.edit.transcode import EmptySegment, Segment, Shape, read_shape, transcode
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.media.safe_reader import open_video
from sora_mcp.media.view.frames import extract_frame

LEAST_S = 0.05
"""Length of the shortest segment that a fix offers: a little more than a frame at 24 fps."""


def edit_clip(edit: Edit, target: Path, deadline: Deadline) -> EditResult:
    """Write the edited file to `target`, whatever its name, and measure it.

    Raises BrokenRules when no frame begins between `start` and `end`, BadMedia when an input cannot be decoded.
    """
    try:
        return _dispatch(edit, target, deadline)
    except EmptySegment:
        raise _explain_empty(edit, deadline) from None


def _dispatch(edit: Edit, target: Path, deadline: Deadline) -> EditResult:
    path = edit.paths[0]
    match edit.action:
        case "frame":
            return _write_frame(path, edit.start, target, deadline)
        case "gif":
            width, height, seconds = write_gif(Segment(path, edit.start, edit.end), target, deadline)
            return EditResult(width, height, seconds, _note_hdr(path, deadline))
        case "sound":
            note = add_sound(path, edit.sound or path, target, deadline)
        case _ if edit.sound is not None:
            note = _make_with_sound(edit, edit.sound, target, deadline)
        case _:
            note = _make_clip(edit, target, deadline)
    return replace(_measure(target), note=note)


def _make_with_sound(edit: Edit, sound: Path, target: Path, deadline: Deadline) -> str:
    """Make the clip, then lay the sound file under it. Its pictures are encoded once. Return both notes."""
    check_sound(sound, deadline)
    made = target.with_name(f"{target.name}.made")
    try:
        note = _make_clip(edit, made, deadline)
        return f"{note} {add_sound(made, sound, target, deadline)}".strip()
    finally:
        made.unlink(missing_ok=True)


def _make_clip(edit: Edit, target: Path, deadline: Deadline) -> str:
    """Write the MP4 of an edit without its sound file. Return a note."""
    path = edit.paths[0]
    match edit.action:
        case "join":
            return join_clips(edit, target, deadline)
        case "mute":
            return remove_sound(path, target, deadline)
        case "reframe" | "caption" | "title":
            return transcode([Segment(path)], SHAPES[edit.action](read_shape(path), edit), target, deadline)
        case _:
            return transcode([Segment(path, edit.start, edit.end, edit.speed)], read_shape(path), target, deadline)


def _note_hdr(path: Path, deadline: Deadline) -> str:
    with open_video(path) as clip:
        return HDR_NOTE if read_colours(clip.decode_first(deadline)).is_hdr else ""


def _write_frame(path: Path, moment: float, target: Path, deadline: Deadline) -> EditResult:
    _, picture = extract_frame(path, moment, deadline)
    picture.save(target, "PNG", compress_level=4)
    return EditResult(picture.width, picture.height, None, _note_hdr(path, deadline))


def _reframe(shape: Shape, edit: Edit) -> Shape:
    width, height = reshape(shape.width, shape.height, edit.ratio)
    return replace(shape, width=width, height=height, fill=edit.fill)


def _explain_empty(edit: Edit, deadline: Deadline) -> BrokenRules:
    """Return a refusal whose fix is an earlier start that includes the current frame, or a later end that includes the next one."""
    at, _ = extract_frame(edit.paths[0], edit.start, deadline)
    if at < edit.start:
        start = math.floor(at * 1000) / 1000
        return _refuse("start", edit.start, f"at most {start:g}, as no picture begins later in this time", start)
    end = math.ceil((at + LEAST_S) * 1000) / 1000
    return _refuse("end", edit.end, f"at least {end:g}, as no picture begins before", end)


def _refuse(name: str, got: float | None, allowed: str, fix: float) -> BrokenRules:
    return BrokenRules((BrokenRule(name, got, allowed, "invalid_argument"),), fixes=(Fix(name, fix),))


def _measure(target: Path) -> EditResult:
    info = probe_mp4(target)
    return EditResult(info.width, info.height, info.duration_s)


SHAPES: Mapping[Action, Callable[[Shape, Edit], Shape]] = {"reframe": _reframe, "caption": add_caption, "title": add_title}
"""What changes the shape of a clip."""

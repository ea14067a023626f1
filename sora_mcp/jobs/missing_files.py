"""Answer a text that means no file with what lies in the folders: the nearest name, else the newest files of its kind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from sora_mcp.artifacts.local import read_job_id
from sora_mcp.catalogue.frame_shapes import describe_shape
from sora_mcp.domain import Image
from sora_mcp.domain.broken_rule import LOOKED_IN, quote_value
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import SOUND_ENDINGS, VIDEO_ENDINGS, find_spellings, is_relative
from sora_mcp.domain.text import is_harmless
from sora_mcp.jobs.allowed_paths import (
    MOST_NAMES,
    describe_folders,
    describe_setting,
    find_nearest_name,
    find_usual_place,
    list_candidates,
    read_allowed,
)
from sora_mcp.media.images.probe import refuse_image
from sora_mcp.media.images.shown_size import read_shown_size

MOST_LISTED = 5
"""Files that are named, the newest first."""
MOST_MEASURED = 25_000_000
"""Bytes of a picture whose size is told."""
KINDS: Mapping[tuple[str, ...], str] = {VIDEO_ENDINGS: "videos", SOUND_ENDINGS: "sound files"}
"""What files of these endings are called; any others are pictures."""


def refuse_missing(text: str, path: Path, folders: Sequence[Path], *, endings: Sequence[str] = (), is_own: bool) -> NoReturn:
    """Raise BrokenRules for a text that means no file, with the name of these endings that is spelt most like it, else with what lies
    there. `is_own` is whether the caller is the user of this machine, who shares the folders with nobody: only they are told the names."""
    near = [place for place in list_candidates(text, folders) if _is_inside(place.parent, folders)] if is_own else []
    found = next(((place, name) for place in near if (name := find_nearest_name(place, endings)) is not None), None)
    if is_relative(text):
        if is_own and (folder := _find_folder(text, folders)) is not None:
            refuse_folder(text, folder, endings, is_own=True)
        where = f", in {found[0].parent}" if found and len(folders) > 1 else ""
        place = find_usual_place(text, endings) if is_own else None
        listed = describe_files(folders, endings, "there") if is_own and not found and place is None else ""
        if found:
            todo = "call again with it if it is meant, else ask the user to copy the file there"
            nearest = f"; the nearest name there is {found[1]!r}{where}: {todo}"
            refuse_image(text[:200], allowed=f"{LOOKED_IN}{describe_folders(folders)}{nearest}", is_quoted=True)
        _refuse_name(text, folders, listed and f". {listed}", place)
    listed = describe_files([path.parent], endings, "there") if is_own and not found and _is_inside(path.parent, folders) else ""
    nearest = f"; the nearest name there is {found[1]!r}" if found else listed and f"; {listed[0].lower()}{listed[1:]}"
    refuse_image(str(found[0] if found else path), allowed=f"a file that exists{nearest}", is_quoted=True)


def refuse_folder(text: str, folder: Path, endings: Sequence[str], *, is_own: bool) -> NoReturn:
    """Raise BrokenRules for a text that means a folder, with what lies in it."""
    listed = describe_files([folder], endings, "in it") if is_own else ""
    none = f", without {_name_kind(endings)}" if is_own else ""
    refuse_image(text[:200], allowed=f"a file: that is a folder{f'. {listed}' if listed else none}", is_quoted=True)


def describe_files(folders: Sequence[Path], endings: Sequence[str], where: str) -> str:
    """Say which files of these endings lie in the folders, the newest first, and of pictures how large they are; empty where none does."""
    found = sorted((one for folder in folders for one in _list_files(folder, tuple(endings))), reverse=True)
    are_pictures = tuple(endings) not in KINDS
    named = [f"{quote_value(path.name)}{describe_picture_size(path) if are_pictures else ''}" for _, path in found[:MOST_LISTED]]
    more = [f"and {rest} more"] if (rest := len(found) - MOST_LISTED) > 0 else []
    return f"{_name_kind(endings).capitalize()} {where}: {', '.join([*named, *more])}" if named else ""


def _is_inside(folder: Path, folders: Sequence[Path]) -> bool:
    """Return whether a folder is one of those that are looked into, or lies in one: that around a folder which is gone does not."""
    return any(folder.is_relative_to(os.path.realpath(one)) for one in folders)


def _find_folder(text: str, folders: Sequence[Path]) -> Path | None:
    """Return the folder that is looked into and has this very name."""
    *_, name = find_spellings(text)
    return next((folder for folder in folders if folder.name.casefold() == name.strip("/\\").casefold()), None)


def _refuse_name(text: str, folders: Sequence[Path], nearest: str, place: Path | None) -> NoReturn:
    """Raise BrokenRules for a mere name, as people say it of a file that lies elsewhere: which folders are looked into, and what to do."""
    begin = f"{nearest}. Ask the user to copy it there" if place is None else f". One lies in {place}: ask the user to copy it from there"
    how = f"{begin}, or {describe_setting(folders, place)}"
    refuse_image(text[:200], allowed=f"{LOOKED_IN}{describe_folders(folders)}{how}", is_quoted=True)


def _name_kind(endings: Sequence[str]) -> str:
    return KINDS.get(tuple(endings), "pictures")


def _list_files(folder: Path, endings: tuple[str, ...]) -> Iterator[tuple[float, Path]]:
    """Yield the regular files of a folder with these endings, with when they were changed: no links, no hidden files, and no finished
    ones, which are named by their jobs."""
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(MOST_NAMES), strict=False):
                is_named = not entry.name.startswith(".") and entry.name.casefold().endswith(endings) and is_harmless(entry.name)
                if is_named and read_job_id(entry.name) is None and entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_mtime, folder / entry.name
    except OSError:
        return


def describe_picture_size(path: Path) -> str:
    """Return in parentheses how large a picture is, upright, and its shape; empty where it cannot be measured here."""
    try:
        width, height = read_shown_size(read_allowed(Path(os.path.realpath(path)), MOST_MEASURED))
    except BrokenRules:
        return ""
    size = f"{width}x{height}"
    shape = describe_shape(Image("", None, width, height))
    return f" ({size})" if shape == size else f" ({size}, {shape})"

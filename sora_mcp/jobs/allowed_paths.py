"""Decide what a path may be: in which folders a file may lie, and what is said of one that is elsewhere.

A file outside of these folders is treated as missing. Whose the files in them are is known to `file_access`.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

import platformdirs

from sora_mcp.artifacts.local import open_itself
from sora_mcp.config.sources import find_config_file
from sora_mcp.domain.broken_rule import LOOKED_IN, format_bytes
from sora_mcp.domain.file_names import find_file_name, find_spellings
from sora_mcp.domain.text import is_harmless
from sora_mcp.media.images.probe import refuse_image

MOST_PATH_CHARACTERS = 4096
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'")
MOST_NAMES = 5000
"""Names of a folder that are looked at."""


def resolve_path(text: str, folders: Sequence[Path]) -> Path:
    """Return the real path, links followed, where it lies in a folder. Outside of them not even its existence is told."""
    if not text or len(text) > MOST_PATH_CHARACTERS or not is_harmless(text.strip()):
        refuse_elsewhere(folders, "that text")
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    spelt = [_locate(spelling, roots) for spelling in find_spellings(text) if is_harmless(spelling)]
    if (found := next((path for paths in spelt for path in paths if os.path.exists(path)), None)) is not None:
        return found
    if not (meant := spelt[-1]):
        _refuse_outside(text, folders)
    same = (_locate(str(path), roots) for path in map(find_same_name, meant) if path is not None)
    return next((paths[0] for paths in same if paths), meant[0])


def _locate(text: str, roots: Sequence[Path]) -> list[Path]:
    """Return the real paths that a text names from each folder, as far as they lie in one of them."""
    named = Path(os.path.expanduser(text)) if text == "~" or text.startswith(("~/", "~\\")) else Path(text)
    candidates = [Path(os.path.realpath(root / named)) for root in roots]  # an absolute path stays what it is
    return [path for path in candidates if any(path.is_relative_to(root) for root in roots)]


def read_allowed(path: Path, most_bytes: int) -> bytes:
    """Return the whole file, if it is a regular one of at most so many bytes."""
    with open_allowed(path, most_bytes) as file:
        return file.read(most_bytes)


@contextlib.contextmanager
def open_allowed(path: Path, most_bytes: int) -> Generator[BinaryIO]:
    """Open a file, if it is a regular one of at most so many bytes. BrokenRules, also where reading it fails."""
    try:
        with open(path, "rb", opener=open_itself) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                refuse_image(str(path), allowed="a regular file", is_quoted=True)
            if not _is_there(path, state):
                refuse_image(str(path), allowed="a file that can be read (it was replaced meanwhile)", is_quoted=True)
            if state.st_nlink > 1:  # its other name may lie where nobody opened a folder
                refuse_image(str(path), allowed="a file without another name (hard link)", is_quoted=True)
            if state.st_size > most_bytes:
                refuse_image(format_bytes(state.st_size), allowed=f"at most {format_bytes(most_bytes, at_most=True)}")
            yield file
    except OSError as error:
        refuse_image(str(path), allowed=f"a file that can be read ({(error.strerror or 'it cannot').lower()})", is_quoted=True)


def _is_there(path: Path, opened: os.stat_result) -> bool:
    """Return whether what was opened is the file at this very path, of which no folder became a link since it was checked."""
    return os.path.realpath(path) == str(path) and os.path.samestat(os.lstat(path), opened)


def list_candidates(text: str, folders: Sequence[Path]) -> list[Path]:
    """Return the real paths that a text may mean, from each folder in which it leads to one."""
    *_, spelling = find_spellings(text)
    return _locate(spelling, [Path(os.path.realpath(folder)) for folder in folders])


def find_usual_place(name: str, endings: Sequence[str]) -> Path | None:
    """Return the folder of the user's home in which a file of this very name lies, where people keep such files. It is not opened."""
    *_, bare = find_spellings(name)
    if os.path.basename(bare) != bare or not is_harmless(bare) or not bare.casefold().endswith(tuple(endings)):
        return None
    return next((folder for folder in _list_usual_folders() if os.path.isfile(folder / bare)), None)


def _list_usual_folders() -> Iterator[Path]:
    """Yield the folders of the user's home in which people keep pictures, videos and sound."""
    places = (platformdirs.user_desktop_path, platformdirs.user_downloads_path, platformdirs.user_pictures_path)
    more = (platformdirs.user_videos_path, platformdirs.user_music_path, platformdirs.user_documents_path)
    yield from (place() for place in (*places, *more))


def _find_usual_parent(text: str) -> Path | None:
    """Return the folder that a path names, where it is one of the usual ones or lies in one: another one is nobody's to suggest."""
    *_, spelling = find_spellings(text)
    parent = Path(os.path.expanduser(spelling) if spelling.startswith(("~/", "~\\")) else spelling).parent
    is_usual = ".." not in parent.parts and any(parent.is_relative_to(folder) for folder in _list_usual_folders())
    return parent if is_usual and '"' not in str(parent) else None


def _refuse_outside(text: str, folders: Sequence[Path]) -> NoReturn:
    """Raise BrokenRules for a path into none of the folders, where nobody looks: it may not even exist. What is told is how the file can
    be named: a file of its name may lie in one of the folders already."""
    if not folders:
        refuse_elsewhere(folders, repr(text[:200]))
    name = find_file_name(text)
    if any(path.is_file() for path in _locate(name, [Path(os.path.realpath(folder)) for folder in folders])):
        how = f", where {name!r} lies: call again with that name, if it is the same file"
    else:
        again = f', then call again with "{name}"' if name else ""
        how = f". Ask the user to copy or save it there{again}; or {describe_setting(folders, _find_usual_parent(text))}"
    refuse_image(text[:200], allowed=f"{LOOKED_IN}{describe_folders(folders)}{how}", is_quoted=True)


def refuse_elsewhere(folders: Sequence[Path], got: str) -> NoReturn:
    """Raise BrokenRules for what names no file at all; `got` says in our words what it is."""
    inside = " or ".join(map(str, folders)) or "an allowed folder (there is none)"
    refuse_image(got, allowed=f"a file inside {inside}, an https:// URL or a data: URI", is_quoted=False)


def drop_data_uri(allowed: str) -> str:
    """Return the forms that a picture may have without that of a `data:` URI: those of a video."""
    return allowed.replace(", an https:// URL or a data: URI", " or an https:// link")


def describe_folders(folders: Sequence[Path]) -> str:
    """Say in which folders a file is looked for."""
    return f"in {folders[0]}, the only folder looked into" if len(folders) == 1 else f"in {' or '.join(map(str, folders))}"


def describe_setting(folders: Sequence[Path], place: Path | None = None) -> str:
    """Say how the user opens another folder: where some are open by a setting, by the same one."""
    file = find_config_file()
    if file is None or len(folders) > 1:
        return "to add its folder to SORA_MCP_IMAGE_DIRS"
    return f'to add the line image_dirs = "{place or "/THAT/FOLDER"}" to {file} and start this client anew'


def find_same_name(path: Path) -> Path | None:
    """Return the only file of the path's folder whose name is the same but for what `_fold` makes equal; None for none."""
    wanted = _fold(path.name)
    same = [name for name in _list_names(path.parent) if _fold(name) == wanted]
    return path.parent / same[0] if len(same) == 1 else None


def find_nearest_name(path: Path, endings: Sequence[str] = ()) -> str | None:
    """Return the name in the path's folder that is spelt most like it, with its ending or without; only one of these endings, if any."""
    names = [name for name in _list_names(path.parent) if not endings or name.casefold().endswith(tuple(endings))]
    whole = {_fold(name).casefold(): name for name in names}
    stems = {_fold(os.path.splitext(name)[0]).casefold(): name for name in names}
    for known, wanted in ((whole, path.name), (stems, path.stem)):
        if near := difflib.get_close_matches(_fold(wanted).casefold(), known, n=1, cutoff=0.7):
            return known[near[0]]
    return None


def _list_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False) if not entry.name.startswith(".")]
    except OSError:
        return []
    return [name for name in names if is_harmless(name)]


def _fold(name: str) -> str:
    """Return a name in NFC with every blank and apostrophe of Unicode as an ordinary one, and without characters that nobody sees."""
    plain = unicodedata.normalize("NFC", name).translate(APOSTROPHES)
    return "".join(" " if unicodedata.category(char) == "Zs" else char for char in plain if unicodedata.category(char) != "Cf")

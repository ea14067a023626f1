"""Read a first frame: a data: URI, or a file inside the folders that the user opened. An address is only checked."""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

from sora_mcp.domain import LIVE, Image, Job
from sora_mcp.domain.errors import NotFinished, UntrustedURL
from sora_mcp.jobs.path_spelling import find_nearest_name, find_same_name, find_spellings, is_file_address
from sora_mcp.media.api import turn_upright
from sora_mcp.media.images.metadata import strip_metadata
from sora_mcp.media.images.probe import ALLOWED, ImageInfo, is_avif, is_cmyk, is_heic, probe_image, refuse_image
from sora_mcp.media.optional import INSTALL, can_read_heic, has_media_extra
from sora_mcp.security.text import is_harmless
from sora_mcp.security.urls import is_fetchable, parse_url

FRAME = re.compile(r"\s*(v_[0-9a-z]{1,20})#(.*)", re.IGNORECASE | re.DOTALL)
MOMENTS = "{0}#first, {0}#last or a second such as {0}#2.5s"
MOMENT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?) ?s?")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,40}):.*", re.IGNORECASE | re.DOTALL)
"""Two letters at least: one letter is a drive of Windows."""
DATA = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?(?:;[a-z0-9-]+=[^;,]{0,100})*;base64,", re.IGNORECASE)
BARE = re.compile(r"(?:iVBORw0KGgo|/9j/|UklGR)[A-Za-z0-9+/=\s]{60,}")
"""Base64 of a PNG, JPEG or WebP without a head."""
BLANKS = re.compile(r"\s+")
DATA_FORM = "a data: URI of the form data:image/png;base64,…"
MOST_PATH_CHARACTERS = 4096
MOST_WRAPPED = 3
"""How many times longer than its base64 a data: URI may be: line ends, or each sign escaped."""


def read_image(text: str, folders: Sequence[Path], *, most_bytes: int, names_near: bool = True) -> Image:
    """Return the first frame that `text` means, measured. Reads at most one file; BrokenRules says what would do.

    Without `names_near` a refusal names no other file: its folder may hold files of others.
    """
    if is_path(text):
        return _file(text, folders, most_bytes, names_near=names_near)
    text = text.strip().strip("\"'`")
    scheme = SCHEME.fullmatch(text)
    if scheme is None:
        return _data(f"data:;base64,{text}", most_bytes)
    match scheme[1].lower():
        case "https":
            return _address(text)
        case "data":
            return _data(text, most_bytes)
        case _:
            _refuse_elsewhere(folders, "that kind of address")


def is_path(text: str) -> bool:
    """Return whether the text means a file: it begins like no address of another machine and is no picture itself."""
    bare = text.strip().strip("\"'`")
    return is_file_address(text) or (SCHEME.fullmatch(bare) is None and BARE.fullmatch(bare) is None)


def frame_of(text: str) -> tuple[str, float | None] | None:
    """Return the job and the second that `JOB#first`, `JOB#2.5s` or `JOB#last` mean, None being the last frame; None for any other text."""
    named = FRAME.fullmatch(text)
    if named is None:
        return None
    word = named[2].strip().casefold()
    if word in ("first", "last"):
        return named[1], 0.0 if word == "first" else None
    moment = MOMENT.fullmatch(word)
    if moment is None:
        refuse_image(text[:100], allowed=MOMENTS.format(named[1]))
    return named[1], float(moment[1])


def _address(url: str) -> Image:
    """Return the address, checked for its form only: the vendor fetches it, not we."""
    try:
        parse_url(url)
    except UntrustedURL as error:
        refuse_image(None, allowed=f"a plain https:// URL. {error.message.removesuffix('.')}")
    if not is_fetchable(url):
        refuse_image(None, allowed="an https:// URL that the vendor can reach, no private address")
    return Image(url)


def _data(uri: str, most_bytes: int) -> Image:
    """Return the picture of a data: URI. Its size is capped before it is decoded, and its bytes say what it is, whatever its head says.

    Line ends and missing padding, which many programs write, damage nothing.
    """
    head = DATA.match(uri)
    if head is None:
        refuse_image("another data: URI", allowed=DATA_FORM)
    body = uri[head.end() :]
    if len(body) > MOST_WRAPPED * ((most_bytes + 2) // 3 * 4):
        refuse_image("a longer data: URI", allowed=f"at most {most_bytes} bytes")
    body = BLANKS.sub("", unquote(body) if "%" in body else body).rstrip("=")
    if len(body) > (most_bytes * 4 + 2) // 3:
        refuse_image("a longer data: URI", allowed=f"at most {most_bytes} bytes")
    try:
        raw = binascii.a2b_base64(body + "=" * (-len(body) % 4), strict_mode=True)
    except ValueError:
        refuse_image("a data: URI with damaged base64", allowed=DATA_FORM)
    return picture_of(raw)


def _file(text: str, folders: Sequence[Path], most_bytes: int, *, names_near: bool) -> Image:
    path = inside(text, folders)
    if names_near and not os.path.lexists(path) and (near := find_nearest_name(path)) is not None:
        refuse_image(str(path), allowed=f"a file that can be read (there is none of this name; the nearest name there is {near!r})")
    return picture_of(_read(path, most_bytes))


def picture_of(raw: bytes) -> Image:
    """Return the picture upright, without what its camera wrote beside it: place, time, device. HEIC, AVIF and CMYK become JPEG."""
    if is_heic(raw):
        if not can_read_heic():
            refuse_image("a HEIC", allowed=f"{ALLOWED}; HEIC needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    elif is_avif(raw):
        if not has_media_extra():
            refuse_image("an AVIF", allowed=f"{ALLOWED}; AVIF needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    elif probe_image(raw) and is_cmyk(raw):  # vendors refuse it, or show other colours
        if not has_media_extra():
            refuse_image("a JPEG in CMYK", allowed=f"a picture in RGB; turning CMYK into it needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    bare = strip_metadata(raw, probe_image(raw).media_type)
    if bare.orientation != 1:
        if not has_media_extra():
            refuse_image("a picture that has to be turned", allowed=f"a picture saved upright; turning needs the media extra: {INSTALL}")
        bare = strip_metadata(upright := turn_upright(raw), probe_image(upright).media_type)
    return _image(bare.raw, probe_image(bare.raw))


def inside(text: str, folders: Sequence[Path]) -> Path:
    """Return the real path, links followed, where it lies in a folder. Outside of them not even its existence is told."""
    if not text or len(text) > MOST_PATH_CHARACTERS or not is_harmless(text.strip()):
        _refuse_elsewhere(folders, "that text")
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    spelt = [_locate(spelling, roots) for spelling in find_spellings(text) if is_harmless(spelling)]
    if (found := next((path for paths in spelt for path in paths if os.path.exists(path)), None)) is not None:
        return found
    if not (meant := spelt[-1]):
        _refuse_elsewhere(folders, text[:200])
    same = (_locate(str(path), roots) for path in map(find_same_name, meant) if path is not None)
    return next((paths[0] for paths in same if paths), meant[0])


def _locate(text: str, roots: Sequence[Path]) -> list[Path]:
    """Return the real paths that a text names from each folder, as far as they lie in one of them."""
    named = Path(os.path.expanduser(text)) if text == "~" or text.startswith(("~/", "~\\")) else Path(text)
    candidates = [Path(os.path.realpath(root / named)) for root in roots]  # an absolute path stays what it is
    return [path for path in candidates if any(path.is_relative_to(root) for root in roots)]


def file_of(job: Job) -> Path:
    """Return the job's finished file. NotFinished where there is none; a link in its place is not followed. Reads the disk."""
    if job.artifact is None:
        raise NotFinished(f"{job.id} is {job.state}: it has no file{' yet' if job.state in LIVE else ''}.", job_id=job.id)
    path = Path(job.artifact.path)
    try:
        mode = path.lstat().st_mode
    except OSError:
        mode = 0
    if not stat.S_ISREG(mode):
        raise NotFinished(f"The file of {job.id} is not at its place any more: {path}", job_id=job.id)
    return path


def picture_at(path: Path, *, most_bytes: int) -> Image:
    """Return the picture that is a job's finished file, checked as every other."""
    return picture_of(_read(Path(os.path.realpath(path)), most_bytes))


def bytes_of(path: Path) -> bytes:
    """Return the whole file; a link is not followed. OSError where it cannot be read."""
    with open(path, "rb", opener=_open_itself) as file:
        return file.read()


def missing(path: Path) -> NoReturn:
    """Raise BrokenRules for a path at which no file is."""
    refuse_image(str(path), allowed=f"a file that can be read ({os.strerror(errno.ENOENT).lower()})")


def _read(path: Path, most_bytes: int) -> bytes:
    """Return the whole file, if it is a regular one of at most so many bytes."""
    try:
        with open(path, "rb", opener=_open_itself) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                refuse_image(str(path), allowed="a regular file")
            if not _is_there(path, state):
                refuse_image(str(path), allowed="a file that can be read (it was exchanged meanwhile)")
            if state.st_nlink > 1:  # its other name may lie where nobody opened a folder
                refuse_image(str(path), allowed="a file without another name (hard link)")
            if state.st_size > most_bytes:
                refuse_image(f"{state.st_size} bytes", allowed=f"at most {most_bytes} bytes")
            return file.read(most_bytes)
    except OSError as error:
        refuse_image(str(path), allowed=f"a file that can be read ({(error.strerror or 'it cannot').lower()})")


def _is_there(path: Path, opened: os.stat_result) -> bool:
    """Return whether what was opened is the file at this very path, of which no folder became a link since it was checked."""
    return os.path.realpath(path) == str(path) and os.path.samestat(os.lstat(path), opened)


def _open_itself(path: str, flags: int) -> int:
    """Open a file without following a link that was put there meanwhile, nor waiting for a pipe. Windows has neither flag."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _image(raw: bytes, picture: ImageInfo) -> Image:
    uri = f"data:{picture.media_type};base64,{base64.b64encode(raw).decode()}"
    return Image(uri, picture.media_type, picture.width, picture.height, len(raw))


def data_of(image: Image) -> bytes:
    """Return the bytes of a picture that is here, not at a URL."""
    return base64.b64decode(image.uri.partition(",")[2])


def _refuse_elsewhere(folders: Sequence[Path], got: str) -> NoReturn:
    inside = " or ".join(map(str, folders)) or "an allowed folder (there is none)"
    refuse_image(
        got, allowed=f"a file inside {inside} (copy it there; the setting SORA_MCP_IMAGE_DIRS adds folders), an https:// URL or a data: URI"
    )

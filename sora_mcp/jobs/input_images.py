"""Read a first frame: a data: URI, or a file inside the folders that the user opened. An address is only checked."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from pathlib import Path

from sora_mcp.domain import Image
from sora_mcp.domain.broken_rule import format_bytes
from sora_mcp.domain.errors import UntrustedURL
from sora_mcp.domain.file_names import SCHEME, is_path, is_video_name
from sora_mcp.jobs.allowed_paths import read_allowed, refuse_elsewhere, resolve_path
from sora_mcp.media.api import turn_upright
from sora_mcp.media.images.metadata import strip_metadata
from sora_mcp.media.images.probe import ImageInfo, is_avif, is_cmyk, is_deep, is_heic, probe_image, refuse_image
from sora_mcp.media.optional import INSTALL, can_read_heic, has_media_extra
from sora_mcp.net.urls import is_fetchable, parse_url

FRAME = re.compile(r"\s*(v_[0-9a-z]{1,20})#(.*)", re.IGNORECASE | re.DOTALL)
MOMENTS = "{0}#first, {0}#last or a second such as {0}#2.5s"
MOMENT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?) ?s?")
DATA = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?(?:;[a-z0-9-]+=[^;,]{0,100})*;base64,", re.IGNORECASE)
DATA_FORM = "a data: URI of the form data:image/png;base64,…"
PLAIN = "a PNG, JPEG or WebP picture"
"""What is read without the media extra."""
BLANKS = b" \t\n\r\v\f"
MOST_WRAPPED = 3
"""How many times longer than its base64 a data: URI may be: line ends, or each sign escaped."""


def read_image(text: str, folders: Sequence[Path], *, most_bytes: int) -> Image:
    """Return the first frame that `text` means, measured. Reads at most one file; BrokenRules says what would do."""
    if is_path(text):
        return picture_of(read_allowed(resolve_path(text, folders), most_bytes))
    text = text.strip().strip("\"'`")
    scheme = SCHEME.fullmatch(text)
    if scheme is None:
        return _data(f"data:;base64,{text}", most_bytes)
    match scheme[1].lower():
        case "https":
            return _address(text)
        case "data":
            return _data(text, most_bytes)
        case "http":
            refuse_image(None, allowed="an https:// address: http:// is not accepted")
        case _:
            refuse_elsewhere(folders, "that kind of address")


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
        refuse_image(text[:100], allowed=MOMENTS.format(named[1]), is_quoted=True)
    return named[1], float(moment[1])


def clip_frame_of(text: str) -> tuple[str, float | None] | None:
    """Return the file and the second that `clip.mp4#last` and the like mean, None being the last frame; None for any other text."""
    path, mark, word = text.strip().strip("\"'`").rpartition("#")
    moment = MOMENT.fullmatch(word.strip().casefold())
    if not mark or not is_video_name(path) or not (moment or word.strip().casefold() in ("first", "last")):
        return None
    return path, float(moment[1]) if moment else 0.0 if word.strip().casefold() == "first" else None


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
        refuse_image("a longer data: URI", allowed=f"at most {format_bytes(most_bytes, at_most=True)}")
    base64_text = _unwrap(body.encode("utf-8", "replace")).rstrip(b"=")
    if len(base64_text) > (most_bytes * 4 + 2) // 3:
        refuse_image("a longer data: URI", allowed=f"at most {format_bytes(most_bytes, at_most=True)}")
    try:
        raw = binascii.a2b_base64(base64_text + b"=" * (-len(base64_text) % 4), strict_mode=True)
    except ValueError:
        refuse_image("a data: URI with damaged base64", allowed=DATA_FORM)
    return picture_of(raw)


def _unwrap(body: bytes) -> bytes:
    """Return base64 without blanks and percent escapes, of which one may stand for each sign: so nothing here goes sign by sign."""
    bare = body.translate(None, BLANKS)
    if b"%" not in bare:
        return bare
    # Quoted-printable has the same escapes behind another sign, and is decoded in C.
    return binascii.a2b_qp(bare.replace(b"=", b"=3D").replace(b"%", b"=")).translate(None, BLANKS)


def picture_of(raw: bytes) -> Image:
    """Return the picture upright, without what its camera wrote beside it: place, time, device.

    HEIC, AVIF and CMYK become JPEG; 16 bits a colour become 8.
    """
    if is_heic(raw):
        if not can_read_heic():
            refuse_image("a HEIC", allowed=f"{PLAIN}; HEIC needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    elif is_avif(raw):
        if not has_media_extra():
            refuse_image("an AVIF", allowed=f"{PLAIN}; AVIF needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    elif probe_image(raw) and is_cmyk(raw):  # vendors refuse it, or show other colours
        if not has_media_extra():
            refuse_image("a JPEG in CMYK", allowed=f"a picture in RGB; turning CMYK into it needs the media extra: {INSTALL}")
        raw = turn_upright(raw)
    elif is_deep(raw) and has_media_extra():  # a video has 8 bits, and not every vendor reads more
        raw = turn_upright(raw)
    bare = strip_metadata(raw, probe_image(raw).media_type)
    if bare.orientation != 1:
        if not has_media_extra():
            refuse_image("a picture that has to be turned", allowed=f"a picture saved upright; turning needs the media extra: {INSTALL}")
        bare = strip_metadata(upright := turn_upright(raw), probe_image(upright).media_type)
    return _image(bare.raw, probe_image(bare.raw))


def picture_at(path: Path, *, most_bytes: int) -> Image:
    """Return the picture that is a job's finished file, checked as every other."""
    return picture_of(read_allowed(Path(os.path.realpath(path)), most_bytes))


def _image(raw: bytes, picture: ImageInfo) -> Image:
    uri = f"data:{picture.media_type};base64,{base64.b64encode(raw).decode()}"
    return Image(uri, picture.media_type, picture.width, picture.height, len(raw))


def data_of(image: Image) -> bytes:
    """Return the bytes of a picture that is here, not at a URL."""
    return base64.b64decode(image.uri.partition(",")[2])

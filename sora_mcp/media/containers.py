"""Tell what kind of file some bytes are: containers of video, images, sound, archives, playlists and text. Nothing is decoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HEAD_BYTES = 64 * 1024
"""The first bytes of a file, which are enough to tell its kind."""

Family = Literal["video", "image", "sound", "archive", "playlist", "text", "unknown"]


@dataclass(frozen=True)
class Container:
    """A kind of file."""

    kind: str
    """Short name, such as `webm`."""
    ending: str
    """Ending of a file name, without a dot."""
    media_type: str
    words: str
    """For people, with an article: "a GIF"."""
    family: Family


def _video(kind: str, media_type: str, words: str, *, ending: str = "") -> Container:
    return Container(kind, ending or kind, media_type, words, "video")


def _image(kind: str, words: str, *, ending: str = "", media_type: str = "") -> Container:
    return Container(kind, ending or kind, media_type or f"image/{kind}", words, "image")


MP4 = _video("mp4", "video/mp4", "an MP4")
MOV = _video("mov", "video/quicktime", "a QuickTime movie")
THREE_GP = _video("3gp", "video/3gpp", "a 3GP video")
WEBM = _video("webm", "video/webm", "a WebM video")
MATROSKA = _video("matroska", "video/x-matroska", "a Matroska video", ending="mkv")
AVI = _video("avi", "video/x-msvideo", "an AVI video")
MPEG_TS = _video("mpegts", "video/mp2t", "an MPEG transport stream", ending="ts")
MPEG_PS = _video("mpegps", "video/mpeg", "an MPEG program stream", ending="mpg")
FLV = _video("flv", "video/x-flv", "a Flash video")
OGG = Container("ogg", "ogg", "application/ogg", "an Ogg file", "video")
GIF = _image("gif", "a GIF")
ANIMATED_WEBP = _image("animated-webp", "an animated WebP", ending="webp", media_type="image/webp")
WEBP = _image("webp", "a WebP image")
ANIMATED_PNG = _image("apng", "an animated PNG", ending="png")
PNG = _image("png", "a PNG image")
JPEG = _image("jpeg", "a JPEG image", ending="jpg")
AVIF = _image("avif", "an AVIF image")
HEIC = _image("heic", "a HEIC photo")
BMP = _image("bmp", "a BMP image")
TIFF = _image("tiff", "a TIFF image", ending="tif")
JXL = _image("jxl", "a JPEG XL image")
SVG = Container("svg", "svg", "image/svg+xml", "an SVG drawing", "image")
M4A = Container("m4a", "m4a", "audio/mp4", "an M4A sound file", "sound")
WAV = Container("wav", "wav", "audio/wav", "a WAV sound file", "sound")
MP3 = Container("mp3", "mp3", "audio/mpeg", "an MP3 sound file", "sound")
FLAC = Container("flac", "flac", "audio/flac", "a FLAC sound file", "sound")
ZIP = Container("zip", "zip", "application/zip", "a ZIP archive", "archive")
GZIP = Container("gzip", "gz", "application/gzip", "a gzip archive", "archive")
ZSTD = Container("zstd", "zst", "application/zstd", "a zstd archive", "archive")
SEVEN_ZIP = Container("7z", "7z", "application/x-7z-compressed", "a 7z archive", "archive")
PDF = Container("pdf", "pdf", "application/pdf", "a PDF", "archive")
HLS = Container("hls", "m3u8", "application/vnd.apple.mpegurl", "an HLS playlist", "playlist")
DASH = Container("dash", "mpd", "application/dash+xml", "a DASH playlist", "playlist")
HTML = Container("html", "html", "text/html", "a web page", "text")
XML = Container("xml", "xml", "application/xml", "XML", "text")
JSON = Container("json", "json", "application/json", "JSON", "text")
TEXT = Container("text", "txt", "text/plain", "text", "text")
EMPTY = Container("empty", "bin", "application/octet-stream", "an empty file", "unknown")
UNKNOWN = Container("unknown", "bin", "application/octet-stream", "a file of an unknown kind", "unknown")
ISO_MEDIA = (MP4, MOV, THREE_GP)
ANIMATIONS = (GIF, ANIMATED_WEBP, ANIMATED_PNG)

DEMUXED = {WEBM: "matroska", MATROSKA: "matroska", AVI: "avi", MPEG_TS: "mpegts", MPEG_PS: "mpeg", FLV: "flv", OGG: "ogg"}
"""FFmpeg's demuxer for each container of video that is no MP4; no other one may read the file, so that no playlist is followed."""

BRANDS: dict[bytes, Container] = {
    b"qt  ": MOV,
    b"avif": AVIF,
    b"avis": AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), HEIC),
    **dict.fromkeys((b"M4A ", b"M4B "), M4A),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3g2a"), THREE_GP),
}
"""What the major brand of an ftyp box stands for; any other one is an MP4. https://mp4ra.org/registered-types/brands"""
IMAGE_BRANDS = (b"mif1", b"msf1")
"""Major brands that leave it to the compatible ones whether the file is AVIF or HEIC."""
BOXES = (b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
"""Boxes that a QuickTime movie without ftyp may begin with."""
RIFF = {b"AVI ": AVI, b"WAVE": WAV}

MEDIA_TYPES = {
    f".{container.ending}": container.media_type
    for container in (
        *(MP4, MOV, THREE_GP, WEBM, MATROSKA, AVI, MPEG_TS, MPEG_PS, FLV, OGG, GIF, WEBP, PNG, JPEG, AVIF, HEIC, BMP, TIFF, JXL, SVG),
        *(M4A, WAV, MP3, FLAC, ZIP, GZIP, ZSTD, SEVEN_ZIP, PDF, HLS, DASH),
    )
}
"""By the ending of a file that was kept."""

Test = Callable[[bytes], Container | None]


def _starts(magic: bytes, container: Container, at: int = 0) -> Test:
    return lambda head: container if head.startswith(magic, at) else None


def read_container(path: Path) -> Container:
    """Return the kind of a file from its first bytes. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return find_container(file.read(HEAD_BYTES))


def find_media_type(ending: str) -> str:
    """Return the media type of a file that was kept with this ending: `mimetypes` takes `.ts` for a translation, and knows no `.mkv`."""
    return MEDIA_TYPES.get(ending, UNKNOWN.media_type)


def find_container(head: bytes) -> Container:
    """Return the kind of a file that begins with these bytes; EMPTY for none, UNKNOWN when nothing fits."""
    if not head:
        return EMPTY
    return next((found for test in TESTS if (found := test(head)) is not None), UNKNOWN)


def _find_iso(head: bytes) -> Container | None:
    """Tell the kinds of ISO base media files apart by their brands."""
    if head[4:8] in BOXES:
        return MOV
    if head[4:8] == b"styp":
        return MP4
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] in IMAGE_BRANDS:
        return next((BRANDS[brand] for brand in brands if BRANDS.get(brand) in (AVIF, HEIC)), HEIC)
    return BRANDS.get(brands[0], MP4)


def _find_riff(head: bytes) -> Container | None:
    if head[:4] != b"RIFF":
        return None
    if head[8:12] == b"WEBP":
        return ANIMATED_WEBP if head[12:16] == b"VP8X" and head[20:21] and head[20] & 0x02 else WEBP
    return RIFF.get(head[8:12])


def _find_matroska(head: bytes) -> Container | None:
    """Tell WebM and Matroska apart by the EBML header's DocType."""
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    doctype = re.search(rb"\x42\x82[\x80-\x9f]([a-z]+)", head[:256])
    return WEBM if doctype is not None and doctype[1] == b"webm" else MATROSKA


def _find_png(head: bytes) -> Container | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return ANIMATED_PNG if b"acTL" in head.partition(b"IDAT")[0] else PNG


def _find_transport_stream(head: bytes) -> Container | None:
    """Look for the sync byte of packets of 188 bytes, or of 192 with a time stamp, as cameras write them."""
    for size, first in ((188, 0), (192, 4)):
        places = range(first, min(len(head), first + 5 * size), size)
        if len(places) >= 2 and all(head[at] == 0x47 for at in places):
            return MPEG_TS
    return None


def _find_mp3(head: bytes) -> Container | None:
    return MP3 if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2) else None


def _find_text(head: bytes) -> Container | None:
    """Tell texts apart by their first words, behind a byte order mark and blanks."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"#extm3u"):
        return HLS
    if start.startswith(b"<"):
        return _find_markup(start)
    if start.startswith((b"{", b"[")):
        return JSON
    return TEXT if all(byte >= 0x20 or byte in b"\t\r\n" for byte in head[:512]) else None


def _find_markup(start: bytes) -> Container:
    root = re.search(rb"<(?:[a-z0-9]+:)?(mpd|html|svg|head|body)\b|<!doctype\s+(html|svg)", start[:4096])
    name = (root[1] or root[2]) if root is not None else b""
    return {b"mpd": DASH, b"svg": SVG, b"": XML}.get(name, HTML)


TESTS: tuple[Test, ...] = (
    _find_iso,
    _find_matroska,
    _find_riff,
    _find_png,
    _starts(b"GIF87a", GIF),
    _starts(b"GIF89a", GIF),
    _starts(b"\xff\xd8\xff", JPEG),
    _starts(b"FLV\x01", FLV),
    _starts(b"OggS", OGG),
    _starts(b"\x00\x00\x01\xba", MPEG_PS),
    _starts(b"\x00\x00\x01\xb3", MPEG_PS),
    _starts(b"\x00\x00\x00\x0cJXL \r\n\x87\n", JXL),
    _starts(b"II*\0", TIFF),
    _starts(b"MM\0*", TIFF),
    _starts(b"BM", BMP),
    _starts(b"fLaC", FLAC),
    _starts(b"PK\x03\x04", ZIP),
    _starts(b"PK\x05\x06", ZIP),
    _starts(b"\x1f\x8b\x08", GZIP),
    _starts(b"\x28\xb5\x2f\xfd", ZSTD),
    _starts(b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    _starts(b"%PDF-", PDF),
    _find_transport_stream,
    _find_mp3,
    _find_text,
)
"""Tried in this order."""

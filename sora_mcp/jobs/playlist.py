"""Download the segments that an HLS playlist names (RFC 8216), and join them into one file."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, unescape

import anyio
import anyio.to_thread

from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import BadMedia
from sora_mcp.jobs.referenced_file import download_named, join_address, remove_part
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import MOST_VIDEO_BYTES, Download, write_pieces

WORDS = "a playlist"
MOST_SEGMENTS = 2000
"""Over three hours of segments of six seconds."""
MOST_PLAYLIST_BYTES = 1 << 20
BANDWIDTH = re.compile(r"[:,]BANDWIDTH=(\d{1,15})")
NAMED = re.compile(r'(?<=[:,])(URI=)"([^"]*)"')
BASE_URL = re.compile(r"(<BaseURL[^>]*>)([^<]*)<")
MAP_URI = re.compile(r'[:,]URI="([^"]*)"')
UNSUPPORTED = (
    re.compile(r"#EXT-X-KEY:(?!.*METHOD=NONE)"),  # encrypted
    re.compile(r"#EXT-X-(SESSION-KEY|BYTERANGE|I-FRAMES-ONLY)"),
    re.compile(r"#EXT-X-MAP:.*BYTERANGE="),
    re.compile(r'#EXT-X-MEDIA:.*TYPE=AUDIO.*URI="'),  # sound apart from the pictures
)
"""Tags whose segments do not become a video when they are joined."""


class EmptyPlaylist(BadMedia):
    """A playlist without a file or another playlist."""

    def __init__(self) -> None:
        super().__init__("It is a playlist that names no file.")


@dataclass(frozen=True)
class Playlist:
    """The addresses that a playlist names: other playlists, best first, or segments in order, after their common header."""

    variants: tuple[str, ...]
    segments: tuple[str, ...]


async def download_playlist(client: VendorClient, vendor: Vendor, url: str, part: Path) -> Download | None:
    """Replace the playlist at `part`, which came from `url`, by the video that its segments are.

    Each address passes the guard. Returns None, and leaves the playlist as it is, when its segments cannot be joined.
    Raises BadMedia for a playlist that names too much, other playlists of playlists, or addresses that are not followed;
    else as `VendorClient.download`.
    """
    playlist = await anyio.to_thread.run_sync(_read_file, part, url)
    piece = part.with_name(f"{part.name}.piece")
    if playlist is not None and playlist.variants:
        saved = await download_named(client, vendor, playlist.variants[0], url=url, target=piece, words=WORDS)
        playlist = await anyio.to_thread.run_sync(_read_file, piece, saved.url)
        remove_part(piece)
        if playlist is not None and playlist.variants:
            raise BadMedia("It is a playlist of playlists of playlists.")
    if playlist is None:
        return None
    whole = part.with_name(f"{part.name}.whole")
    digest, size = hashlib.sha256(), 0
    with _create(whole) as file:
        for segment in playlist.segments:
            size += (await download_named(client, vendor, segment, url=url, target=piece, words=WORDS)).bytes
            if size > MOST_VIDEO_BYTES:
                raise BadMedia(f"Its segments are larger than {MOST_VIDEO_BYTES >> 20} MiB.")
            await anyio.to_thread.run_sync(_append, piece, file, digest)
            remove_part(piece)
        file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    remove_part(part)
    os.replace(whole, part)
    return Download(size, digest.hexdigest(), url)


def read_playlist(text: str, url: str) -> Playlist | None:
    """Return what a playlist from `url` names; None when its segments cannot be joined. Raises BadMedia for none, and for too many."""
    lines = [line.strip() for line in text.splitlines()]
    if any(tag.match(line) for line in lines for tag in UNSUPPORTED):
        return None
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return Playlist(tuple(join_address(url, uri, WORDS) for uri in _sort_variants(lines)), ())
    headers = {uri for line in lines if line.startswith("#EXT-X-MAP:") and (uri := _find_uri(line))}
    segments = [line for line in lines if line and not line.startswith("#")]
    if not segments:
        raise EmptyPlaylist
    if len(segments) > MOST_SEGMENTS:
        raise BadMedia(f"It is a playlist of {len(segments)} files; {MOST_SEGMENTS} is the most that is downloaded.")
    if len(headers) > 1:
        return None
    return Playlist((), tuple(join_address(url, uri, WORDS) for uri in (*headers, *segments)))


def make_absolute(client: VendorClient, vendor: Vendor, url: str, part: Path) -> Download:
    """Write the playlist at `part`, which came from `url`, with absolute addresses, so that a player opens it from a folder.

    The vendor's key in it is redacted. Raises BadMedia for one that is larger than any.
    """
    text = _read_text(part)
    absolute = _complete_hls(text, url) if text.lstrip().startswith("#EXTM3U") else _complete_dash(text, url)
    raw = str(client.redact(vendor, absolute)).encode()
    return write_pieces(part, [raw], most=len(raw))


def _complete_hls(text: str, url: str) -> str:
    lines = [line if line.startswith("#") or not line.strip() else _complete(url, line.strip()) for line in text.splitlines()]
    return "\n".join(NAMED.sub(lambda found: f'{found[1]}"{_complete(url, found[2])}"', line) for line in lines) + "\n"


def _complete_dash(text: str, url: str) -> str:
    """Name the folder of the playlist in it, or make the one that it names absolute. Addresses further in are relative to that."""
    head, period, rest = text.partition("<Period")
    if BASE_URL.search(head):
        return BASE_URL.sub(lambda found: f"{found[1]}{escape(_complete(url, unescape(found[2].strip())))}<", head) + period + rest
    return f"{head}<BaseURL>{escape(_complete(url, '.'))}</BaseURL>{period}{rest}" if period else text


def _complete(url: str, named: str) -> str:
    """Return an address made absolute; one with a variable stays as it is."""
    return named if "{$" in named else join_address(url, named, WORDS)


def _find_uri(line: str) -> str:
    found = MAP_URI.search(line)
    return found[1] if found else ""


def _sort_variants(lines: list[str]) -> list[str]:
    """Return the playlists that a playlist names, that of the highest bandwidth first."""
    found: list[tuple[int, str]] = []
    for line, following in itertools.pairwise(lines):
        if line.startswith("#EXT-X-STREAM-INF") and following and not following.startswith("#"):
            bandwidth = BANDWIDTH.search(line)
            found.append((int(bandwidth[1]) if bandwidth else 0, following))
    if not found:
        raise EmptyPlaylist
    return [uri for _, uri in sorted(found, key=lambda each: -each[0])]


def _read_text(path: Path) -> str:
    if path.stat().st_size > MOST_PLAYLIST_BYTES:
        raise BadMedia(f"It is a playlist of more than {MOST_PLAYLIST_BYTES >> 20} MiB.")
    return path.read_bytes().decode("utf-8-sig", "replace")


def _read_file(path: Path, url: str) -> Playlist | None:
    text = _read_text(path)
    if not text.lstrip().startswith("#EXTM3U"):
        raise BadMedia("It is a playlist that names something else than playlists and files of video.")
    return read_playlist(text, url)


def _create(path: Path) -> IO[bytes]:
    """Open a new file for writing; never one that is there, nor a link."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600), "wb")


def _append(piece: Path, file: IO[bytes], digest: Any) -> None:
    for block in _read_blocks(piece):
        file.write(block)
        digest.update(block)


def _read_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block

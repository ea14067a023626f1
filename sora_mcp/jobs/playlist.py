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
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.to_thread

from sora_mcp.domain import Call, Vendor
from sora_mcp.domain.errors import BadMedia, UntrustedURL
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import MOST_VIDEO_BYTES, Download
from sora_mcp.security.urls import PORTS

MOST_SEGMENTS = 2000
"""Over three hours of segments of six seconds."""
MOST_PLAYLIST_BYTES = 1 << 20
BANDWIDTH = re.compile(r"[:,]BANDWIDTH=(\d{1,15})")
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
        saved = await _download_named(client, vendor, playlist.variants[0], url=url, target=piece)
        playlist = await anyio.to_thread.run_sync(_read_file, piece, saved.url)
        _remove(piece)
        if playlist is not None and playlist.variants:
            raise BadMedia("It is a playlist of playlists of playlists.")
    if playlist is None:
        return None
    whole = part.with_name(f"{part.name}.whole")
    digest, size = hashlib.sha256(), 0
    with _create(whole) as file:
        for segment in playlist.segments:
            size += (await _download_named(client, vendor, segment, url=url, target=piece)).bytes
            if size > MOST_VIDEO_BYTES:
                raise BadMedia(f"Its segments are larger than {MOST_VIDEO_BYTES >> 20} MiB.")
            await anyio.to_thread.run_sync(_append, piece, file, digest)
            _remove(piece)
        file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    _remove(part)
    os.replace(whole, part)
    return Download(size, digest.hexdigest(), url)


def read_playlist(text: str, url: str) -> Playlist | None:
    """Return what a playlist from `url` names; None when its segments cannot be joined. Raises BadMedia for none, and for too many."""
    lines = [line.strip() for line in text.splitlines()]
    if any(tag.match(line) for line in lines for tag in UNSUPPORTED):
        return None
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return Playlist(tuple(_join(url, uri) for uri in _sort_variants(lines)), ())
    headers = {uri for line in lines if line.startswith("#EXT-X-MAP:") and (uri := _find_uri(line))}
    segments = [line for line in lines if line and not line.startswith("#")]
    if not segments:
        raise EmptyPlaylist
    if len(segments) > MOST_SEGMENTS:
        raise BadMedia(f"It is a playlist of {len(segments)} files; {MOST_SEGMENTS} is the most that is downloaded.")
    if len(headers) > 1:
        return None
    return Playlist((), tuple(_join(url, uri) for uri in (*headers, *segments)))


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


def _join(url: str, uri: str) -> str:
    try:
        return urljoin(url, uri)
    except ValueError as error:
        raise BadMedia("It is a playlist with a malformed address.") from error


def _read_file(path: Path, url: str) -> Playlist | None:
    if path.stat().st_size > MOST_PLAYLIST_BYTES:
        raise BadMedia(f"It is a playlist of more than {MOST_PLAYLIST_BYTES >> 20} MiB.")
    text = path.read_bytes().decode("utf-8-sig", "replace")
    if not text.lstrip().startswith("#EXTM3U"):
        raise BadMedia("It is a playlist that names something else than playlists and files of video.")
    return read_playlist(text, url)


async def _download_named(client: VendorClient, vendor: Vendor, named: str, *, url: str, target: Path) -> Download:
    """Download what a playlist from `url` names. The key goes to the vendor's own address only where the playlist came from there."""
    origin, own = _find_origin(named), _find_origin(vendor.base_url)
    if origin == own != _find_origin(url):
        raise BadMedia("It is a playlist of another host that names the vendor's own address.")
    _remove(target)
    try:
        return await client.download(vendor, Call("GET", named), target)
    except UntrustedURL as error:
        raise BadMedia(f"It is a playlist whose files are not followed: {error.message}") from error


def _find_origin(url: str) -> tuple[str, int]:
    """Return the host in lower case, and the port. Raises BadMedia for anything but a web address."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.scheme in PORTS:
            return parts.hostname, parts.port or PORTS[parts.scheme]
    except ValueError:
        pass  # said below
    raise BadMedia("It is a playlist that names something else than web addresses.")


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


def _remove(part: Path) -> None:
    """Delete a download and what is known of it."""
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.etag").unlink(missing_ok=True)

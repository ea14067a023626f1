"""Take a file out of what came in its place: base64, a `data:` URI, JSON that holds one or names its address, other bytes before it."""

from __future__ import annotations

import binascii
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import NoVideo
from sora_mcp.jobs.referenced_file import download_named
from sora_mcp.media.containers import HEAD_BYTES, JSON, MEDIA_TYPES, TEXT, UNKNOWN, find_container, read_container
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import Download, write_pieces

MOST_JSON_BYTES = 256 << 20
BLOCK_BYTES = 1 << 20
SIGNS_TO_KNOW = 1344
"""How much base64 tells what kind of file it is."""
DATA_HEAD = re.compile(rb'\s*"?\s*(?:data:[^,"]{0,200};base64,)?', re.IGNORECASE)
FTYP = re.compile(rb"\0\0[\0\1][\x08-\xff]ftyp[0-9A-Za-z ]{4}")
MOST_BEFORE_BYTES = 4096
BLANKS = b' \t\r\n\v\f"'
STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the alphabet for addresses to the usual one."""
LINK = re.compile(r"https?://[^\s\"<>]{1,4000}")
NOTE = "It came inside of {words}, and was taken out."


async def unwrap_file(client: VendorClient, vendor: Vendor, saved: Download, part: Path) -> tuple[Download, str] | None:
    """Replace what is at `part`, as it was saved, by the file that it holds or names. Return the file and a note about that.

    Returns None, and leaves what is there, where it has no other file in it. Raises as `VendorClient.download`.
    """
    container = await anyio.to_thread.run_sync(read_container, part)
    piece = part.with_name(f"{part.name}.piece")
    if container in (TEXT, UNKNOWN) and (start := await anyio.to_thread.run_sync(_find_mp4, part)):
        file, note = await anyio.to_thread.run_sync(_cut_before, part, start, piece), "other bytes"
    elif container is TEXT:
        file, note = await anyio.to_thread.run_sync(_decode_text, part, piece), "base64 text"
    elif container is JSON:
        held = await anyio.to_thread.run_sync(_read_json, part)
        link, note = _choose_link(held), "JSON"
        if (file := await anyio.to_thread.run_sync(_decode_first, held, piece)) is None and link is not None:
            file, note = (
                await download_named(client, vendor, link, url=saved.url, target=piece, words="JSON"),
                "JSON that names its address",
            )
    else:
        return None
    if file is None:
        return None
    os.replace(piece, part)
    return replace(file, url=file.url or saved.url), NOTE.format(words=note)


def decode_base64(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what base64 in blocks stands for: in either alphabet, broken into lines or not, padded or not. Raises binascii.Error."""
    rest = b""
    for block in blocks:
        rest += block.translate(STANDARD, BLANKS)
        end = len(rest) // 4 * 4
        yield binascii.a2b_base64(rest[:end], strict_mode=True)
        rest = rest[end:]
    yield binascii.a2b_base64(rest + b"=" * (-len(rest) % 4), strict_mode=True)


def split_data_uri(text: bytes) -> bytes:
    """Return the base64 behind the head of a `data:` URI; any other text as it is, without a quotation mark before it."""
    head = DATA_HEAD.match(text)
    return text[head.end() :] if head else text


def _find_mp4(path: Path) -> int:
    """Return where an MP4 begins behind a byte order mark, line ends or the head of a part; 0 where none does near the start."""
    with path.open("rb") as file:
        found = FTYP.search(file.read(MOST_BEFORE_BYTES))
    return found.start() if found else 0


def _cut_before(path: Path, start: int, target: Path) -> Download:
    with path.open("rb") as file:
        file.seek(start)
        return write_pieces(target, iter(lambda: file.read(BLOCK_BYTES), b""), most=path.stat().st_size - start)


def _decode_text(path: Path, target: Path) -> Download | None:
    with path.open("rb") as file:
        head = split_data_uri(file.read(HEAD_BYTES))
        if not _is_wrapped(head):
            return None
        return _write_decoded(_chain(head, file), target, path.stat().st_size)


def _decode_first(texts: list[str], target: Path) -> Download | None:
    """Write the first text that is a file in base64."""
    for text in texts:
        head = split_data_uri(text[:HEAD_BYTES].encode("utf-8", "replace"))
        if _is_wrapped(head):
            return _write_decoded([head, text[HEAD_BYTES:].encode("utf-8", "replace")], target, len(text))
    return None


def _write_decoded(blocks: Iterable[bytes], target: Path, size: int) -> Download:
    try:
        return write_pieces(target, decode_base64(blocks), most=size)
    except binascii.Error as error:
        raise NoVideo("damaged base64") from error


def _is_wrapped(head: bytes) -> bool:
    """Return whether base64 that begins so is a file of a known kind."""
    bare = head.translate(None, BLANKS)[:SIGNS_TO_KNOW]
    try:
        begin = b"".join(decode_base64([bare[: len(bare) // 4 * 4]]))
    except binascii.Error:
        return False
    return find_container(begin).family not in ("text", "unknown")


def _chain(head: bytes, file: Any) -> Iterator[bytes]:
    yield head
    while block := file.read(BLOCK_BYTES):
        yield block


def _read_json(path: Path) -> list[str]:
    """Return every text in a JSON file; none where it is damaged or larger than any that holds a video."""
    if path.stat().st_size > MOST_JSON_BYTES:
        return []
    try:
        return list(_iterate_texts(json.loads(path.read_bytes())))
    except (ValueError, RecursionError):
        return []


def _iterate_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("dict[str, Any]", value).values():
            yield from _iterate_texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _iterate_texts(inner)


def _choose_link(texts: list[str]) -> str | None:
    """Return the one address among these texts, of several the one of a video; None where that is not clear."""
    links = {text for text in texts if LINK.fullmatch(text)}
    videos = {link for link in links if MEDIA_TYPES.get(_find_ending(link), "").startswith("video/")}
    chosen = videos or links
    return chosen.pop() if len(chosen) == 1 else None


def _find_ending(link: str) -> str:
    try:
        return Path(urlsplit(link).path).suffix.lower()
    except ValueError:
        return ""

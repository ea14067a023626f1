"""Write a response to a file: bounded, at any steady speed, continued where an earlier attempt stopped."""

from __future__ import annotations

import hashlib
import os
import re
import time
import zlib
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import anyio
import httpx2

from sora_mcp.domain.errors import BadMedia, LinkDead, NotSent
from sora_mcp.domain.free_space import check_free_space
from sora_mcp.net.content_encoding import ZIPPED_CODINGS, Unzipper, begins_zipped, read_codings

MOST_VIDEO_BYTES = 4 << 30
SLOW_S = 60.0
LEAST_BYTES_PER_S = 1024
"""A download that is slower than this over SLOW_S ends; the next attempt continues it."""
RETRYABLE_STATUSES = (408, 425, 429)
"""Statuses after which the same link may work later. Any other 4xx means a dead link: hosts answer 400 for an expired one too."""
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.IGNORECASE)


class IncompleteFile(NotSent):
    """A file that ended before its end, and may be continued; `why` is a clause."""

    def __init__(self, why: str = "") -> None:
        super().__init__(f"The file did not arrive whole: {why}." if why else "The file did not arrive whole.")


class TooLargeFile(BadMedia):
    """A file of more than MOST_VIDEO_BYTES."""

    def __init__(self) -> None:
        super().__init__(f"The file is larger than {MOST_VIDEO_BYTES >> 20} MiB.")


@dataclass(frozen=True)
class Download:
    """A downloaded file's size, sha256 and address, after redirects."""

    bytes: int
    sha256: str
    url: str = field(default="", compare=False)
    coding: str = field(default="", compare=False)
    """How its host says that it is packed, where nothing here unpacks that; only the bytes show whether it is true."""


@dataclass(frozen=True)
class Partial:
    """The bytes of a file that an earlier attempt wrote to `path`, and the strong ETag that they belong to."""

    path: Path
    size: int = 0
    etag: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for the rest; none where the whole file is needed."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag} if self.size and self.etag else {}


def read_partial(path: Path) -> Partial:
    """Return what an earlier attempt left at `path`; size 0 where it left nothing that can be continued."""
    try:
        etag = _etag_path(path).read_text("latin-1")
        size = path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return Partial(path)
    return Partial(path, size, etag) if size and STRONG_ETAG.fullmatch(etag) else Partial(path)


async def write_file(response: httpx2.Response, partial: Partial) -> Download:
    """Write the response's body to `partial.path`, after what is there already where the host continues it, and sync it to disk.

    Raises LinkDead, BadMedia, NotSent (worth another attempt, which continues where the host allows it) or StorageError.
    """
    offset, total = _check_status(response, partial)
    codings = read_codings(response.headers)
    _check_size(offset + _content_length(response), partial.path)
    _record_etag(partial.path, "" if codings else response.headers.get("etag", ""))
    digest = hashlib.sha256()
    if offset:
        await anyio.to_thread.run_sync(_hash_file, partial.path, digest)
    size = offset
    with _open(partial.path, append=offset > 0) as file:
        async for chunk in _decode(_watch_speed(response), zipped=any(coding in ZIPPED_CODINGS for coding in codings)):
            size += len(chunk)
            if size > MOST_VIDEO_BYTES:
                raise TooLargeFile
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    if total is not None and size != total:
        raise IncompleteFile
    return Download(size, digest.hexdigest(), coding=next((coding for coding in codings if coding not in ZIPPED_CODINGS), ""))


def write_pieces(path: Path, pieces: Iterable[bytes], *, most: int) -> Download:
    """Write a file that arrived inside of something else to `path`, and sync it to disk. It has at most so many bytes.

    Raises TooLargeFile or StorageError.
    """
    _check_size(most, path)
    _record_etag(path, "")
    digest, size = hashlib.sha256(), 0
    with _open(path, append=False) as file:
        for piece in pieces:
            size += file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
    return Download(size, digest.hexdigest())


def _check_status(response: httpx2.Response, partial: Partial) -> tuple[int, int | None]:
    """Return the offset at which the body begins and, of a 206, the length of the whole file."""
    status = response.status_code
    if status == 200:
        return 0, None
    if status == 206 and (found := CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))):
        first, last, total = map(int, found.groups())
        expected = partial.size if partial.headers else 0
        if first == expected and last + 1 == total:
            return first, total
    if status in (206, 416) and partial.headers:  # 206: a piece of it, or one that does not say where it belongs
        _etag_path(partial.path).unlink(missing_ok=True)  # the next attempt begins anew
        raise NotSent("The host could not continue the file.")
    if 400 <= status < 500 and status not in RETRYABLE_STATUSES:
        raise LinkDead(f"The link to the video answers {status}.")
    raise NotSent(f"The link to the video answers {status}.")


def _content_length(response: httpx2.Response) -> int:
    length = response.headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _check_size(size: int, path: Path) -> None:
    if size > MOST_VIDEO_BYTES:
        raise TooLargeFile
    check_free_space(path.parent, size)


async def _watch_speed(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """Yield the raw chunks. Raises NotSent when fewer than LEAST_BYTES_PER_S arrive over SLOW_S."""
    began, arrived = time.monotonic(), 0
    async for chunk in response.aiter_raw():
        yield chunk
        arrived += len(chunk)
        if (elapsed := time.monotonic() - began) >= SLOW_S:
            if arrived < LEAST_BYTES_PER_S * elapsed:
                raise NotSent("The file arrives too slowly.")
            began, arrived = time.monotonic(), 0


async def _decode(chunks: AsyncGenerator[bytes], *, zipped: bool) -> AsyncGenerator[bytes]:
    """Yield the file's bytes. A body that is called zipped and does not begin as one is plain: bytes decide, not labels."""
    unpacker, undecided, head = None, zipped, b""
    async for chunk in chunks:
        if undecided:
            head += chunk
            if len(head) < 2:
                continue
            chunk, undecided = head, False
            unpacker = Unzipper() if begins_zipped(head) else None
        if unpacker is None:
            yield chunk
            continue
        try:
            for piece in unpacker.unpack(chunk):
                yield piece
        except zlib.error as error:
            raise IncompleteFile from error
    if undecided and head:
        yield head
    if unpacker is not None and not unpacker.is_whole:
        raise IncompleteFile


def _etag_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.etag")


def _record_etag(path: Path, etag: str) -> None:
    """Keep a strong ETag beside the file, so that a later attempt, also after a restart, can continue it."""
    if STRONG_ETAG.fullmatch(etag):
        _etag_path(path).write_text(etag, "latin-1")
    else:
        _etag_path(path).unlink(missing_ok=True)


def _hash_file(path: Path, digest: Any) -> None:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)


@contextmanager
def _open(path: Path, *, append: bool) -> Generator[IO[bytes]]:
    """Open the file for writing; never follows a link."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | (os.O_APPEND if append else os.O_TRUNC)
    with os.fdopen(os.open(path, flags, 0o600), "ab" if append else "wb") as file:
        yield file

"""Unpack answers and files whose host packed them although plain ones were asked for."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Generator, Mapping

PLAIN_CODINGS = ("", "identity", "aws-chunked")
"""Codings that leave the bytes as they are. S3-like stores replay `aws-chunked`, in which a file was uploaded, with its plain bytes."""
ZIPPED_CODINGS = ("gzip", "x-gzip", "deflate")
GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 18


def read_codings(headers: Mapping[str, str]) -> list[str]:
    """Return the content codings that may have changed the bytes."""
    codings = headers.get("content-encoding", "").split(",")
    return [coding for coding in (each.strip().lower() for each in codings) if coding not in PLAIN_CODINGS]


def unpack(data: bytes, codings: list[str], most: int) -> bytes | None:
    """Return a body as it was before it was packed; None when it is damaged, unfinished, or longer than `most` bytes.

    JSON that is only called packed is plain. None, too, for two codings at once, and for `br` and `zstd`, which no standard library
    of today's Pythons reads.
    """
    if not codings:
        return data
    unpacker, unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32), b""
    if len(codings) == 1 and codings[0] in ZIPPED_CODINGS:
        with contextlib.suppress(zlib.error):
            unpacked = unpacker.decompress(data, most + 1)
    if unpacker.eof or len(unpacked) > most:
        return unpacked if len(unpacked) <= most else None
    return data if data.lstrip().startswith(b"{") else None


def begins_zipped(head: bytes) -> bool:
    """Return whether a body begins as gzip or zlib data. `head` has at least two bytes."""
    return head.startswith(GZIP_MAGIC) or (head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0)


class Unzipper:
    """Unpacks zlib data, or gzip data of any number of members: parallel packers write several (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    @property
    def is_whole(self) -> bool:
        """Return whether the last member has ended."""
        return self._member.eof

    def unpack(self, chunk: bytes) -> Generator[bytes]:
        """Yield the unpacked bytes in pieces of at most PIECE_BYTES, so that no small body becomes a large buffer."""
        while chunk:
            if self._member.eof:
                if not GZIP_MAGIC.startswith(chunk[:2]):
                    return  # padding behind the last member
                self._member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            if piece := self._member.decompress(chunk, PIECE_BYTES):
                yield piece
            chunk = self._member.unconsumed_tail or self._member.unused_data

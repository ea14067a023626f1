"""A file that was paid for arrives, however its host labels, splits or delays it."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import anyio.abc
import pytest

from sora_mcp.domain import Call, free_space
from sora_mcp.domain.errors import LinkDead, NotSent, StorageError
from sora_mcp.net import download
from sora_mcp.net.client import ORDINARY_USER_AGENT, VendorClient
from sora_mcp.vendors import muvi

from .each import each

FILE = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 400
STRONG, WEAK = '"v1"', 'W/"v1"'
Request = Mapping[str, str]
Answer = Callable[[Request, anyio.abc.SocketStream], Awaitable[None]]


@dataclass
class Host:
    """A host of files that answers with what a test says, one answer for each request in turn; the last one repeats."""

    answers: list[Answer]
    port: int = 0
    heard: list[Request] = field(default_factory=list[Request])

    async def serve(self, stream: anyio.abc.SocketStream) -> None:
        async with stream:
            request = await read_request(stream)
            self.heard.append(request)
            await self.answers[min(len(self.heard), len(self.answers)) - 1](request, stream)


async def read_request(stream: anyio.abc.SocketStream) -> Request:
    """Return the headers of a request, with the first line under ``."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += await stream.receive()
    first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    return {"": first} | {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def reply(body: bytes, status: str = "200 OK", *, cut: int | None = None, **headers: str) -> Answer:
    """Return an answer with these headers, whose connection closes after `cut` bytes of the body."""

    async def send(_: Request, stream: anyio.abc.SocketStream) -> None:
        lines = {"Content-Length": str(len(body)), "Connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await stream.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body[:cut])

    return send


def part_of(start: int, **headers: str) -> Answer:
    """Return a 206 with the file from `start` on."""
    return reply(FILE[start:], "206 Partial Content", Content_Range=f"bytes {start}-{len(FILE) - 1}/{len(FILE)}", **headers)


@asynccontextmanager
async def hosting(*answers: Answer) -> AsyncGenerator[Host]:
    host = Host(list(answers))
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        host.port = listener.extra(anyio.abc.SocketAttribute.local_port)
        tasks.start_soon(listener.serve, host.serve)
        yield host
        tasks.cancel_scope.cancel()


async def fetch(host: Host, part: Path) -> download.Download:
    vendor = replace(muvi.VENDOR, base_url="https://vendor.example")
    async with VendorClient(part.parent, {}, frozenset({f"127.0.0.1:{host.port}"})) as client:
        return await client.download(vendor, Call("GET", f"http://127.0.0.1:{host.port}/v.mp4"), part)


def is_whole(saved: download.Download, part: Path) -> bool:
    return part.read_bytes() == FILE and saved == download.Download(len(FILE), hashlib.sha256(FILE).hexdigest())


@each(
    ("coding", "body"),
    [
        ("aws-chunked", FILE),
        ("", FILE),
        ("Identity", FILE),
        ("aws-chunked, identity", FILE),
        ("gzip", gzip.compress(FILE)),
        ("X-GZIP", gzip.compress(FILE)),
        ("aws-chunked,gzip", gzip.compress(FILE)),
        ("deflate", zlib.compress(FILE)),
        ("gzip", gzip.compress(FILE[:70_000]) + gzip.compress(FILE[70_000:]) + bytes(512)),
        ("gzip", FILE),
        ("br", FILE),
    ],
)
async def test_the_bytes_of_a_file_decide_and_not_the_label(coding: str, body: bytes, tmp_path: Path) -> None:
    async with hosting(reply(body, Content_Encoding=coding)) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p"), coding


@each(
    "piece",
    [
        reply(FILE[70_000:], "206 Partial Content", Content_Range=f"bytes 70000-{len(FILE) - 1}/*", ETag=STRONG),
        reply(FILE[70_000:80_000], "206 Partial Content", Content_Range=f"bytes 70000-79999/{len(FILE)}", ETag=STRONG),
        reply(FILE[70_000:], "206 Partial Content", ETag=STRONG),
        part_of(60_000, ETag=STRONG),
    ],
)
async def test_a_piece_that_cannot_be_continued_is_not_asked_for_twice(piece: Answer, tmp_path: Path) -> None:
    async with hosting(reply(FILE, cut=70_000, ETag=STRONG), piece, reply(FILE, ETag=STRONG)) as host:
        for _ in range(2):
            with pytest.raises(NotSent):
                await fetch(host, tmp_path / "p")
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        assert ["range" in heard for heard in host.heard] == [False, True, False]


async def test_the_unit_of_a_range_is_read_in_any_case(tmp_path: Path) -> None:
    whole = reply(FILE, "206 Partial Content", Content_Range=f"Bytes 0-{len(FILE) - 1}/{len(FILE)}")
    async with hosting(whole) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")


async def test_a_redirect_to_a_name_with_blanks_is_followed(tmp_path: Path) -> None:
    async with hosting(reply(b"", "302 Found", Location="/my clip.mp4?a=b c"), reply(FILE)) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        assert host.heard[1][""] == "GET /my%20clip.mp4?a=b%20c HTTP/1.1"


async def test_a_206_is_a_file_where_it_holds_the_whole_one(tmp_path: Path) -> None:
    async with hosting(part_of(0), part_of(100)) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        with pytest.raises(NotSent):
            await fetch(host, tmp_path / "q")


async def test_a_download_goes_on_where_it_stopped_when_the_host_names_the_same_version(tmp_path: Path) -> None:
    async with hosting(reply(FILE, cut=70_000, ETag=STRONG), part_of(70_000, ETag=STRONG)) as host:
        with pytest.raises(NotSent):
            await fetch(host, tmp_path / "p")
        assert (tmp_path / "p").stat().st_size == 70_000
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        assert [(h.get("range"), h.get("if-range")) for h in host.heard] == [(None, None), ("bytes=70000-", STRONG)]


@each(("etag", "second"), [(WEAK, reply(FILE)), ("", reply(FILE)), (STRONG, reply(FILE, ETag='"v2"')), (STRONG, part_of(0, ETag=STRONG))])
async def test_a_download_begins_anew_where_the_host_cannot_continue_it(etag: str, second: Answer, tmp_path: Path) -> None:
    async with hosting(reply(FILE, cut=70_000, **({"ETag": etag} if etag else {})), second, reply(FILE)) as host:
        for _ in range(3):
            try:
                saved = await fetch(host, tmp_path / "p")
                break
            except NotSent:
                continue
        else:
            raise AssertionError("it never arrived")
        assert is_whole(saved, tmp_path / "p")
        assert ("range" in host.heard[1]) == (etag == STRONG)


async def test_a_part_that_the_host_says_is_whole_already_is_asked_for_anew(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(FILE)
    (tmp_path / "p.etag").write_text(STRONG)
    async with hosting(reply(b"", "416 Range Not Satisfiable"), reply(FILE, ETag=STRONG)) as host:
        with pytest.raises(NotSent):
            await fetch(host, tmp_path / "p")
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")


async def test_a_host_that_wants_a_browsers_name_gets_an_ordinary_one_once(tmp_path: Path) -> None:
    async with hosting(reply(b"error code: 1010", "403 Forbidden"), reply(FILE)) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        assert [h["user-agent"] == ORDINARY_USER_AGENT for h in host.heard] == [False, True]
    async with hosting(reply(b"no", "403 Forbidden")) as host:
        with pytest.raises(LinkDead, match="403"):
            await fetch(host, tmp_path / "q")
        assert len(host.heard) == 2


async def drip(_: Request, stream: anyio.abc.SocketStream) -> None:
    """Send the file steadily: its bytes in 40 pieces, with pauses."""
    await stream.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(FILE)}\r\nETag: {STRONG}\r\n\r\n".encode())
    for start in range(0, len(FILE), len(FILE) // 40):
        await stream.send(FILE[start : start + len(FILE) // 40])
        await anyio.sleep(0.02)


async def test_a_download_ends_when_too_little_arrives_and_not_when_it_takes_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SLOW_S", 0.1)
    async with hosting(drip) as host:
        assert is_whole(await fetch(host, tmp_path / "p"), tmp_path / "p")
        monkeypatch.setattr(download, "LEAST_BYTES_PER_S", 1 << 30)
        with pytest.raises(NotSent, match="too slowly"):
            await fetch(host, tmp_path / "q")
        assert 0 < (tmp_path / "q").stat().st_size < len(FILE)


async def test_a_download_leaves_room_on_the_disk_and_ends_at_the_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST_VIDEO_BYTES", 1 << 20)
    async with hosting(reply(gzip.compress(bytes(64 << 20)), Content_Encoding="gzip"), reply(FILE)) as host:
        with pytest.raises(Exception, match="larger than 1 MiB"):  # a small body that unpacks without an end
            await fetch(host, tmp_path / "p")
        assert (tmp_path / "p").stat().st_size <= 1 << 20
        monkeypatch.setattr(free_space, "LEAST_FREE_BYTES", 1 << 60)
        with pytest.raises(StorageError, match="nearly full"):
            await fetch(host, tmp_path / "q")
        free_space.check_free_space(tmp_path / "gone", 1)  # the write itself says what is wrong


async def test_a_cookie_of_one_host_goes_to_no_other(tmp_path: Path) -> None:
    async with hosting(reply(FILE, Set_Cookie="a=1; Path=/")) as host:
        vendor = replace(muvi.VENDOR, base_url="https://vendor.example")
        async with VendorClient(tmp_path, {}, frozenset({f"127.0.0.1:{host.port}"})) as client:
            for name in ("p", "q"):
                await client.download(vendor, Call("GET", f"http://127.0.0.1:{host.port}/v.mp4"), tmp_path / name)
        assert ["cookie" in h for h in host.heard] == [False, False]

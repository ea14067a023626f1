"""A small HTTP/1.1 server on loopback that answers as it should, or misbehaves in one way that was armed; it stops by itself."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from email.parser import BytesParser
from email.policy import HTTP
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

from .nouns import Answer, App, Created, Heard, said

LIFETIME_S = 120.0
MOST_HEAD = 1 << 16


@dataclass
class Armed:
    """One misbehaviour: for which requests, which, and how often."""

    on: str
    """A role, or `accept`, which happens before a byte is read."""
    fault: str
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    times: int = 1
    """How many requests it strikes; -1 is all of them."""
    after: int = 0
    """How many it lets pass before."""


@dataclass
class Talk:
    """One connection, for a fault to play on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    wire: Wire
    number: int

    async def send(self, content: bytes) -> None:
        """Bytes, out now."""
        self.writer.write(content)
        await self.writer.drain()

    async def hold(self) -> None:
        """Says nothing more until the other side is gone or the wire ends."""
        while await self.reader.read(4096):
            pass

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Fault = Callable[[Talk, Heard, Callable[[], Answer], dict[str, Any]], Any]


class Wire:
    """`async with Wire(app, faults) as wire:` listens on a free loopback port until left, and never longer than its lifetime."""

    def __init__(
        self, app: App, faults: Mapping[str, Fault], *, port: int = 0, lifetime_s: float = LIFETIME_S, tls: ssl.SSLContext | None = None
    ) -> None:
        self.app = app
        self.heard: list[Heard] = []
        self.armed: list[Armed] = []
        self.watch: Callable[[str], None] = lambda moment: None
        """Told of every moment: `accept`, then `submit:head`, `:body`, `:created`, `:headers`, `:25%` to `:100%`, and so on."""
        self.accepted = 0
        self.clock: Callable[[], float] | None = time.time
        """What its `Date` tells; None sends none."""
        self.port = port
        self._faults = faults
        self._lifetime_s = lifetime_s
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ended = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """The same as `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def made(self) -> list[Created]:
        """The oracle: every job that was taken, in order."""
        return self.app.made

    def requests(self, role: str) -> list[Heard]:
        """What came in for one role."""
        return [heard for heard in self.heard if heard.role == role]

    def arm(self, on: str, fault: str, *, times: int = 1, after: int = 0, **args: Any) -> None:
        """Misbehave at the next request of this role."""
        if fault not in self._faults:
            raise ValueError(f"no fault is called {fault!r}")
        self.armed.append(Armed(on, fault, args, times, after))

    async def __aenter__(self) -> Wire:
        await self.listen()
        asyncio.get_running_loop().call_later(self._lifetime_s, self._ended.set)
        self._end = asyncio.create_task(self._at_the_end())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._ended.set()
        await self._end

    async def wait(self) -> None:
        """Until its lifetime is over, and nobody is listening any more."""
        await asyncio.shield(self._end)

    async def listen(self) -> None:
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=MOST_HEAD, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Take no more connections: the port is closed."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def drop(self) -> None:
        """Closes every open connection, as an impatient server does with idle ones."""
        for writer in list(self._writers):
            writer.close()

    async def _at_the_end(self) -> None:
        await self._ended.wait()
        await self.refuse()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._talk(Talk(reader, writer, self, self.accepted + 1)))
        self.accepted += 1
        self._talks.add(task)
        self._writers.add(writer)
        task.add_done_callback(self._talks.discard)

    async def _talk(self, talk: Talk) -> None:
        try:
            self.watch("accept")
            if (armed := self._struck("accept")) is not None:
                await self._faults[armed.fault](talk, _nothing(), lambda: Answer(500), armed.args)
                return
            while await self._one(talk):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(talk.writer)
            talk.writer.close()

    async def _one(self, talk: Talk) -> bool:
        """One request; whether another may follow on the same connection."""
        heard = await self._hear(talk)
        if heard.path.startswith("/-/"):
            await self._controlled(talk, heard)
            return True
        self.heard.append(heard)
        self.watch(f"{heard.role}:body")
        if (armed := self._struck(heard.role)) is not None:
            await self._faults[armed.fault](talk, heard, lambda: self._answer(heard), armed.args)
            return False
        answer = self._answer(heard)
        await self._send(talk, heard.role, answer)
        return True

    def _answer(self, heard: Heard) -> Answer:
        answer = self.app.answer(heard, self.address)
        self.watch(f"{heard.role}:created")
        dated = () if self.clock is None else (("Date", formatdate(self.clock(), usegmt=True)),)
        return replace(answer, headers=(*answer.headers, *dated))

    async def _send(self, talk: Talk, role: str, answer: Answer) -> None:
        await talk.send(answer.head())
        self.watch(f"{role}:headers")
        size = len(answer.body)
        for quarter in range(4):
            await talk.send(answer.body[size * quarter // 4 : size * (quarter + 1) // 4])
            self.watch(f"{role}:{(quarter + 1) * 25}%")

    async def _hear(self, talk: Talk) -> Heard:
        head = (await talk.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head[:-4].split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path, _, query = target.partition("?")
        known = Heard(
            len(self.heard) + 1, time.time(), method, unquote(path), tuple(parse_qsl(query, keep_blank_values=True)), headers, None, target
        )
        role = self.app.role(known)
        self.watch(f"{role}:head")
        body = await _read_body(talk.reader, headers)
        return Heard(**{**known.__dict__, "body": _parse(body, headers), "size": len(body), "role": role, "connection": talk.number})

    def _struck(self, on: str) -> Armed | None:
        """The fault that is due for this request, if any."""
        for armed in self.armed:
            if armed.on != on or armed.times == 0:
                continue
            if armed.after > 0:
                armed.after -= 1
                continue
            armed.times -= 1
            return armed
        return None

    async def _controlled(self, talk: Talk, heard: Heard) -> None:
        """For other processes: `POST /-/arm`, `POST /-/disarm`, `GET /-/made`, `GET /-/heard`."""
        content: Any = {"ok": True}
        if heard.path == "/-/arm":
            body = dict(heard.body)
            self.arm(body.pop("on"), body.pop("fault"), times=body.pop("times", 1), after=body.pop("after", 0), **body)
        elif heard.path == "/-/disarm":
            self.armed.clear()
        elif heard.path == "/-/made":
            content = [asdict(made) for made in self.made]
        elif heard.path == "/-/heard":
            content = [asdict(one) for one in self.heard]
        await talk.send((answer := said(200, content)).head() + answer.body)


def _nothing() -> Heard:
    return Heard(0, time.time(), "", "", (), {}, None)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


def _parse(body: bytes, headers: Mapping[str, str]) -> Any:
    """A form as its texts, and its files as bytes; a picture or a video as its bytes; else the JSON, or None."""
    kind = headers.get("content-type", "")
    if kind.startswith(("image/", "video/")):
        return body
    if not kind.startswith("multipart/form-data"):
        return _json(body)
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return {part.get_param("name", header="content-disposition"): _read_part(part) for part in form.iter_parts()}


def _read_part(part: Any) -> str | bytes:
    content = part.get_payload(decode=True)
    return content if part.get_filename() else content.decode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None

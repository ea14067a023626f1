"""The only file that touches the network: one call out, one bounded answer back; keys go to the vendor's own origin only."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import anyio
import httpx2

from sora_mcp import __version__
from sora_mcp.domain import Call, Reply, Vendor
from sora_mcp.domain.errors import BadMedia, LinkDead, NotSent, OutcomeUnknown, StorageError, UntrustedURL
from sora_mcp.net.in_process import Served
from sora_mcp.security.secrets import Secret
from sora_mcp.security.urls import Target, vetted

SUBMIT_S = 90.0
"""The whole time that a paid call may take: a short deadline would only make unclear outcomes."""
ASK_S = 30.0
SAVE_S = 900.0
CONNECT_S = 20.0
IDLE_S = 30.0
MOST_ANSWER = 1 << 20
MOST_VIDEO = 1 << 30
HOPS = 3
LEAST_SECRET = 8
"""Characters. A shorter key is a dummy (`x`, `local`) and no secret: cut out of an answer it would take ids and links along."""
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.ProxyError,
)
"""Raised before the first byte of a request is written."""
LATER = (408, 416, 425, 429)
"""What a host answers that may give the file another time. Any other 4xx is about the link: hosts say 400 of an expired one too."""
FIXED = {"User-Agent": f"sora-mcp/{__version__}", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Saved:
    """A file as it came: how many bytes, and their hash."""

    bytes: int
    sha256: str


@dataclass
class VendorClient:
    """Calls to vendors. Enter it before use; it closes its connections when left."""

    home: Path
    keys: Mapping[str, Secret]
    trusted: frozenset[str] = frozenset()
    submit_s: float = SUBMIT_S
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict[str, httpx2.AsyncClient])

    async def __aenter__(self) -> VendorClient:
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._stack.aclose()

    def prepare(self, vendor: Vendor) -> None:
        """Builds what the next submit needs, so that little time passes between writing it down and sending it."""
        self._client("paid", vendor)

    async def submit(self, vendor: Vendor, call: Call) -> Reply:
        """The one call that costs, sent once on a fresh connection. NotSent or OutcomeUnknown when there is no answer."""
        try:
            with anyio.fail_after(self.submit_s):
                return await self._send(self._client("paid", vendor), vendor, call)
        except NEVER_SENT as error:
            raise NotSent(f"{vendor.title} could not be reached, so nothing was sent.") from error
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise OutcomeUnknown(f"{vendor.title} may have taken the request; its answer did not arrive.") from error

    async def ask(self, vendor: Vendor, call: Call) -> Reply:
        """A call that costs nothing and may be repeated. NotSent when there is no answer."""
        try:
            with anyio.fail_after(ASK_S):
                return await self._send(self._client("free", vendor), vendor, call)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent(f"{vendor.title} does not answer.") from error

    async def save(self, vendor: Vendor, media: Call, part: Path) -> Saved:
        """The video, streamed into `part`, flushed to the disk. LinkDead, BadMedia, Untrusted, NotSent or StorageError otherwise."""
        try:
            with anyio.fail_after(SAVE_S):
                return await self._save(vendor, urljoin(vendor.base_url + "/", media.path.lstrip("/")), part)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent("The file did not arrive whole.") from error
        except (ValueError, httpx2.InvalidURL) as error:
            raise UntrustedURL("The link to the video is malformed.") from error
        except OSError as error:
            raise StorageError(f"The file cannot be written into {part.parent}.") from error

    async def _send(self, client: httpx2.AsyncClient, vendor: Vendor, call: Call) -> Reply:
        async with client.stream(
            call.method,
            vendor.base_url + call.path,
            params=call.query or None,
            headers={**FIXED, **dict(call.headers), **self._auth(vendor)},
            json=call.body,
        ) as response:
            body = await self._bounded(response)
        return Reply(call, response.status_code, self._json(body, vendor), {k.lower(): v for k, v in response.headers.items()})

    async def _bounded(self, response: httpx2.Response) -> bytes | None:
        """The raw bytes; None when they are encoded although identity was asked for, or too many."""
        if response.headers.get("content-encoding", "identity") != "identity":
            return None
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_ANSWER:
                return None
        return bytes(body)

    def _json(self, body: bytes | None, vendor: Vendor) -> Any:
        """A JSON object, or None. A vendor that repeats our key does not get it any further."""
        if not body:
            return None
        try:
            parsed: Any = json.loads(body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_of_one_mind)
            if (secret := self.keys.get(vendor.name)) is not None and len(secret.reveal()) >= LEAST_SECRET:
                parsed = _without(secret, parsed)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None

    async def _save(self, vendor: Vendor, url: str, part: Path) -> Saved:
        for _ in range(HOPS + 1):
            async with self._media(vendor, url) as response:
                if not response.is_redirect:
                    return await _stream(response, part)
                url = urljoin(url, response.headers.get("location", ""))
        raise UntrustedURL("The link to the video leads from one address to the next without an end.")

    @asynccontextmanager
    async def _media(self, vendor: Vendor, url: str) -> AsyncGenerator[httpx2.Response]:
        """The answer from the vendor's own origin, which the user chose, with the key; or from a checked address, without."""
        ours = _origin(url) == _origin(vendor.base_url)
        if ours and (vendor.serve is not None or url.startswith("https:")):
            headers = {**FIXED, **self._auth(vendor)}
            async with self._client("free", vendor).stream("GET", url, headers=headers) as response:
                yield response
            return
        target = await vetted(url, self.trusted)
        async with self._reached(target, self._auth(vendor) if ours else {}) as response:
            yield response

    @asynccontextmanager
    async def _reached(self, target: Target, auth: Mapping[str, str]) -> AsyncGenerator[httpx2.Response]:
        """Connects to the addresses that were checked, in turn, under the name's own certificate."""
        client = self._client("media", None)
        for ip in target.ips:
            request = client.build_request(
                "GET",
                f"{target.scheme}://{f'[{ip}]' if ':' in ip else ip}:{target.port}{target.path}",
                headers={**FIXED, **auth, "Host": target.authority},
                extensions={"sni_hostname": target.host},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if ip == target.ips[-1]:
                    raise
                continue
            try:
                yield response
            finally:
                await response.aclose()
            return

    def _auth(self, vendor: Vendor) -> dict[str, str]:
        secret = self.keys.get(vendor.name)
        header, shape = vendor.auth
        return {header: shape.format(key=secret.reveal())} if secret else {}

    def _client(self, use: str, vendor: Vendor | None) -> httpx2.AsyncClient:
        """Paid calls and files share no connection: on a reused one, a close looks like a request that was taken."""
        serve = vendor.serve if vendor else None
        name = f"{use}:{vendor.name}" if vendor and serve else use
        if name not in self._clients:
            self._clients[name] = httpx2.AsyncClient(
                transport=Served(serve(self.home)) if serve else _wire(kept=20 if use == "free" else 0),
                follow_redirects=False,
                trust_env=False,
                timeout=httpx2.Timeout(IDLE_S if use != "paid" else self.submit_s, connect=CONNECT_S),
            )
            self._stack.push_async_callback(self._clients[name].aclose)
        return self._clients[name]


def _wire(*, kept: int) -> httpx2.AsyncHTTPTransport:
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=kept)
    return httpx2.AsyncHTTPTransport(verify=certificates(), trust_env=False, limits=limits)


@functools.cache
def certificates() -> ssl.SSLContext:
    """Those that this machine trusts. Loading them takes 30 ms in which nobody else is answered: once for all connections."""
    return httpx2.create_ssl_context(trust_env=False)


async def _stream(response: httpx2.Response, part: Path) -> Saved:
    _refuse(response)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        async for chunk in response.aiter_raw(1 << 18):
            size += len(chunk)
            if size > MOST_VIDEO:
                raise BadMedia(f"The file is larger than {MOST_VIDEO >> 20} MiB.")
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    return Saved(size, digest.hexdigest())


def _refuse(response: httpx2.Response) -> None:
    """Only a plain 200 with plain bytes is a file."""
    status = response.status_code
    if 400 <= status < 500 and status not in LATER:
        raise LinkDead(f"The link to the video answers {status}.")
    if status != 200:
        raise NotSent(f"The link to the video answers {status}.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise BadMedia("The file comes compressed, although plain bytes were asked for.")
    length = response.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_VIDEO:
        raise BadMedia(f"The file is larger than {MOST_VIDEO >> 20} MiB.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _without(secret: Secret, said: Any) -> Any:
    """The same without the key, which no escape can hide here any more."""
    match said:
        case str():
            return secret.out_of(said)
        case list():
            return [_without(secret, inner) for inner in cast("list[Any]", said)]
        case dict():
            return {secret.out_of(name): _without(secret, inner) for name, inner in cast("dict[str, Any]", said).items()}
        case _:
            return said


def _of_one_mind(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; ValueError where it says two things under one name: nobody knows which of them is meant."""
    said = dict(pairs)
    if len(said) < len(pairs) and any(said[name] != value for name, value in pairs):
        raise ValueError("two values under one name")
    return said


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")

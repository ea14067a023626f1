"""Call vendors over HTTP: one request, one bounded reply, no retries; a key is sent to its vendor's own origin only."""

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
from sora_mcp.net.in_process import InProcessTransport
from sora_mcp.security.secrets import Secret
from sora_mcp.security.urls import Target, resolve_public

SUBMIT_S = 90.0
"""Deadline in seconds of a paid call. A short one would only produce unclear outcomes."""
REQUEST_S = 30.0
DOWNLOAD_S = 900.0
CONNECT_S = 20.0
IDLE_S = 30.0
MOST_REPLY_BYTES = 1 << 20
MOST_VIDEO_BYTES = 1 << 30
HOPS = 3
LEAST_SECRET_CHARACTERS = 8
"""A shorter key is a dummy (`x`, `local`), no secret; redacting it would damage ids and links in a reply."""
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.ProxyError,
)
"""Errors that httpx2 raises before it writes the first byte of a request."""
RETRYABLE_STATUSES = (408, 416, 425, 429)
"""Statuses after which the same link may work later. Any other 4xx means a dead link: hosts answer 400 for an expired one too."""
FIXED_HEADERS = {"User-Agent": f"sora-mcp/{__version__}", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Download:
    """A downloaded file's size and sha256."""

    bytes: int
    sha256: str


@dataclass
class VendorClient:
    """An async context manager that sends calls to vendors and closes its connections on exit."""

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
        """Build the client for the next submit, so that little time passes between recording the call and sending it."""
        self._client("paid", vendor)

    async def submit(self, vendor: Vendor, call: Call) -> Reply:
        """Send a call that costs money, once, on a fresh connection.

        Raises NotSent when nothing was sent, OutcomeUnknown when no reply arrived.
        """
        try:
            with anyio.fail_after(self.submit_s):
                return await self._send(self._client("paid", vendor), vendor, call)
        except NEVER_SENT as error:
            raise NotSent(f"{vendor.title} could not be reached, so nothing was sent.") from error
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise OutcomeUnknown(f"{vendor.title} may have taken the request; its answer did not arrive.") from error

    async def request(self, vendor: Vendor, call: Call) -> Reply:
        """Send a call that costs nothing and may be repeated. Raises NotSent when no reply arrived."""
        try:
            with anyio.fail_after(REQUEST_S):
                return await self._send(self._client("free", vendor), vendor, call)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent(f"{vendor.title} does not answer.") from error

    async def download(self, vendor: Vendor, media: Call, part: Path) -> Download:
        """Stream the file into `part` and sync it to disk.

        Raises LinkDead, UntrustedURL, BadMedia, NotSent (worth another try) or StorageError.
        """
        try:
            with anyio.fail_after(DOWNLOAD_S):
                return await self._follow_redirects(vendor, urljoin(vendor.base_url + "/", media.path.lstrip("/")), part)
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
            headers={**FIXED_HEADERS, **dict(call.headers), **self._auth_header(vendor)},
            json=call.body,
        ) as response:
            body = await self._read_bounded(response)
        return Reply(call, response.status_code, self._parse_json(body, vendor), {k.lower(): v for k, v in response.headers.items()})

    async def _read_bounded(self, response: httpx2.Response) -> bytes | None:
        """Return the body; None when it is compressed although identity was requested, or longer than MOST_REPLY_BYTES."""
        if response.headers.get("content-encoding", "identity") != "identity":
            return None
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_REPLY_BYTES:
                return None
        return bytes(body)

    def _parse_json(self, body: bytes | None, vendor: Vendor) -> Any:
        """Return the body as a JSON object, with the vendor's key redacted; None for anything else."""
        if not body:
            return None
        try:
            parsed: Any = json.loads(body.decode("utf-8"), parse_constant=_reject_constant, object_pairs_hook=_reject_duplicates)
            if (secret := self.keys.get(vendor.name)) is not None and len(secret.reveal()) >= LEAST_SECRET_CHARACTERS:
                parsed = _redact_all(secret, parsed)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None

    async def _follow_redirects(self, vendor: Vendor, url: str, part: Path) -> Download:
        for _ in range(HOPS + 1):
            async with self._open_media(vendor, url) as response:
                if not response.is_redirect:
                    return await _write_file(response, part)
                url = urljoin(url, response.headers.get("location", ""))
        raise UntrustedURL("The link to the video leads from one address to the next without an end.")

    @asynccontextmanager
    async def _open_media(self, vendor: Vendor, url: str) -> AsyncGenerator[httpx2.Response]:
        """Open the response: from the vendor's own https origin with the key, or from resolved public addresses without it."""
        ours = _origin(url) == _origin(vendor.base_url)
        if ours and (vendor.serve is not None or url.startswith("https:")):
            headers = {**FIXED_HEADERS, **self._auth_header(vendor)}
            async with self._client("free", vendor).stream("GET", url, headers=headers) as response:
                yield response
            return
        target = await resolve_public(url, self.trusted)
        async with self._connect(target, self._auth_header(vendor) if ours else {}) as response:
            yield response

    @asynccontextmanager
    async def _connect(self, target: Target, auth: Mapping[str, str]) -> AsyncGenerator[httpx2.Response]:
        """Request the target at its checked addresses in turn, verifying the certificate against its host name."""
        client = self._client("media", None)
        for ip in target.ips:
            request = client.build_request(
                "GET",
                f"{target.scheme}://{f'[{ip}]' if ':' in ip else ip}:{target.port}{target.path}",
                headers={**FIXED_HEADERS, **auth, "Host": target.authority},
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

    def _auth_header(self, vendor: Vendor) -> dict[str, str]:
        secret = self.keys.get(vendor.name)
        header, shape = vendor.auth
        return {header: shape.format(key=secret.reveal())} if secret else {}

    def _client(self, use: str, vendor: Vendor | None) -> httpx2.AsyncClient:
        """Return the cached client for `use`: "paid", "free" or "media".

        Paid calls and files never reuse a connection: a close on a reused one looks like a request that was taken.
        """
        serve = vendor.serve if vendor else None
        name = f"{use}:{vendor.name}" if vendor and serve else use
        if name not in self._clients:
            self._clients[name] = httpx2.AsyncClient(
                transport=InProcessTransport(serve(self.home)) if serve else _build_transport(kept=20 if use == "free" else 0),
                follow_redirects=False,
                trust_env=False,
                timeout=httpx2.Timeout(IDLE_S if use != "paid" else self.submit_s, connect=CONNECT_S),
            )
            self._stack.push_async_callback(self._clients[name].aclose)
        return self._clients[name]


def _build_transport(*, kept: int) -> httpx2.AsyncHTTPTransport:
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=kept)
    return httpx2.AsyncHTTPTransport(verify=load_certificates(), trust_env=False, limits=limits)


@functools.cache
def load_certificates() -> ssl.SSLContext:
    """Return the TLS context with the default CA certificates, cached: loading them blocks the event loop for 30 ms."""
    return httpx2.create_ssl_context(trust_env=False)


async def _write_file(response: httpx2.Response, part: Path) -> Download:
    _check_file_headers(response)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        async for chunk in response.aiter_raw(1 << 18):
            size += len(chunk)
            if size > MOST_VIDEO_BYTES:
                raise BadMedia(f"The file is larger than {MOST_VIDEO_BYTES >> 20} MiB.")
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    return Download(size, digest.hexdigest())


def _check_file_headers(response: httpx2.Response) -> None:
    """Raise unless the response is a 200 with uncompressed bytes of at most MOST_VIDEO_BYTES."""
    status = response.status_code
    if 400 <= status < 500 and status not in RETRYABLE_STATUSES:
        raise LinkDead(f"The link to the video answers {status}.")
    if status != 200:
        raise NotSent(f"The link to the video answers {status}.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise BadMedia("The file comes compressed, although plain bytes were asked for.")
    length = response.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_VIDEO_BYTES:
        raise BadMedia(f"The file is larger than {MOST_VIDEO_BYTES >> 20} MiB.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _redact_all(secret: Secret, value: Any) -> Any:
    """Return the parsed JSON value with the key redacted in every name and text. Parsed, no escape can hide the key."""
    match value:
        case str():
            return secret.redact(value)
        case list():
            return [_redact_all(secret, inner) for inner in cast("list[Any]", value)]
        case dict():
            return {secret.redact(name): _redact_all(secret, inner) for name, inner in cast("dict[str, Any]", value).items()}
        case _:
            return value


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises ValueError when one name has two different values: it is unclear which one counts."""
    fields = dict(pairs)
    if len(fields) < len(pairs) and any(fields[name] != value for name, value in pairs):
        raise ValueError("two values under one name")
    return fields


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")

"""Call vendors over HTTP: one request, one bounded reply, no retries; a key is sent to its vendor's own origin only."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import anyio
import httpx2

from sora_mcp import __version__
from sora_mcp.domain import Call, Reply, Vendor
from sora_mcp.domain.errors import NotSent, OutcomeUnknown, UntrustedURL, UnwritableFile
from sora_mcp.domain.secret import Secret
from sora_mcp.domain.vendor import MOST_ANSWER_BYTES
from sora_mcp.net.content_encoding import read_codings, unpack
from sora_mcp.net.download import Download, IncompleteFile, Partial, read_partial, write_file
from sora_mcp.net.in_process import InProcessTransport
from sora_mcp.net.proxy_settings import explain_failure, find_proxy, load_certificates
from sora_mcp.net.urls import MalformedURL, Target, check_proxied, resolve_public
from sora_mcp.telemetry import CallKind, Observation, watch_call

SUBMIT_S = 90.0
"""Deadline in seconds of a paid call. A short one would only produce unclear outcomes."""
REQUEST_S = 30.0
CONNECT_S = 20.0
IDLE_S = 30.0
PROBE_S = 10.0
UPLOAD_S = 180.0
"""Deadline in seconds for one picture: 10 MB at half a megabit."""
LEAST_ANSWER_BYTES_PER_S = 1 << 18
"""How fast the rest of an answer has to arrive that may have more than MOST_ANSWER_BYTES."""
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
FIXED_HEADERS = {"User-Agent": f"sora-mcp/{__version__}", "Accept-Encoding": "identity"}
ORDINARY_USER_AGENT = f"Mozilla/5.0 (compatible; sora-mcp/{__version__})"
"""Sent once more where a file's host answers 403: some refuse any name that is not a browser's."""


@dataclass
class VendorClient:
    """An async context manager that sends calls to vendors and closes its connections on exit."""

    home: Path
    keys: Mapping[str, Secret]
    trusted: frozenset[str] = frozenset()
    submit_s: float = SUBMIT_S
    upload_s: float = UPLOAD_S
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict[str, httpx2.AsyncClient])

    async def __aenter__(self) -> VendorClient:
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._stack.aclose()

    def prepare(self, vendor: Vendor) -> None:
        """Build the client for the next submit, so that little time passes between recording the call and sending it."""
        with suppress(NotSent):  # of a proxy that cannot be used; the submit says it, and is counted as a try
            self._client("paid", vendor, vendor.base_url)

    async def submit(self, vendor: Vendor, call: Call) -> Reply:
        """Send a call that costs money, once, on a fresh connection.

        Raises NotSent when nothing was sent, OutcomeUnknown when no reply arrived.
        """
        try:
            with anyio.fail_after(self.submit_s):
                return await self._send(self._client("paid", vendor, vendor.base_url), vendor, call, kind="submit")
        except NEVER_SENT as error:
            raise NotSent(f"{vendor.title} could not be reached, so nothing was sent: {self._explain(error, vendor.base_url)}.") from error
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise OutcomeUnknown(f"{vendor.title} may have taken the request; its answer did not arrive.") from error

    async def request(self, vendor: Vendor, call: Call, *, kind: CallKind = "request") -> Reply:
        """Send a call that costs nothing and may be repeated. Raises NotSent when no reply arrived."""
        try:
            with anyio.fail_after(REQUEST_S + (vendor.most_answer_bytes - MOST_ANSWER_BYTES) / LEAST_ANSWER_BYTES_PER_S):
                return await self._send(self._client("free", vendor, vendor.base_url), vendor, call, kind=kind)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent(f"{vendor.title} does not answer: {self._explain(error, vendor.base_url)}.") from error

    async def download(self, vendor: Vendor, media: Call, part: Path) -> Download:
        """Stream the file into `part` and sync it to disk, continuing what an earlier attempt left there.

        No limit on the whole time: it ends when nothing arrives any more.
        Raises LinkDead, UntrustedURL, BadMedia, NotSent (worth another try) or StorageError.
        """
        try:
            url = urljoin(vendor.base_url + "/", media.path.lstrip("/"))
        except ValueError as error:
            raise MalformedURL from error
        try:
            partial = await anyio.to_thread.run_sync(read_partial, part)
            with watch_call("download", vendor.name) as seen:
                return await self._follow_redirects(vendor, url, partial, seen)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise IncompleteFile(self._explain(error, url)) from error
        except (ValueError, httpx2.InvalidURL) as error:
            raise MalformedURL from error
        except OSError as error:
            raise UnwritableFile(part.parent, error) from error

    async def upload(
        self, vendor: Vendor, url: str, body: bytes, headers: Mapping[str, str], *, method: str = "PUT"
    ) -> tuple[int, dict[str, Any] | None]:
        """Send a file to an address that a vendor named for it, without a key, and return status and JSON. A redirect is not followed.

        Raises UntrustedURL as a download does, or NotSent when no reply arrived.
        """
        try:
            with watch_call("upload", vendor.name) as seen:
                async with self._open_media(None, url, headers, body=body, method=method) as response:
                    seen.status = response.status_code
                    return seen.status, self._parse_json(await self._read_bounded(response, MOST_ANSWER_BYTES), vendor)
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent(f"{urlsplit(url).hostname} did not take it: {self._explain(error, url)}.") from error
        except (ValueError, httpx2.InvalidURL) as error:
            raise UntrustedURL("The address for the upload is malformed.") from error

    def check_address(self, url: str) -> None:
        """Raise UntrustedURL unless the form of an address lets a vendor fetch it: https at a public name, or a trusted host."""
        check_proxied(url, self.trusted)

    async def probe(self, url: str) -> None:
        """Open a link as a download does, without a key, whatever it answers, and read nothing of it.

        Raises UntrustedURL, or NotSent, whose message is a clause that says why: certificate, proxy, name or silence.
        """
        try:
            with anyio.fail_after(PROBE_S):
                async with self._open_media(None, url, {}):
                    return
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise NotSent(self._explain(error, url)) from error
        except (ValueError, httpx2.InvalidURL) as error:
            raise MalformedURL from error

    @staticmethod
    def _explain(error: BaseException, url: str) -> str:
        return explain_failure(error, urlsplit(url).hostname or "its host", proxy=find_proxy(url))

    async def _send(self, client: httpx2.AsyncClient, vendor: Vendor, call: Call, *, kind: CallKind) -> Reply:
        request = client.stream(
            call.method,
            vendor.base_url + call.path,
            params=call.query or None,
            headers={**FIXED_HEADERS, **dict(call.headers), **self._auth_header(vendor)},
            json=None if call.is_form else call.body,
            files=make_parts(call) if call.is_form else None,
        )
        with watch_call(kind, vendor.name) as seen:
            async with request as response:
                seen.status = response.status_code
                body = await self._read_bounded(response, vendor.most_answer_bytes)
        if body is not None and len(body) > MOST_ANSWER_BYTES:
            parsed = await anyio.to_thread.run_sync(self._parse_json, body, vendor)
        else:
            parsed = self._parse_json(body, vendor)
        return Reply(call, response.status_code, parsed, {k.lower(): v for k, v in response.headers.items()})

    async def _read_bounded(self, response: httpx2.Response, most: int) -> bytes | None:
        """Return the body, unpacked where a gateway packed it; None when it is longer than `most` bytes, or cannot be unpacked."""
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > most:
                return None
        return unpack(bytes(body), read_codings(response.headers), most)

    def redact(self, vendor: Vendor, value: Any) -> Any:
        """Return a text, or a parsed JSON value, without the vendor's key."""
        secret = self.keys.get(vendor.name)
        return value if secret is None or len(secret.reveal()) < LEAST_SECRET_CHARACTERS else _redact_all(secret, value)

    def _parse_json(self, body: bytes | None, vendor: Vendor) -> Any:
        """Return the body as a JSON object, with the vendor's key redacted; None for anything else."""
        if not body:
            return None
        try:
            parsed: Any = json.loads(body.decode("utf-8-sig"), parse_constant=_reject_constant, object_pairs_hook=_reject_duplicates)
            parsed = self.redact(vendor, parsed)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None

    async def _follow_redirects(self, vendor: Vendor, url: str, partial: Partial, seen: Observation) -> Download:
        agent = FIXED_HEADERS["User-Agent"]
        for _ in range(HOPS + 1):
            async with self._open_media(vendor, url, {**partial.headers, "User-Agent": agent}) as response:
                seen.status = response.status_code
                if response.is_redirect:
                    url = urljoin(url, response.headers.get("location", "").replace(" ", "%20"))
                    continue
                if response.status_code != 403 or agent == ORDINARY_USER_AGENT:
                    return replace(await write_file(response, partial), url=url)
            agent = ORDINARY_USER_AGENT
        raise UntrustedURL("The link to the video leads from one address to the next without an end.")

    @asynccontextmanager
    async def _open_media(
        self, vendor: Vendor | None, url: str, headers: Mapping[str, str], *, body: bytes | None = None, method: str = "GET"
    ) -> AsyncGenerator[httpx2.Response]:
        """Open the response: from the vendor's own https origin with the key, or from checked public addresses without it."""
        headers = {**FIXED_HEADERS, **headers}
        ours = vendor is not None and _origin(url) == _origin(vendor.base_url)
        if vendor is not None and ours:
            headers |= self._auth_header(vendor)
        if vendor is not None and ours and (vendor.serve is not None or url.startswith("https:")):
            async with self._client("free", vendor, url).stream(method, url, headers=headers, content=body) as response:
                yield response
        elif find_proxy(url) is not None:
            check_proxied(url, self.trusted)
            async with self._client("media", None, url).stream(method, url, headers=headers, content=body) as response:
                yield response
        else:
            async with self._connect(await resolve_public(url, self.trusted), headers, body=body, method=method) as response:
                yield response

    @asynccontextmanager
    async def _connect(
        self, target: Target, headers: Mapping[str, str], *, body: bytes | None, method: str
    ) -> AsyncGenerator[httpx2.Response]:
        """Request the target at its checked addresses in turn, verifying the certificate against its host name."""
        client = self._client("media", None, None)
        for ip in target.ips:
            request = client.build_request(
                method,
                f"{target.scheme}://{f'[{ip}]' if ':' in ip else ip}:{target.port}{target.path}",
                headers={**headers, "Host": target.authority},
                content=body,
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

    def _client(self, use: str, vendor: Vendor | None, url: str | None) -> httpx2.AsyncClient:
        """Return the cached client for `use` ("paid", "free" or "media"), through the proxy of `url` where there is one.

        Paid calls and files never reuse a connection: a close on a reused one looks like a request that was taken.
        """
        serve = vendor.serve if vendor else None
        proxy = find_proxy(url) if url and not serve else None
        name = f"{use}:{vendor.name}" if vendor and serve else f"{use} {proxy or ''}"
        if name not in self._clients:
            self._clients[name] = httpx2.AsyncClient(
                transport=InProcessTransport(serve(self.home)) if serve else _build_transport(proxy, kept=20 if use == "free" else 0),
                follow_redirects=False,
                trust_env=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # a host that shares an address with another gets none of its
                timeout=httpx2.Timeout(IDLE_S if use != "paid" else self.submit_s, connect=CONNECT_S),
            )
            self._stack.push_async_callback(self._clients[name].aclose)
        return self._clients[name]


def _build_transport(proxy: str | None, *, kept: int) -> httpx2.AsyncHTTPTransport:
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=kept)
    return httpx2.AsyncHTTPTransport(verify=load_certificates(), trust_env=False, limits=limits, proxy=proxy)


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


def make_parts(call: Call) -> dict[str, tuple[str | None, str | bytes, str | None]]:
    """Return the parts of a form: texts, and the picture that it may have as a file."""
    parts: dict[str, tuple[str | None, str | bytes, str | None]] = {}
    for name, value in (call.body or {}).items():
        head, _, encoded = str(value).partition(";base64,") if name == call.file else ("", "", "")
        kind = head.removeprefix("data:")
        parts[name] = (f"{name}.{kind.rpartition('/')[2]}", b64decode(encoded), kind) if encoded else (None, str(value), None)
    return parts


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")

"""Streamable HTTP: closed to everyone but this machine unless told who may call and under which address."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.types import ASGIApp

from sora_mcp.config.logging import announce
from sora_mcp.config.parsers import AUTHORITY
from sora_mcp.config.settings import LOOPBACK, BadSetting
from sora_mcp.server.app import SoraServer
from sora_mcp.server.transports.client_workarounds import AnswerAnyAccept, NoteHangUps, ReviveSessions
from sora_mcp.server.transports.connections import LimitedProtocol, limit_accepted
from sora_mcp.server.transports.drain import CloseConnections, Drain, DrainingServer
from sora_mcp.server.transports.health import AnswerProbes
from sora_mcp.server.transports.hosted_pages import HostedPages
from sora_mcp.server.transports.oauth import CompleteChallenges, IssuerTokens
from sora_mcp.server.transports.origins import CheckNames
from sora_mcp.server.transports.video_files import NoteAddress, route_files
from sora_mcp.server.transports.webhooks import route_webhooks

GRACE_S = 1
"""Seconds that open streams have to end. A paid call in flight has its own, longer grace period after that."""
MOST_BODY = 4 << 20
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """The address to listen on, and the `Host` and `Origin` headers that are answered there."""

    host: str
    port: int
    hosts: frozenset[str]
    origins: frozenset[str]
    has_tokens: bool
    public_url: str | None = None
    """The address by which clients come, where that is another one."""

    @property
    def url(self) -> str:
        """The server's own URL, without the path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def auth(self) -> AuthSettings:
        """Ask every caller for a token. No server issues tokens, so clients are never shown the address of one."""
        return AuthSettings(issuer_url=AnyHttpUrl(self.url), resource_server_url=None)


def check_address(
    host: str, port: int, *, tokens: bool, hosts: Sequence[str], origins: Sequence[str], public_url: str | None = None
) -> Address:
    """Return the address with what was named, the public one, and on the loopback its own names. Raise BadSetting for an address that
    others can reach without `tokens`, or without the hosts by which they address it."""
    allowed_hosts, allowed_origins = {_check_host(text) for text in hosts}, {_check_origin(text) for text in origins}
    if public_url is not None:
        allowed_hosts, allowed_origins = allowed_hosts | _list_hosts(public_url), allowed_origins | {public_url}
    if host in LOOPBACK:
        own = {name for loopback in LOOPBACK for name in _list_spellings(loopback, port)}
        allowed_hosts, allowed_origins = allowed_hosts | own, allowed_origins | {f"http://{name}" for name in own}
    elif not tokens:
        raise BadSetting(
            f"--host {_quote_host(host)} can be reached by others: --token-file or SORA_MCP_ISSUER has to say who may come in."
        )
    elif not allowed_hosts:
        raise BadSetting(
            f"--host {_quote_host(host)} can be reached by others: --allowed-host or SORA_MCP_PUBLIC_URL has to say how clients address it."
        )
    if public_url is not None and not tokens and urlsplit(public_url).hostname not in LOOPBACK:
        raise BadSetting("SORA_MCP_PUBLIC_URL can be reached by others: --token-file or SORA_MCP_ISSUER has to say who may come in.")
    if host not in LOOPBACK and not _is_address(host):
        raise BadSetting("--host must be a name or an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::.")
    return Address(host, port, frozenset(allowed_hosts), frozenset(allowed_origins), has_tokens=tokens, public_url=public_url)


def run_http(
    server: SoraServer,
    address: Address,
    *,
    issued: IssuerTokens | None = None,
    pages: HostedPages | None = None,
    has_sessions: bool = True,
    has_webhooks: bool = False,
    drain_s: float = 0.0,
) -> None:
    """Serve at `/mcp` until stopped; after SIGTERM for `drain_s` more. Raise BadSetting when the address cannot be opened.

    `issued`: what checks access tokens, where they are taken; `pages`: what people see who sign in in a browser. Without sessions, any
    other replica can answer a client's next request.
    """
    drain = Drain(lambda: None if server.context is None else server.context.changes.close())
    config = _configure(server, address, drain, issued=issued, pages=pages, has_sessions=has_sessions, has_webhooks=has_webhooks)
    signal.signal(signal.SIGTERM, _ignore_signal)  # uvicorn raises the signal again when it is done, and that is no failure
    with _listen(address.host, address.port) as sockets, suppress(KeyboardInterrupt):
        announce(f"sora-mcp serves {address.url}/mcp")
        DrainingServer(config, drain, drain_s).run(sockets)


def _configure(
    server: SoraServer,
    address: Address,
    drain: Drain,
    *,
    issued: IssuerTokens | None,
    pages: HostedPages | None,
    has_sessions: bool,
    has_webhooks: bool,
) -> uvicorn.Config:
    checked_here = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        host=address.host, transport_security=checked_here, max_request_body_size=MOST_BODY, stateless_http=not has_sessions
    )
    resource = None if issued is None else issued.server
    app.router.routes.append(route_files(lambda: server.context, has_tokens=address.has_tokens, resource=resource, pages=pages))
    app.router.routes.extend([] if pages is None else pages.make_routes(lambda: server.context))
    if has_webhooks:
        app.router.routes.append(route_webhooks(server.open_service))
    sign_in = None if pages is None else pages.kind
    named: ASGIApp = NoteAddress(app, has_tokens=address.has_tokens, public_url=address.public_url, sign_in=sign_in)
    if issued is not None:
        app.router.routes.append(issued.server.route_root_metadata())
        named = CompleteChallenges(named, issued)
    served = NoteHangUps(ReviveSessions(AnswerAnyAccept(named)))
    checked = CheckNames(served, hosts=address.hosts, origins=address.origins)
    return uvicorn.Config(
        CloseConnections(AnswerProbes(checked, lambda: server.context, drain), drain),
        http=LimitedProtocol,
        ws="none",
        backlog=limit_accepted(),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _ignore_signal(number: int, frame: FrameType | None) -> None:
    """Do nothing: a handler of Python's own, unlike SIG_IGN, is not passed on to child processes."""


@contextmanager
def _listen(host: str, port: int) -> Generator[list[socket.socket]]:
    """Open a socket on each of the host's addresses that this machine has. Raise BadSetting where one is taken, or none exists."""
    place, why, sockets = f"port {port} of {host}", "no such name", list[socket.socket]()
    with ExitStack() as stack:
        for family, address in _resolve(host, port):
            try:
                sockets.append(stack.enter_context(socket.create_server(address, family=family)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise BadSetting(f"{place} is in use: --port takes another.") from None
                why = os.strerror(error.errno or 0)  # localhost is ::1 too, even on a machine without IPv6: one may fail
        if not sockets:
            raise BadSetting(f"{place} cannot be opened here ({why}): --host and --port take another.")
        yield sockets


def _resolve(host: str, port: int) -> set[tuple[socket.AddressFamily, Any]]:
    """Return the addresses of a host name; empty for an unknown name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return set()
    return {(family, address) for family, _, _, _, address in found}


def _list_spellings(name: str, port: int) -> list[str]:
    """Return the `Host` headers that address a name at a port: without the port too where it is the default one."""
    name = f"[{name}]" if ":" in name else name
    return [f"{name}:{port}", *([name] if port == DEFAULT_PORTS["http"] else [])]


def _list_hosts(url: str) -> set[str]:
    """Return the `Host` headers with which clients come to an address that has no path and no default port."""
    scheme, _, name = url.partition("://")
    return {name} if re.search(r":\d+$", name) else {name, f"{name}:{DEFAULT_PORTS[scheme]}"}


def _check_host(text: str) -> str:
    """Return an exact `Host` header in lower case; no wildcards."""
    if not AUTHORITY.fullmatch(host := text.casefold()):
        raise BadSetting("--allowed-host must be a host:port such as videos.example.com:8000, without scheme, path or star.")
    return host


def _is_address(host: str) -> bool:
    """Return whether it is a host name, or an IP address without a zone such as `%eth0`."""
    try:
        return "%" not in str(ip_address(host))
    except ValueError:
        return ":" not in host and AUTHORITY.fullmatch(host.casefold()) is not None


def _check_origin(text: str) -> str:
    """Return the origin as browsers send it: in lower case, without a default port."""
    text = text.casefold()
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and text == f"{parts.scheme}://{parts.netloc}" and AUTHORITY.fullmatch(parts.netloc)
    except ValueError:
        valid = None
    if not valid:
        raise BadSetting("--allowed-origin must be an origin such as https://chat.example.com, without path or star.")
    scheme, _, _ = text.partition("://")
    return text.removesuffix(f":{DEFAULT_PORTS[scheme]}")


def _quote_host(host: str) -> str:
    return host if AUTHORITY.fullmatch(host) or host in LOOPBACK or re.fullmatch(r"[0-9a-f:.]+", host) else "as given"

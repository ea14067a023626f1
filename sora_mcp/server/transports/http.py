"""The server on streamable HTTP: closed to all but this machine, unless it is told who may come in and under which address."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from argparse import Namespace
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl

from sora_mcp.config.settings import LOOPBACK, BadSetting, Settings
from sora_mcp.server.app import server_of
from sora_mcp.server.context import later
from sora_mcp.server.transports.tokens import tokens_in

GRACE_S = 1
"""How long open streams may take to end; a paid call on its way has its own while after that."""
MOST_BODY = 4 << 20
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?")


def serve(settings: Settings, arguments: Namespace) -> int:
    """Serves at `/mcp` until stopped. BadSetting for an address that others could reach, when it is not said who they are."""
    security, door = security_of(arguments), _door(arguments)
    server = server_of(settings, later("sora_mcp.jobs.worker", "open_service", settings), **door)
    app = server.streamable_http_app(host=arguments.host, transport_security=security, max_request_body_size=MOST_BODY)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S)
    with _listening(arguments.host, arguments.port) as sockets, suppress(KeyboardInterrupt):
        print(f"sora-mcp serves {_own_address(arguments)}/mcp", file=sys.stderr)
        uvicorn.Server(config).run(sockets)
    return 0


@contextmanager
def _listening(host: str, port: int) -> Generator[list[socket.socket]]:
    """A socket on each address of the host that this machine has. BadSetting where one is taken, or where there is none."""
    place, why, sockets = f"port {port} of {host}", "no such name", list[socket.socket]()
    with ExitStack() as opened:
        for family, address in _addresses(host, port):
            try:
                sockets.append(opened.enter_context(socket.create_server(address, family=family)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise BadSetting(f"{place} is in use: --port takes another.") from None
                why = os.strerror(error.errno or 0)  # one of several may be missing: localhost is ::1 as well, without IPv6 too
        if not sockets:
            raise BadSetting(f"{place} cannot be opened here ({why}): --host and --port take another.")
        yield sockets


def _addresses(host: str, port: int) -> set[tuple[socket.AddressFamily, Any]]:
    """What the host's name means; nothing where nobody knows it."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return set()
    return {(family, address) for family, _, _, _, address in found}


def security_of(arguments: Namespace) -> TransportSecuritySettings:
    """Which `Host` and `Origin` are answered: what was named, and on the loopback its own names."""
    hosts, origins = [_host(text) for text in arguments.allowed_host], [_origin(text) for text in arguments.allowed_origin]
    if arguments.host in LOOPBACK:
        own = [f"[{host}]:*" if ":" in host else f"{host}:*" for host in LOOPBACK]
        hosts, origins = [*hosts, *own], [*origins, *(f"http://{host}" for host in own)]
    elif not arguments.token_file:
        raise BadSetting(f"--host {_shown(arguments.host)} can be reached by others: --token-file has to say who may come in.")
    elif not hosts:
        raise BadSetting(f"--host {_shown(arguments.host)} can be reached by others: --allowed-host has to say how clients address it.")
    if arguments.host not in LOOPBACK and not _is_address(arguments.host):
        raise BadSetting("--host must be a name or an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::.")
    return TransportSecuritySettings(enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins)


def _door(arguments: Namespace) -> dict[str, object]:
    """With a token file, tokens are asked for on every address, the loopback's too."""
    if not arguments.token_file:
        return {}
    # There is no server that issues tokens: the file is all there is, and no address of one is ever told.
    auth = AuthSettings(issuer_url=AnyHttpUrl(_own_address(arguments)), resource_server_url=None)
    return {"auth": auth, "tokens": tokens_in(arguments.token_file)}


def _own_address(arguments: Namespace) -> str:
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    return f"http://{host}:{arguments.port}"


def _host(text: str) -> str:
    """An exact `Host` header: no stars."""
    if not HOST.fullmatch(host := text.casefold()):
        raise BadSetting("--allowed-host must be a host:port such as videos.example.com:8000, without scheme, path or star.")
    return host


def _is_address(host: str) -> bool:
    """Whether it is a name, or an IP address without the name of a network card."""
    try:
        return "%" not in str(ip_address(host))
    except ValueError:
        return ":" not in host and HOST.fullmatch(host.casefold()) is not None


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and text == f"{parts.scheme}://{parts.netloc}" and HOST.fullmatch(parts.netloc)
    except ValueError:
        fine = None
    if not fine:
        raise BadSetting("--allowed-origin must be an origin such as https://chat.example.com, without path or star.")
    return text


def _shown(host: str) -> str:
    return host if HOST.fullmatch(host) or host in LOOPBACK or re.fullmatch(r"[0-9a-f:.]+", host) else "as given"

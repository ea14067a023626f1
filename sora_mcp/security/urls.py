"""Which address an untrusted URL may lead to."""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import anyio
import idna

from sora_mcp.domain.errors import NotSent, UntrustedURL

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to the texts of its addresses. OSError when there are none."""

PORTS = {"https": 443, "http": 80}
MOST_CHARACTERS = 8192
"""What common servers take as a request's first line; a signed link with a session token has some 2,500."""
NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER_LAST = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""A name that ends like this is read as an IPv4 address by the system, in octal, hex or with parts left out."""
BRACKETED = re.compile(r"\[[^\]]*\](:[0-9]*)?")

IPV4_REFUSED = (
    IPv4Network("168.63.129.16/32"),  # Azure's host agent, on a public address
    IPv4Network("192.0.0.0/24"),  # protocol assignments, of which Python 3.11 calls some global
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)
IPV6_GLOBAL = IPv6Network("2000::/3")
"""Outside of it are loopback, NAT64, mapped and compatible IPv4, site-local, multicast, segment routing."""
IPV6_REFUSED = (
    IPv6Network("2001::/32"),  # Teredo: an IPv4 address inside
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address inside
    IPv6Network("3fff::/20"),  # documentation, which Python 3.11 calls global
)


@dataclass(frozen=True)
class Target:
    """An address that was checked. Connect to `ips`, and name `host` in SNI and certificate, `authority` in the Host header."""

    scheme: str
    host: str
    """ASCII, lower case, no brackets."""
    port: int
    path: str
    """With the query, never empty."""
    ips: tuple[str, ...]
    """In the resolver's order; all were checked."""

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own."""
        return _bracketed(self.host) if self.port == PORTS[self.scheme] else f"{_bracketed(self.host)}:{self.port}"


@dataclass(frozen=True)
class Parts:
    """A URL that is well formed. Nothing is said about where it leads."""

    scheme: str
    host: str
    port: int
    path: str
    literal: IPv4Address | IPv6Address | None
    """The address itself, where one stands in place of a name."""


async def lookup(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says."""
    answers = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in answers))


async def vetted(url: str, trusted: frozenset[str], *, resolve: Resolver = lookup) -> Target:
    """Where this URL leads, resolved once. NotSent when its name has no address.

    Untrusted unless it is https on port 443 and every address is a public one, or `host:port` is trusted.
    """
    parts = parse(url)
    known = f"{_bracketed(parts.host)}:{parts.port}" in trusted
    if not known and parts.scheme != "https":
        raise UntrustedURL(f"The link leads to {parts.host} without https.")
    if not known and parts.port != 443:
        raise UntrustedURL(f"The link leads to port {parts.port} of {parts.host}; only 443 is followed.")
    ips = (str(parts.literal),) if parts.literal else await _resolved(parts, resolve)
    if not known and not all(is_public(ip_address(ip)) for ip in ips):
        raise UntrustedURL(f"The link leads to {parts.host}, which is not a public address.")
    return Target(parts.scheme, parts.host, parts.port, parts.path, ips)


def parse(url: str) -> Parts:
    """The parts of an http or https URL. Untrusted, without its query, when it is not plainly one."""
    if len(url) > MOST_CHARACTERS:
        raise UntrustedURL(f"The link has more than {MOST_CHARACTERS} characters.")
    if "\\" in url or " " in url or not url.isprintable():
        raise UntrustedURL("The link has a backslash, a space or a control character in it.")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise UntrustedURL("The link is malformed.") from None
    if split.scheme not in PORTS:
        raise UntrustedURL("The link is not an https:// address.")
    if "@" in split.netloc:
        raise UntrustedURL("The link has a user name or password in it.")
    host, literal = _host(split)
    return Parts(split.scheme, host, PORTS[split.scheme] if port is None else port, _path(split), literal)


def fetchable(url: str) -> bool:
    """Whether a vendor can reach this address of a picture, as far as its form tells. Untrusted when it is no plain https URL."""
    parts = parse(url)
    local = parts.host == "localhost" or parts.host.endswith(".localhost")
    return parts.scheme == "https" and not local and (parts.literal is None or is_public(parts.literal))


def reachable(url: str) -> bool:
    """The same, where it does not matter why not."""
    try:
        return fetchable(url)
    except UntrustedURL:
        return False


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether everybody on the internet means the same machine by it."""
    if not ip.is_global or ip.is_multicast:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in IPV4_REFUSED)
    return ip in IPV6_GLOBAL and not any(ip in network for network in IPV6_REFUSED)


def _host(split: SplitResult) -> tuple[str, IPv4Address | IPv6Address | None]:
    """The host as the resolver will read it, and its address where it is one in any spelling."""
    host = split.hostname or ""
    if "[" in split.netloc:
        return _ipv6(host, split.netloc)
    host = _ascii(host).removesuffix(".")
    if NUMBER_LAST.fullmatch(host):
        return _ipv4(host)
    if not NAME.fullmatch(host):
        raise UntrustedURL("The link has no valid host name.")
    return host, None


def _ascii(host: str) -> str:
    """An international name as the DNS knows it; full-width letters and digits become plain ones."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise UntrustedURL("The link has no valid host name.") from None


def _ipv4(host: str) -> tuple[str, IPv4Address]:
    try:
        ip = IPv4Address(socket.inet_aton(host))
    except OSError:
        raise UntrustedURL("The link has no valid host name.") from None
    return str(ip), ip


def _ipv6(host: str, netloc: str) -> tuple[str, IPv6Address]:
    try:
        ip = IPv6Address(host)
    except ValueError:
        raise UntrustedURL("The link has no valid host name.") from None
    if not BRACKETED.fullmatch(netloc):
        raise UntrustedURL("The link has no valid host name.")
    if ip.scope_id is not None:
        raise UntrustedURL("The link leads to a single network card of this machine.")
    return str(ip), ip


async def _resolved(parts: Parts, resolve: Resolver) -> tuple[str, ...]:
    try:
        ips = tuple(await resolve(parts.host, parts.port))
    except (OSError, UnicodeError):
        ips = ()
    if not ips:
        raise NotSent(f"The name {parts.host} has no address now.")
    return ips


def _path(split: SplitResult) -> str:
    path = split.path or "/"
    return f"{path}?{split.query}" if split.query else path


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

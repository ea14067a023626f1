"""Guard against server-side request forgery: parse untrusted URLs, and resolve them to public addresses only."""

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
"""Takes a host name and a port, returns IP addresses as text. Raises OSError when there are none."""

PORTS = {"https": 443, "http": 80}
MOST_CHARACTERS = 8192
"""The longest request line that common servers take; a signed link with a session token has about 2,500 characters."""
NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER_LAST = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""The system reads a name that ends like this as an IPv4 address, written in octal, in hex or with parts left out."""
LOCAL_NAME = re.compile(r"(?:[^.]*|.*\.(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa))\Z")
"""Names of this machine or its network, refused where a proxy or a VPN resolves them: those without a dot, and these endings."""
BRACKETED = re.compile(r"\[[^\]]*\](:[0-9]*)?")

IPV4_REFUSED = (
    IPv4Network("168.63.129.16/32"),  # Azure's host agent, on a public address
    IPv4Network("192.0.0.0/24"),  # protocol assignments, of which Python 3.11 calls some global
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)
IPV6_GLOBAL = IPv6Network("2000::/3")
"""All global unicast. It excludes loopback, mapped and compatible IPv4, site-local, multicast and segment routing."""
NAT64 = IPv6Network("64:ff9b::/96")
"""Well-known prefix of RFC 6052: a network without IPv4 reaches an IPv4 address through the last 32 bits."""
FAKE_IP = IPv4Network("198.18.0.0/15")
"""Benchmark range (RFC 2544). VPNs in fake-IP mode answer every name with an address in it and connect to the real one themselves."""
IPV6_REFUSED = (
    IPv6Network("2001::/32"),  # Teredo: an IPv4 address inside
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address inside
    IPv6Network("3fff::/20"),  # documentation, which Python 3.11 calls global
)


class MalformedURL(UntrustedURL):
    """No URL at all."""

    def __init__(self) -> None:
        super().__init__("The link is malformed.")


class InvalidHost(UntrustedURL):
    """A URL whose host is neither a name nor an address."""

    def __init__(self) -> None:
        super().__init__("The link has no valid host name.")


class NotPublic(UntrustedURL):
    """A host in a private network, or on this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(f"The link leads to {host}, which is not a public address.")


@dataclass(frozen=True)
class Target:
    """A URL whose addresses were checked. Connect to `ips`; use `host` for SNI and certificate, `authority` for the Host header."""

    scheme: str
    host: str
    """ASCII, lower case, no brackets."""
    port: int
    path: str
    """Path and query; never empty."""
    ips: tuple[str, ...]
    """All checked, in the resolver's order; empty where a proxy resolves the name."""

    @property
    def authority(self) -> str:
        """The host, followed by the port unless it is the scheme's default."""
        return _bracket(self.host) if self.port == PORTS[self.scheme] else f"{_bracket(self.host)}:{self.port}"


@dataclass(frozen=True)
class Parts:
    """The parts of a well-formed URL; where it leads was not checked."""

    scheme: str
    host: str
    port: int
    path: str
    literal: IPv4Address | IPv6Address | None
    """The IP address, when the URL has one in place of a name."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver finds, without duplicates. Raises OSError when there are none."""
    answers = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in answers))


async def resolve_public(url: str, trusted: frozenset[str], *, resolve: Resolver = resolve_host) -> Target:
    """Resolve a URL once and return its checked addresses.

    A name whose answer is in the fake-IP range of a VPN is followed there: TLS proves the host, and the VPN connects to the real one.
    Raises UntrustedURL unless it is https on port 443 with public addresses only, or its `host:port` is in `trusted`.
    Raises NotSent when the name has no address.
    """
    parts, known = _check_form(url, trusted)
    ips = (str(parts.literal),) if parts.literal else await _resolve(parts, resolve)
    if not known:
        faked = tuple(ip for ip in ips if not parts.literal and ip_address(ip) in FAKE_IP)
        if LOCAL_NAME.match(parts.host) if faked else not all(is_public(ip_address(ip)) for ip in ips):
            raise NotPublic(parts.host)
        ips = faked or ips
    return Target(parts.scheme, parts.host, parts.port, parts.path, ips)


def check_proxied(url: str, trusted: frozenset[str]) -> Target:
    """Check a URL that a proxy will resolve, and return it without addresses: only its form, literal address and name can be judged here.

    Raises UntrustedURL unless it is https on port 443 to a public address or a public name, or its `host:port` is in `trusted`.
    """
    parts, known = _check_form(url, trusted)
    if not known and not (is_public(parts.literal) if parts.literal else LOCAL_NAME.match(parts.host) is None):
        raise NotPublic(parts.host)
    return Target(parts.scheme, parts.host, parts.port, parts.path, ())


def _check_form(url: str, trusted: frozenset[str]) -> tuple[Parts, bool]:
    """Return the parts of a URL, and whether its `host:port` is in `trusted`. Raises UntrustedURL for anything but https on port 443."""
    parts = parse_url(url)
    known = f"{_bracket(parts.host)}:{parts.port}" in trusted
    if not known and parts.scheme != "https":
        raise UntrustedURL(f"The link leads to {parts.host} without https.")
    if not known and parts.port != 443:
        raise UntrustedURL(f"The link leads to port {parts.port} of {parts.host}; only 443 is followed.")
    return parts, known


def parse_url(url: str) -> Parts:
    """Parse an http or https URL. Raises UntrustedURL, whose message never contains the query, when it is not plainly one."""
    if len(url) > MOST_CHARACTERS:
        raise UntrustedURL(f"The link has more than {MOST_CHARACTERS} characters.")
    if "\\" in url or " " in url or not url.isprintable():
        raise UntrustedURL("The link has a backslash, a space or a control character in it.")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise MalformedURL from None
    if split.scheme not in PORTS:
        raise UntrustedURL("The link is not an https:// address.")
    if "@" in split.netloc:
        raise UntrustedURL("The link has a user name or password in it.")
    host, literal = _read_host(split)
    return Parts(split.scheme, host, PORTS[split.scheme] if port is None else port, _path_and_query(split), literal)


def is_fetchable(url: str) -> bool:
    """Return whether a vendor could fetch this URL, judged by its form alone: https, and no private host."""
    try:
        parts = parse_url(url)
    except UntrustedURL:
        return False
    local = parts.host == "localhost" or parts.host.endswith(".localhost")
    return parts.scheme == "https" and not local and (parts.literal is None or is_public(parts.literal))


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Return whether the address is globally routable unicast and cannot lead into this machine's own network."""
    if isinstance(ip, IPv6Address) and ip in NAT64:
        return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    if not ip.is_global or ip.is_multicast:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in IPV4_REFUSED)
    return ip in IPV6_GLOBAL and not any(ip in network for network in IPV6_REFUSED)


def _read_host(split: SplitResult) -> tuple[str, IPv4Address | IPv6Address | None]:
    """Return the host as the resolver will read it, and its IP address when it is one in any spelling."""
    host = split.hostname or ""
    if "[" in split.netloc:
        return _read_ipv6(host, split.netloc)
    host = _to_ascii(host).removesuffix(".")
    if NUMBER_LAST.fullmatch(host):
        return _read_ipv4(host)
    if not NAME.fullmatch(host):
        raise InvalidHost
    return host, None


def _to_ascii(host: str) -> str:
    """Return an international name in its DNS form (IDNA 2008, UTS 46); full-width letters and digits become ASCII."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise InvalidHost from None


def _read_ipv4(host: str) -> tuple[str, IPv4Address]:
    try:
        ip = IPv4Address(socket.inet_aton(host))
    except OSError:
        raise InvalidHost from None
    return str(ip), ip


def _read_ipv6(host: str, netloc: str) -> tuple[str, IPv6Address]:
    try:
        ip = IPv6Address(host)
    except ValueError:
        raise InvalidHost from None
    if not BRACKETED.fullmatch(netloc):
        raise InvalidHost
    if ip.scope_id is not None:
        raise UntrustedURL("The link leads to a single network card of this machine.")
    return str(ip), ip


async def _resolve(parts: Parts, resolve: Resolver) -> tuple[str, ...]:
    try:
        ips = tuple(await resolve(parts.host, parts.port))
    except (OSError, UnicodeError):
        ips = ()
    if not ips:
        raise NotSent(f"The name {parts.host} has no address now.")
    return ips


def _path_and_query(split: SplitResult) -> str:
    path = split.path or "/"
    return f"{path}?{split.query}" if split.query else path


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""Parse what a person writes into a setting: paths, dollars, seconds, switches, addresses, keys."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Generic, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sora_mcp.domain.money import Micros, ceil
from sora_mcp.domain.secret import Secret

T = TypeVar("T", covariant=True)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOME = re.compile(r"\$HOME(?![A-Za-z0-9_])|\$\{HOME\}|%USERPROFILE%")
"""The spellings of the home folder that clients pass on without expanding them."""
QUOTED = re.compile(r"([\"'`\u201c\u2018])(.*)[\"'`\u201d\u2019]", re.DOTALL)
"""A text in quotation marks, as a shell, a configuration file or a word processor writes it."""
VARIABLE = re.compile(r"\$[A-Za-z_{(]|`|\{\{|%[A-Za-z_][A-Za-z0-9_()]*%")
"""Any other variable or command of a shell, or place in a template: nothing expands it, so a folder of that name would be a surprise."""

AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?")
"""A host with or without a port, in lower case, as a `Host` header has it."""
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A scope as OAuth spells one (RFC 6749, 3.3)."""
LEAST_SECRET = 32
"""Characters of a secret that replicas share."""


class Unavailable(Exception):
    """A value that this installation cannot take. The message follows the setting's name and does not contain the value."""


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A way to read the text of a setting, with its description for a person and its format for a registry."""

    parse: Callable[[str], T]
    """Raises ValueError, LookupError, OSError or RuntimeError for a text that is not of this kind."""
    expected: str
    """Completes the sentence "SORA_MCP_X must be ..."."""
    format: Literal["string", "number", "boolean", "filepath"] = "string"
    """As the schema of server.json has it."""


def parse_path(text: str) -> Path:
    """Return the absolute path; `~`, `$HOME`, `${HOME}` and `%USERPROFILE%` are the home folder."""
    expanded = HOME.sub(lambda _: str(Path.home()), text)
    if "\0" in text or VARIABLE.search(HOME.sub("", text)):
        raise ValueError
    return Path(expanded).expanduser().absolute()


def parse_folder(text: str) -> Path:
    """Return a path at which a folder is or can be made, as far as that shows without making one."""
    path = parse_path(text)
    if next(place for place in (path, *path.parents) if os.path.lexists(place)).is_dir():
        return path
    raise ValueError


def parse_file(text: str) -> Path:
    """Return a path at which a file is or can be made."""
    path = parse_path(text)
    if not path.is_dir() and parse_folder(str(path.parent)):
        return path
    raise ValueError


def parse_paths(text: str) -> tuple[Path, ...]:
    """Return the paths of a list that is separated as PATH is."""
    return tuple(parse_path(part) for part in text.split(os.pathsep) if part.strip())


def parse_dollars(text: str) -> Micros:
    """Return an amount from 0 to 1,000,000 dollars."""
    if 0 <= (amount := _parse_number(text)) <= 1_000_000:
        return ceil(amount * 1_000_000)
    raise ValueError


def parse_seconds(text: str) -> float:
    """Return a duration above 0 s and of 3,600 s at most."""
    if 0 < (number := _parse_number(text)) <= 3600:
        return float(number)
    raise ValueError


def parse_days(text: str) -> int:
    """Return a number of days from 1 to 36,500."""
    if 1 <= (number := _parse_number(text)) <= 36_500 and number == int(number):
        return int(number)
    raise ValueError


def parse_switch(text: str) -> bool:
    """Return True for on, False for off."""
    return {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}[text.casefold()]


def parse_level(text: str) -> str:
    """Return the name of a log level."""
    return {level: level for level in ("debug", "info", "warning", "error", "critical")}[text.casefold()]


def parse_log_format(text: str) -> str:
    """Return the name of a format of log lines."""
    return {name: name for name in ("text", "json")}[text.casefold()]


def parse_metrics_port(text: str) -> int:
    """Return a port, where metrics can be served here."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise ValueError
    if importlib.util.find_spec("prometheus_client") is None:
        raise Unavailable(" needs one more package: pip install 'sora-mcp[observe]'.")
    return int(text)


def parse_yes(text: str) -> str:
    """Return where a person's yes counts: `any`, or `page`."""
    return {"any": "any", "page": "page"}[text.casefold()]


def parse_hosts(text: str) -> frozenset[str]:
    """Return the exact `host:port` entries of a list with commas."""
    hosts = frozenset(part.strip().casefold() for part in text.split(",") if part.strip())
    matches = [re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+):([0-9]{1,5})", host) for host in hosts]
    if not all(match and 0 < int(match[2]) < 65_536 for match in matches):
        raise ValueError
    return hosts


def parse_database(text: str) -> str:
    """Return the address as the store takes it: a file by its absolute path, PostgreSQL with the name of its driver."""
    scheme, _, rest = text.partition("://")
    # A database in memory would forget what was paid for.
    if scheme == "sqlite" and rest.startswith("/") and rest[1:] not in ("", ":memory:"):
        return f"sqlite:///{parse_file(rest[1:])}"
    # Cut the user off as SQLAlchemy does: a password may hold characters that end the host elsewhere.
    place = urlsplit("//" + re.sub(r"^[^:/]*(:[^@]*)?@", "", rest))
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest or place.port == 0 or place.netloc.endswith(":"):
        raise ValueError
    if importlib.util.find_spec("psycopg") is None:
        raise Unavailable(" needs PostgreSQL's driver: pip install 'sora-mcp[postgres]'.")
    return f"postgresql+psycopg://{rest}"


def has_password(address: str) -> bool:
    """Return whether the address of a database has a password in it, before the host or behind it."""
    return find_password(address) is not None


def find_password(address: str) -> str | None:
    """Return the password in the address of a database, before the host or behind it, as it is written there."""
    found = re.search(r"://[^:/@]*:([^@]+)@|[?&]password=([^&]+)", address)
    return found and (found[1] or found[2])


def parse_url(text: str) -> str:
    """Return an address to which a key may be sent: https, or http on this machine, so that no key travels unencrypted."""
    url = urlsplit(text)
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    if not (is_safe and url.hostname and url.port != 0 and text.isprintable()) or url.username or url.query or url.fragment:
        raise ValueError
    return text.rstrip("/")


def parse_issuer(text: str) -> str:
    """Return an issuer as it was written: a token's `iss` is compared exactly, and some issuers end with a slash."""
    parse_url(text)
    return text


def parse_origin(text: str) -> str:
    """Return the address of a whole host, without a path, in lower case and without a default port."""
    url = urlsplit(parse_url(text).casefold())
    if url.path or not AUTHORITY.fullmatch(url.netloc):
        raise ValueError
    return f"{url.scheme}://{url.netloc.removesuffix(':443' if url.scheme == 'https' else ':80')}"


def parse_scopes(text: str) -> tuple[str, ...]:
    """Return the scopes of a list with blanks."""
    return tuple(dict.fromkeys(_parse_word(part) for part in text.split()))


def _parse_word(text: str) -> str:
    """Return a text that can stand in a quoted string of a header."""
    if not SCOPE.fullmatch(text):
        raise ValueError
    return text


def parse_key(text: str) -> Secret:
    """Return a key that can stand in a header, without what was copied with it: quotes around it, the word of its header before it.

    HTTP libraries print a key that cannot stand in a header.
    """
    text = text.strip(" \t\r\n\u00a0\ufeff\u200b")
    if quoted := QUOTED.fullmatch(text):
        text = quoted[2].strip()
    text = re.sub(r"(?i)\A(Bearer|Key)[ \t]+", "", text)
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text):
        raise ValueError
    return Secret(text)


def parse_secrets(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a list with commas, each of LEAST_SECRET characters or more and each once."""
    secrets = [part.strip() for part in text.split(",")]
    if len(set(secrets)) < len(secrets) or min(map(len, secrets)) < LEAST_SECRET or not text.isprintable():
        raise ValueError
    return tuple(map(Secret, secrets))


@dataclass(frozen=True)
class BucketAccess:
    """A bucket, a prefix in it, and AWS's standard variables as far as they are set."""

    bucket: str
    prefix: str
    variables: Mapping[str, Secret] = field(default_factory=dict[str, Secret])


def parse_bucket(text: str) -> BucketAccess:
    """Return a bucket and a prefix in it, as the names that every S3 store takes."""
    named = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]{0,200}?))?/?", text)
    prefix = "" if named is None else named[2] or ""
    if named is None or any(part.strip(".") == "" for part in prefix.split("/") if prefix):
        raise ValueError
    if importlib.util.find_spec("obstore") is None:
        raise Unavailable(" needs the client of S3: pip install 'sora-mcp[s3]'.")
    return BucketAccess(named[1], prefix)


def parse_endpoint(text: str) -> Secret:
    """Return the address of an S3 store. It may be plain http where the user writes so, as inside of a cluster."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.port == 0 or not text.isprintable() or url.username or url.query:
        raise ValueError
    return Secret(text.rstrip("/"))


def parse_region(text: str) -> Secret:
    """Return the name of a region."""
    if not re.fullmatch(r"[a-z0-9-]{2,40}", text):
        raise ValueError
    return Secret(text)


def _parse_number(text: str) -> Decimal:
    """Return plain digits as a number: Decimal would also read `1_000` and the digits of every script."""
    if not re.fullmatch(r"[0-9.eE+-]+", text):
        raise ValueError
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError from None


FOLDER = Kind(parse_folder, "a path of a folder", "filepath")
FOLDERS = Kind(parse_paths, "a list of folders")
PRICE_FILE = Kind(parse_path, "a price file in TOML", "filepath")
DOLLARS = Kind(parse_dollars, "an amount of dollars such as 10 or 2.50", "number")
SECONDS = Kind(parse_seconds, "a number of seconds above 0", "number")
DAYS = Kind(parse_days, "a whole number of days from 1 on", "number")
SWITCH = Kind(parse_switch, "1 or 0", "boolean")
LEVEL = Kind(parse_level, "debug, info, warning, error or critical")
LOG_FORMAT = Kind(parse_log_format, "text or json")
METRICS_PORT = Kind(parse_metrics_port, "a port from 1 to 65535", "number")
YES = Kind(parse_yes, "any or page")
ZONE = Kind(ZoneInfo, "the name of a time zone such as Europe/Lisbon (a system that knows none needs: pip install tzdata)")
HOSTS = Kind(parse_hosts, "a list of host:port, separated by commas")
DATABASE = Kind(parse_database, "sqlite:///path or postgresql://…")
SECRETS = Kind(parse_secrets, f"one or more different secrets of at least {LEAST_SECRET} characters, separated by commas")
BUCKET = Kind(parse_bucket, "s3://bucket or s3://bucket/prefix")
ENDPOINT = Kind(parse_endpoint, "an https:// or http:// address without user and query")
REGION = Kind(parse_region, "the name of a region such as eu-west-1")
URL = Kind(parse_url, "an https:// address, or http:// on this machine, without user, query or fragment")
ISSUER = Kind(parse_issuer, "the https:// address of an identity provider, or http:// on this machine, exactly as it names itself")
ORIGIN = Kind(parse_origin, "an https:// address, or http:// on this machine, without a path")
SCOPES = Kind(parse_scopes, "one or more scopes, separated by blanks")
WORD = Kind(_parse_word, "a text without blanks and quotes")
KEY = Kind(parse_key, "a key without blanks, line ends or special characters")


def name_sites(addresses: Mapping[str, str], *, key: str) -> Kind[str]:
    """Return the kind of a text that names one of a vendor's sites, and is read as its address."""
    return Kind(lambda text: addresses[text.casefold()], f"{' or '.join(addresses)}, wherever {key} is from")

"""The environment, read once at the door; keys are held in a type that cannot be printed."""

from __future__ import annotations

import difflib
import importlib.util
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from decimal import InvalidOperation
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import platformdirs
import tzlocal

from sora_mcp.catalogue.catalogue import Catalogue, priced, rebased, stocked
from sora_mcp.config import keychain
from sora_mcp.config import parsers as written
from sora_mcp.domain import Vendor
from sora_mcp.domain.money import Micros
from sora_mcp.security.secrets import Secret
from sora_mcp.vendors import EVERY

T = TypeVar("T")
PREFIX = "SORA_MCP_"
UNSET = re.compile(r"\s*(\$\{.*\})?\s*", re.DOTALL)
"""Empty, or a placeholder that a client did not fill in."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NAMES = (
    "HOME",
    "OUTPUT_DIR",
    "IMAGE_DIRS",
    "PER_VIDEO_USD",
    "DAILY_USD",
    "MONTHLY_USD",
    "CONFIRM_ABOVE_USD",
    "TIMEZONE",
    "PRICES",
    "DATABASE_URL",
    "ARTIFACT_URL",
    "LINGER",
    "TRUSTED_HOSTS",
    "POLL_SECONDS",
    "LOG",
)
"""Every setting but keys and addresses, without the prefix."""
ADDRESSES = {vendor.name: f"{vendor.name.upper()}_BASE_URL" for vendor in EVERY}
"""The setting of each vendor's address, without the prefix."""
KNOWN = {*(PREFIX + name for name in (*NAMES, *ADDRESSES.values())), *(key for vendor in EVERY for key in vendor.keys), keychain.LISTED}
"""Everything that may stand in `config.toml`, as it is called in the environment."""
SWITCHES = ("LINGER",)


class BadSetting(Exception):
    """One sentence that names the setting and never shows its value."""


@dataclass(frozen=True)
class Settings:
    """Everything that a user can set."""

    home: Path
    output_dir: Path
    image_dirs: tuple[Path, ...]
    per_video: Micros
    daily: Micros
    monthly: Micros
    confirm_above: Micros
    zone: tzinfo
    database_url: str
    linger: bool
    trusted_hosts: frozenset[str]
    poll_seconds: float | None
    log: str
    catalogue: Catalogue
    keys: Mapping[str, Secret]
    """By the vendor's name."""
    strange: tuple[str, ...] = ()
    """Names like our own that are no setting, most likely slips."""


def load(environ: Mapping[str, str], flags: Mapping[str, str] | None = None, *, today: date, config: Path | None = None) -> Settings:
    """Flags before the environment before `config.toml`. BadSetting when one of them cannot be."""
    filed, given = _filed(config or config_file()), {PREFIX + name: value for name, value in (flags or {}).items()}
    kept = keychain.kept(filed.get(keychain.LISTED, ""), but=environ)
    # Layer by layer: what a client left empty hides nothing below it.
    have = {name: value for layer in (filed, kept, environ, given) for name, value in layer.items() if not UNSET.fullmatch(value)}
    if have.get(PREFIX + "ARTIFACT_URL"):
        raise BadSetting(f"{PREFIX}ARTIFACT_URL: this version keeps finished files in the output folder only; unset it.")
    home = _get(have, "HOME", written.folder, platformdirs.user_data_path("sora-mcp", appauthor=False))
    keys = {vendor.name: key for vendor in EVERY if (key := _key(have, vendor.keys)) is not None}
    addresses = _base_urls(have)
    _need_addresses(keys, addresses)
    sold = _get(have, "PRICES", lambda text: _sold(text, today), EVERY)
    return Settings(
        home=home,
        output_dir=_get(have, "OUTPUT_DIR", written.folder, platformdirs.user_videos_path() / "sora-mcp"),
        image_dirs=_get(have, "IMAGE_DIRS", written.paths, ()),
        per_video=_get(have, "PER_VIDEO_USD", written.dollars, Micros(5_000_000)),
        daily=_get(have, "DAILY_USD", written.dollars, Micros(10_000_000)),
        monthly=_get(have, "MONTHLY_USD", written.dollars, Micros(100_000_000)),
        confirm_above=_get(have, "CONFIRM_ABOVE_USD", written.dollars, Micros(2_000_000)),
        # The system may say hours and no place (TZ=UTC0): then a person has to name one.
        zone=_get({PREFIX + "TIMEZONE": "", **have}, "TIMEZONE", lambda name: ZoneInfo(name) if name else tzlocal.get_localzone(), UTC),
        database_url=_get(have, "DATABASE_URL", _database, f"sqlite:///{home / 'sora.db'}"),
        linger=_get(have, "LINGER", written.switch, True),
        trusted_hosts=_get(have, "TRUSTED_HOSTS", written.hosts, frozenset[str]()),
        poll_seconds=_get(have, "POLL_SECONDS", written.seconds, None),
        log=_get(have, "LOG", written.level, "warning"),
        catalogue=Catalogue(rebased(sold, addresses), frozenset(keys)),
        keys=keys,
        strange=tuple(sorted(_strange(filed, environ))),
    )


def _strange(filed: Iterable[str], environ: Iterable[str]) -> set[str]:
    """What stands in our file, or begins like a setting of ours, and is none."""
    return {*filed, *(name for name in environ if name.startswith(PREFIX))} - KNOWN


def unknown(name: str) -> str:
    """A sentence about a name that is no setting, with the one that may be meant."""
    known = [PREFIX + known for known in (*NAMES, *ADDRESSES.values())]
    near = difflib.get_close_matches(PREFIX + name.removeprefix(PREFIX), known, n=1, cutoff=0.8)
    return f"{name[:100]!r} is no setting and changes nothing" + (f": did you mean {near[0]}?" if near else ".")


SHAPES: Mapping[str, str] = {
    "HOME": "a path of a folder",
    "OUTPUT_DIR": "a path of a folder",
    "IMAGE_DIRS": "a list of folders",
    "PER_VIDEO_USD": "an amount of dollars such as 5 or 2.50",
    "DAILY_USD": "an amount of dollars such as 10 or 2.50",
    "MONTHLY_USD": "an amount of dollars such as 100 or 2.50",
    "CONFIRM_ABOVE_USD": "an amount of dollars such as 2 or 0.50",
    "TIMEZONE": "the name of a time zone such as Europe/Lisbon (a system that knows none needs: pip install tzdata)",
    "PRICES": "a price file in TOML",
    "DATABASE_URL": "sqlite:///path or postgresql://…",
    "LINGER": "1 or 0",
    "TRUSTED_HOSTS": "a list of host:port, with commas",
    "POLL_SECONDS": "a number of seconds above 0",
    "LOG": "debug, info, warning, error or critical",
}


def config_file() -> Path:
    """Where `config.toml` stands."""
    return platformdirs.user_config_path("sora-mcp", appauthor=False) / "config.toml"


def _get(have: Mapping[str, str], name: str, read: Callable[[str], T], default: T) -> T:
    """The setting as `read` understands it. Its value appears in no message."""
    if (text := have.get(PREFIX + name)) is None:
        return default
    try:
        return read(text.strip())
    except (ValueError, InvalidOperation, LookupError, OSError, RuntimeError):  # the last for ~nobody
        raise BadSetting(f"{PREFIX}{name} must be {SHAPES[name]}.") from None


def _filed(file: Path) -> dict[str, str]:
    """`config.toml`, under the variables' names, with or without the prefix, in any case."""
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        raise BadSetting("config.toml in the config folder must be readable TOML.") from None
    return {full(name): _plain(name, value) for name, value in table.items()}


def full(name: str) -> str:
    """The name in the environment of what stands in `config.toml`, which may be in any case and without the prefix."""
    upper = name.upper().replace("-", "_")
    return PREFIX + upper if PREFIX + upper in KNOWN else upper


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        # Else `daily_usd = true` would be a dollar. A name that is no setting is only told of.
        if (known := full(name)) in KNOWN and known.removeprefix(PREFIX) not in SWITCHES:
            raise BadSetting(f"{name} in config.toml must be a text or a number, not true or false.")
        return str(int(value))
    if not isinstance(value, str | int | float):
        raise BadSetting(f"{name} in config.toml must be a text or a number.")
    return str(value)


def _database(text: str) -> str:
    """The address as the store takes it: of a file by its whole path, or of PostgreSQL with its driver's name."""
    scheme, _, rest = text.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest[1:] not in ("", ":memory:"):  # what is only in memory is forgotten, money too
        return f"sqlite:///{written.file(rest[1:])}"
    # Cut off as the store does it: a password may hold what elsewhere ends the host.
    place = urlsplit("//" + re.sub(r"^[^:/]*(:[^@]*)?@", "", rest))
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest or place.port == 0 or place.netloc.endswith(":"):
        raise ValueError
    if importlib.util.find_spec("psycopg") is None:
        raise BadSetting(f"{PREFIX}DATABASE_URL needs PostgreSQL's driver: pip install 'sora-mcp[postgres]'.")
    return f"postgresql+psycopg://{rest}"


def _sold(text: str, today: date) -> tuple[Vendor, ...]:
    """Every vendor, with the models and the prices that only the user knows."""
    from sora_mcp.catalogue.price_file import BadPrices, read_models, read_prices

    file = written.path(text).read_text("utf-8-sig")  # a byte order mark is no fault
    try:
        own = read_models(file, [vendor.name for vendor in EVERY if vendor.own])
        vendors = stocked(EVERY, own, checked=today)
        offers = {choice.id: choice.offer for choice in Catalogue(vendors).choices()}
        prices = read_prices(file, offers, own=own, listed=[vendor.name for vendor in EVERY if vendor.listing])
    except BadPrices as error:
        raise BadSetting(f"{PREFIX}PRICES: {error}") from None
    return priced(vendors, prices, checked=today)


def _need_addresses(keys: Collection[str], addresses: Collection[str]) -> None:
    """A key for a vendor without an address of its own needs one."""
    for vendor in EVERY:
        if not vendor.base_url and vendor.name in keys and vendor.name not in addresses:
            raise BadSetting(f"{PREFIX}{ADDRESSES[vendor.name]} must be set beside {vendor.keys[0]}: only you know the address.")


def _base_urls(have: Mapping[str, str]) -> dict[str, str]:
    names = {vendor: PREFIX + name for vendor, name in ADDRESSES.items()}
    return {vendor: _address(have[name].strip(), name) for vendor, name in names.items() if name in have}


def _address(text: str, name: str) -> str:
    """https, or http on this machine: a key must not travel in the clear."""
    try:
        url = urlsplit(text)
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        port_is_fine, url = False, urlsplit("")
    plain = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    if not (plain and port_is_fine and url.hostname and not url.username and not url.query and not url.fragment and text.isprintable()):
        raise BadSetting(f"{name} must be an https:// address, or http:// on this machine, without user, query or fragment.")
    return text.rstrip("/")


def _key(have: Mapping[str, str], names: tuple[str, ...]) -> Secret | None:
    """The first of the names that is set. A key that could not be a header is refused in our own words: libraries would print it."""
    name = next((name for name in names if name in have), None)
    return None if name is None else secret(name, have[name])


def secret(name: str, text: str) -> Secret:
    """The key, if it can be one. BadSetting names it and never shows it."""
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text):
        raise BadSetting(f"{name} must be a key without blanks, line ends or special characters.")
    return Secret(text)

"""Declare every setting once, and load them all at the start. Keys are held in a type that cannot be printed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
import tzlocal

from sora_mcp.catalogue.catalogue import Catalogue, add_own_models, apply_prices, set_addresses
from sora_mcp.config.parsers import (
    BUCKET,
    DATABASE,
    DAYS,
    DOLLARS,
    ENDPOINT,
    FOLDER,
    FOLDERS,
    HOSTS,
    KEY,
    LEVEL,
    LOG_FORMAT,
    LOOPBACK,
    PRICE_FILE,
    REGION,
    SECONDS,
    SECRETS,
    SWITCH,
    URL,
    YES,
    ZONE,
    BucketAccess,
    name_sites,
)
from sora_mcp.config.serve_settings import ServeSettings
from sora_mcp.config.setting import PREFIX, BadSetting, Setting, rows_of, setting
from sora_mcp.config.sources import Given, find_config_file, read_sources
from sora_mcp.domain import Vendor
from sora_mcp.domain.money import Micros
from sora_mcp.domain.secret import Secret
from sora_mcp.vendors import EVERY

__all__ = ("ADDRESSES", "FLAGS", "KEYS", "LOOPBACK", "PREFIX", "ROWS", "SERVE_SETTINGS", "SETTINGS", "BadSetting", "Settings", "load")


@dataclass(frozen=True, kw_only=True)
class Settings(ServeSettings):
    """Everything that a user can set: a field with `setting` is one row, and nothing about it stands anywhere else."""

    home: Path = setting(
        "HOME",
        FOLDER,
        "Folder of the store: jobs, budget and ledger",
        find_default=lambda: platformdirs.user_data_path("sora-mcp", appauthor=False),
        shown="the platform's data folder",
    )
    output_dir: Path = setting(
        "OUTPUT_DIR",
        FOLDER,
        "Folder for finished videos",
        find_default=lambda: platformdirs.user_videos_path() / "sora-mcp",
        shown="`sora-mcp` in the platform's videos folder",
    )
    image_dirs: tuple[Path, ...] = setting(
        "IMAGE_DIRS",
        FOLDERS,
        "Folders (separated as in PATH) for input images, besides the output folder",
        default=(),
        shown="none",
    )
    per_video: Micros = setting("PER_VIDEO_USD", DOLLARS, "Most that one video may cost, in dollars", default=Micros(5_000_000), shown="5")
    daily: Micros = setting("DAILY_USD", DOLLARS, "Most that a calendar day may cost, in dollars", default=Micros(10_000_000), shown="10")
    monthly: Micros = setting(
        "MONTHLY_USD", DOLLARS, "Most that a calendar month may cost, in dollars", default=Micros(100_000_000), shown="100"
    )
    confirm_above: Micros = setting(
        "CONFIRM_ABOVE_USD",
        DOLLARS,
        "Price of one call, with all its variations, above which a person must approve, in dollars",
        default=Micros(2_000_000),
        shown="2",
    )
    # A system that knows its offset from UTC and no place (TZ=UTC0) has no zone: then a person has to name one.
    zone: tzinfo = setting(
        "TIMEZONE",
        ZONE,
        "Time zone of the calendar days and months, such as Europe/Lisbon",
        find_default=tzlocal.get_localzone,
        shown="the system's",
    )
    prices: Path | None = setting(
        "PRICES", PRICE_FILE, "TOML file with the prices of your own contract, by model; they replace the catalogue's", shown="none"
    )
    database_url: str = setting(
        "DATABASE_URL",
        DATABASE,
        "Address of another store: sqlite:///path, or postgresql://… for several processes",
        default="",
        shown="SQLite in the home folder",
        secret=True,
    )
    secrets: tuple[Secret, ...] = setting(
        "SECRET",
        SECRETS,
        "Secret that all replicas of one service share; several, separated by commas, while it is being changed: the first is used",
        default=(),
        shown="made once and kept in the store",
        secret=True,
        has_flag=False,
    )
    artifact_url: BucketAccess | None = setting(
        "ARTIFACT_URL",
        BUCKET,
        "Bucket in which finished files are kept for several machines: s3://bucket/prefix, with AWS's variables (AWS_ACCESS_KEY_ID, …)",
        shown="none: the output folder only",
    )
    keep_days: int | None = setting(
        "KEEP_DAYS",
        DAYS,
        "Days after which finished files are deleted, everywhere and for good; the jobs and what they cost stay",
        shown="none: files are kept",
    )
    linger: bool = setting(
        "LINGER",
        SWITCH,
        "Finish running jobs in the background when the client leaves (stdio only)",
        default=True,
        shown="1",
    )
    notify: bool = setting(
        "NOTIFY",
        SWITCH,
        "Show a desktop notification when a clip ends after its client has left",
        default=False,
        shown="0",
    )
    trusted_hosts: frozenset[str] = setting(
        "TRUSTED_HOSTS",
        HOSTS,
        "Hosts (host:port, separated by commas) to download videos from although private or without TLS",
        default=frozenset[str](),
        shown="none",
    )
    poll_seconds: float | None = setting("POLL_SECONDS", SECONDS, "Fixed pause between two polls of a vendor, in seconds", shown="adaptive")
    approval_page: bool = setting(
        "APPROVAL_PAGE",
        SWITCH,
        "Ask for a person's approval on a page in the browser where the client shows no forms (stdio only)",
        default=True,
        shown="1",
    )
    yes: str = setting(
        "YES",
        YES,
        "Where a person's yes counts: `any` way that there is, or only on a `page`, never in a form that a client's software could answer",
        default="any",
        shown="any",
    )
    approve_without_terminal: bool = setting(
        "APPROVE_WITHOUT_TERMINAL",
        SWITCH,
        "For scripts: `approve`, `resolve`, `resume`, `forget`, `delete` and `tidy` ask for no typed word. Counts in config.toml only",
        default=False,
        shown="0",
        only_in_file=True,
    )
    log: str = setting("LOG", LEVEL, "Log level on stderr: debug, info, warning, error or critical", default="warning", shown="warning")
    log_format: str = setting("LOG_FORMAT", LOG_FORMAT, "Format of the log: text, or json", default="text", shown="text")

    catalogue: Catalogue
    keys: Mapping[str, Secret]
    """By the vendor's name."""
    bad_keys: tuple[str, ...] = ()
    """Variables whose key cannot be one, or that do not say where a key belongs: their vendors are used as if they had no key."""
    marks: Path | None
    """Folder beside `config.toml` that remembers what was bought through each store; None for a user without a home folder."""
    sources: Mapping[str, str]
    """Where each variable that is set comes from, for a person."""
    unknown_names: tuple[str, ...] = ()
    """Names like ours that are no setting, most likely typing errors."""

    @property
    def only_on_page(self) -> bool:
        """Return whether a person's yes counts on a page only."""
        return self.yes == "page"

    @property
    def has_replicas(self) -> bool:
        """Return whether several machines may work from one store."""
        return not self.database_url.startswith("sqlite:")

    @property
    def webhook_url(self) -> str | None:
        """Return the address at which vendors reach `serve`; None where they cannot, or should not."""
        return self.public_url if self.webhooks is not False and _is_public(self.public_url) else None


SERVE_SETTINGS = tuple(rows_of(ServeSettings).values())
SETTINGS = (*(row for row in rows_of(Settings).values() if row not in SERVE_SETTINGS), *SERVE_SETTINGS)
ADDRESSES = {
    vendor.name: Setting(
        f"{PREFIX}{vendor.name.upper()}_BASE_URL",
        URL,
        f"Address to use in place of {vendor.title}'s own" if vendor.base_url else "Address of your own /v1/videos server",
        default_text=vendor.base_url or "none; needed with its key",
    )
    for vendor in EVERY
    if vendor.keys
}
"""The row of each vendor's address, by the vendor's name."""


def _describe_key(name: str, vendor: Vendor) -> str:
    """Return what a variable with a key means, and of a vendor's first one where it is made."""
    made_at = f", made at {vendor.key_page}" if name == vendor.keys[0] and vendor.key_page else ""
    return f"API key of {vendor.title if vendor.base_url else 'your own /v1/videos server'}{made_at}"


KEYS = tuple(Setting(name, KEY, _describe_key(name, vendor), secret=True) for vendor in EVERY for name in vendor.keys)
SITES = {
    name: Setting(name, kind, help, default_text=default)
    for sites in (vendor.sites for vendor in EVERY)
    if sites is not None
    for name, kind, help, default in (
        (sites.name, name_sites(sites.addresses, key=sites.key), f"Site of {sites.key}: {' or '.join(sites.addresses)}", sites.default),
        (sites.address, URL, f"Address of {sites.key}'s site, in place of its name", "none"),
    )
}
"""The rows that say where a key belongs which counts at one of several sites, by their variables."""
AWS = (
    Setting("AWS_ACCESS_KEY_ID", KEY, "Access key of the S3 store", secret=True),
    Setting("AWS_SECRET_ACCESS_KEY", KEY, "Its secret", secret=True),
    Setting("AWS_SESSION_TOKEN", KEY, "Token of temporary credentials", secret=True),
    Setting("AWS_REGION", REGION, "Region of the bucket; us-east-1 where none is set"),
    Setting("AWS_ENDPOINT_URL", ENDPOINT, "Address of an S3 store that is not Amazon's"),
)
"""The rows of AWS's own variables. They count where finished files are kept in a bucket."""
GIVEN_ROLES = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
"""Variables by which a cloud gives a container its credentials; obstore reads them itself."""
FLAGS = (*(row for row in SETTINGS if row.has_flag and not row.only_in_file), *ADDRESSES.values())
"""Rows that are flags of every command. Keys are none: everybody on the machine can read a command line."""
ROWS: Mapping[str, Setting] = {row.variable: row for row in (*SETTINGS, *ADDRESSES.values(), *KEYS, *SITES.values(), *AWS)}
"""Every row by its variable."""


def load(environ: Mapping[str, str], flags: Mapping[str, str] | None = None, *, today: date, config: Path | None = None) -> Settings:
    """Return the settings. Raise BadSetting when one of them is unusable; a key that is only disables its vendor."""
    config = config or find_config_file()
    given = read_sources(environ, flags or {}, ROWS, config=config)
    values: dict[str, Any] = {field: row.read(given.texts.get(row.variable)) for field, row in rows_of(Settings).items()}
    if f"{PREFIX}HOME" not in given.texts:
        _check_default_home(values["home"])
    values["database_url"] = values["database_url"] or f"sqlite:///{values['home'] / 'sora.db'}"
    if values["webhooks"] and not _is_public(values["public_url"]):
        raise BadSetting(f"{PREFIX}WEBHOOKS needs {PREFIX}PUBLIC_URL with https and the name of a public host: vendors post to no other.")
    values["artifact_url"] = _read_access(values["artifact_url"], given, environ)
    addresses = {name: str(row.read(text)) for name, row in ADDRESSES.items() if (text := given.texts.get(row.variable)) is not None}
    keys, sites, bad_keys = _read_keys(given, placed=addresses)
    vendors = EVERY if values["prices"] is None else _read_prices(values["prices"], today)
    return Settings(
        **values,
        catalogue=Catalogue(set_addresses(vendors, sites | addresses), frozenset(keys)),
        keys=keys,
        bad_keys=bad_keys,
        marks=config.parent / "stores" if config is not None else None,
        sources=given.sources,
        unknown_names=given.unknown,
    )


def _is_public(url: str | None) -> bool:
    """Return whether others than this machine may reach an address, over TLS."""
    return url is not None and url.startswith("https://") and urlsplit(url).hostname not in LOOPBACK


def _check_default_home(folder: Path) -> None:
    """Raise BadSetting where the store's folder is not set, and the usual one can never be made, as with HOME=/ in a container."""
    nearest = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if nearest != folder and not os.access(nearest, os.W_OK | os.X_OK):
        raise BadSetting(f"{PREFIX}HOME must be set to a folder that can be written: {folder}, the usual one, cannot be made.")


def _read_access(bucket: BucketAccess | None, given: Given, environ: Mapping[str, str]) -> BucketAccess | None:
    """Return the bucket with what opens it. Raise BadSetting where nothing does."""
    if bucket is None:
        return None
    read = {row.variable: row.read(text) for row in AWS if (text := given.texts.get(row.variable)) is not None}
    variables = {name: secret for name, secret in read.items() if isinstance(secret, Secret)}
    missing = [row.variable for row in AWS[:2] if row.variable not in variables]
    if missing and (len(missing) == 1 or not any(environ.get(name) for name in GIVEN_ROLES)):
        raise BadSetting(f"{' and '.join(missing)} must be set beside {PREFIX}ARTIFACT_URL: S3 takes nothing without credentials.")
    return replace(bucket, variables=variables)


def _read_keys(given: Given, *, placed: Collection[str]) -> tuple[dict[str, Secret], dict[str, str], tuple[str, ...]]:
    """Return the key of each vendor, under the first of its names that is set, the addresses of those that belong to one of several sites,
    and the names of what leaves a vendor without a key. The vendors in `placed` have an address of the user's."""
    keys: dict[str, Secret] = {}
    sites: dict[str, str] = {}
    bad: list[str] = []
    for vendor in EVERY:
        if (name := next((name for name in vendor.keys if name in given.texts), None)) is None:
            continue
        if not vendor.base_url and vendor.name not in placed:  # only the user knows where the key belongs
            bad.append(ADDRESSES[vendor.name].variable)
            continue
        if vendor.sites is not None and name == vendor.sites.key and vendor.name not in placed:
            row = ROWS[vendor.sites.address if vendor.sites.address in given.texts else vendor.sites.name]
            try:
                sites[vendor.name] = str(row.kind.parse(given.texts.get(row.variable, vendor.sites.default).strip()))
            except (ValueError, LookupError):
                bad.append(row.variable)
                continue
        try:
            keys[vendor.name] = read_key(name, given.texts[name])
        except BadSetting:
            bad.append(name)
    return keys, sites, tuple(bad)


def read_key(name: str, text: str) -> Secret:
    """Return a key. Raise BadSetting, which does not show it, for a text that no header can carry."""
    key = ROWS[name].read(text)
    assert isinstance(key, Secret)
    return key


def describe_bad_key(settings: Settings, name: str) -> str:
    """Return a sentence about a variable in `bad_keys`: what it must be, and where the key stands that is not used."""
    owner = next((vendor for vendor in EVERY if vendor.keys and ADDRESSES[vendor.name].variable == name), None)
    if owner is None:
        return f"{ROWS[name].requirement.removesuffix('.')}{_name_source(settings, name)}. The key is not used."
    return f"{name} must be set beside {owner.keys[0]}{_name_source(settings, owner.keys[0])}. The key is not used."


def _name_source(settings: Settings, name: str) -> str:
    return f" (from {settings.sources[name]})" if name in settings.sources else ""


def _read_prices(file: Path, today: date) -> tuple[Vendor, ...]:
    """Return every vendor with the models and prices of the user's own file. Raise BadSetting for a file that cannot be used."""
    from sora_mcp.catalogue.price_file import BadPrices, read_models, read_prices

    row = ROWS[f"{PREFIX}PRICES"]
    try:
        text = file.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
        own = read_models(text, [vendor.name for vendor in EVERY if vendor.own])
        vendors = add_own_models(EVERY, own, checked=today)
        offers = {offer.id: offer for vendor in vendors for offer in vendor.offers}
        prices = read_prices(text, offers, own=own, listed=[vendor.name for vendor in EVERY if vendor.listing])
    except BadPrices as error:
        raise BadSetting(f"{row.variable}: {error}") from None
    except (OSError, ValueError):
        raise BadSetting(row.requirement) from None
    return apply_prices(vendors, prices, checked=today)

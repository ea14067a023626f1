"""Check the network and the modes of files for `doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

import anyio

from sora_mcp.cli.check_result import Finding
from sora_mcp.cli.desktop_notification import find_notifier
from sora_mcp.config.file_permissions import find_loose_modes
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import NotSent, StorageError, UntrustedURL
from sora_mcp.jobs.finished_files import open_bucket
from sora_mcp.net.client import VendorClient
from sora_mcp.net.json_document import fetch_json
from sora_mcp.net.proxy_settings import (
    CERTIFICATE_VARIABLES,
    describe_proxy,
    find_certificate_variable,
    find_proxy,
    find_proxy_variable,
    load_certificates,
)
from sora_mcp.server.transports.issuer_keys import IssuerKeys
from sora_mcp.server.transports.oauth import NO_CLIENT
from sora_mcp.server.transports.sign_in import SIGNED_IN

A_FILE = "https://files.example.com/video.mp4"
"""A link as finished files have it: https, at a name that NO_PROXY does not list."""
OF_OTHER_PROGRAMS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables with certificates that other programs read."""


def check_network(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """Yield which proxy and certificates count, and unless `offline`, whether a finished file could come from here."""
    yield _check_proxy()
    yield from _check_certificates()
    vendors = [vendor for vendor in settings.catalogue.vendors if vendor.keys and vendor.name in settings.keys and vendor.base_url]
    if vendors and not offline:
        yield from anyio.run(_check_file_ways, settings, vendors)


def check_bucket(settings: Settings) -> Iterator[Finding]:
    """Yield whether a small object can be put into the bucket, read and deleted, where there is one."""
    if (access := settings.artifact_url) is None:
        return
    name = f"s3://{access.bucket}/{access.prefix}".rstrip("/")
    try:
        open_bucket(access).check()
    except StorageError as error:
        yield Finding("fix", f"bucket: {name}: {error.message}", f"check the AWS_… variables, and that they may use {name}")
    else:
        yield Finding("ok", f"bucket: {name}: an object was put, read and deleted")


def check_issuer(settings: Settings) -> Iterator[Finding]:
    """Yield whether the keys of the identity provider can be fetched, where access tokens are taken."""
    if settings.issuer is None:
        return
    issuer = IssuerKeys(settings.issuer, fetch_json)
    try:
        keys = anyio.run(issuer.ask)
        yield Finding("ok", f"issuer: {settings.issuer} names {len(keys)} key{'' if len(keys) == 1 else 's'} for its tokens")
        if settings.client_id is not None:
            anyio.run(issuer.find_metadata, "authorization_endpoint", "token_endpoint")
    except NotSent as error:
        yield Finding("fix", f"issuer: {settings.issuer}: {error.message}", "correct SORA_MCP_ISSUER, or the identity provider")
        return
    back = f"{settings.public_url or 'SORA_MCP_PUBLIC_URL'}{SIGNED_IN}"
    if settings.client_id is None:
        yield Finding("note", f"pages: {NO_CLIENT}", f"register a client at the provider that may send people back to {back}")
    else:
        yield Finding("ok", f"pages: people sign in as the client {settings.client_id}; the provider must allow it {back}")


def _check_proxy() -> Finding:
    """Say which proxy files and orders pass, and who resolves the names then."""
    try:
        proxy = find_proxy(A_FILE)
    except NotSent as error:
        return Finding("fix", f"proxy: {error.message}", "correct HTTPS_PROXY or ALL_PROXY, or unset it")
    if proxy is None:
        return Finding("ok", "proxy: none; names are resolved here")
    exceptions = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    around = f", except to {exceptions} (NO_PROXY)" if exceptions else ""
    text = f"proxy: {describe_proxy(proxy)} ({find_proxy_variable(A_FILE)}){around}"
    return Finding("ok", f"{text}; it resolves the names, so links are judged by name, not by address")


def _check_certificates() -> Iterator[Finding]:
    """Yield which certificates are trusted, and variables of other programs that look as if they counted."""
    variable = find_certificate_variable()
    try:
        load_certificates()
    except NotSent as error:
        yield Finding("fix", f"certificates: {error.message}", f"correct {variable}, or unset it")
        return
    trusted = f"those of {variable}={os.environ[variable]}" if variable else "those of this system"
    yield Finding("ok", f"certificates: {trusted} are trusted")
    if variable is None and (others := [name for name in OF_OTHER_PROGRAMS if os.environ.get(name)]):
        text = f"certificates: {', '.join(others)} is for other programs and does not count here"
        yield Finding("note", text, f"if your network inspects traffic, set {CERTIFICATE_VARIABLES[0]} to the same file")


async def _check_file_ways(settings: Settings, vendors: list[Vendor]) -> list[Finding]:
    """Return a finding for the host of each vendor, all asked at once, as a download would ask it: without the key, through the guard."""
    found = dict[str, Finding | NotSent]()

    async def probe(client: VendorClient, vendor: Vendor) -> None:
        found[vendor.name] = await _probe(client, vendor)

    async with VendorClient(settings.home, {}, settings.trusted_hosts) as client, anyio.create_task_group() as tasks:
        for vendor in vendors:
            tasks.start_soon(probe, client, vendor)
    ways = [found[vendor.name] for vendor in vendors]
    closed = [(vendor, way) for vendor, way in zip(vendors, ways, strict=True) if isinstance(way, NotSent)]
    return [*(way for way in ways if not isinstance(way, NotSent)), *_describe_closed(closed)]


def _describe_closed(closed: Sequence[tuple[Vendor, NotSent]]) -> Iterator[Finding]:
    """Yield a finding for each cause for which files could not come."""
    causes = dict[str, list[tuple[Vendor, NotSent]]]()
    for vendor, error in closed:
        host = urlsplit(vendor.base_url).hostname or vendor.base_url
        causes.setdefault(error.message.removesuffix(".").replace(host, "each host"), []).append((vendor, error))
    todo = "correct the network before you buy: a finished file comes the same way"
    for cause, group in causes.items():
        titles = ", ".join(vendor.title for vendor, _ in group)
        why = cause if len(group) > 1 else group[0][1].message.removesuffix(".")
        yield Finding("fix", f"files of {titles}: could not come from here: {why}", todo)


async def _probe(client: VendorClient, vendor: Vendor) -> Finding | NotSent:
    """Return whether a file could come from the host of the vendor's API, or why not."""
    parts = urlsplit(vendor.base_url)
    try:
        await client.probe(f"{parts.scheme}://{parts.netloc}/")
    except UntrustedURL as error:
        text = f"files of {vendor.title}: one at the address of its API would be refused. {error.message}"
        return Finding("note", text, f"if its files lie there, set SORA_MCP_TRUSTED_HOSTS to {parts.hostname}:{parts.port or 443}")
    except NotSent as error:
        return error
    return Finding("ok", f"files of {vendor.title}: {parts.hostname} answers, asked in the way in which a finished file comes")


def check_notifications(settings: Settings) -> Iterator[Finding]:
    """Yield whether notifications can be shown here, where the user wants them."""
    if not settings.notify:
        return
    if (notifier := find_notifier(os.environ)) is not None:
        yield Finding("ok", f"notifications: {PurePath(notifier.words[0]).name} shows them when a clip ends after its client has left")
        return
    todo = "on Linux install notify-send (libnotify-bin) and sign in to a desktop, or unset SORA_MCP_NOTIFY"
    yield Finding("fix", "notifications: SORA_MCP_NOTIFY is set, but nothing here can show one", todo)


def check_modes(settings: Settings) -> Iterator[Finding]:
    """Yield files and folders of this program that other users of this machine may read or change."""
    for loose in find_loose_modes(settings):
        yield Finding("fix" if loose.is_secret else "note", f"modes: {loose.describe()}", loose.todo)

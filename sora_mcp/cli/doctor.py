"""What stands in the way of a video, and the one thing to do about it."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import anyio

from sora_mcp.cli.setup import clients, keys
from sora_mcp.config.settings import ROWS, Settings
from sora_mcp.config.sources import describe_unknown
from sora_mcp.domain import STALE
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import show as dollars
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.worker import open_service

Verdict = Literal[
    "ok",
    "note",  # works, but less than it could
    "fix",  # something will fail
]
CLOCK_SLACK_S = 120.0
KEY_VERDICTS: Mapping[keys.Verdict, Verdict] = {"good": "ok", "untested": "ok", "unclear": "note", "bad": "fix"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    verdict: Verdict
    said: str
    todo: str | None = None


def doctor(settings: Settings, arguments: Namespace) -> int:
    """One line for each thing; 1 when something has to be fixed."""
    del arguments  # it has none of its own
    findings = list(findings_of(settings))
    for found in findings:
        print(f"{found.verdict:<4}  {found.said}")
        if found.todo:
            print(f"      -> {found.todo}")
    broken = sum(found.verdict == "fix" for found in findings)
    print(f"{broken} to fix." if broken else "Nothing to fix.")
    return 1 if broken else 0


def findings_of(settings: Settings, *, now: float | None = None) -> Iterator[Finding]:
    """Everything, in the order in which a video needs it."""
    yield _settings(settings)
    if settings.sources:
        yield Finding("ok", "settings: " + ", ".join(f"{name} from {source}" for name, source in sorted(settings.sources.items())))
    yield from (Finding("fix", describe_unknown(name, ROWS), "correct its name, or take it out") for name in settings.unknown_names)
    yield from (Finding("fix", f"{ROWS[name].expected} It is not used.", "copy the key again") for name in settings.bad_keys)
    yield _folder("store", settings.home, "SORA_MCP_HOME")
    yield _folder("videos", settings.output_dir, "SORA_MCP_OUTPUT_DIR")
    yield from (_images(folder) for folder in settings.image_dirs)
    yield from _store(settings)
    yield from _keys(settings)
    yield from _clients()
    yield _media()
    yield _clock(settings, time.time() if now is None else now)
    yield from _prices(settings, time.time() if now is None else now)


def _settings(settings: Settings) -> Finding:
    caps = f"{dollars(settings.per_video)} a video, {dollars(settings.daily)} a day, {dollars(settings.monthly)} a month"
    return Finding("ok", f"caps: {caps}; a person is asked above {dollars(settings.confirm_above)}; days are those of {settings.zone}")


def _folder(what: str, folder: Path, setting: str) -> Finding:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("ok", f"{what}: {folder}")
    except OSError as error:
        return Finding(
            "fix", f"{what}: {folder} cannot be written ({error.strerror})", f"make it writable, or set {setting} to a folder that is"
        )


def _images(folder: Path) -> Finding:
    if folder.is_dir():
        return Finding("ok", f"images: {folder}")
    return Finding("fix", f"images: {folder} is no folder", "make it, or take it out of SORA_MCP_IMAGE_DIRS")


def _store(settings: Settings) -> Iterator[Finding]:
    async def look() -> tuple[int, int, tuple[Finding, ...]]:
        async with open_service(settings, work=False) as service:
            return await service.store.run(service.store.alive), await _unclear(service), tuple(_on_sale(service))

    try:
        alive, unclear, on_sale = anyio.run(look)
    except SoraError as error:
        yield Finding("fix", f"store: {error.message}", "set SORA_MCP_HOME or SORA_MCP_DATABASE_URL to a store that opens")
        return
    yield Finding("ok", f"store: opens; {alive} jobs under way" + (" (sora-mcp watch finishes them)" if alive else ""))
    yield from on_sale
    if unclear:
        yield Finding(
            "note",
            f"store: {dollars(unclear)} are held by jobs whose outcome is unclear",
            "look at your account at the vendor: sora-mcp jobs names them",
        )


def _on_sale(service: VideoService) -> Iterator[Finding]:
    """The vendors' own lists, and the models that they said are gone. Without the network."""
    for vendor in service.catalogue.vendors:
        if vendor.listing is None or vendor.name not in service.catalogue.keyed:
            continue
        age = service.availability.age_of(vendor)
        if age is None:
            yield Finding("note", f"list of {vendor.title}: never fetched", "ask for list_sizes once, with the network")
        else:
            yield Finding("ok", f"list of {vendor.title}: {len(vendor.offers)} models, {age / 3600:.0f} hours old")
    for model, day in service.catalogue.gone.items():
        yield Finding("note", f"gone: {model}, as its vendor said on {day}", "name another model, or try again after a day")


async def _unclear(service: VideoService) -> int:
    return (await service.budget()).unknown


def _keys(settings: Settings) -> Iterator[Finding]:
    """By name only: a key's value, or even its length, is nobody's business."""
    for vendor in settings.catalogue.vendors:
        if vendor.keys and (key := settings.keys.get(vendor.name)) is not None:
            found = keys.tested(vendor, key, settings)
            todo = f"get a new one and store it: sora-mcp setup {vendor.name}" if found.verdict == "bad" else None
            yield Finding(KEY_VERDICTS[found.verdict], f"{vendor.title}: has a key; {found.said}", todo)
    if without := [vendor for vendor in settings.catalogue.vendors if vendor.keys and vendor.name not in settings.keys]:
        names = ", ".join(f"{vendor.title} ({vendor.keys[0]})" for vendor in without)
        yield Finding("note", f"no key: {names}", f"to buy there, set it, or: sora-mcp setup {without[0].name}, and so on")
    if not settings.keys:
        yield Finding("note", "no vendor has a key: every video is a free sample clip", "store one: sora-mcp setup")


def _clients() -> Iterator[Finding]:
    for client in clients.found(Path.home()):
        try:
            command = clients.current(client)
        except clients.Unreadable as error:
            yield Finding("note", f"{client.title}: {error}", "mend that file by hand; setup writes nothing over it")
            continue
        if command is None:
            yield Finding("note", f"{client.title}: does not know this server", "sora-mcp setup")
        elif not command:
            yield Finding("ok", f"{client.title}: reaches this server by its address")
        elif not clients.starts(command):
            yield Finding("fix", f"{client.title}: starts {command[0]!r}, which is no program here", "sora-mcp setup")
        else:
            yield Finding("ok", f"{client.title}: starts {command[0]}")


def _media() -> Finding:
    missing = [name for name, module in (("PyAV", "av"), ("Pillow", "PIL")) if importlib.util.find_spec(module) is None]
    if not missing:
        return Finding("ok", "media: PyAV and Pillow are installed")
    beside = "ffmpeg is on the PATH" if shutil.which("ffmpeg") else "no ffmpeg on the PATH either"
    return Finding(
        "note", f"media: {' and '.join(missing)} missing, {beside}", "for sample clips of your own words: pip install 'sora-mcp[media]'"
    )


def _clock(settings: Settings, now: float) -> Finding:
    """Without the network: against the day on which the prices were looked up, and the clock of the file system."""
    today = datetime.fromtimestamp(now, UTC).date()
    newest = max(choice.offer.checked for choice in settings.catalogue.choices() if choice.offer.confidence != "configured")
    if today < newest - timedelta(days=1):
        return Finding(
            "fix", f"clock: says {today}, but prices of {newest} are known", "set this machine's clock: budgets go by calendar days"
        )
    written = _written(settings.home)
    if written is not None and abs(written - now) > CLOCK_SLACK_S:
        return Finding(
            "fix", f"clock: {abs(written - now):.0f} s apart from that of {settings.home}", "set the clocks: budgets go by calendar days"
        )
    return Finding("ok", f"clock: {datetime.fromtimestamp(now, settings.zone):%Y-%m-%d %H:%M %Z}")


def _written(folder: Path) -> float | None:
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            return Path(file.name).stat().st_mtime
    except OSError:
        return None


def _prices(settings: Settings, now: float) -> Iterator[Finding]:
    today = datetime.fromtimestamp(now, settings.zone).date()
    priced = [choice for choice in settings.catalogue.choices() if choice.vendor.keys and choice.offer.rates]
    old = [choice for choice in priced if today - choice.offer.checked > STALE]
    if old:
        todo = "update sora-mcp, or state your own prices with SORA_MCP_PRICES; until then a person is asked each time"
        yield Finding("note", f"prices: {len(old)} of {len(priced)} were looked up more than {STALE.days} days ago", todo)
    else:
        yield Finding("ok", f"prices: {len(priced)} models, none looked up more than {STALE.days} days ago")

"""Check what a video needs, and say what to fix."""

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

import anyio

from sora_mcp.cli.balances import check_balances
from sora_mcp.cli.check_result import Finding, Verdict
from sora_mcp.cli.checks import check_bucket, check_issuer, check_modes, check_network, check_notifications
from sora_mcp.cli.doubtful import describe_doubt, find_doubtful
from sora_mcp.cli.setup import clients, keys
from sora_mcp.cli.terminal import open_console, print_facts, print_text, show_status
from sora_mcp.config.settings import KEYS, ROWS, Settings, describe_bad_key
from sora_mcp.config.sources import describe_unknown
from sora_mcp.domain import STALE
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import NO_LIMIT, Micros, describe_call_limit, format_dollars
from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.media.optional import INSTALL, REINSTALL, find_heic_load_error, find_load_error, find_old_libraries
from sora_mcp.media.text.missing_characters import find_missing, list_packages
from sora_mcp.store.loss_detection import Loss
from sora_mcp.store.records import ALL, AccountBudget, Costs, Limits

CLOCK_SLACK_S = 120.0
FONT_SAMPLE = "字あ글हไ🚤"
"""A character each of Chinese, Japanese, Korean, Hindi and Thai, and an emoji."""
INDENT = 6
SETUP_SAYS = "setup says where keys are made, and stores one"
KEY_VERDICTS: Mapping[keys.Verdict, Verdict] = {"good": "ok", "untested": "note", "unclear": "note", "bad": "fix"}


def doctor(settings: Settings, arguments: Namespace) -> int:
    """Print a line for each check; return 1 when something has to be fixed."""
    console = open_console()
    with show_status("Checking"):
        findings = list(check_all(settings, offline=arguments.offline))
    for finding in findings:
        print_facts(console, [(finding.verdict, finding.text)], indent=INDENT)
        if finding.todo:
            print_facts(console, [("", f"-> {finding.todo}")], indent=INDENT)
    broken = sum(finding.verdict == "fix" for finding in findings)
    print_text(console, f"{broken} to fix." if broken else "Nothing to fix.")
    return 1 if broken else 0


def check_all(settings: Settings, *, now: float | None = None, offline: bool = False) -> Iterator[Finding]:
    """Yield every finding, in the order in which a video needs it. `offline` leaves out what asks a vendor."""
    seen = anyio.run(_look_into_store, settings)
    yield _check_caps(settings, seen)
    if settings.sources:
        yield Finding("ok", "settings: " + ", ".join(f"{name} from {source}" for name, source in sorted(settings.sources.items())))
    yield from (Finding("fix", describe_unknown(name, ROWS), "correct its name, or take it out") for name in settings.unknown_names)
    for name in settings.bad_keys:
        yield Finding("fix", describe_bad_key(settings, name), "copy the key again" if name in {row.variable for row in KEYS} else "set it")
    yield _check_folder("store", settings.home, "SORA_MCP_HOME")
    yield _check_folder("videos", settings.output_dir, "SORA_MCP_OUTPUT_DIR")
    if not offline:
        yield from check_bucket(settings)
        yield from check_issuer(settings)
    yield from (_check_image_folder(folder) for folder in settings.image_dirs)
    yield from check_modes(settings)
    yield from _check_store(seen)
    yield from check_network(settings, offline=offline)
    yield from _check_keys(settings, offline=offline)
    if not offline:
        yield from check_balances(settings)
    yield from _check_clients()
    yield from check_notifications(settings)
    yield _check_media()
    yield from _check_fonts()
    yield _check_clock(settings, time.time() if now is None else now)
    yield from _check_prices(settings, time.time() if now is None else now)


@dataclass(frozen=True)
class _StoreFacts:
    """Facts that the store knows."""

    alive: int
    doubtful: tuple[Costs, ...]
    models: tuple[Finding, ...]
    loss: Loss | None
    everybody: AccountBudget


async def _look_into_store(settings: Settings) -> _StoreFacts | SoraError:
    """Return what the store knows, or why it cannot be opened."""
    try:
        async with open_service(settings, work=False) as service:
            loss = await service.store.purchase_mark.find_loss(settings.zone)
            everybody, *_ = await service.store.budgets.list_accounts(service.caps)
            alive, doubtful = await service.store.jobs.count_live(), await find_doubtful(service)
            return _StoreFacts(alive, doubtful, tuple(_check_models(service)), loss, everybody)
    except SoraError as error:
        return error


def _check_caps(settings: Settings, seen: _StoreFacts | SoraError) -> Finding:
    """Say which limits on all spending are in force: those of the budget of all, else those of the settings."""
    limits = Limits(settings.per_video, settings.daily, settings.monthly, settings.confirm_above)
    by = ""
    if isinstance(seen, _StoreFacts) and seen.everybody.has_row:
        limits, by = seen.everybody.limits, f" (by the budget of all: {command_line('budget', ALL)})"
    named = ((limits.per_video, "a video"), (limits.day, "a day"), (limits.month, "a month"))
    caps = ", ".join(f"{_format_cap(limit)} {per}" for limit, per in named)
    is_asked = limits.confirm_above is not None and limits.confirm_above < NO_LIMIT
    approves = f"a person approves {describe_call_limit(limits.confirm_above or 0)}" if is_asked else "no price needs a person's yes"
    return Finding("ok", f"caps: {caps}; {approves}; days in {settings.zone}{by}")


def _format_cap(limit: Micros | None) -> str:
    return "no limit" if limit is None or limit >= NO_LIMIT else format_dollars(limit)


def _check_folder(what: str, folder: Path, setting: str) -> Finding:
    try:
        make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("ok", f"{what}: {folder}")
    except OSError as error:
        return Finding(
            "fix", f"{what}: {folder} is not writable ({error.strerror})", f"make it writable, or set {setting} to another folder"
        )


def _check_image_folder(folder: Path) -> Finding:
    if folder.is_dir():
        return Finding("ok", f"images: {folder}")
    return Finding("fix", f"images: {folder} is not a folder", "create it, or remove it from SORA_MCP_IMAGE_DIRS")


def _check_store(seen: _StoreFacts | SoraError) -> Iterator[Finding]:
    if isinstance(seen, SoraError):
        yield Finding("fix", f"store: {seen.message}", "set SORA_MCP_HOME or SORA_MCP_DATABASE_URL to a store that opens")
        return
    alive, loss = seen.alive, seen.loss
    running = f"{alive} job{'' if alive == 1 else 's'} running" + (f" (finish them: {command_line('watch')})" if alive else "")
    if loss is None:
        yield Finding("ok", f"store: opens; {running}")
    else:
        remedy = loss.remedy or f"put that store back, or go on without it: {command_line('forget')}"
        yield Finding("fix", f"store: {loss.why} Nothing is bought; {running}", remedy)
    yield from seen.models
    if seen.doubtful:
        yield Finding("note", f"store: {describe_doubt(seen.doubtful)}", f"{command_line('spend')} names them, and how each is settled")


def _check_models(service: VideoService) -> Iterator[Finding]:
    """Yield the state of the vendors' own lists, and the models that they removed, without the network."""
    for vendor in service.catalogue.vendors:
        if (vendor.listing is None and vendor.price_list is None) or vendor.name not in service.catalogue.keyed:
            continue
        age = service.availability.age_of(vendor)
        if age is None:
            yield Finding("note", f"list of {vendor.title}: never fetched", "ask a chat for list_sizes once while online")
        else:
            what = (
                f"{len(vendor.offers)} models"
                if vendor.listing
                else f"prices of {sum(o.written is not None for o in vendor.offers)} models"
            )
            yield Finding("ok", f"list of {vendor.title}: {what}, {age / 3600:.0f} hours old")
    for model, day in service.catalogue.absent.items():
        yield Finding("note", f"gone: {model}, according to its vendor on {day}", "choose another model, or try again after a day")


def _check_keys(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """Yield a finding for each vendor. Keys are named; neither their values nor their lengths are shown."""
    given = [(vendor, settings.keys[vendor.name]) for vendor in settings.catalogue.vendors if vendor.keys and vendor.name in settings.keys]
    tests = {} if offline else keys.test_keys(given, settings)
    for vendor, _ in given:
        test = tests.get(vendor.name, keys.KeyTest("untested", "not tested (--offline)"))
        page = f" at {vendor.key_page}" if vendor.key_page else ""
        todo = f"get a new key{page} and store it: {command_line('setup', vendor.name)}" if test.verdict == "bad" else None
        yield Finding(KEY_VERDICTS[test.verdict], f"{vendor.title}: has a key; {test.text}", todo)
    without = [vendor for vendor in settings.catalogue.vendors if vendor.keys and vendor.name not in settings.keys]
    if without and settings.keys:
        names = ", ".join(f"{vendor.title} ({vendor.keys[0]})" for vendor in without)
        yield Finding("note", f"no key: {names}", f"{SETUP_SAYS}: {command_line('setup')}")
    if not settings.keys:
        yield Finding("note", "no vendor has a key, so every video is a free sample clip", f"{SETUP_SAYS}: {command_line('setup')}")


def _check_clients() -> Iterator[Finding]:
    for client in clients.find_clients(clients.find_home()):
        try:
            command = clients.read_command(client)
        except clients.Unreadable as error:
            yield Finding("note", f"{client.title}: {error}", "fix that file by hand; setup does not overwrite it")
            continue
        if command is None:
            yield Finding("note", f"{client.title}: does not have this server", command_line("setup"))
        elif not command:
            yield Finding("ok", f"{client.title}: connects to this server by its address")
        elif not clients.is_program(command):
            yield Finding("fix", f"{client.title}: starts {command[0]!r}, which is not a program on this machine", command_line("setup"))
        else:
            yield Finding("ok", f"{client.title}: starts {command[0]}")


def _check_media() -> Finding:
    """Load PyAV and Pillow: what is installed may not load."""
    missing = [name for name, module in (("PyAV", "av"), ("Pillow", "PIL")) if importlib.util.find_spec(module) is None]
    if not missing and (error := find_load_error()) is not None:
        return Finding("fix", f"media: PyAV and Pillow are installed but do not load: {error}", REINSTALL)
    if not missing and importlib.util.find_spec("pi_heif") is not None and (error := find_heic_load_error()) is not None:
        return Finding("note", f"media: PyAV and Pillow load; pi-heif, for HEIC photos, does not: {error}", REINSTALL)
    if not missing and (old := find_old_libraries()):
        text = f"media: {' and '.join(old)} is older than sora-mcp asks for: known faults let a hostile file harm this machine"
        return Finding("fix", text, f"update: {REINSTALL}")
    if not missing:
        return Finding("ok", "media: PyAV and Pillow are installed")
    ffmpeg = "ffmpeg is on the PATH" if shutil.which("ffmpeg") else "ffmpeg is not on the PATH either"
    return Finding("note", f"media: {' and '.join(missing)} missing; {ffmpeg}", f"for sample clips as you order them: {INSTALL}")


def _check_fonts() -> Iterator[Finding]:
    """Yield a note when captions in Chinese, Japanese, Korean, Hindi or Thai, or emoji, would be refused."""
    if missing := find_missing(FONT_SAMPLE):
        packages = " ".join(list_packages(missing))
        text = f"fonts: none for {' '.join(missing)}; captions in such scripts are refused, and sample clips leave them out"
        yield Finding("note", text, f"where you need them: apt install {packages}, or other fonts for them")


def _check_clock(settings: Settings, now: float) -> Finding:
    """Compare the clock with the day of the newest prices and with the file system's, without the network."""
    today = datetime.fromtimestamp(now, UTC).date()
    newest = max(offer.checked for offer in settings.catalogue.offers if offer.confidence != "configured")
    if today < newest - timedelta(days=1):
        return Finding(
            "fix", f"clock: says {today}, but there are prices of {newest}", "set this machine's clock: budgets use calendar days"
        )
    file_time = _read_file_time(settings.home)
    if file_time is not None and abs(file_time - now) > CLOCK_SLACK_S:
        return Finding(
            "fix",
            f"clock: {abs(file_time - now):.0f} s apart from the file system of {settings.home}",
            "set the clocks: budgets use calendar days",
        )
    return Finding("ok", f"clock: {datetime.fromtimestamp(now, settings.zone):%Y-%m-%d %H:%M %Z}")


def _read_file_time(folder: Path) -> float | None:
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            return Path(file.name).stat().st_mtime
    except OSError:
        return None


def _check_prices(settings: Settings, now: float) -> Iterator[Finding]:
    today = datetime.fromtimestamp(now, settings.zone).date()
    priced = [offer for offer in settings.catalogue.offers if settings.catalogue.needs_key(offer) and offer.rates]
    old = [offer for offer in priced if today - offer.checked > STALE]
    if old:
        todo = "update sora-mcp, or set your own prices with SORA_MCP_PRICES; until then a person approves each video of these models"
        yield Finding("note", f"prices: {len(old)} of {len(priced)} were checked more than {STALE.days} days ago", todo)
    else:
        yield Finding("ok", f"prices: {len(priced)} models, none checked more than {STALE.days} days ago")

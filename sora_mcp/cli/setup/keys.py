"""Whether a vendor takes a key, and where the key is kept."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio

from sora_mcp.cli.setup.config_files import replaced
from sora_mcp.config import keychain
from sora_mcp.config.rows import BadSetting
from sora_mcp.config.settings import ROWS, Settings
from sora_mcp.config.sources import config_file, variable_of
from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.net.client import VendorClient
from sora_mcp.security.secrets import Secret
from sora_mcp.vendors.shared.responses import read_refusal

Verdict = Literal[
    "good",  # the vendor answered as to a friend
    "bad",  # the vendor says that it does not know this key
    "unclear",  # no answer, or one that says nothing about the key
    "untested",  # the vendor has no call that is free
]


@dataclass(frozen=True)
class Tested:
    """What a free call said of a key."""

    verdict: Verdict
    said: str


def tested(vendor: Vendor, key: Secret, settings: Settings) -> Tested:
    """One call that costs nothing, where the vendor has one."""
    if vendor.check is None:
        return Tested("untested", f"{vendor.title} has no free call, so the first video will tell whether the key is good")
    return anyio.run(_ask, vendor, key, settings)


def store(name: str, key: Secret) -> str:
    """Puts the key into the keychain, else into `config.toml`; says where. BadSetting when that file cannot be read or written."""
    file = config_file()
    try:
        return _stored(name, key, file)
    except OSError as error:
        raise BadSetting(
            f"{file} cannot be written ({error.strerror}), so the key is not stored where a start would find it. "
            f"Set {name} in the environment, or mend the folder."
        ) from None


def _stored(name: str, key: Secret, file: Path) -> str:
    if keychain.write_key(name, key.reveal()):
        listed = next((value for entry, value in _read(file)[1].items() if _same(entry, keychain.LISTED)), "")
        names = dict.fromkeys([*(each.strip() for each in str(listed).split(",") if each.strip()), name])
        _set(file, {keychain.LISTED.lower(): ",".join(names), name: None})
        return "the keychain of this machine"
    _set(file, {name: key.reveal()})
    return str(file)


async def _ask(vendor: Vendor, key: Secret, settings: Settings) -> Tested:
    assert vendor.check is not None
    async with VendorClient(settings.home, {vendor.name: key}, settings.trusted_hosts) as http_client:
        try:
            reply = await http_client.request(vendor, vendor.check)
        except NotSent:
            return Tested("unclear", f"{vendor.title} could not be reached, so the key is not tested")
    if 200 <= reply.status < 300:
        return Tested("good", f"{vendor.title} takes the key")
    no = read_refusal(vendor, reply)
    if no is not None and no.its_code == "vendor_auth":
        return Tested("bad", f"{vendor.title} does not take the key (status {reply.status})")
    return Tested("unclear", f"{vendor.title} answers {reply.status}, which says nothing about the key")


def _set(file: Path, values: dict[str, str | None]) -> None:
    """Sets, or with None takes out, entries of the file, however they are spelt there, and leaves every other line as it is."""
    text, before = _read(file)
    old = [entry for entry in before if any(_same(entry, name) for name in values)]
    kept = {entry: value for entry, value in before.items() if entry not in old}
    wanted = kept | {name: value for name, value in values.items() if value is not None}
    for entry in old:
        text = re.sub(rf"(?m)^[ \t]*[\"']?{re.escape(entry)}[\"']?[ \t]*=.*(\n|\Z)", "", text)
    for name, value in values.items():
        if value is not None:
            text = f"{name} = {json.dumps(value)}\n{text}"
    if _parsed(text) != wanted:
        raise BadSetting("config.toml in the config folder has this entry in a form that is not changed here: change it by hand.")
    replaced(file, text.encode())


def _same(entry: str, name: str) -> bool:
    """Whether the settings take both for one."""
    return variable_of(entry, ROWS) == variable_of(name, ROWS)


def _read(file: Path) -> tuple[str, dict[str, object]]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError):
        raise BadSetting("config.toml in the config folder must be readable TOML.") from None
    return text, _parsed(text) or {}


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None

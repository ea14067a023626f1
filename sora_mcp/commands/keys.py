"""Whether a vendor takes a key, and where the key is kept."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio

from .. import keychain
from ..domain import Vendor
from ..errors import NotSent
from ..settings import BadSetting, Secret, Settings, config_file
from ..vendors.answers import refusal
from ..web import Web
from .files import replaced

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
    if keychain.keep(name, key.reveal()):
        listed = _read(file)[1].get(keychain.LISTED.lower(), "")
        names = dict.fromkeys([*(each.strip() for each in str(listed).split(",") if each.strip()), name])
        _set(file, {keychain.LISTED.lower(): ",".join(names), name: None})
        return "the keychain of this machine"
    _set(file, {name: key.reveal()})
    return str(file)


async def _ask(vendor: Vendor, key: Secret, settings: Settings) -> Tested:
    assert vendor.check is not None
    async with Web(settings.home, {vendor.name: key}, settings.trusted_hosts) as web:
        try:
            reply = await web.ask(vendor, vendor.check)
        except NotSent:
            return Tested("unclear", f"{vendor.title} could not be reached, so the key is not tested")
    if 200 <= reply.status < 300:
        return Tested("good", f"{vendor.title} takes the key")
    no = refusal(vendor, reply)
    if no is not None and no.its_code == "vendor_auth":
        return Tested("bad", f"{vendor.title} does not take the key (status {reply.status})")
    return Tested("unclear", f"{vendor.title} answers {reply.status}, which says nothing about the key")


def _set(file: Path, values: dict[str, str | None]) -> None:
    """Sets, or with None takes out, entries of the file and leaves every other line as it is."""
    text, before = _read(file)
    wanted = {name: value for name, value in {**before, **values}.items() if value is not None}
    for name, value in values.items():
        text = re.sub(rf"(?m)^[ \t]*\"?{re.escape(name)}\"?[ \t]*=.*(\n|\Z)", "", text)
        if value is not None:
            text = f"{name} = {json.dumps(value)}\n{text}"
    if _parsed(text) != wanted:
        raise BadSetting("config.toml in the config folder has this entry in a form that is not changed here: change it by hand.")
    replaced(file, text.encode())


def _read(file: Path) -> tuple[str, dict[str, object]]:
    try:
        text = file.read_text("utf-8")
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

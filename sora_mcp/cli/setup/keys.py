"""Test a key with a free call, and store it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio

from sora_mcp.cli.setup.config_files import replace_file
from sora_mcp.config import keychain
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import ROWS, Settings
from sora_mcp.config.sources import config_file, variable_of
from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.domain.secret import Secret
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors.refusals import read_refusal

KEYCHAIN = "the keychain of this machine"
Verdict = Literal[
    "good",  # the vendor accepted it
    "bad",  # the vendor rejected it
    "unclear",  # no answer, or one that says nothing about the key
    "untested",  # the vendor has no call that is free
]


@dataclass(frozen=True)
class KeyTest:
    """The result of testing a key."""

    verdict: Verdict
    text: str
    """For a person, without a full stop."""


def test_key(vendor: Vendor, key: Secret, settings: Settings) -> KeyTest:
    """Make one call that costs nothing, where the vendor has one."""
    return test_keys([(vendor, key)], settings)[vendor.name]


def test_keys(given: Sequence[tuple[Vendor, Secret]], settings: Settings) -> dict[str, KeyTest]:
    """Test every key at once, so that vendors that do not answer are waited for together; return the results by the vendors' names."""
    results = {vendor.name: _cannot_test(vendor) for vendor, _ in given if vendor.check is None}

    async def ask(vendor: Vendor, key: Secret) -> None:
        results[vendor.name] = await _ask(vendor, key, settings)

    async def ask_all() -> None:
        async with anyio.create_task_group() as tasks:
            for vendor, key in given:
                if vendor.check is not None:
                    tasks.start_soon(ask, vendor, key)

    anyio.run(ask_all)
    return results


def store_key(name: str, key: Secret) -> str:
    """Store the key in the keychain, else in `config.toml`; return where. Raise BadSetting when neither can be written."""
    file = config_file()
    try:
        return _store(name, key, file)
    except OSError as error:
        raise BadSetting(
            f"{file} cannot be written ({error.strerror}), so the key is not stored. "
            f"Make the folder writable, or set {name} in the environment."
        ) from None


def store_text(name: str, text: str) -> str:
    """Store a setting that is no secret in `config.toml`; return where. Raise BadSetting when that cannot be written."""
    file = config_file()
    try:
        _change(file, {name: text})
    except OSError as error:
        raise BadSetting(f"{file} cannot be written ({error.strerror}), so {name} is not stored.") from None
    return str(file)


def _store(name: str, key: Secret, file: Path) -> str:
    if keychain.write_key(name, key.reveal()):
        listed = next((value for entry, value in _read(file)[1].items() if _is_same(entry, keychain.LISTED)), "")
        names = dict.fromkeys([*(each.strip() for each in str(listed).split(",") if each.strip()), name])
        _change(file, {keychain.LISTED.lower(): ",".join(names), name: None})
        return KEYCHAIN
    _change(file, {name: key.reveal()})
    return str(file)


def _cannot_test(vendor: Vendor) -> KeyTest:
    return KeyTest("untested", f"{vendor.title} has no free call to test a key with; the first video will show whether it works")


async def _ask(vendor: Vendor, key: Secret, settings: Settings) -> KeyTest:
    assert vendor.check is not None
    async with VendorClient(settings.home, {vendor.name: key}, settings.trusted_hosts) as http_client:
        try:
            reply = await http_client.request(vendor, vendor.check)
        except NotSent as error:
            return KeyTest("unclear", f"the key was not tested. {error.message.removesuffix('.')}")
    if 200 <= reply.status < 300:
        return KeyTest("good", f"{vendor.title} accepts the key")
    no = read_refusal(vendor, reply)
    if no is not None and no.its_code == "vendor_auth":
        return KeyTest("bad", f"{vendor.title} rejects the key (status {reply.status})")
    return KeyTest("unclear", f"{vendor.title} answered with status {reply.status}, which says nothing about the key")


def _change(file: Path, values: dict[str, str | None]) -> None:
    """Set entries of the file, or remove those with None, however they are spelt there; every other line stays as it is."""
    text, before = _read(file)
    old = [entry for entry in before if any(_is_same(entry, name) for name in values)]
    kept = {entry: value for entry, value in before.items() if entry not in old}
    wanted = kept | {name: value for name, value in values.items() if value is not None}
    for entry in old:
        text = re.sub(rf"(?m)^[ \t]*[\"']?{re.escape(entry)}[\"']?[ \t]*=.*(\n|\Z)", "", text)
    for name, value in values.items():
        if value is not None:
            text = f"{name} = {json.dumps(value)}\n{text}"
    if _parse(text) != wanted:
        raise BadSetting("config.toml in the config folder has this entry in a form that cannot be changed safely; change it by hand.")
    replace_file(file, text.encode())


def _is_same(entry: str, name: str) -> bool:
    """Return whether both name the same setting."""
    return variable_of(entry, ROWS) == variable_of(name, ROWS)


def _read(file: Path) -> tuple[str, dict[str, object]]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError):
        raise BadSetting("config.toml in the config folder must be readable TOML.") from None
    return text, _parse(text) or {}


def _parse(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None

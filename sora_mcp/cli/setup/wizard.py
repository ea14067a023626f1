"""From nothing to a chat that makes videos: a key, tested and kept, and a word to each client."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from pathlib import Path

from sora_mcp.cli.demo import own_command
from sora_mcp.cli.setup import clients, keys
from sora_mcp.cli.terminal import line, yes
from sora_mcp.config.rows import BadSetting
from sora_mcp.config.settings import Settings, read_key
from sora_mcp.domain import Vendor
from sora_mcp.media.optional import INSTALL, has_media_extra

TRIES = 3


def setup(settings: Settings, arguments: Namespace) -> int:
    """Asks where a person sits at a terminal; else it takes the key from standard input and prints what is to be done."""
    asked = sys.stdin.isatty()
    vendor = _vendor(settings, arguments.vendor, asked=asked)
    if vendor is not None and not _key(vendor, settings, asked=asked):
        return 1
    if vendor is None:
        print("No key: every video is a free sample clip. Run this again when you have one.")
    if not has_media_extra():
        print(f"For sample clips of your own words, posters and sheets: {INSTALL}")
    _clients(asked=asked)
    print("Then start the client anew, and ask it for a video. To check everything: sora-mcp doctor")
    return 0


def _vendor(settings: Settings, name: str | None, *, asked: bool) -> Vendor | None:
    """Whose key is to be stored; None for nobody's. BadSetting for a name that nobody has."""
    buyable = {vendor.name: vendor for vendor in settings.catalogue.vendors if vendor.keys}
    if name is None and asked:
        print("Whose key do you have?")
        for vendor in buyable.values():
            print(f"  {vendor.name:<10}  {vendor.title}{' (has a key)' if vendor.name in settings.keys else ''}")
        name = line("Vendor (empty: none, sample clips are free): ")
    if not name or not name.strip():
        return None
    if name.strip().casefold() not in buyable:
        raise BadSetting(f"VENDOR must be one of {', '.join(buyable)}.")
    return buyable[name.strip().casefold()]


def _key(vendor: Vendor, settings: Settings, *, asked: bool) -> bool:
    """Whether a key was tested as far as it can be, and kept."""
    name = vendor.keys[0]
    for _ in range(TRIES if asked else 1):
        try:
            key = read_key(name, _secret(vendor, asked=asked))
        except BadSetting as error:
            print(error)
            continue
        found = keys.tested(vendor, key, settings)
        print(f"{found.said}.")
        if found.verdict != "bad":
            print(f"{name} is kept in {keys.store(name, key)}.")
            return True
    print("No key was kept.")
    return False


def _secret(vendor: Vendor, *, asked: bool) -> str:
    """The key as it was typed, never shown."""
    if asked:
        try:
            return getpass.getpass(f"Key of {vendor.title} (it is not shown): ").strip()
        except EOFError:  # Ctrl-D
            print()
            return ""
    return sys.stdin.readline().strip()


def _clients(*, asked: bool) -> None:
    command = own_command()
    here = clients.found(Path.home())
    if not here:
        print("No chat client was found. Most of them take this block:")
        print(clients.block(clients.known(Path.home())[0], command))
    for client in here:
        _client(client, command, asked=asked)


def _client(client: clients.Client, command: list[str], *, asked: bool) -> None:
    try:
        there = None if client.shape == "command" else clients.current(client)
        if there == []:
            print(f"{client.title}: reaches this server by its address already.")
            return
        if there == command:
            print(f"{client.title}: knows this server already.")
            return
        if client.shape != "command" and asked and yes(f"{client.title}: write the server into {client.file}?"):
            copy = clients.write(client, command)
            print("Written." + (f" What was there is in {copy}" if copy else ""))
            return
    except clients.Unreadable as error:
        print(f"{client.title}: {error}, so nothing is written there.")
    except OSError as error:
        print(f"{client.title}: {client.file} cannot be written ({error.strerror}).")
    where = "type" if client.shape == "command" else f"put this into {client.file}"
    print(f"{client.title}: {where}:\n{clients.block(client, command)}")

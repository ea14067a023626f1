"""Set up a machine: store a tested key, and add the server to each chat client."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from sora_mcp.cli.program_path import own_command
from sora_mcp.cli.setup import clients, keys
from sora_mcp.cli.terminal import ask_line, confirm, show_status
from sora_mcp.cli.wrapping import print_wrapped, wrap_text
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import ADDRESSES, Settings, read_key
from sora_mcp.domain import Vendor
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.media.optional import INSTALL, has_media_extra

TRIES = 3


def setup(settings: Settings, arguments: Namespace) -> int:
    """Ask at a terminal; otherwise read the key from standard input and print what is left to do."""
    stored: list[str] = []
    try:
        return _set_up(settings, arguments, stored)
    except KeyboardInterrupt:
        print()
        print_wrapped(f"Stopped. {stored[0]} stays stored." if stored else "Stopped. No key was stored.")
        raise


def _set_up(settings: Settings, arguments: Namespace, stored: list[str]) -> int:
    """Store a key, whose variable is added to `stored`, and add the server to the clients."""
    interactive = sys.stdin.isatty()
    vendor = _choose_vendor(settings, arguments.vendor, interactive=interactive)
    address = _ask_address(vendor, interactive=interactive) if vendor is not None else ""
    if address is None and not interactive:
        return 1
    key = _ask_key(vendor, interactive=interactive) if vendor is not None and address is not None else ""
    if vendor is not None and (key or not interactive) and _store_key(vendor, key, address, settings, interactive=interactive):
        stored.append(vendor.keys[0])
    elif interactive or vendor is None:
        print_wrapped(_describe_keys(settings))
    else:
        print_wrapped("No key was stored.")
        return 1
    if not has_media_extra():
        print_wrapped(f"For sample clips as you order them, for posters and contact sheets, install the media extra: {INSTALL}")
    _add_to_clients(interactive=interactive)
    print_wrapped(f"Then restart the client and ask it for a video. To check everything: {command_line('doctor')}")
    return 0


def _describe_keys(settings: Settings) -> str:
    """Say of a run that stored no key what videos cost then."""
    if not settings.keys:
        return "No key, so every video is a free sample clip. Run setup again when you have a key."
    titles = [vendor.title for vendor in settings.catalogue.vendors if vendor.name in settings.keys]
    return f"No key was added. There is one for {', '.join(titles)}: videos are paid there."


def _ask_address(vendor: Vendor, *, interactive: bool) -> str | None:
    """Return the address to store beside the key of a vendor that has none of its own, "" where none is needed, None where none came."""
    if vendor.base_url:
        return ""
    row = ADDRESSES[vendor.name]
    for _ in range(TRIES if interactive else 0):
        if not (typed := ask_line(f"Address of {vendor.title}, such as https://gateway.example/v1 (leave empty to stop): ")):
            break
        try:
            return str(row.read(typed))
        except BadSetting as error:
            print_wrapped(str(error))
    print_wrapped(f"No key was stored: it needs {row.variable}, the address of your server, beside it.")
    return None


def _choose_vendor(settings: Settings, name: str | None, *, interactive: bool) -> Vendor | None:
    """Return the vendor whose key is to be stored, None for no key. Raise BadSetting for an unknown name."""
    buyable = {vendor.name: vendor for vendor in settings.catalogue.vendors if vendor.keys}
    if name is None and interactive:
        print_wrapped("Which vendor's key do you want to store? Keys are made on these pages:")
        for vendor in buyable.values():
            state = "has a key" if vendor.name in settings.keys else vendor.key_page or "your own /v1/videos server, with a key of its own"
            print(f"  {vendor.name:<10}  {state}")
        name = _ask_vendor(buyable, has_keys=bool(settings.keys))
    if not name or not name.strip():
        return None
    if name.strip().casefold() not in buyable:
        raise BadSetting(f"VENDOR must be one of {', '.join(buyable)}.")
    return buyable[name.strip().casefold()]


def _ask_vendor(buyable: Mapping[str, Vendor], *, has_keys: bool) -> str:
    """Return what was typed; after a wrong name, ask again a few times."""
    question = f"Vendor (leave empty {'to add no key' if has_keys else 'for free sample clips'}): "
    for _ in range(TRIES - 1):
        name = ask_line(question)
        if not name or name.casefold() in buyable:
            return name
        print_wrapped(f"There is no vendor {name[:40]!r}.")
    return ask_line(question)


def _store_key(vendor: Vendor, typed: str, address: str | None, settings: Settings, *, interactive: bool) -> bool:
    """Test a key and store it, at a terminal ask for another one where it is bad; return whether one was stored."""
    name = vendor.keys[0]
    for tries_left in reversed(range(TRIES if interactive else 1)):
        try:
            key = read_key(name, typed)
        except BadSetting as error:
            print_wrapped(str(error))
        else:
            with show_status(f"Testing the key with {vendor.title}"):
                found = keys.test_key(vendor, key, settings)
            print_wrapped(f"{found.text}.")
            if found.verdict != "bad":
                if address:
                    row = ADDRESSES[vendor.name]
                    print_wrapped(f"{row.variable} is stored in {keys.store_text(row.variable, address)}.")
                place = keys.store_key(name, key)
                plain = "" if place == keys.KEYCHAIN else ", in plain text, because no open keychain was found"
                print_wrapped(f"{name} is stored in {place}{plain}.")
                return True
        if not tries_left or not (typed := _ask_key(vendor, interactive=interactive)):
            break
    return False


def _ask_key(vendor: Vendor, *, interactive: bool) -> str:
    """Return the key as it was typed, without showing it."""
    if interactive:
        try:
            made_at = f", made at {vendor.key_page}" if vendor.key_page else ""
            return getpass.getpass(wrap_text(f"API key of {vendor.title}{made_at} (not shown; leave empty for none): ", sys.stdout)).strip()
        except EOFError:  # Ctrl-D
            print()
            return ""
    return sys.stdin.readline().strip()


def _add_to_clients(*, interactive: bool) -> None:
    command = own_command()
    home = clients.find_home()
    found = clients.find_clients(home)
    if not found:
        print_wrapped("No chat client was found. Most clients accept this entry:")
        print(clients.format_entry(clients.known_clients(home or Path())[0], command))
    for client in found:
        _add_to_client(client, command, interactive=interactive)


def _add_to_client(client: clients.Client, command: list[str], *, interactive: bool) -> None:
    try:
        current = clients.read_command(client)
        if current == []:
            print_wrapped(f"{client.title}: already connects to this server by its address.")
            return
        if current == command:
            print_wrapped(f"{client.title}: already starts this server.")
            return
        if client.is_written and interactive and confirm(f"{client.title}: add the server to {client.file}?"):
            backup = clients.write_entry(client, command)
            print_wrapped("Added." + (f" The previous file is {backup}" if backup else ""))
            return
    except clients.Unreadable as error:
        print_wrapped(f"{client.title}: {error}, so nothing was written.")
    except OSError as error:
        print_wrapped(f"{client.title}: {client.file} cannot be written ({error.strerror}).")
    where = "run" if client.shape == "command" else f"put this into {client.file}"
    print_wrapped(f"{client.title}: {where}:")
    print(clients.format_entry(client, command))

"""Say how the user gets a vendor's key, and puts it to use here."""

from __future__ import annotations

from collections.abc import Iterable

from sora_mcp.domain import Vendor
from sora_mcp.domain.terminal_command import describe_command


def describe_adding_key(vendors: Iterable[Vendor], *, what: str = "one") -> str:
    """Return the sentence on how the user adds a key of one of these vendors: of the first, where there are several; empty for none."""
    named = list({vendor.name: vendor for vendor in vendors}.values())
    if not named:
        return ""
    first, example = named[0], f", such as {named[0].title}'s" if len(named) > 1 else ""
    get = f"gets {what}{example} at {first.key_page}, " if first.key_page else ""
    return f"The user {get}runs {describe_command('setup', first.name)} and restarts the chat app."

"""Print every offer by the age of its price, and compare what is written with the vendors' own lists: `python -m scripts.prices`.

A list behind a key is fetched where the environment has that key. `--stamp` writes today's date beside each price that its list confirms.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import anyio

from sora_mcp.catalogue.catalogue import Catalogue, set_addresses
from sora_mcp.catalogue.matrix import describe_prices
from sora_mcp.cli.terminal import Column, open_console, print_table
from sora_mcp.config.settings import load
from sora_mcp.domain import Offer, Vendor
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.secret import Secret
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors import EVERY, confirmed_prices
from sora_mcp.vendors.reading import read_price_list

CONFIRMED = Path(confirmed_prices.__file__)


@dataclass(frozen=True)
class Comparison:
    """What a vendor's list says of the written prices."""

    vendor: Vendor
    source: str
    changed: tuple[tuple[str, str, str], ...] = ()
    """Offer, price as written with its day, price of the list."""
    same: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    trouble: str = ""


def main(arguments: Sequence[str] | None = None, *, environment: Mapping[str, str] = os.environ, file: Path = CONFIRMED) -> int:
    """Fetch, print, and where asked for stamp; return 1 where a list could not be read."""
    parser = argparse.ArgumentParser(prog="python -m scripts.prices", description=__doc__)
    parser.add_argument("--stamp", action="store_true", help="write today's date beside each price that its list confirms")
    parser.add_argument("--address", action="append", default=[], metavar="VENDOR=URL", help="ask this vendor there")
    given = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    vendors = set_addresses(EVERY, dict(text.split("=", 1) for text in given.address))
    settings = load(environment, today=today)
    found = anyio.run(fetch_lists, vendors, settings.keys, settings.home, today)
    ages = (Column("DAYS", right=True), Column("OFFER"), Column("CONFIDENCE"), Column("SOURCE", least=20))
    print_table(open_console(), ages, list_prices(Catalogue(), today=today))
    for comparison in found:
        print("\n".join(describe(comparison, today)))
    if given.stamp:
        stamp((model for comparison in found for model in comparison.same), today, file)
    return 1 if any(comparison.trouble for comparison in found) else 0


def list_prices(catalogue: Catalogue, *, today: date) -> list[tuple[str, ...]]:
    """Return the days since each price was checked, the offer, and its source."""
    oldest_first = sorted(filter(catalogue.needs_key, catalogue.offers), key=lambda offer: offer.checked)
    return [(str((today - offer.checked).days), offer.id, offer.confidence, offer.source) for offer in oldest_first]


async def fetch_lists(vendors: Sequence[Vendor], keys: Mapping[str, Secret], home: Path, today: date) -> list[Comparison]:
    """Return the comparison with each vendor's list of prices that whoever asks may see."""
    async with VendorClient(home, keys) as client:
        seen = [v for v in vendors if v.price_list is not None and (v.name in keys or not v.price_list.needs_key)]
        return [await _compare(vendor, client, today) for vendor in seen]


async def _compare(vendor: Vendor, client: VendorClient, today: date) -> Comparison:
    assert vendor.price_list is not None
    there = vendor.at_quote_url()
    nothing = Comparison(vendor, f"{there.base_url}{vendor.price_list.ask.path}")
    try:
        reply = await client.request(there, vendor.price_list.ask)
    except SoraError as error:
        return Comparison(vendor, nothing.source, trouble=error.message)
    if (listed := read_price_list(vendor, reply, checked=today)) is None:
        return Comparison(vendor, nothing.source, trouble=f"The answer is no list of prices (status {reply.status}).")
    pairs = [(offer, offer.written) for offer in listed[0] if offer.written is not None]
    differ = [(new, old) for new, old in pairs if new.rates != old.rates and _describe(new, today) != _describe(old, today)]
    return Comparison(
        vendor,
        nothing.source,
        changed=tuple((new.id, f"{_describe(old, today)} ({old.checked})", _describe(new, today)) for new, old in differ),
        same=tuple(new.id for new, old in pairs if (new, old) not in differ),
        gone=tuple(sorted(listed[1])),
    )


def _describe(offer: Offer, today: date) -> str:
    return describe_prices(offer.rates, today)


def describe(found: Comparison, today: date) -> list[str]:
    """Return the lines about one vendor."""
    head = f"\n{found.vendor.title}, {found.source} ({today})"
    if found.trouble:
        return [head, f"  {found.trouble}"]
    unread = len([o for o in found.vendor.offers if o.ended is None]) - len(found.changed) - len(found.same) - len(found.gone)
    return [
        head,
        *(f"  {model}: {old} -> {new}" for model, old, new in found.changed),
        *(f"  {model}: not in the list" for model in found.gone),
        f"  {len(found.same)} as written, {len(found.changed)} changed, {len(found.gone)} gone, {unread} without a price here",
    ]


def stamp(models: Iterable[str], day: date, file: Path) -> None:
    """Write the day beside each of these models in the file, whose other rows stay."""
    head, name, table = file.read_text("utf-8").partition("CONFIRMED: Mapping[str, str] = ")
    rows = {**ast.literal_eval(table), **dict.fromkeys(models, str(day))}
    lines = "".join(f'    "{model}": "{at}",\n' for model, at in sorted(rows.items()))
    file.write_text(f"{head}{name}{{\n{lines}}}\n" if rows else f"{head}{name}{{}}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())

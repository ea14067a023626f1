"""Print every offer by the age of its price, oldest first: `python -m scripts.prices`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, Choice
from sora_mcp.cli.terminal import Column, open_console, print_table


def aged(choices: Iterator[Choice], *, today: date) -> list[tuple[str, ...]]:
    """Return the days since each price was checked, the offer, and its source."""
    oldest_first = sorted(choices, key=lambda choice: choice.offer.checked)
    return [(str((today - c.offer.checked).days), c.id, c.offer.confidence, c.offer.source) for c in oldest_first if c.vendor.keys]


if __name__ == "__main__":
    columns = (Column("DAYS", right=True), Column("OFFER"), Column("CONFIDENCE"), Column("SOURCE", least=20))
    print_table(open_console(), columns, aged(Catalogue().choices(), today=date.today()))

"""Print every offer by the age of its price, oldest first: `python -m scripts.prices`."""

from __future__ import annotations

from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.cli.terminal import Column, open_console, print_table


def list_prices(catalogue: Catalogue, *, today: date) -> list[tuple[str, ...]]:
    """Return the days since each price was checked, the offer, and its source."""
    oldest_first = sorted(filter(catalogue.needs_key, catalogue.offers), key=lambda offer: offer.checked)
    return [(str((today - offer.checked).days), offer.id, offer.confidence, offer.source) for offer in oldest_first]


if __name__ == "__main__":
    columns = (Column("DAYS", right=True), Column("OFFER"), Column("CONFIDENCE"), Column("SOURCE", least=20))
    print_table(open_console(), columns, list_prices(Catalogue(), today=date.today()))

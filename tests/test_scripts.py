"""What is looked at beside the tests: how far they reach, and how old the prices are."""

from __future__ import annotations

from datetime import date
from typing import Any

from scripts.coverage import lacking
from scripts.prices import list_prices
from sora_mcp.catalogue.catalogue import Catalogue


def report(whole: float, **rooms: float) -> dict[str, Any]:
    files = {
        f"sora_mcp/{name}.py": {"summary": {"percent_covered": covered}, "missing_lines": [7], "missing_branches": [[7, 9]]}
        for name, covered in rooms.items()
    }
    return {"files": files, "totals": {"percent_covered": whole}}


def test_a_pure_room_is_covered_whole_and_all_of_it_nearly() -> None:
    assert list(lacking(report(96.0, **{"catalogue/rules": 100.0, "jobs/worker": 80.0}))) == []
    assert list(lacking(report(94.0, **{"catalogue/rules": 99.5, "jobs/worker": 80.0}))) == [
        "sora_mcp/catalogue/rules.py: 99.5 %, lines [7], branches [[7, 9]]",
        "all: 94.0 %, at least 95.0 % are due",
    ]


def test_the_oldest_price_stands_first_and_the_free_sample_nowhere() -> None:
    rows = list_prices(Catalogue(), today=date(2026, 12, 1))
    days = [int(row[0]) for row in rows]
    assert days == sorted(days, reverse=True)
    assert len(rows) == sum(1 for offer in Catalogue().offers if Catalogue().needs_key(offer))

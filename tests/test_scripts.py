"""What is looked at beside the tests: how far they reach, and how old the prices are."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest

from scripts.coverage import lacking
from scripts.prices import CONFIRMED, list_prices, main, stamp
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.vendors import aimlapi, confirmed_prices, fal
from sora_mcp.vendors.confirmed_prices import confirm_prices
from tests.played import AimlApi, Fal
from tests.played.__init__ import played
from tests.played.rig import KEY


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


def listed(slug: str, price: object) -> dict[str, Any]:
    """A row of AI/ML API's public list."""
    units = [{"name": "second", "measure": "output", "price": price, "per": 1}]
    return {"id": slug, "aliases": [], "pricing": {"kind": "fixed", "currency": "USD", "units": units}}


async def compare(folder: Path, *arguments: str) -> int:
    """Run the script for somebody with fal's key; what it stamps is a copy."""
    file = folder / "confirmed_prices.py"
    file.write_text(CONFIRMED.read_text("utf-8"), "utf-8")
    environment = {"FAL_KEY": KEY, "SORA_MCP_HOME": str(folder / "home")}
    return await anyio.to_thread.run_sync(lambda: main(arguments, environment=environment, file=file))


FAST = ("google/veo-3.1-t2v-fast", "google/veo-3.1-i2v-fast", "google/veo-3.1-first-last-image-to-video-fast")


async def test_lists_are_compared_with_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = [*(listed(slug, 0.156) for slug in FAST), listed("bytedance/seedance-2-5", 0.2)]
    unit = {"unit": "seconds", "currency": "USD"}
    paths = ("fal-ai/kling-video/v3/pro", "fal-ai/kling-video/v3/4k")
    prices = [
        {"endpoint_id": f"{path}/{task}-to-video", "unit_price": price, **unit}
        for path, price in zip(paths, (0.28, 0.42), strict=True)
        for task in ("text", "image")
    ]
    async with played(AimlApi(models=models)) as one, played(Fal(prices=prices)) as other:
        code = await compare(tmp_path, "--address", f"aimlapi={one.address}", "--address", f"fal={other.address}")
    out = capsys.readouterr().out
    assert code == 0
    assert "  aimlapi:veo-3.1-fast: $0.13/s (2026-11-20) -> $0.156/s\n" in out
    assert "  aimlapi:seedance-2.5: not stated (2026-11-20) -> $0.20/s\n" in out
    assert "  aimlapi:veo-3.1: not in the list\n" in out
    old, new = "$0.112/s (without audio); $0.168/s (with audio)", "$0.224/s (without audio); $0.336/s (with audio)"
    assert f"  fal:kling-3.0-pro: {old} (2026-11-30) -> {new}\n" in out
    assert "  1 as written, 1 changed, 0 gone, " in out
    assert (tmp_path / "confirmed_prices.py").read_text("utf-8") == CONFIRMED.read_text("utf-8"), "stamped without being asked"


async def test_a_confirmed_price_is_stamped_where_that_is_asked_for(tmp_path: Path) -> None:
    async with played(AimlApi(models=[listed(slug, 0.13) for slug in FAST])) as one, played(Fal(key="another")) as other:
        code = await compare(tmp_path, "--stamp", "--address", f"aimlapi={one.address}", "--address", f"fal={other.address}")
    stamped = runpy.run_path(str(tmp_path / "confirmed_prices.py"))["CONFIRMED"]
    assert (code, list(stamped)) == (1, ["aimlapi:veo-3.1-fast"])
    assert date.fromisoformat(stamped["aimlapi:veo-3.1-fast"]) > date(2026, 11, 20)


def test_a_stamp_keeps_the_others_and_counts_where_it_is_the_later_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "confirmed_prices.py"
    file.write_text(CONFIRMED.read_text("utf-8"), "utf-8")
    stamp(["fal:veo-3.1", "fal:kling-3.0-4k"], date(2026, 12, 1), file)
    stamp(["fal:veo-3.1"], date(2027, 1, 2), file)
    made = runpy.run_path(str(file))
    assert made["CONFIRMED"] == {"fal:kling-3.0-4k": "2026-12-01", "fal:veo-3.1": "2027-01-02"}
    monkeypatch.setattr(confirmed_prices, "CONFIRMED", made["CONFIRMED"])
    days = {offer.id: offer.checked for offer in confirm_prices(fal.VENDOR).offers}
    assert (days["fal:veo-3.1"], days["fal:kling-3.0-4k"]) == (date(2027, 1, 2), date(2026, 12, 1))
    newer = replace(fal.VENDOR, offers=tuple(replace(offer, checked=date(2028, 1, 1)) for offer in fal.VENDOR.offers))
    assert {offer.checked for offer in confirm_prices(newer).offers} == {date(2028, 1, 1)}
    assert confirm_prices(aimlapi.VENDOR) is aimlapi.VENDOR

"""One wish is one purchase: also when prices, lists or models moved between two calls that say the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import anyio
import pytest
from PIL import Image

from sora_mcp.domain import Job
from sora_mcp.domain.errors import RequestIdConflict, SoraError, StorageError
from sora_mcp.domain.money import usd
from sora_mcp.jobs import service
from sora_mcp.jobs.service import VideoRequest
from sora_mcp.server.tools.create_video import format_result
from tests.each import each
from tests.played import Cdn, Fal, Muvi, OpenRouter, played
from tests.played.openrouter import LIST
from tests.played.rig import NOON, PROMPT, Rig, opened, rig, settled
from tests.waiting import patience

VEO = "openrouter:veo-3.1-fast"
DEARER = '["muvi:sora-2-pro"]\nper_second = "5.00"\n'


async def test_an_identical_request_is_the_same_job_although_another_model_is_the_cheapest_now(tmp_path: Path) -> None:
    fal, router = Fal(), OpenRouter(listed=False)
    async with played(fal) as one, played(router) as other, played(Cdn(fal.clip)) as cdn:
        fal.cdn = router.cdn = cdn.address
        settings = settled(tmp_path, {"fal": one.address, "openrouter": other.address}, (one.host, other.host, cdn.host))
        wish = VideoRequest(PROMPT, "veo-3.1-fast", seconds=4)
        async with opened(settings) as service:
            first = await service.create(wish, principal="local")
            await service.store.vendor_lists.save("openrouter", LIST)
            service.availability.forget()
            again = await service.create(wish, principal="local")
            varied = await service.create(replace(wish, options={"variation": 2}), principal="local")
        models = [job.model.partition(":")[0] for job in (first, again, varied)]
        assert (models, again.id == first.id, again.deduplicated) == (["fal", "fal", "openrouter"], True, True)


def dearer(at: Rig) -> None:
    """The user's price file names another price."""
    at.service.availability.written = settled(at.folder, {"muvi": at.wire.address}, (at.wire.host,), prices=DEARER).catalogue


def keyless(at: Rig) -> None:
    """The key was taken out of the settings."""
    at.service.availability.written = replace(at.service.availability.written, keyed=frozenset[str]())


def unwritable(at: Rig) -> None:
    """Where finished files belong, there is a file now."""
    (at.folder / "file").write_text("no folder", "utf-8")
    at.service.settings = replace(at.settings, output_dir=at.folder / "file")


MOVED: dict[str, Callable[[Rig], None]] = {"a dearer price": dearer, "no key": keyless, "no folder": unwritable}


@each("moved", MOVED, at_once=8)
async def test_what_could_not_be_bought_now_is_still_the_job_that_it_was_bought_as(moved: str, tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        asked = VideoRequest(PROMPT, "muvi:sora-2-pro", seconds=4, max_usd=usd("1.50"))
        both = (asked, replace(asked, prompt="By id", request_id="r1"))
        firsts = [await at.service.create(one, principal="local") for one in both]
        MOVED[moved](at)
        at.service.availability.forget()
        with pytest.raises(SoraError):
            await at.service.create(replace(asked, prompt="Another boat"), principal="local")
        agains = [await at.service.create(one, principal="local") for one in both]
        assert [(again.id, again.deduplicated, again.day_left) for again in agains] == [
            (one.id, True, firsts[1].day_left) for one in firsts
        ]


async def test_a_store_that_broke_while_it_wrote_is_not_called_one_that_wrote_nothing(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        torn, away = StorageError("It broke.", charged="unknown"), StorageError("It is away.")
        broken: Any = SimpleNamespace(reserve=AsyncMock(side_effect=torn), find=AsyncMock(side_effect=away))
        at.service.store.reservations = broken
        with pytest.raises(StorageError) as refused:
            await at.create(seconds=4)
        assert (refused.value.message, refused.value.charged) == ("It broke.", "unknown")


async def test_an_output_folder_that_hangs_holds_up_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig(Muvi(), tmp_path) as at:
        hangs, ensure_folder = threading.Event(), service.ensure_folder
        monkeypatch.setattr(service, "ensure_folder", lambda folder: hangs.wait(30) and ensure_folder(folder))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(at.create)
            with patience("the store to answer meanwhile"):
                assert (await at.service.budget()).day_spent == 0
                await at.service.store.vendor_lists.save("openrouter", {"data": []})
            hangs.set()
        assert len((await at.service.jobs(principal="local")).jobs) == 1


async def test_a_model_that_left_its_list_is_still_the_same_request(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        first = await at.create(VEO, seconds=4, request_id="r1")
        await at.service.store.vendor_lists.save("openrouter", {"data": []})
        at.service.availability.forget()
        again = await at.create(VEO, seconds=4, request_id="r1")
        assert (at.service.catalogue.has_name(VEO), again.id, again.deduplicated) == (False, first.id, True)


async def test_a_request_id_is_for_the_very_same_order_also_where_another_could_not_be_bought(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        first = await at.create(size="landscape", seconds=4, request_id="r1")
        again = await at.create(size=first.size, seconds=4, request_id="r1")
        assert (again.id, again.deduplicated) == (first.id, True)
        with pytest.raises(RequestIdConflict) as refused:
            await at.create(seconds=5000, request_id="r1")
        assert (refused.value.job_id, refused.value.fixes) == (first.id, ())


async def test_any_other_word_is_another_request(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        asked = VideoRequest(PROMPT, "muvi:sora-2-pro", size="1280x720", seconds=4)
        first = await at.service.create(asked, principal="local")
        changes: list[dict[str, Any]] = [{"prompt": "Another"}, {"seconds": 8}, {"image": "https://example.com/a.png"}]
        for change in (*changes, {"options": {"variation": 2}}, {"model": "muvi:sora-2"}):
            other = await at.service.create(replace(asked, **change), principal="local")
            again = await at.service.create(asked, principal="local")
            assert (other.deduplicated, other.id == first.id, again.id) == (False, False, first.id), change


async def test_a_picture_counts_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path, IMAGE_DIRS=str(tmp_path / "in")) as at:
        wish: dict[str, Any] = {"image": str(tmp_path / "in/a.png"), "size": "1280x720", "seconds": 4}
        (tmp_path / "in").mkdir()
        made = list[Job]()
        for shade in ("red", "blue", "red"):
            Image.new("RGB", (1280, 720), shade).save(tmp_path / "in/a.png")
            made.append(await at.create("sample:sample", **wish))
        assert [job.id == made[0].id for job in made] == [True, False, True]


async def test_a_repeat_after_ten_minutes_is_bought_and_says_what_was_made_before(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(Muvi(), tmp_path, clock=lambda: now[0]) as at:
        first = await at.create(seconds=4)
        await at.until(first.id, "completed", "failed")
        now[0] += 3600
        again = await at.create(seconds=4)
        other = await at.create(seconds=8)
        note = f"The same was bought before: {first.id}, on 2026-11-20 at 12:00, for $1.20."
        assert (again.id != first.id, again.deduplicated, again.warnings.count(note)) == (True, False, 1)
        assert not any("bought before" in warning for warning in other.warnings)
        assert note in describe(again) and note in str((format_result(again, now=now[0]).structured_content or {})["warnings"])
        assert note not in (await at.job(again.id)).warnings


def describe(job: Job) -> str:
    """The message of a start."""
    return str((format_result(job, now=NOON).structured_content or {})["message"])

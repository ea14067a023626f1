"""What is offered while a person types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcp import Client
from mcp.types import PromptReference, ResourceTemplateReference

from sora_mcp.domain.errors import StorageError
from sora_mcp.store.records import Page
from tests.nouns import a_job

from .conftest import Era
from .counter import PlayedService, a_server

JOB = ResourceTemplateReference(type="ref/resource", uri="sora://videos/{job_id}")
VENDOR = ResourceTemplateReference(type="ref/resource", uri="sora://vendors/{vendor}")
PROMPT = PromptReference(type="ref/prompt", name="storyboard")


async def offered(
    name: str,
    typed: str,
    *,
    ref: Any = PROMPT,
    era: Era = "auto",
    service: PlayedService | None = None,
    before: dict[str, str] | None = None,
) -> list[str]:
    async with Client(a_server(service or PlayedService()), mode=era) as client:
        found = await client.complete(ref, {"name": name, "value": typed}, context_arguments=before)
    return found.completion.values


async def test_models_that_begin_so_come_before_those_that_contain_it(era: Era) -> None:
    inside = await offered("model", "SORA-2-pro", era=era)
    assert inside == ["muvi:sora-2-pro", "mulerun:sora-2-pro", "aimlapi:sora-2-pro", "pixazo:sora-2-pro"]
    assert (await offered("model", "muvi:", era=era))[0] == "muvi:sora-2-pro"


async def test_sizes_and_lengths_are_those_of_the_model_that_was_named(era: Era) -> None:
    assert await offered("size", "", era=era, before={"model": "muvi:sora-2"}) == ["1280x720", "720x1280"]
    assert await offered("seconds", "", era=era, before={"model": "muvi:sora-2"}) == ["4", "8", "12"]


async def test_without_a_model_every_size_is_offered_once() -> None:
    sizes = await offered("size", "1280")
    assert sizes == ["1280x720", "720x1280"]


async def test_vendors_and_jobs_complete_the_addresses(era: Era) -> None:
    assert await offered("vendor", "m", ref=VENDOR, era=era) == ["muvi", "mulerun", "minimax", "sample", "aimlapi", "compatible"]
    assert await offered("job_id", "v_01", ref=JOB, era=era, service=PlayedService({"v_0123456789": a_job()})) == ["v_0123456789"]


async def test_of_more_jobs_than_one_answer_holds_it_says_that_there_are_more(era: Era) -> None:
    ids = [f"v_{number:010d}" for number in range(105)]
    service = PlayedService(pages={None: Page(tuple(replace(a_job(), id=each) for each in ids[:100]), "next")})
    async with Client(a_server(service), mode=era) as client:
        found = (await client.complete(JOB, {"name": "job_id", "value": "v_"})).completion
    assert (found.values, found.has_more, found.total, service.asked[0]["limit"]) == (ids[:100], True, None, 100)


async def test_all_that_there_are_is_said_with_their_number(era: Era) -> None:
    async with Client(a_server(PlayedService({"v_0123456789": a_job()})), mode=era) as client:
        found = (await client.complete(JOB, {"name": "job_id", "value": "v_"})).completion
    assert (found.has_more, found.total) == (False, 1)


async def test_a_store_that_is_away_offers_nothing() -> None:
    class Away(PlayedService):
        async def jobs(self, **wanted: Any) -> Any:
            raise StorageError("The disk is gone.")

    assert await offered("job_id", "", ref=JOB, service=Away()) == []


async def test_an_argument_that_nobody_knows_is_offered_nothing() -> None:
    assert await offered("mood", "") == []

"""What is offered while a person types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcp import Client
from mcp.types import PromptReference, ResourceTemplateReference

from sora_mcp.domain.errors import StorageError
from sora_mcp.store.records import Page
from tests.each import each
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


OFFERED: dict[str, tuple[Any, str, str, dict[str, str] | None, list[str]]] = {
    "models that contain it": (
        PROMPT,
        "model",
        "SORA-2-pro",
        None,
        ["muvi:sora-2-pro", "mulerun:sora-2-pro", "aimlapi:sora-2-pro", "pixazo:sora-2-pro"],
    ),
    "models that begin so, first": (PROMPT, "model", "muvi:", None, ["muvi:sora-2-pro"]),
    "sizes of the named model": (PROMPT, "size", "", {"model": "muvi:sora-2"}, ["1280x720", "720x1280"]),
    "lengths of the named model": (PROMPT, "seconds", "", {"model": "muvi:sora-2"}, ["4", "8", "12"]),
    "without a model every size once": (PROMPT, "size", "1280", None, ["1280x720", "720x1280"]),
    "vendors": (VENDOR, "vendor", "m", None, ["muvi", "mulerun", "minimax", "sample", "aimlapi", "compatible"]),
    "jobs": (JOB, "job_id", "v_01", None, ["v_0123456789"]),
    "an argument that nobody knows": (PROMPT, "mood", "", None, []),
}
"""Of what, which argument, what is typed, what was said before, and what is offered."""


@each("what", OFFERED)
async def test_what_fits_is_offered_in_its_order(what: str, era: Era) -> None:
    ref, name, typed, before, values = OFFERED[what]
    found = await offered(name, typed, ref=ref, era=era, service=PlayedService({"v_0123456789": a_job()}), before=before)
    assert (found[:1] if typed == "muvi:" else found) == values


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

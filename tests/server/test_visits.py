"""What ended while nobody was there is said once, with the first list of the next chat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mcp import Client

from sora_mcp.domain import Job, JobError
from sora_mcp.server.context import name_chat
from sora_mcp.server.finished_meanwhile import IDLE_S, Visits
from sora_mcp.server.news_text import describe_news
from sora_mcp.store import Store
from tests.each import each
from tests.nouns import a_job
from tests.stored import place_empty_store

from .conftest import Era
from .counter import FILE, PlayedService, a_done_job, a_server

HERE = ("local", "")


async def ask(service: PlayedService, era: Era, *calls: str) -> list[str]:
    """Return the message of each answer in one chat."""
    async with Client(a_server(service), mode=era) as client:
        return [((await client.call_tool(name, {})).structured_content or {})["message"] for name in calls]


DONE = replace(a_done_job(), id="v_0123456789")
FAILED = replace(
    a_job(),
    id="v_aaaaaaaaaa",
    state="failed",
    charged="no",
    error=JobError("content_refused", "Muvi refuses this content.", "no", "No cats."),
)
NEWS = (
    "\nFinished since the last chat:\n"
    '"A paper boat drifts down a rainy street" (v_aaaaaaaaaa) failed, not charged: Muvi refuses this content and says: "No cats"'
)


async def test_the_first_list_of_a_chat_says_what_ended_and_no_later_one(era: Era) -> None:
    service = PlayedService({DONE.id: DONE})
    service.store.news.ended = (DONE, FAILED)
    first, second = await ask(service, era, "list_videos", "list_videos")
    assert first == second + NEWS, "the list comes first, and shows the other one"
    assert second.startswith("1 video")


async def test_the_status_without_an_id_says_it_of_what_it_does_not_show(era: Era) -> None:
    service = PlayedService({DONE.id: DONE})
    service.store.news.ended = (DONE, FAILED)
    (message,) = await ask(service, era, "get_video_status")
    assert message.startswith("Done in 84 s: ")
    assert message.endswith(NEWS)


@each("job", [DONE, FAILED, replace(DONE, artifact=None, deleted_at=DONE.updated_at, kept_days=30)])
def test_each_is_named_by_its_prompt_and_how_it_ended(job: Job) -> None:
    (line,) = describe_news([job]).splitlines()[1:]
    ends = {DONE.id: "is done, about $0.40: " + (FILE.path if job.artifact else "its file was deleted on 2026-11-20, after 30 days")}
    assert line.startswith(f'"A paper boat drifts down a rainy street" ({job.id}) {ends.get(job.id, "failed, not charged: ")}')


@each(("count", "last"), [(1, "v_0"), (3, "v_2"), (5, "and 2 more (list_videos)")])
def test_few_are_named(count: int, last: str) -> None:
    *_, line = describe_news([replace(FAILED, id=f"v_{number}") for number in range(count)]).splitlines()
    assert last in line


def test_the_longest_news_is_short() -> None:
    error = JobError("content_refused", "Muvi refuses this content.", "no", "x" * 500)
    news = describe_news([replace(FAILED, prompt="y" * 4000, error=error)] * 30)
    assert len(news.encode()) / 3.6 <= 250


class Now:
    """A service over a real store, whose clock the test sets."""

    def __init__(self, folder: Path) -> None:
        self.at = 1000.0
        self.store = Store(place_empty_store(folder), folder, clock=lambda: self.at)

    def clock(self) -> float:
        return self.at

    def end(self, job_id: str, *, made: float, at: float) -> Job:
        job = replace(a_job(), id=job_id, state="completed", created_at=made, updated_at=at, finished_at=at)
        self.store.jobs.add_edit.sync(job, job_id * 6)
        return job


async def hear(service: Now, visits: Any, at: float) -> str:
    """Return the ids of which a list would tell then."""
    service.at = at
    visits.enter(HERE, at)
    return " ".join(job.id for job in await visits.find_news(service, HERE))


async def test_the_last_that_ended_is_told_first(tmp_path: Path) -> None:
    service = Now(tmp_path)
    service.end("v_a", made=900, at=990)
    service.end("v_b", made=910, at=950)
    assert await hear(service, Visits(), 1000) == "v_a v_b"


async def test_a_clip_is_news_until_it_was_told_in_any_chat(tmp_path: Path) -> None:
    service = Now(tmp_path)
    service.end("v_a", made=900, at=950)
    assert await hear(service, Visits(), 1000) == "v_a"
    assert await hear(service, Visits(), 2000) == ""
    visits = Visits()
    visits.enter(HERE, 2100)
    own = service.end("v_b", made=2110, at=2120)
    service.end("v_c", made=2050, at=2120)
    assert await hear(service, visits, 2130) == "v_c", "a clip of this chat is no news in it"
    service.end("v_d", made=2140, at=2150)
    assert await hear(service, visits, 2160) == ""
    assert await hear(service, visits, 2160 + IDLE_S + 1) == "v_d", "a long pause is another chat"
    assert own.finished_at
    service.store.close()


async def test_what_a_status_showed_is_no_news_later(tmp_path: Path) -> None:
    service = Now(tmp_path)
    visits: Any = Visits()
    visits.enter(HERE, 1000)
    await visits.note_shown(service, HERE, [service.end("v_a", made=1000, at=1010)])
    assert await hear(service, Visits(), 2000) == ""
    await service.store.news.set_heard_until("local", 5.0)
    assert await service.store.news.get_heard_until("local") == 2000, "what was told stays told"
    assert await service.store.news.get_heard_until("anna") == 0
    service.store.close()


async def test_all_that_ended_in_a_chat_is_unshown_until_one_was_shown(tmp_path: Path) -> None:
    service = Now(tmp_path)
    visits: Any = Visits()
    service.end("v_a", made=900, at=950)
    visits.enter(HERE, 1000)
    service.end("v_b", made=1001, at=1010)
    last = service.end("v_c", made=1002, at=1012)
    service.at = 1020
    assert await visits.find_unshown(service, HERE) == ["v_c", "v_b"]
    await visits.note_shown(service, HERE, [last])
    assert await visits.find_unshown(service, HERE) == []
    assert await visits.find_unshown(service, ("anna", "")) == []
    service.store.close()


async def test_a_clip_that_ends_while_the_news_is_read_is_news_next_time(tmp_path: Path) -> None:
    service = Now(tmp_path)
    found = service.store.news.find_ended

    async def find_late(*args: Any, **kwargs: Any) -> Any:
        result = await found(*args, **kwargs)
        service.end("v_a", made=900, at=1000.5)
        service.at = 1001
        return result

    service.store.news.find_ended = find_late  # type: ignore[method-assign]
    assert await hear(service, Visits(), 1000) == ""
    service.store.news.find_ended = found
    assert await hear(service, Visits(), 2000) == "v_a"
    service.store.close()


def test_an_id_that_a_client_makes_up_is_no_session() -> None:
    def ask_from(version: str) -> Any:
        request = SimpleNamespace(headers={"mcp-session-id": "made up"})
        return SimpleNamespace(request_context=SimpleNamespace(request=request, protocol_version=version))

    assert [name_chat(ask_from(version)) for version in ("2025-11-25", "2026-07-28")] == [("local", "made up"), HERE]


async def test_another_session_over_http_is_another_chat(tmp_path: Path) -> None:
    service = Now(tmp_path)
    visits: Any = Visits()
    visits.enter(("local", "one"), 1000)
    service.end("v_a", made=1000, at=1010)
    service.at = 1020
    visits.enter(("local", "two"), 1020)
    assert [job.id for job in await visits.find_news(service, ("local", "two"))] == ["v_a"]
    assert await visits.find_news(service, ("local", "one")) == ()
    service.store.close()

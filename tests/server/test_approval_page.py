"""A yes on a page in the user's browser, for clients that show no forms. Over real sockets, in both eras of the protocol."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.types import (
    CallToolResult,
    ElicitRequestURLParams,
    ElicitResult,
    ErrorData,
)

from sora_mcp.domain import Image
from sora_mcp.domain.errors import Refused
from sora_mcp.server import elicitation
from sora_mcp.server.approval_question import Question
from sora_mcp.server.loopback_pages import MOST_PAGES, Pages
from sora_mcp.server.transports.pages_html import render_question
from tests.each import each
from tests.played.rig import leaks, picture
from tests.waiting import PATIENCE_S

from .conftest import Era
from .forms import CLIP, YES, Person, Shop, buy, code, quote_of, shop

HOSTILE = 'A boat\n</p><script>alert(1)</script><button name="answer" value="yes">Free</button>\u202e'
OTHERS = ("http://127.0.0.1:1", "http://localhost:{port}", "https://127.0.0.1:{port}", "http://evil.example", "null", "", None)


@dataclass
class Browser:
    """Keeps the addresses that were opened."""

    works: bool = True
    addresses: list[str] = field(default_factory=list[str])

    def __call__(self, address: str) -> bool:
        self.addresses.append(address)
        return self.works


@dataclass
class Scene:
    """A shop, its pages and a client without forms."""

    shop: Shop
    browser: Browser
    client: Client

    @property
    def address(self) -> str:
        return self.browser.addresses[-1]

    async def ask(self, **changes: Any) -> str:
        """The quote of a call for which the user has to be asked."""
        return quote_of(await buy(self.client, **changes))

    async def status(self, quote: str, wait: float = 0) -> CallToolResult:
        return await self.client.call_tool("get_video_status", {"job_id": quote, "wait_seconds": wait})


@asynccontextmanager
async def scene(folder: Path, era: Era = "auto", *, works: bool = True, settle_s: float = 0.0, **env: str) -> AsyncGenerator[Scene]:
    browser = Browser(works)
    async with shop(folder, Pages(browser, settle_s=settle_s), **env) as at, Client(at.server, mode=era) as client:
        yield Scene(at, browser, client)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


@pytest.fixture
async def visiting() -> AsyncGenerator[httpx2.AsyncClient]:
    async with visitor() as opened:
        yield opened


@pytest.fixture
async def led(tmp_path: Path) -> AsyncGenerator[Shop]:
    """A shop that leads clients to its pages."""
    async with shop(tmp_path, Pages(settle_s=0.0)) as opened:
        yield opened


def visitor() -> httpx2.AsyncClient:
    """A browser: it keeps cookies."""
    return httpx2.AsyncClient(timeout=PATIENCE_S, verify=False)


def read_word(page: httpx2.Response) -> str:
    found = re.search(r'name="word" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def answer(visiting: httpx2.AsyncClient, address: str, said: str, word: str = "", **headers: str) -> httpx2.Response:
    """The form, sent as a browser does."""
    origin = re.sub(r"(://[^/]+)/.*", r"\1", address)
    return await visiting.post(address, data={"word": word, "answer": said}, headers={"Origin": origin, **headers})


async def say(address: str, said: str) -> httpx2.Response:
    """One visit with this answer."""
    async with visitor() as visiting:
        page = await visiting.get(address)
        return await answer(visiting, address, said, read_word(page))


async def approved(at: Scene, quote: str) -> bool:
    return (await at.shop.rig.service.store.approvals.get(quote)).approved_at is not None


async def test_a_yes_on_the_page_lets_the_same_call_buy_once(era: Era, tmp_path: Path) -> None:
    async with scene(tmp_path, era) as at:
        quote = await at.ask()
        said = await say(at.address, "yes")
        assert (said.status_code, "Approved: $0.40" in said.text) == (200, True)
        told = (await at.status(quote)).structured_content or {}
        assert told["message"] == f'The user approved $0.40. Next: create_video with the same arguments and quote="{quote}".'
        bought = await buy(at.client, quote=quote)
        assert (code(bought), len(await at.shop.jobs()), len(at.browser.addresses)) == ("submitting", 1, 1)
        followed = (await at.status(quote)).structured_content or {}
        assert followed["job_id"] == (bought.structured_content or {})["job_id"]


async def test_the_model_learns_that_the_user_was_asked_and_never_the_address(era: Era, tmp_path: Path) -> None:
    async with scene(tmp_path, era) as at:
        first, again = await buy(at.client), await buy(at.client)
        quote, waiting = quote_of(first), await at.status(quote_of(first))
        assert [code(first), code(again)] == ["needs_confirmation"] * 2
        texts = [str(result.structured_content) for result in (first, again, waiting)]
        assert "A confirmation page was opened in their browser (or in a terminal" in texts[0]
        assert "The confirmation page is still open in their browser" in texts[1]
        assert f'get_video_status("{quote}")' in texts[0] and "has not answered yet" in texts[2]
        secret = at.address.rpartition("/")[2]
        assert len(at.browser.addresses) == 1
        assert [text for text in texts if secret in text or "127.0.0.1" in text] == []
        assert [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []
        assert leaks(tmp_path) == []


async def test_where_only_a_page_counts_a_client_is_shown_no_form(era: Era, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elicitation, "LINK_WAIT_S", 0.05)
    browser, person = Browser(), Person(YES)
    async with shop(tmp_path, Pages(browser, settle_s=0.0), YES="page") as at, Client(at.server, mode=era) as client:
        quote = quote_of(await buy(client))
        await at.rig.service.store.approvals.approve(quote)
        assert code(await buy(client)) == "needs_confirmation"
        assert (await say(browser.addresses[-1], "yes")).status_code == 200
        assert code(await buy(client)) == "submitting"
    (tmp_path / "forms").mkdir()
    async with shop(tmp_path / "forms", Pages(browser, settle_s=0.0), YES="page") as at, at.client(person, era) as client:
        refused = await buy(client)
        assert [type(params) for params in person.seen] == [ElicitRequestURLParams]
        assert (code(refused), await at.jobs()) == ("needs_confirmation", [])
        assert "in a terminal" not in str(refused.structured_content)


async def test_where_only_a_page_counts_and_none_can_be_opened_the_refusal_says_so(tmp_path: Path) -> None:
    async with shop(tmp_path, None, YES="page") as at, at.client(YES, "auto") as client:
        refused = await buy(client)
        assert (code(refused), await at.jobs()) == ("needs_confirmation", [])
        assert "Their approval counts on a page only (SORA_MCP_YES=page), and none can be opened for them here" in str(
            refused.structured_content
        )


async def test_a_no_on_the_page_holds_without_another_page(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        quote = await at.ask()
        assert "Nothing is sent and nothing is charged." in (await say(at.address, "no")).text
        told = await at.status(quote)
        assert (code(told), "The user declined." in str(told.structured_content)) == ("declined", True)
        assert [code(await buy(at.client)), code(await buy(at.client, quote=quote))] == ["declined"] * 2
        assert (len(at.browser.addresses), await at.shop.jobs()) == (1, [])


async def test_the_call_that_waits_hears_the_answer(at: Scene) -> None:
    async with anyio.create_task_group() as tasks:
        quote = await at.ask()
        tasks.start_soon(say, at.address, "yes")
        assert "The user approved" in str((await at.status(quote, 50)).structured_content)


async def test_a_page_shows_all_that_is_bought_and_runs_nothing(at: Scene) -> None:
    await at.ask(prompt=HOSTILE, image="https://pictures.example/boat.png?d=SECRET")
    async with visitor() as visiting:
        page = await visiting.get(at.address)
    text = unescape(page.text)
    assert "<script" not in page.text and page.text.count("<button") == 2 and "\u202e" not in text
    assert "A boat\n</p><script>" in text and "Muvi fetches it from pictures.example: https://pictures.example/boat.png?d=SECRET" in text
    price = "<strong>$0.40</strong> ($0.10/s x 4 s, as its page said on 2026-11-20)"
    shown = ("muvi:sora-2", "1280x720", price, "https://", "$1,000.00 of $1,000.00")
    assert [fact for fact in (*shown, "Sound", "Yes, buy it for $0.40") if fact not in text] == []
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "same-origin")
    assert {"HttpOnly", "SameSite=strict"} <= set(page.headers["set-cookie"].split("; "))


def test_the_page_shows_the_very_picture_that_is_sent_and_the_whole_prompt() -> None:
    question = Question(
        "q_1", (("Size", "2x2"),), "y" * 30_000, 400_000, "$1.00", "counts", 0.0, 0.0, 0.0, pictures=(("Last frame", Image(picture(2, 2))),)
    )
    page = render_question(question, "word")
    assert f'<img src="{picture(2, 2)}" alt="Last frame that is sent">' in page and "y" * 30_000 in page
    assert "<img" not in render_question(replace(question, pictures=(("Last frame", Image("https://pictures.example/boat.png")),)), "word")


async def test_only_the_page_itself_can_say_yes(at: Scene, visiting: httpx2.AsyncClient) -> None:
    async with visitor() as stranger:
        quote = await at.ask()
        port = httpx2.URL(at.address).port
        word = read_word(await visiting.get(at.address))
        tries = [
            *[await answer(visiting, at.address, "yes", word, Origin=text.format(port=port)) for text in OTHERS if text is not None],
            await visiting.post(at.address, data={"word": word, "answer": "yes"}),
            await answer(visiting, at.address, "yes", word, **{"Sec-Fetch-Site": "cross-site"}),
            await answer(visiting, at.address, "yes", word, **{"Sec-Fetch-Site": "same-site"}),
            await answer(stranger, at.address, "yes", word),
            await answer(visiting, at.address, "yes", "forged"),
            await answer(visiting, at.address, "yes", ""),
            await answer(visiting, at.address, "perhaps", word),
        ]
        assert [found.status_code for found in tries] == [403] * len(tries)
        hosts = [await visiting.get(at.address, headers={"Host": host}) for host in (f"localhost:{port}", "evil.example", "127.0.0.1")]
        assert [found.status_code for found in hosts] == [421] * 3
        forged = [await visiting.get(f"http://127.0.0.1:{port}/{path}") for path in ("", "favicon.ico", "A" * 43, "%ff")]
        assert [found.status_code for found in forged] == [404] * 4
        others = [await visiting.request(method, at.address) for method in ("HEAD", "PUT", "OPTIONS")]
        assert [found.status_code for found in others] == [405] * 3
        assert not await approved(at, quote)
        assert (await answer(visiting, at.address, "yes", word)).status_code == 200
        assert await approved(at, quote)


async def test_looking_says_nothing_and_looking_ahead_uses_nothing_up(at: Scene, visiting: httpx2.AsyncClient) -> None:
    quote = await at.ask()
    ahead = [await visiting.get(at.address, headers=headers) for headers in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"})]
    assert [found.status_code for found in ahead] == [503, 503]
    seen = [await visiting.get(f"{at.address}?answer=yes"), await visiting.get(at.address)]
    assert [found.status_code for found in seen] == [200, 200]
    assert not await approved(at, quote)


async def test_a_second_answer_changes_nothing(at: Scene, visiting: httpx2.AsyncClient) -> None:
    quote = await at.ask()
    word = read_word(await visiting.get(at.address))
    said = [await answer(visiting, at.address, text, word) for text in ("yes", "no", "yes")]
    assert [found.status_code for found in said] == [200, 409, 409]
    assert await approved(at, quote)
    assert code(await buy(at.client)) == "submitting"
    assert "Approved" in (await visiting.get(at.address)).text


async def test_an_address_that_two_have_seen_buys_nothing(at: Scene) -> None:
    async with visitor() as thief, visitor() as person:
        quote = await at.ask()
        word = read_word(await thief.get(at.address))
        assert (await answer(thief, at.address, "yes", word)).status_code == 200
        assert await approved(at, quote)
        late = await person.get(at.address)
        assert (late.status_code, "opened before, and not from here" in late.text) == (410, True)
        assert (await answer(thief, at.address, "yes", word)).status_code == 410
        assert code(await buy(at.client)) == "needs_confirmation"
        assert (await at.shop.jobs(), len(at.browser.addresses)) == ([], 2)


async def test_an_answer_waits_until_the_address_has_had_time_to_show_twice(tmp_path: Path) -> None:
    async with scene(tmp_path, settle_s=2.0) as at, visitor() as thief, visitor() as person, anyio.create_task_group() as tasks:
        quote = await at.ask()
        word = read_word(await thief.get(at.address))
        tasks.start_soon(answer, thief, at.address, "yes", word)
        await anyio.sleep(0.05)
        assert (await person.get(at.address)).status_code == 410
        assert not await approved(at, quote)


async def test_a_yes_after_the_quote_has_ended_is_too_late(at: Scene, visiting: httpx2.AsyncClient) -> None:
    quote = await at.ask()
    word = read_word(await visiting.get(at.address))
    at.shop.clock.at += 901
    said = await answer(visiting, at.address, "yes", word)
    assert (said.status_code, "has expired" in said.text) == (409, True)
    assert not await approved(at, quote)
    told = await at.status(quote)
    assert (code(told), "ended without an answer" in str(told.structured_content)) == ("declined", True)
    assert code(await buy(at.client)) == "needs_confirmation"
    assert len(at.browser.addresses) == 2


async def test_the_page_ends_with_the_server(tmp_path: Path, visiting: httpx2.AsyncClient) -> None:
    async with scene(tmp_path) as at:
        await at.ask()
    with pytest.raises(httpx2.ConnectError):
        await visiting.get(at.address)


async def test_where_no_browser_opens_the_terminal_is_the_way(tmp_path: Path) -> None:
    async with scene(tmp_path, works=False) as at, visitor() as visiting:
        refused = await buy(at.client)
        assert "The user runs `sora-mcp approve q_" in str(refused.structured_content)
        with pytest.raises(httpx2.ConnectError):
            await visiting.get(at.address)


async def test_a_model_cannot_cover_the_screen_with_pages(at: Scene) -> None:
    texts = [str((await buy(at.client, prompt=f"boat {n}")).structured_content) for n in range(MOST_PAGES + 1)]
    assert ["page was opened" in text for text in texts] == [True] * MOST_PAGES + [False]
    await say(at.browser.addresses[0], "no")
    assert "page was opened" in str((await buy(at.client, prompt="one more")).structured_content)


async def test_an_estimate_says_that_the_user_will_be_asked(at: Scene) -> None:
    found = await at.client.call_tool("estimate_cost", {"model": CLIP["model"], "seconds": CLIP["seconds"]})
    assert "user will be asked to approve it." in str(found.structured_content)
    assert at.browser.addresses == []


async def test_one_page_asks_about_a_plan_and_its_yes_covers_each_clip(at: Scene) -> None:
    terms = {"model": CLIP["model"], "seconds": CLIP["seconds"], "clips": 3}
    quote = ((await at.client.call_tool("estimate_cost", terms)).structured_content or {})["quote"]
    assert await at.ask(quote=quote) == await at.ask(quote=quote, prompt="Another boat") == quote
    assert "Approved: $1.20" in (await say(at.address, "yes")).text
    assert "approved $1.20. Next: create_video for each of the 3 clips" in str((await at.status(quote)).structured_content)
    bought = [await buy(at.client, quote=quote, prompt=prompt) for prompt in ("A boat", "Another boat")]
    assert ([code(one) for one in bought], len(at.browser.addresses)) == (["submitting"] * 2, 1)


async def test_a_quote_of_another_user_is_not_reported(at: Scene) -> None:
    quote = await at.ask()
    with pytest.raises(Refused, match="no quote"):
        await at.shop.rig.service.store.approvals.get(quote, "somebody else")


@dataclass
class Link:
    """A person whose client leads to addresses, and who answers there."""

    said: str | None = "yes"
    action: str = "accept"
    addresses: list[str] = field(default_factory=list[str])

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        assert "muvi:sora-2" in params.message and "$0.40" in params.message
        self.addresses.append(params.url)
        if self.said is not None:
            await say(params.url, self.said)
        return ElicitResult.model_validate({"action": self.action})


@each(
    ("said", "action", "ends"),
    [("yes", "accept", "submitting"), ("no", "accept", "declined"), (None, "decline", "declined"), (None, "cancel", "declined")],
)
async def test_a_client_that_leads_to_addresses_gets_the_page(
    said: str | None, action: str, ends: str, era: Era, only_links: None, led: Shop
) -> None:
    link = Link(said, action)
    async with Client(led.server, mode=era, elicitation_callback=link) as client:
        before = await led.jobs()
        result = await buy(client, prompt=f"{said} and {action}")
        assert code(result) == ends
        assert (len(link.addresses), len(await led.jobs()) - len(before)) == (1, int(ends == "submitting"))
        assert link.addresses[0] not in repr(result), "the model never sees the address"


async def test_who_opened_the_address_and_has_not_answered_is_waited_for(
    era: Era, only_links: None, led: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elicitation, "LINK_WAIT_S", 0.05)
    link = Link(said=None)
    async with Client(led.server, mode=era, elicitation_callback=link) as client:
        refused = await buy(client)
        assert (code(refused), len(await led.jobs())) == ("needs_confirmation", 0)
        assert "The confirmation page is still open in their browser" in str(refused.structured_content)
        await say(link.addresses[0], "yes")
        assert code(await buy(client, quote=quote_of(refused))) == "submitting"
        assert len(link.addresses) == 1, "nobody is asked twice"


async def test_a_client_of_2025_is_told_that_the_page_was_answered(only_links: None, led: Shop) -> None:
    heard: list[str] = []

    async def hear(message: Any) -> None:
        heard.append(getattr(message, "method", ""))

    async with Client(led.server, mode="legacy", elicitation_callback=Link(), message_handler=hear) as client:
        assert code(await buy(client)) == "submitting"
    assert "notifications/elicitation/complete" in heard


BROKEN = ErrorData(code=-32603, message="no browser")


@each(("pages", "answer"), [(None, YES), (Pages(settle_s=0.0), BROKEN)], ids=["without pages", "broken"])
async def test_where_no_page_can_be_opened_the_terminal_is_named(
    pages: Pages | None, answer: Any, only_links: None, tmp_path: Path
) -> None:
    async with shop(tmp_path, pages) as at, at.client(answer, "legacy") as client:
        refused = await buy(client)
        assert (code(refused), len(await at.jobs())) == ("needs_confirmation", 0)
        assert "sora-mcp approve" in str(refused.structured_content)

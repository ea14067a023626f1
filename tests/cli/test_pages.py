"""A person's yes over HTTP: on a page where they sign in, once, for their own quote; whatever else comes there changes nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    ElicitRequestURLParams,
    ElicitResult,
    TextResourceContents,
)

from sora_mcp.artifacts.s3 import Bucket, is_reached_by_browsers
from sora_mcp.domain.secret import Secret
from sora_mcp.server.transports.oauth import name_person
from sora_mcp.store import Store
from sora_mcp.store.records import Approval
from tests.each import each
from tests.played.issuer import METADATA, PlayedIssuer
from tests.played.person import Person, Seen
from tests.played.rig import picture
from tests.s3 import needs_s3, s3_store
from tests.waiting import PATIENCE_S

from .conftest import name_folders
from .test_http import ANNA, AS_ANNA, AS_BEN, BEN, call, finish, write_tokens
from .test_oauth import CLIP, PAID, PUBLIC, RESOURCE
from .test_serving import Served, served

pytestmark = pytest.mark.slow
MODES = ("auto", "legacy")
NUMBERS = count()


@dataclass
class Service:
    """A server with pages, and the issuer at which people sign in."""

    server: Served
    issuer: PlayedIssuer
    headers: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    @property
    def store(self) -> Store:
        return Store(f"sqlite:///{self.server.folder / 'home' / 'sora.db'}", self.server.folder / "home")

    def as_person(self, name: str) -> dict[str, str]:
        """Return the headers of a person's client."""
        return self.headers.get(name) or {"Authorization": f"Bearer {self.issuer.issue(name, RESOURCE)}"}

    def browser(self) -> Person:
        return Person(PUBLIC, self.server.url)

    @asynccontextmanager
    async def client(self, name: str = "anna", mode: Any = "auto", **options: Any) -> AsyncGenerator[Client]:
        async with (
            httpx2.AsyncClient(headers=self.as_person(name), timeout=PATIENCE_S, verify=False) as http,
            Client(streamable_http_client(f"{self.server.url}/mcp", http_client=http), mode=mode, **options) as opened,
        ):
            yield opened

    async def ask(self, name: str = "anna", **changes: Any) -> str:
        """Return the quote of a clip that nobody asked for before."""
        async with self.client(name) as client:
            return (await call(client, "create_video", **clip(**changes)))["error"]["quote"]

    async def open(self, quote: str, name: str = "anna") -> tuple[Person, Seen]:
        """Return a browser in which this person looks at the quote."""
        self.issuer.person = name
        browser = self.browser()
        return browser, await browser.open(f"/approve/{quote}")

    def read(self, quote: str) -> Approval:
        store = self.store
        try:
            return store.approvals.get.sync(quote)
        finally:
            store.close()


def clip(**changes: Any) -> dict[str, Any]:
    return CLIP | {"prompt": f"a kite {next(NUMBERS)}"} | changes


def environment(folder: Path, issuer: PlayedIssuer, **more: str) -> dict[str, str]:
    own = {
        "SORA_MCP_PUBLIC_URL": PUBLIC,
        "SORA_MCP_ISSUER": issuer.issuer,
        "SORA_MCP_CLIENT_ID": "pages",
        "SORA_MCP_DAILY_USD": "1000",
        "SORA_MCP_MONTHLY_USD": "9000",
    }
    return {**name_folders(folder), **PAID, **own, **more}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("pages")
    with PlayedIssuer() as issuer:
        argv = ("--token-file", str(write_tokens(folder)), "--allowed-origin", "https://chat.example.com")
        with served(environment(folder, issuer), folder, *argv) as server:
            yield Service(server, issuer)


@pytest.fixture
def service(shared: Service) -> Service:
    """The service, with Anna at the keyboard of the identity provider."""
    shared.issuer.person, shared.issuer.signed_in_s, shared.issuer.change, shared.issuer.is_away = "anna", 0, {}, False
    return shared


# The way of a yes


@each("mode", MODES)
async def test_a_yes_on_the_page_buys_once_and_is_told_with_the_clip(mode: str, service: Service) -> None:
    async with service.client(mode=mode) as anna:
        wanted = clip()
        refused = await call(anna, "create_video", **wanted)
        quote = refused["error"]["quote"]
        link = f"{PUBLIC}/approve/{quote}"
        assert f"They do it on a page, where they sign in. Give them this link: {link}\n" in refused["message"]
        assert f'get_video_status("{quote}") waits for the answer.' in refused["message"]
        browser, page = await service.open(quote)
        assert (page.status, page.title, page.address) == (200, "Buy one video clip?", link)
        said = await browser.answer(page, "yes")
        assert (said.status, said.title) == (200, "Approved: $0.40")
        told = await call(anna, "get_video_status", job_id=quote)
        assert told["message"] == f'The user approved $0.40. Next: create_video with the same arguments and quote="{quote}".'
        job_id = (await call(anna, "create_video", **wanted, quote=quote))["job_id"]
        (content,) = (await anna.read_resource(f"sora://videos/{job_id}")).contents
        assert isinstance(content, TextResourceContents)
        approved = json.loads(content.text)["approved"]
        person = name_person(service.issuer.issuer, "anna")
        assert (approved["by"], approved["way"], approved["quote"]) == (person, "page", quote)
        assert approved == (await call(anna, "list_videos", job_id=job_id))["videos"][0]["approved"]
        other = await call(anna, "create_video", **clip(), quote=quote)
        assert other["error"]["code"] == "needs_confirmation"
        late = await browser.open(f"/approve/{quote}")
        assert (late.status, late.title, job_id in late.text) == (200, "Bought already", True)


async def test_the_page_says_everything_about_what_is_bought(service: Service) -> None:
    prompt = 'A boat\n</p><script>alert(1)</script><button name="answer" value="yes">Free</button>\u202e\n' + "x" * 900
    options = {"negative_prompt": "rain", "variation": 3}
    wanted = {"prompt": prompt, "model": "muvi:wan-2.6-super", "seconds": 5, "image": picture(640, 360), "options": options}
    _, page = await service.open(await service.ask(**wanted))
    assert page.status == 200, page.text
    raw = page.response.text
    assert raw.count("<button") == 2 and "<script" not in raw and "\u202e" not in page.text and "x" * 900 in raw
    shown = (
        "muvi:wan-2.6",
        "Seconds</dt><dd>5<",
        "Price</dt><dd><strong>$",
        "Sound",
        "as its page said on 2026",
        "https://developer.muvi.video/<wbr>docs/<wbr>models",
        "Left today</dt><dd>$",
    )
    more = (
        "negative_prompt",
        "a-client (it calls itself",
        "Your yes counts once, for exactly this, within",
        "signed in as anna@example.com",
    )
    assert [text for text in (*shown, *more) if text not in page.text] == []
    assert re.search(r'<img src="data:image/jpeg;base64,[^"]+" alt="First frame that is sent">', raw)
    headers = page.response.headers
    policy = "default-src 'none'; style-src 'nonce-"
    assert headers["content-security-policy"].startswith(policy)
    assert {"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(headers["content-security-policy"].split("; "))
    assert (headers["cache-control"], headers["x-frame-options"], headers["x-content-type-options"]) == ("no-store", "DENY", "nosniff")
    assert headers["referrer-policy"] == "same-origin"  # with no-referrer browsers send forms without their origin


async def test_the_quote_of_an_estimate_is_approved_by_its_terms(service: Service) -> None:
    terms = {"model": CLIP["model"], "seconds": CLIP["seconds"], "clips": 2}
    async with service.client() as anna:
        quote = (await call(anna, "estimate_cost", **terms))["quote"]
        browser, page = await service.open(quote)
        assert "2, with any prompts" in page.text and "Yes, buy it for $0.80" in page.text
        assert (await browser.answer(page, "yes")).title == "Approved: $0.80"
        assert [bool((await call(anna, "create_video", **clip(quote=quote))).get("job_id")) for _ in range(2)] == [True, True]


async def test_a_no_on_the_page_holds(service: Service) -> None:
    async with service.client() as anna:
        wanted = clip()
        quote = (await call(anna, "create_video", **wanted))["error"]["quote"]
        browser, page = await service.open(quote)
        assert (await browser.answer(page, "no")).title == "Not bought"
        assert (await browser.answer(page, "yes")).status == 409
        assert (await browser.open(f"/approve/{quote}")).title == "Not bought"
        assert [(await call(anna, "create_video", **wanted | more))["error"]["code"] for more in ({}, {"quote": quote})] == ["declined"] * 2


def follows_links(service: Service, said: str | None) -> Any:
    """Return a client's way of leading its person to a page, who says yes, no, or nothing in time."""

    async def lead(context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams), "no form is shown"
        assert "on a page where you sign in" in params.message
        browser = service.browser()
        page = await browser.open(params.url)
        if said is not None:
            await browser.answer(page, said)
        return ElicitResult(action="accept")

    return lead


@each("mode", MODES)
async def test_a_client_leads_its_person_to_the_page(mode: str, only_links: None, service: Service) -> None:
    async with service.client(mode=mode, elicitation_callback=follows_links(service, "yes")) as anna:
        bought = await call(anna, "create_video", **clip())
        assert bought.get("job_id"), bought
        (content,) = (await anna.read_resource(f"sora://videos/{bought['job_id']}")).contents
        assert isinstance(content, TextResourceContents) and json.loads(content.text)["approved"]["way"] == "url"
    async with service.client(mode=mode, elicitation_callback=follows_links(service, "no")) as anna:
        assert (await call(anna, "create_video", **clip()))["error"]["code"] == "declined"


# Whatever else comes


async def test_only_the_page_itself_in_the_persons_own_session_says_yes(service: Service) -> None:
    quote, other = await service.ask(), await service.ask()
    browser, page = await service.open(quote)
    word = page.read_field("word")
    _, elsewhere = await service.open(other)
    another_session, seen = await service.open(quote)
    strange = {"__Host-sora": another_session.cookies["__Host-sora-browser"]}
    own = dict(browser.cookies)
    forged = {"__Host-sora": own["__Host-sora"][:-4] + "AAAA"}
    state = re.search(r"state=([^&]+)", next(place for place in browser.went if "state=" in place))
    assert state is not None
    yes = {"word": word, "answer": "yes"}
    tries: list[tuple[str, dict[str, str], dict[str, str], dict[str, str]]] = [
        *[(f"from {origin}", own, yes, {"Origin": origin}) for origin in ("https://chat.example.com", "null", "http://videos.example.com")],
        *[(f"a site that is {site}", own, yes, {"Sec-Fetch-Site": site}) for site in ("cross-site", "same-site", "none")],
        ("no origin", own, yes, {"Origin": ""}),
        ("no cookie", {}, yes, {}),
        ("the client's token in place of the cookie", {}, yes, service.as_person("anna")),
        ("a forged cookie", forged, yes, {}),
        ("a cookie of another kind", strange, yes, {}),
        ("a sign-in that was begun", {"__Host-sora": state[1]}, yes, {}),
        ("the cookie without its prefix", {"sora": own["__Host-sora"]}, yes, {}),
        ("no word", own, {"answer": "yes"}, {}),
        ("a made-up word", own, yes | {"word": "0" * 64}, {}),
        ("the word of another quote", own, yes | {"word": elsewhere.read_field("word")}, {}),
        ("the word of another session", own, yes | {"word": seen.read_field("word")}, {}),
        ("another answer", own, yes | {"answer": "perhaps"}, {}),
        ("no answer", own, {"word": word}, {}),
        ("a very long body", own, yes | {"more": "x" * 5000}, {}),
    ]
    for why, cookies, fields, headers in tries:
        browser.cookies = dict(cookies)
        refused = await browser.send(f"/approve/{quote}", fields, **headers)
        assert refused.status == 403, (why, refused.text)
    browser.cookies = own
    assert service.read(quote).approved_at is None
    assert (await browser.answer(page, "yes")).status == 200
    assert service.read(quote).approved_at is not None


async def test_looking_changes_nothing(service: Service) -> None:
    quote = await service.ask()
    browser, page = await service.open(quote)
    word = page.read_field("word")
    for address in (f"/approve/{quote}?answer=yes&word={word}", f"/approve/{quote}", f"/approve/{quote.upper()}"):
        assert (await browser.open(address, **{"Sec-Purpose": "prefetch"})).title == "Buy one video clip?"
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        named = {"Host": "videos.example.com", "Cookie": f"__Host-sora={browser.cookies['__Host-sora']}"}
        codes = [
            (await web.request(method, f"/approve/{quote}", headers=named)).status_code for method in ("HEAD", "PUT", "DELETE", "PATCH")
        ]
        preview = await web.get(f"/approve/{quote}", headers={"Host": "videos.example.com"})
        strange = await web.get(f"/approve/{quote}", headers={"Host": "evil.example"})
    assert (codes, preview.status_code, strange.status_code) == ([200, 405, 405, 405], 303, 421)
    assert service.read(quote).approved_at is None


async def test_a_question_of_another_person_is_not_there(service: Service) -> None:
    quote, own = await service.ask("anna"), await service.ask("mallory")
    mallory, not_there = await service.open(quote, "mallory")
    never_was = await mallory.open("/approve/q_0123456789")
    assert (not_there.status, never_was.status, not_there.response.text.replace(nonce_of(not_there), "")) == (
        404,
        404,
        never_was.response.text.replace(nonce_of(never_was), ""),
    )
    page = await mallory.open(f"/approve/{own}")
    assert page.title == "Buy one video clip?"
    sent = await mallory.send(f"/approve/{quote}", {"word": page.read_field("word"), "answer": "yes"})
    assert (sent.status, service.read(quote).approved_at) == (404, None)
    for name in ("..%2f..", "q_" + "x" * 30, "v_0123456789", "q_0123456789%00", "%ff"):
        found = await mallory.open(f"/approve/{name}")
        assert found.status == 404, name


def nonce_of(page: Seen) -> str:
    found = re.search(r'nonce="([^"]+)"', page.response.text)
    assert found is not None
    return found[1]


async def test_a_second_answer_and_a_late_one_change_nothing(service: Service) -> None:
    quote, late = await service.ask(), await service.ask()
    browser, page = await service.open(quote)
    codes = [(await browser.answer(page, said)).status for said in ("yes", "yes", "no")]
    assert (codes, (await browser.open(page.address)).title) == ([200, 409, 409], "Approved already")
    assert service.read(quote).expires_at > service.read(quote).approved_at
    browser, page = await service.open(late)
    service.store.approvals.decline.sync(late, name_person(service.issuer.issuer, "anna"))
    said = await browser.answer(page, "yes")
    assert (said.status, said.title, service.read(late).approved_at) == (409, "This question has expired", None)


async def test_many_answers_at_once_are_one(service: Service) -> None:
    async with service.client() as anna:
        wanted = clip()
        quote = (await call(anna, "create_video", **wanted))["error"]["quote"]
        browser, page = await service.open(quote)
        codes, jobs = list[int](), list[str]()

        async def say() -> None:
            codes.append((await browser.answer(page, "yes")).status)

        async def buy() -> None:
            jobs.append((await call(anna, "create_video", **wanted, quote=quote)).get("job_id", ""))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(say)
        assert set(codes) <= {200, 409} and 200 in codes
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(buy)
        assert len(set(jobs)) == 1 and jobs[0]


# Signing in


async def test_a_sign_in_counts_only_as_it_was_begun(service: Service) -> None:
    quote, issuer = await service.ask(), service.issuer
    for why, change, person in (
        ("another person at the provider", {}, "mallory"),
        ("nobody", {}, None),
        ("another nonce", {"nonce": "other"}, "anna"),
        ("no nonce", {"nonce": None}, "anna"),
        ("for another client", {"aud": "another"}, "anna"),
        ("for the service itself", {"aud": RESOURCE}, "anna"),
        ("for several, and not first for this one", {"aud": ["pages", "another"]}, "anna"),
        ("given to another client", {"aud": ["pages", "another"], "azp": "another"}, "anna"),
        ("of another issuer", {"iss": "https://evil.example"}, "anna"),
        ("that has ended", {"exp": 1}, "anna"),
        ("without a person", {"sub": None}, "anna"),
        ("without a moment", {"auth_time": None}, "anna"),
        ("of somebody who signed in an hour ago", {"auth_time": 1}, "anna"),
    ):
        issuer.change, issuer.person = change, person
        browser = service.browser()
        page = await browser.open(f"/approve/{quote}")
        assert page.status == (404 if person == "mallory" else 400), (why, page.text)
        assert "Buy one" not in page.text and (person == "mallory" or not browser.has_session), why
    issuer.change, issuer.person = {"aud": ["pages", "another"], "azp": "pages"}, "anna"
    assert (await service.browser().open(f"/approve/{quote}")).status == 200
    assert service.read(quote).approved_at is None


async def test_a_sign_in_cannot_be_carried_into_another_browser(service: Service) -> None:
    quote = await service.ask()
    mallory = service.browser()
    service.issuer.person = "mallory"
    await mallory.open(f"/approve/{quote}")
    back = next(place for place in mallory.went if "/approve/signed-in?" in place)
    victim, stranger = service.browser(), service.browser()
    service.issuer.person = "anna"
    await victim.open(f"/approve/{quote}")
    for browser in (victim, stranger):
        before = dict(browser.cookies)
        assert (await browser.open(back)).status == 400, "nobody is signed in as somebody else"
        assert browser.cookies == before
    used = next(place for place in victim.went if "/approve/signed-in?" in place)
    assert (await victim.open(used)).status == 400, "a code counts once"
    assert (await victim.open(used.replace("state=", "state=x"))).status == 400
    for tampered in (
        used.replace("iss=", "iss=x"),
        "/approve/signed-in",
        f"/approve/signed-in?code=1&state={victim.cookies['__Host-sora']}",
    ):
        assert (await victim.open(tampered)).status == 400, tampered
    asked = dict(httpx2.URL(next(place for place in victim.went if "code_challenge" in place)).params)
    assert (asked["code_challenge_method"], asked["max_age"], asked["response_type"]) == ("S256", "300", "code")
    assert asked["redirect_uri"] == f"{PUBLIC}/approve/signed-in"


async def test_while_the_provider_is_away_nobody_signs_in_and_strangers_cost_it_nothing(tmp_path: Path) -> None:
    with PlayedIssuer() as issuer:
        issuer.is_away = True
        with served(environment(tmp_path, issuer), tmp_path) as server:
            browser = Person(PUBLIC, server.url)
            for _ in range(3):
                away = await browser.open("/approve/q_0123456789")
                assert (away.status, "does not answer now" in away.text) == (503, True)
            issuer.is_away = False
            assert issuer.asked == []
    with PlayedIssuer() as issuer, served(environment(tmp_path, issuer), tmp_path) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
            for number in range(20):
                await web.get(f"/approve/q_{number}", headers={"Host": "videos.example.com"})
        assert issuer.asked == [METADATA]


async def test_two_pages_that_wait_for_the_same_sign_in_both_open(service: Service) -> None:
    first, second = await service.ask(), await service.ask()
    browser = service.browser()
    starts = list[str]()
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        for quote in (first, second):
            cookies = {"Cookie": "; ".join(f"{name}={text}" for name, text in browser.cookies.items())}
            begun = await web.get(f"/approve/{quote}", headers={"Host": "videos.example.com"} | cookies)
            browser._keep_cookies(begun)  # pyright: ignore[reportPrivateUsage]
            assert (begun.headers["cache-control"], begun.headers["referrer-policy"]) == ("no-store", "no-referrer")
            starts.append(begun.headers["location"])
    pages = [await browser.open(start) for start in starts]
    assert [page.address for page in pages] == [f"{PUBLIC}/approve/{quote}" for quote in (first, second)]


async def test_what_signs_in_a_browser_opens_nothing_else(service: Service) -> None:
    quote = await service.ask()
    browser, _ = await service.open(quote)
    id_token = service.issuer.issue("anna", "pages", header={"typ": "JWT"})
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        for token in (browser.cookies["__Host-sora"], id_token):
            found = await web.get("/videos/v_0123456789.mp4", headers={"Authorization": f"Bearer {token}"})
            assert found.status_code == 401
        sent = await web.get(f"/approve/{quote}", headers={"Host": "videos.example.com", "Origin": "https://chat.example.com"})
        assert "access-control-allow-credentials" not in sent.headers, "a page that may call the tools cannot read ours"
    state = next(place for place in browser.went if "/approve/signed-in?" in place).partition("state=")[2].partition("&")[0]
    for error in ("<script>alert(1)</script>", "a\r\nSet-Cookie: x=y", "\u202e" * 50):
        page = await browser.open(f"/approve/signed-in?{urlencode({'state': state, 'error': error})}")
        assert (page.status, "<script" in page.response.text, "x" in browser.cookies) == (400, False, False)


# Files in a browser


async def test_a_link_to_a_finished_file_opens_after_signing_in(service: Service) -> None:
    async with service.client() as anna:
        job_id = (await call(anna, "create_video", prompt="a kite", model="sample:sample", size="640x360"))["job_id"]
        done = await finish(anna, job_id)
        assert f"File: {PUBLIC}/videos/{job_id}.mp4\nNext: tell the user this address, where they sign in" in done["message"]
        assert anna.instructions is not None and "give the user the address, where they sign in" in anna.instructions
    link, browser = f"/videos/{job_id}.mp4", service.browser()
    whole = await browser.open(link)
    assert (whole.status, len(whole.response.content), whole.response.headers["content-type"]) == (200, done["bytes"], "video/mp4")
    assert whole.response.headers["content-disposition"].startswith("inline")
    assert "max_age" not in next(place for place in browser.went if "code_challenge" in place)
    part = await browser.open(link, Range="bytes=10-19", Accept="*/*")
    assert (part.status, part.response.content) == (206, whole.response.content[10:20])
    service.issuer.person = "mallory"
    other = service.browser()
    refused, never = await other.open(link), await other.open("/videos/v_0123456789.mp4")
    assert (refused.status, never.status) == (404, 404)
    assert refused.text.replace(job_id, "") == never.text.replace("v_0123456789", "")
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        for code, headers in (
            (200, service.as_person("anna")),
            (404, AS_ANNA),
            (401, {"Authorization": "Bearer no"}),
            (401, {}),
            (401, {"Accept": "*/*"}),
        ):
            found = await web.get(link, headers={"Host": "videos.example.com", **headers})
            assert found.status_code == code, headers
        found = await web.get(link, headers={"Host": "videos.example.com", "Accept": "text/html", "Authorization": "Bearer no"})
        assert found.status_code == 401, "whoever shows a token is judged by it"


async def test_who_signed_in_for_a_file_some_time_ago_signs_in_once_more_for_a_yes(service: Service) -> None:
    quote, browser = await service.ask(), service.browser()
    service.issuer.signed_in_s = 3600
    assert (await browser.open("/videos/v_0123456789.mp4")).status == 404
    assert browser.has_session
    assert (await browser.open(f"/approve/{quote}")).status == 400, "the provider did not ask anew"
    service.issuer.signed_in_s = 0
    assert (await browser.open(f"/approve/{quote}")).title == "Buy one video clip?"


# Without a provider, and beside it


async def test_beside_a_provider_the_people_of_the_token_file_have_no_page(service: Service) -> None:
    service.headers["machine"] = AS_ANNA
    async with service.client("machine") as machine:
        refused = await call(machine, "create_video", **clip())
        assert "https://videos.example.com/approve/" not in refused["message"]
        assert "The people who run this server run `" in refused["message"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server whose people have tokens of the token file only."""
    folder = tmp_path_factory.mktemp("small")
    environ = {**name_folders(folder), **PAID, "SORA_MCP_PUBLIC_URL": PUBLIC}
    with PlayedIssuer() as issuer, served(environ, folder, "--token-file", str(write_tokens(folder))) as server:
        yield Service(server, issuer, {"anna": AS_ANNA, "ben": AS_BEN})


async def test_a_small_team_signs_in_with_the_tokens_it_has(small: Service) -> None:
    async with small.client() as anna:
        wanted = clip()
        quote = (await call(anna, "create_video", **wanted))["error"]["quote"]
        job_id = (await call(anna, "create_video", prompt="a kite", model="sample:sample", size="640x360"))["job_id"]
        await finish(anna, job_id)
        for name, token, title, codes in (
            ("ben", BEN, "There is no such question", (404, 404)),
            ("anna", ANNA, "Buy one video clip?", (200, 200)),
        ):
            browser = small.browser()
            asked = await browser.open(f"/approve/{quote}")
            assert (asked.title, 'type="password"' in asked.text) == ("Sign in", True)
            fields = {"state": asked.read_field("state"), "token": token}
            wrong = await browser.send("/approve/signed-in", fields | {"token": "not-a-token-0123456789"})
            assert (wrong.status, "does not know that token" in wrong.text, browser.has_session) == (403, True, False)
            for why, more, headers in (
                ("another page", {}, {"Origin": "https://evil.example"}),
                ("no page", {}, {"Origin": ""}),
                ("another way", {"state": "x"}, {}),
            ):
                refused = await browser.send("/approve/signed-in", fields | more, **headers)
                assert (refused.status in (400, 403), browser.has_session) == (True, False), why
            page = await browser.send("/approve/signed-in", fields)
            assert (page.title, page.status) == (title, codes[0]), name
            assert (await browser.open(f"/videos/{job_id}.mp4")).status == codes[1]
        assert token not in page.text and (await browser.answer(page, "yes")).title == "Approved: $0.40"
        assert (await call(anna, "create_video", **wanted, quote=quote))["job_id"]
    assert small.read(quote).approved_by == "anna"
    assert (await browser.open(f"/approve/{quote}")).title == "Bought already"
    file = small.server.folder / "tokens"
    file.write_text(file.read_text().replace(f"anna:{ANNA}\n", ""))
    assert (await browser.open(f"/approve/{quote}")).title == "Sign in", "a token that is taken out ends its session too"
    assert not any(token in line for line in small.server.lines for token in (ANNA, BEN))


async def test_where_only_a_page_counts_no_form_is_shown(tmp_path: Path) -> None:
    async def fill_in(context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams), "a form"
        return ElicitResult(action="decline")

    with PlayedIssuer() as issuer, served(environment(tmp_path, issuer, SORA_MCP_YES="page"), tmp_path) as server:
        service = Service(server, issuer)
        async with service.client(elicitation_callback=fill_in) as anna:
            wanted = clip()
            assert (await call(anna, "create_video", **wanted))["error"]["code"] == "declined"
        quote = await service.ask()
        browser, page = await service.open(quote)
        assert (await browser.answer(page, "yes")).status == 200
        typed = await service.ask()
        assert (await service.open(typed))[1].title == "Buy one video clip?"
        service.store.approvals.approve.sync(typed)
        async with service.client() as anna:
            assert (await call(anna, "get_video_status", job_id=typed))["needs_confirmation"] is True


async def test_the_provider_knows_this_server_by_its_secret_in_the_way_that_it_takes(tmp_path: Path) -> None:
    basic = f"Basic {base64.b64encode(b'pages:a%3Asecret%2F%2B').decode()}"
    for number, (methods, sent) in enumerate(
        (
            (None, (basic, None)),
            (["client_secret_basic", "client_secret_post"], (basic, None)),
            (["client_secret_post"], ("", "a:secret/+")),
        )
    ):
        (folder := tmp_path / str(number)).mkdir()
        with PlayedIssuer() as issuer:
            issuer.documents[METADATA] |= {} if methods is None else {"token_endpoint_auth_methods_supported": methods}
            with served(environment(folder, issuer, SORA_MCP_CLIENT_SECRET="a:secret/+"), folder) as server:
                assert (await Person(PUBLIC, server.url).open("/approve/q_0123456789")).status == 404
                assert not any("secret" in line for line in server.lines)
        (heard,) = issuer.heard
        assert (heard["authorization"], heard.get("client_secret")) == sent, methods
        assert heard["client_id" if sent[1] else "code_verifier"]


@needs_s3
async def test_with_a_bucket_a_browser_is_sent_to_a_link_into_it(tmp_path: Path) -> None:
    with PlayedIssuer() as issuer, s3_store() as s3, served(environment(tmp_path, issuer, **s3.environ), tmp_path) as server:
        service = Service(server, issuer)
        async with service.client() as anna:
            job_id = (await call(anna, "create_video", prompt="a kite", model="sample:sample", size="640x360"))["job_id"]
            done = await finish(anna, job_id)
        browser = service.browser()
        whole = await browser.open(f"/videos/{job_id}.mp4")
        assert whole.address.startswith(s3.url) and "X-Amz-Expires=600" in whole.address
        assert (whole.status, len(whole.response.content), whole.response.headers["content-type"]) == (200, done["bytes"], "video/mp4")
        part = await browser.open(f"/videos/{job_id}.mp4", Range="bytes=10-19")
        assert (part.status, part.response.content) == (206, whole.response.content[10:20])
        assert (await browser.open(f"/videos/{job_id}.gif")).status == 404
        service.issuer.person = "mallory"
        assert (await service.browser().open(f"/videos/{job_id}.mp4")).status == 404
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
            sent = await web.get(f"/videos/{job_id}.mp4", headers={"Host": "videos.example.com", **service.as_person("anna")})
        assert (sent.status_code, len(sent.content)) == (200, done["bytes"]), "a client with a token gets the bytes themselves"


def test_no_browser_is_sent_to_a_bucket_inside_of_a_cluster() -> None:
    reached = ("https://s3.example.com", "http://127.0.0.1:9000", "http://localhost:9000")
    assert [is_reached_by_browsers(place) for place in (*reached, "http://minio:9000", "http://10.0.0.7")] == [True] * 3 + [False] * 2
    assert Bucket("b", variables={"AWS_ENDPOINT_URL": Secret("http://minio:9000")}).sign("k", 600) is None

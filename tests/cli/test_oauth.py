"""The server as a process that takes access tokens: it says where they are from, and knows its people by issuer and subject together."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from sora_mcp.cli.checks import Finding, check_issuer
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import load
from sora_mcp.domain import LOCAL
from sora_mcp.server.transports.http import check_address
from sora_mcp.store import Store
from tests.each import each
from tests.played.issuer import METADATA as AT
from tests.played.issuer import PlayedIssuer
from tests.waiting import PATIENCE_S

from .conftest import Sora, name_folders
from .test_http import AS_ANNA, HEADERS, PAGE, PING, SMALL, call, check_that_anothers_is_not_there, client, finish, write_tokens
from .test_serving import Served, served

PUBLIC = "https://videos.example.com"
RESOURCE = f"{PUBLIC}/mcp"
METADATA = "/.well-known/oauth-protected-resource"
PAID = {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9", "SORA_MCP_CONFIRM_ABOVE_USD": "0.01"}
"""A vendor that nobody reaches, and a price that needs a yes."""
CLIP: dict[str, Any] = {"prompt": "a kite", "model": "muvi:sora-2", "seconds": 4}
ISSUER = {"SORA_MCP_ISSUER": "https://idp.example.com", "SORA_MCP_PUBLIC_URL": PUBLIC}


class Service(NamedTuple):
    """A server, and the issuer of its tokens."""

    server: Served
    issuer: PlayedIssuer

    def sign_in(self, subject: str, **claims: Any) -> dict[str, str]:
        """Return the headers of a person with a token."""
        return {"Authorization": f"Bearer {self.issuer.issue(subject, RESOURCE, **{'scope': 'videos', **claims})}"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The server with an issuer and with a token file."""
    folder = tmp_path_factory.mktemp("issued")
    with PlayedIssuer("/film") as issuer:
        environ = {
            **name_folders(folder),
            **PAID,
            "SORA_MCP_PUBLIC_URL": PUBLIC,
            "SORA_MCP_SCOPE": "videos",
            "SORA_MCP_ISSUER": issuer.issuer,
        }
        issuer.documents[f"{AT}/film"] = issuer.documents[AT]
        with served(environ, folder, "--token-file", str(write_tokens(folder)), "--allowed-origin", PAGE) as server:
            yield Service(server, issuer)


async def post(server: Served, headers: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
        return await web.post("/mcp", json=PING, headers={**HEADERS, **headers})


# Before the start


@each(
    ("environ", "argv", "why"),
    [
        ({"SORA_MCP_ISSUER": "http://idp.example.com"}, [], "SORA_MCP_ISSUER must be the https:// address of an identity provider"),
        ({"SORA_MCP_ISSUER": "idp.example.com"}, [], "SORA_MCP_ISSUER must be the https:// address"),
        ({"SORA_MCP_ISSUER": "https://idp.example.com/?a=b"}, [], "SORA_MCP_ISSUER must be the https:// address"),
        ({"SORA_MCP_ISSUER": "https://idp.example.com"}, [], "SORA_MCP_ISSUER needs SORA_MCP_PUBLIC_URL"),
        (ISSUER | {"SORA_MCP_PUBLIC_URL": "http://videos.example.com"}, [], "SORA_MCP_PUBLIC_URL must be an https:// address"),
        (ISSUER | {"SORA_MCP_PUBLIC_URL": f"{PUBLIC}/sora"}, [], "SORA_MCP_PUBLIC_URL must be an https:// address"),
        (ISSUER | {"SORA_MCP_PUBLIC_URL": "https://video s.example.com"}, [], "SORA_MCP_PUBLIC_URL must be an https:// address"),
        (ISSUER | {"SORA_MCP_SCOPE": 'a "b"'}, [], "SORA_MCP_SCOPE must be one or more scopes"),
        (ISSUER | {"SORA_MCP_AUDIENCE": "a b"}, [], "SORA_MCP_AUDIENCE must be a text without blanks"),
        ({"SORA_MCP_SCOPE": "videos"}, [], "SORA_MCP_SCOPE needs SORA_MCP_ISSUER"),
        ({"SORA_MCP_AUDIENCE": "videos"}, [], "SORA_MCP_AUDIENCE needs SORA_MCP_ISSUER"),
        ({}, ["--host", "0.0.0.0", "--public-url", PUBLIC], "--host 0.0.0.0 can be reached by others: --token-file or SORA_MCP_ISSUER"),
        (
            {"SORA_MCP_PUBLIC_URL": PUBLIC},
            [],
            "SORA_MCP_PUBLIC_URL can be reached by others: --token-file or SORA_MCP_ISSUER has to say who",
        ),
        (ISSUER, ["--token-file", "/nowhere/at/all"], "--token-file must be a file that can be read."),
        ({"SORA_MCP_CLIENT_ID": "pages"}, [], "SORA_MCP_CLIENT_ID needs SORA_MCP_ISSUER and SORA_MCP_PUBLIC_URL"),
        ({"SORA_MCP_CLIENT_ID": "pages", "SORA_MCP_ISSUER": "https://idp.example.com"}, [], "SORA_MCP_ISSUER needs SORA_MCP_PUBLIC_URL"),
        (ISSUER | {"SORA_MCP_CLIENT_SECRET": "s"}, [], "SORA_MCP_CLIENT_SECRET needs SORA_MCP_CLIENT_ID"),
        (
            ISSUER | {"SORA_MCP_CLIENT_ID": "pages", "SORA_MCP_PUBLIC_URL": "http://videos.example.com"},
            [],
            "SORA_MCP_PUBLIC_URL must be an https:// address",
        ),
        (ISSUER | {"SORA_MCP_CLIENT_ID": "p", "SORA_MCP_AUDIENCE": "p"}, [], "SORA_MCP_AUDIENCE must not be SORA_MCP_CLIENT_ID"),
        (ISSUER | {"SORA_MCP_CLIENT_ID": "p", "SORA_MCP_SECRET": "x" * 31}, [], "SORA_MCP_SECRET must be one or more different secrets"),
        (ISSUER | {"SORA_MCP_YES": "page"}, [], "SORA_MCP_YES=page needs SORA_MCP_ISSUER and SORA_MCP_CLIENT_ID with serve"),
        ({"SORA_MCP_YES": "page"}, [], "SORA_MCP_YES=page needs SORA_MCP_ISSUER and SORA_MCP_CLIENT_ID with serve"),
        ({"SORA_MCP_YES": "form"}, [], "SORA_MCP_YES must be any or page."),
    ],
)
def test_it_does_not_start(environ: dict[str, str], argv: list[str], why: str, sora: Sora) -> None:
    code, _, err = sora("serve", *argv, **environ)
    assert (code, err.startswith(f"sora-mcp: {why}"), err.count("\n")) == (2, True, 1), err


def test_the_public_address_is_answered_without_being_named_again() -> None:
    for url, hosts in (
        (PUBLIC, {"videos.example.com", "videos.example.com:443"}),
        ("https://videos.example.com:8443", {"videos.example.com:8443"}),
        ("http://[::1]", {"[::1]", "[::1]:80"}),
    ):
        address = check_address("0.0.0.0", 8000, tokens=True, hosts=[], origins=[], public_url=url)
        assert (address.hosts, address.origins) == (hosts, {url})
    with pytest.raises(BadSetting):
        check_address("0.0.0.0", 8000, tokens=False, hosts=[], origins=[], public_url=PUBLIC)


def test_doctor_asks_the_issuer_for_its_keys(said: dict[str, str]) -> None:
    with PlayedIssuer() as issuer:
        settings = load({**said, "SORA_MCP_ISSUER": issuer.issuer}, today=date(2026, 11, 21))
        good = list(check_issuer(settings))
        back = {"SORA_MCP_PUBLIC_URL": PUBLIC, "SORA_MCP_CLIENT_ID": "pages"}
        with_pages = load({**said, **back, "SORA_MCP_ISSUER": issuer.issuer}, today=date(2026, 11, 21))
        _, pages = check_issuer(with_pages)
        del issuer.documents[AT]["token_endpoint"]
        *_, lacking = check_issuer(with_pages)
        issuer.documents[AT]["issuer"] = "https://idp.example.com/"
        (other,) = check_issuer(settings)
    assert good[0] == Finding("ok", f"issuer: {settings.issuer} names 1 key for its tokens")
    assert (good[1].verdict, good[1].text.startswith("pages: SORA_MCP_CLIENT_ID is not set: people can neither")) == ("note", True)
    assert (pages.verdict, f"{PUBLIC}/approve/signed-in" in pages.text) == ("ok", True)
    assert (lacking.verdict, "names no https:// address of tokens" in lacking.text) == ("fix", True)
    assert (other.verdict, "it calls itself 'https://idp.example.com/', and the setting must say exactly the same" in other.text) == (
        "fix",
        True,
    )
    assert list(check_issuer(load(said, today=date(2026, 11, 21)))) == []


# At the door


async def test_a_client_is_told_where_its_tokens_are_from(service: Service) -> None:
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        for path in (METADATA, f"{METADATA}/mcp"):
            told = await web.get(path, headers={"Host": "videos.example.com", "Origin": PAGE})
            assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, PAGE), path
            assert told.json() == {
                "resource": RESOURCE,
                "authorization_servers": [service.issuer.issuer],
                "scopes_supported": ["videos"],
                "bearer_methods_supported": ["header"],
            }
            assert (await web.get(path, headers={"Host": "evil.example"})).status_code == 421
        for asked in (await web.post("/mcp", json=PING, headers=HEADERS), await web.get("/videos/v_0123456789.mp4")):
            challenge = asked.headers["www-authenticate"]
            assert (asked.status_code, challenge.startswith("Bearer ")) == (401, True)
            assert f'resource_metadata="{PUBLIC}{METADATA}/mcp"' in challenge
            assert challenge.endswith(', scope="videos"')


async def test_an_issuer_is_named_as_it_names_itself(tmp_path: Path) -> None:
    """The path `/` is a part of some names: a client compares them exactly."""
    with PlayedIssuer("/") as issuer:
        environ = {**name_folders(tmp_path), "SORA_MCP_ISSUER": issuer.issuer, "SORA_MCP_PUBLIC_URL": f"{PUBLIC}/"}
        with served(environ, tmp_path) as server:
            async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
                told = (await web.get(METADATA)).json()
            asked = await post(server, {"Authorization": f"Bearer {issuer.issue('anna', RESOURCE)}"})
            refused = await post(server, {})
    assert (told["authorization_servers"], told["resource"], "scopes_supported" in told) == ([issuer.issuer], RESOURCE, False)
    assert (asked.status_code, refused.status_code, "scope=" in refused.headers["www-authenticate"]) == (200, 401, False)


async def test_exactly_who_has_a_good_token_is_answered(service: Service) -> None:
    late = {"exp": int(time.time()) - 1, "iat": int(time.time()) - 100}
    for why, code, headers in (
        ("a clock that is a little fast", 200, service.sign_in("anna", **late)),
        ("all as it should be", 200, service.sign_in("anna")),
        ("one of the token file", 200, AS_ANNA),
        ("two scopes", 200, service.sign_in("anna", scope="openid videos")),
        ("another scope", 403, service.sign_in("anna", scope="openid")),
        ("no scope", 403, service.sign_in("anna", scope=None)),
        ("another audience", 401, service.sign_in("anna", aud="https://other.example.com/mcp")),
        ("another scheme", 401, {"Authorization": service.sign_in("anna")["Authorization"].replace("Bearer", "Basic")}),
        ("garbage", 401, {"Authorization": "Bearer a.b.c"}),
        ("another page", 403, {**service.sign_in("anna"), "Origin": "https://evil.example"}),
        ("the service's own page", 200, {**service.sign_in("anna"), "Origin": PUBLIC}),
        ("the public name", 200, {**service.sign_in("anna"), "Host": "videos.example.com:443"}),
    ):
        answer = await post(service.server, headers)
        assert answer.status_code == code, why
        if why.endswith("scope"):
            assert all(part in answer.headers["www-authenticate"] for part in ('error="insufficient_scope"', 'scope="videos"')), why
    assert not any("Bearer" in line or "eyJ" in line for line in service.server.lines)


async def test_while_the_issuer_has_never_answered_a_client_keeps_its_token(tmp_path: Path) -> None:
    with PlayedIssuer() as issuer:
        token = issuer.issue("anna", RESOURCE)
        issuer.is_away = True
        environ = {**name_folders(tmp_path), "SORA_MCP_ISSUER": issuer.issuer, "SORA_MCP_PUBLIC_URL": PUBLIC}
        with served(environ, tmp_path, "--token-file", str(write_tokens(tmp_path)), "--allowed-origin", PAGE) as server:
            waits = await post(server, {"Authorization": f"Bearer {token}", "Origin": PAGE})
            codes = [(await post(server, headers)).status_code for headers in ({}, AS_ANNA)]
    assert (waits.status_code, waits.headers["retry-after"], waits.json()["error"]) == (503, "30", "temporarily_unavailable")
    assert (waits.headers["access-control-allow-origin"], "www-authenticate" in waits.headers, codes) == (PAGE, False, [401, 200])


# Inside


@pytest.mark.slow
@pytest.mark.fault("I12")
async def test_what_is_anothers_is_not_there(service: Service) -> None:
    """Also for people with the same name: in the token file, at the issuer, and on this machine."""
    for mode, one, another in (
        ("auto", service.sign_in("zoe"), service.sign_in("ben")),
        ("legacy", service.sign_in("kim"), service.sign_in("lee")),
        ("auto", AS_ANNA, service.sign_in("anna")),
        ("legacy", service.sign_in(LOCAL), AS_ANNA),
    ):
        await check_that_anothers_is_not_there(service.server, one, another, mode)


@pytest.mark.slow
async def test_a_person_is_the_same_with_the_next_token_and_with_another_client(service: Service) -> None:
    async with client(service.server, service.sign_in("mia"), "auto") as now:
        made = await finish(now, (await call(now, "create_video", prompt="a kite", model="sample:sample", **SMALL))["job_id"])
        assert f"File: {PUBLIC}/videos/{made['job_id']}.mp4\n" in made["message"]
    async with client(service.server, service.sign_in("mia", client_id="another"), "auto") as later:
        assert [video["job_id"] for video in (await call(later, "list_videos"))["videos"]] == [made["job_id"]]
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        path = f"/videos/{made['job_id']}.mp4"
        codes = [(await web.get(path, headers=service.sign_in(*who))).status_code for who in (("mia",), ("anna",))]
        assert [*codes, (await web.get(path, headers=service.sign_in("mia", scope="openid"))).status_code] == [200, 404, 403]


async def test_a_quote_of_anothers_buys_nothing(service: Service) -> None:
    async with (
        client(service.server, service.sign_in("anna"), "auto") as anna,
        client(service.server, service.sign_in("ben"), "auto") as ben,
    ):
        quote = (await call(anna, "create_video", **CLIP))["error"]["quote"]
        store = Store(f"sqlite:///{service.server.folder / 'home' / 'sora.db'}", service.server.folder / "home")
        store.approvals.approve.sync(quote)
        store.close()
        strange, anothers = [await call(ben, "create_video", **CLIP | {"quote": id}) for id in ("q_0123456789", quote)]
        assert f"There is no quote '{quote}'." in anothers["error"]["message"]
        assert json.dumps(anothers).replace(quote, "q_0123456789") == json.dumps(strange)
        assert (await call(anna, "create_video", **CLIP | {"quote": quote}))["job_id"]


async def test_a_session_of_anothers_is_not_there(service: Service) -> None:
    opened = await post(service.server, service.sign_in("anna"))
    session = {"mcp-session-id": opened.headers["mcp-session-id"]}
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}
    async with httpx2.AsyncClient(base_url=service.server.url, timeout=PATIENCE_S, verify=False) as web:
        for code, headers in ((200, service.sign_in("anna")), (404, service.sign_in("ben")), (404, AS_ANNA)):
            answer = await web.post("/mcp", json=listing, headers={**HEADERS, **headers, **session})
            assert answer.status_code == code

"""Clients sign in by their own OAuth code, at an identity provider that nobody here wrote: panva's oidc-provider."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.cli.conftest import name_folders
from tests.cli.test_http import HEADERS, PING, call
from tests.cli.test_serving import Served, free_port, served
from tests.waiting import PATIENCE_S, patience

from .environments import NotToBeHad, make_environment

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]
PROGRAMS = Path(__file__).parent / "programs"
REDIRECT = "http://localhost:3030/callback"
SCOPE = "videos"


class Service(NamedTuple):
    """The server, and the provider's address."""

    server: Served
    issuer: str

    @property
    def resource(self) -> str:
        return f"{self.server.url}/mcp"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider, for as long as this file runs."""
    try:
        made = make_environment("identity-provider")
    except NotToBeHad as error:
        pytest.skip(f"signing in was not tried: {error}")
    program = shutil.copy(PROGRAMS / "identity_provider.mjs", made.folder)
    port = free_port()
    with subprocess.Popen([made.program, program, str(port), SCOPE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert any(line == b"listening\n" for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def service(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder, port = tmp_path_factory.mktemp("service"), free_port()
    environ = {"SORA_MCP_ISSUER": issuer, "SORA_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}", "SORA_MCP_SCOPE": SCOPE}
    with served(name_folders(folder) | environ, folder, port=port) as server:
        yield Service(server, issuer)


class Kept(TokenStorage):
    """What a client of the Python SDK keeps, in memory."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """A person with a browser, who signs in and agrees to what is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept = Kept()
        self.asked: dict[str, str] = {}
        self.answered: dict[str, str] = {}

    async def browse(self, address: str) -> None:
        """Follow redirects, and fill in the provider's pages, up to the client's own address."""
        self.asked = dict(parse_qsl(urlsplit(address).query))
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
            page = await browser.get(address)
            for _ in range(20):
                if page.is_redirect:
                    address = urljoin(str(page.url), page.headers["location"])
                    if address.startswith(REDIRECT):
                        self.answered = dict(parse_qsl(urlsplit(address).query))
                        return
                    page = await browser.get(address)
                    continue
                action, prompt = re.search(r'action="([^"]+)"', page.text), re.search(r'name="prompt" value="(\w+)"', page.text)
                assert action is not None and prompt is not None, page.text
                fields = {"prompt": prompt[1], "login": self.name, "password": "any"}
                page = await browser.post(urljoin(str(page.url), action[1]), data=fields)
        raise AssertionError("the provider asks on and on")

    async def get_code(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=self.answered["code"], state=self.answered.get("state"), iss=self.answered.get("iss"))

    async def look(self, browser: httpx2.AsyncClient, address: str) -> httpx2.Response:
        """Go to a page of the server in a browser that keeps its cookies, over the provider's own pages where it leads there."""
        page = await browser.get(address)
        for _ in range(20):
            action, prompt = re.search(r'action="([^"]+)"', page.text), re.search(r'name="prompt" value="(\w+)"', page.text)
            if page.is_redirect:
                page = await browser.get(urljoin(str(page.url), page.headers["location"]))
            elif action is not None and prompt is not None:
                fields = {"prompt": prompt[1], "login": self.name, "password": "any"}
                page = await browser.post(urljoin(str(page.url), action[1]), data=fields)
            else:
                return page
        raise AssertionError("the provider asks on and on")

    @asynccontextmanager
    async def open_client(self, service: Service, mode: Any) -> AsyncGenerator[Client]:
        """Connect with the Python SDK, whose OAuth client registers itself and asks for tokens."""
        metadata = OAuthClientMetadata.model_validate(
            {
                "client_name": "tests",
                "redirect_uris": [REDIRECT],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }
        )
        auth = OAuthClientProvider(
            server_url=service.resource,
            client_metadata=metadata,
            storage=self.kept,
            redirect_handler=self.browse,
            callback_handler=self.get_code,
        )
        async with (
            httpx2.AsyncClient(auth=auth, timeout=PATIENCE_S) as http,
            Client(streamable_http_client(service.resource, http_client=http), mode=mode) as client,
        ):
            yield client


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_python_sdk_signs_in_by_itself(mode: str, service: Service) -> None:
    person = Person(f"kim-{mode}")
    async with person.open_client(service, mode) as client:
        made = await call(client, "create_video", prompt="a boat", model="sample:sample")
        assert [video["job_id"] for video in (await call(client, "list_videos"))["videos"]] == [made["job_id"]]
    assert (person.asked["resource"], person.asked["code_challenge_method"]) == (service.resource, "S256")
    assert SCOPE in person.asked["scope"].split()
    async with Person("lee").open_client(service, mode) as other:
        assert (await call(other, "list_videos"))["videos"] == []
        assert (await call(other, "get_video_status", job_id=made["job_id"]))["error"]["code"] == "not_found"


@pytest.mark.parametrize("version", ["1", "2"])
async def test_the_typescript_sdks_sign_in_by_themselves_as_the_same_person(version: str, service: Service) -> None:
    try:
        environment = make_environment(f"typescript-sdk-{version}")
    except NotToBeHad as error:
        pytest.skip(f"the TypeScript SDK {version} was not tried: {error}")
    program = shutil.copy(PROGRAMS / "sign_in.mjs", environment.folder)
    command = [environment.program, program, version, service.resource, f"mia-{version}"]
    with patience("the program", PATIENCE_S):
        done = await anyio.run_process(command, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["asked"]["resource"], SCOPE in told["asked"]["scope"].split()) == (service.resource, True)
    async with Person(f"mia-{version}").open_client(service, "auto") as same:
        assert [video["job_id"] for video in (await call(same, "list_videos"))["videos"]] == [told["made"]["job_id"]]


async def test_a_token_for_another_service_of_the_same_provider_is_refused(service: Service, tmp_path: Path) -> None:
    person = Person("noa")
    async with person.open_client(service, "auto"):
        assert person.kept.tokens is not None
    headers = {**HEADERS, "Authorization": f"Bearer {person.kept.tokens.access_token}"}
    port = free_port()
    environ = {"SORA_MCP_ISSUER": service.issuer, "SORA_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}", "SORA_MCP_SCOPE": SCOPE}
    with served(name_folders(tmp_path) | environ, tmp_path, port=port) as other:
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as web:
            answers = [await web.post(f"{server.url}/mcp", json=PING, headers=headers) for server in (service.server, other)]
        assert [answer.status_code for answer in answers] == [200, 401]
        assert any("Audience doesn't match" in line for line in other.lines)


CLIP: dict[str, Any] = {"prompt": "a kite", "model": "muvi:sora-2", "seconds": 4}


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
async def test_a_person_says_yes_on_the_page_and_opens_the_file_at_a_real_provider(method: str, issuer: str, tmp_path: Path) -> None:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    wanted = {"redirect_uris": [f"{public}/approve/signed-in"], "token_endpoint_auth_method": method, "application_type": "native"}
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as web:
        made = (await web.post(f"{issuer}/reg", json={"grant_types": ["authorization_code"], "response_types": ["code"], **wanted})).json()
    own = {"SORA_MCP_ISSUER": issuer, "SORA_MCP_PUBLIC_URL": public, "SORA_MCP_SCOPE": SCOPE, "SORA_MCP_CLIENT_ID": made["client_id"]}
    secret = {"SORA_MCP_CLIENT_SECRET": made["client_secret"]} if "client_secret" in made else {}
    paid = {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9", "SORA_MCP_CONFIRM_ABOVE_USD": "0.01"}
    with served({**name_folders(tmp_path), **own, **secret, **paid}, tmp_path, port=port) as server:
        service, anna, mallory = Service(server, issuer), Person("anna"), Person("mallory")
        async with anna.open_client(service, "auto") as client, httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
            quote = (await call(client, "create_video", **CLIP))["error"]["quote"]
            page = await anna.look(browser, f"{public}/approve/{quote}")
            assert "Yes, buy it for $0.40" in page.text, page.text
            word = re.search(r'name="word" value="([^"]+)"', page.text)
            assert word is not None
            said = await browser.post(str(page.url), data={"word": word[1], "answer": "yes"}, headers={"Origin": public})
            assert (said.status_code, "Approved: $0.40" in said.text) == (200, True)
            assert (await call(client, "create_video", **CLIP, quote=quote))["job_id"]
            job_id = (await call(client, "create_video", prompt="a kite", model="sample:sample", size="640x360"))["job_id"]
            while (await call(client, "get_video_status", job_id=job_id, wait_seconds=20))["state"] != "completed":
                pass
            sent = await browser.get(f"{public}/videos/{job_id}.mp4", headers={"Accept": "text/html"})
            assert (sent.status_code, sent.headers["content-type"]) == (200, "video/mp4")
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
            assert (await mallory.look(browser, f"{public}/approve/{quote}")).status_code == 404
        assert not any("secret" in line.casefold() for line in server.lines)

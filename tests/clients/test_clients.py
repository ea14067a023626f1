"""Clients and frameworks that people use, with this server behind them: list, buy, wait, view, edit, be refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.house import ROOT
from sora_mcp.server.tools import TOOLS

from .environments import NotToBeHad, make_environment
from .programs.story import Seen, Step

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]
PROGRAMS = Path(__file__).parent / "programs"
AT_ONCE = 2
PATIENCE_S = 300
NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist: whatever a program wants from another machine fails at once."""


@dataclass(frozen=True)
class Told:
    """What is expected of one story."""

    picture: str | None
    """The client's type of the picture of view_video; None for a client that shows its model only texts."""
    is_marked: bool = True
    """Whether a refusal is marked as an error, or is only its text."""
    is_strict: bool = False
    """Whether the model has to send every argument."""


@dataclass(frozen=True)
class Client:
    """A program, the environment that it runs in, and what it must see."""

    name: str
    program: str
    told: tuple[Told, ...]
    argument: str = ""
    environment: str = ""


CLIENTS = (
    Client(
        "langchain",
        "langchain_client",
        (
            Told("image_url image/jpeg", is_marked=False),
            Told("input_image image/jpeg", is_marked=False, is_strict=True),
            Told("image image/jpeg"),
            Told("inlineData image/jpeg", is_marked=False),
        ),
    ),
    Client("google-genai", "google_client", (Told("image image/jpeg"),)),
    Client("anthropic", "anthropic_client", (Told("image image/jpeg"),)),
    Client("openai-agents", "openai_agents_client", (Told("input_image image/jpeg", is_marked=False, is_strict=True),)),
    Client("autogen", "autogen_client", (Told("Image 1008"),)),
    Client("fastmcp", "fastmcp_client", (Told("ImageContent image/jpeg"),)),
    Client("smolagents", "smolagents_client", (Told(None, is_marked=False, is_strict=True),)),
    Client("typescript-sdk-1", "sdk_1.mjs", (Told("image image/jpeg"),)),
    Client("typescript-sdk-2", "sdk_2.mjs", (Told("image image/jpeg"),), "auto"),
    Client("typescript-sdk-2 legacy", "sdk_2.mjs", (Told("image image/jpeg"),), "legacy", "typescript-sdk-2"),
)
"""The longest run first. LangChain talks to OpenAI's chat completions, OpenAI's responses, Anthropic and Google, in this order."""
STORY = ["create_video", "get_video_status", "view_video", "edit_video", "create_video"]

clients = pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])


@dataclass(frozen=True)
class Run:
    """What a client saw, and the folder of its videos."""

    seen: list[Seen]
    videos: Path

    @property
    def stories(self) -> list[Seen]:
        """Those that went on to call tools."""
        return [seen for seen in self.seen if seen.steps]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Run]]]:
    """By client: its run, or why there is none. All are begun at once, so that one installs while another one runs."""
    cases = [item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module]
    wanted = [case.callspec.params["client"] for case in cases]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {client.name: pool.submit(run, client, tmp_path_factory.mktemp("client")) for client in CLIENTS if client in wanted}


@pytest.fixture
def made(client: Client, runs: Mapping[str, Future[Run]]) -> Run:
    try:
        return runs[client.name].result()
    except NotToBeHad as error:
        pytest.skip(f"{client.name} was not tried: {error}")


def run(client: Client, folder: Path) -> Run:
    """Return what the client saw. Raise NotToBeHad where its packages cannot be installed."""
    made = make_environment(client.environment or client.name)
    server = json.dumps({"command": sys.executable, "args": ["-m", "sora_mcp"], "env": server_environ(folder)})
    if client.program.endswith(".mjs"):
        for program in PROGRAMS.glob("*.mjs"):  # Node looks for packages beside the program
            shutil.copy(program, made.folder)
        command = [str(made.program), str(made.folder / client.program), server, client.argument]
    else:
        command = [str(made.program), "-m", f"tests.clients.programs.{client.program}", server]
    environ = own_environ(folder) | {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}
    done = subprocess.run(
        command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        raise AssertionError(f"{client.name} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    seen = [Seen(**{**one, "steps": [Step(**step) for step in one["steps"]]}) for one in json.loads(done.stdout.splitlines()[-1])]
    return Run(seen, folder / "videos")


def own_environ(folder: Path) -> dict[str, str]:
    """Return an environment without anything of who runs the tests."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "PYTHONPATH": str(ROOT)}


def server_environ(folder: Path) -> dict[str, str]:
    """Return folders of its own and no key, so that the sample vendor is all there is."""
    return own_environ(folder) | {"SORA_MCP_HOME": str(folder / "home"), "SORA_MCP_OUTPUT_DIR": str(folder / "videos")}


def names(schema: Mapping[str, Any]) -> set[str]:
    return set(schema.get("properties") or {})


@clients
def test_every_tool_is_converted_with_every_argument(client: Client, made: Run) -> None:
    for seen in made.seen:
        assert {name: names(schema) for name, schema in seen.tools.items()} == {
            name: names(tool.listing.input_schema) for name, tool in TOOLS.items()
        }


@clients
def test_a_clip_is_bought_waited_for_and_edited(client: Client, made: Run) -> None:
    assert len(made.stories) == len(client.told)
    for seen in made.stories:
        assert [step.tool for step in seen.steps] == STORY
        started, waited, _, edited, _ = (step.text for step in seen.steps)
        assert not any(step.refused for step in seen.steps[:4])
        assert re.search(r"\bv_[0-9a-z]{10}\b.* free", started, re.DOTALL)
        files = {str(path) for path in made.videos.glob("*.mp4")}
        assert any(path in waited for path in files)
        assert any(path in edited for path in files if path not in waited)


@clients
def test_the_picture_arrives_as_the_clients_own(client: Client, made: Run) -> None:
    assert [seen.steps[2].pictures for seen in made.stories] == [[told.picture] if told.picture else [] for told in client.told]
    for seen in made.stories:
        assert "if no picture with check code" in seen.steps[2].text


@clients
def test_a_refusal_says_what_would_work(client: Client, made: Run) -> None:
    for told, seen in zip(client.told, made.stories, strict=True):
        refused = seen.steps[-1]
        assert "nothing charged" in refused.text and "Fix: seconds=4 (free)" in refused.text
        assert refused.refused == told.is_marked


@clients
def test_a_strict_client_requires_every_argument(client: Client, made: Run) -> None:
    for told, seen in zip(client.told, made.stories, strict=True):
        required = {name for name, schema in seen.tools.items() if names(schema) == set(schema.get("required") or ())}
        assert (required == set(TOOLS)) == told.is_strict


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.name == "fastmcp"], ids=["fastmcp"])
def test_typed_results_have_the_fields_that_matter(client: Client, made: Run) -> None:
    started, waited, edited = made.seen[0].data
    assert started["job_id"] == waited["job_id"] and started["usd"] == 0
    assert waited["state"] == edited["state"] == "completed"
    assert all(Path(result["path"]).suffix == ".mp4" for result in (waited, edited))

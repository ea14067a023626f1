"""The page of the MCP App in a host that nobody here wrote: the Inspector's web page, over our server on stdio."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from scripts.house import ROOT
from tests.waiting import patience

from ..cli.test_serving import free_port
from .stage import SCRIPT, Stage, found, stage

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-this-test"
SHOTS = os.environ.get("SHOTS")
CONNECTED = '[data-testid="connection-status"][data-status="connected"]'
LISTED = "text=MCP Apps"
READY = '[data-app-status="ready"]'


@pytest.fixture
def launcher() -> str:
    """The program's file."""
    _, node = found()
    where = "console.log(require.resolve('@modelcontextprotocol/inspector/clients/launcher/build/index.js'))"
    looked = subprocess.run([node, "-e", where], capture_output=True, text=True, check=False, cwd=SCRIPT.parent)
    if looked.returncode != 0:
        pytest.skip(
            "needs the Inspector: npm install --ignore-scripts @modelcontextprotocol/inspector, and NODE_PATH set to its node_modules"
        )
    return looked.stdout.strip()


@asynccontextmanager
async def inspector(launcher: str, home: Path) -> AsyncGenerator[Stage]:
    """Its page, connected to our server, on the list of apps."""
    port, sandbox = free_port(), free_port()
    own = {"HOST": "127.0.0.1", "CLIENT_PORT": f"{port}", "MCP_SANDBOX_PORT": f"{sandbox}", "MCP_AUTO_OPEN_ENABLED": "false"}
    ours = {"SORA_MCP_HOME": f"{home}/home", "SORA_MCP_OUTPUT_DIR": f"{home}/videos", "SORA_MCP_LINGER": "0", "PYTHONPATH": str(ROOT)}
    ours |= {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9"}
    given = [part for name, value in ours.items() for part in ("-e", f"{name}={value}")]
    command = [found()[1], launcher, "--web", *given, sys.executable, "-m", "sora_mcp"]
    environ = {**os.environ, **own, "HOME": str(home), "MCP_INSPECTOR_API_TOKEN": TOKEN, "MCP_INSPECTOR_SECRET_STORE": "memory"}
    async with await anyio.open_process(command, cwd=home, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await listening(port)
            async with stage() as at:
                await at.do("fresh", theme="light", width=1300)
                await at.do("visit", url=f"http://127.0.0.1:{port}/?MCP_INSPECTOR_API_TOKEN={TOKEN}")
                await at.do("around", role="switch", sought=CONNECTED)
                await at.do("around", text="Apps", sought=LISTED)
                yield at
        finally:
            process.terminate()


async def listening(port: int) -> None:
    """Once somebody answers there."""
    with patience("the inspector to listen"):
        while True:
            try:
                await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
                return
            except OSError:
                await anyio.sleep(0.1)


async def opened(at: Stage, tool: str, **arguments: str) -> None:
    """The card of a tool that was called from the Inspector's form."""
    await at.do("around", text=tool)
    for name, value in arguments.items():
        await at.do("around", role="textbox", name=name, fill=value)
    await at.do("around", role="button", name="Open App", sought=READY)


async def calm(at: Stage, name: str) -> None:
    """Nothing in the console is our page's; and a picture where one is wanted."""
    if SHOTS:
        await at.do("shot", path=f"{SHOTS}/inspector-{name}.png")
    heard = await at.do("heard")
    assert [said for said in heard["complaints"] if "about:srcdoc" in said] == []


async def test_a_clip_is_made_and_played_inside_of_the_inspector(launcher: str, tmp_path: Path) -> None:
    async with inspector(launcher, tmp_path) as at:
        await opened(at, "Create video", prompt="A paper boat", model="sample:sample", size="640x360", seconds="2")
        await at.do("until", text="Not sent, nothing charged")
        await calm(at, "error")
        await at.do("click", name="4 s")
        await at.do("until", text="Your video is being made")
        await calm(at, "progress")
        await at.do("until", text="Your video is ready")
        await at.do("holds", js="document.querySelector('video')?.readyState >= 2")
        await at.do("see", js="document.querySelector('video').play()")
        await at.do("holds", js="document.querySelector('video')?.currentTime > 0.2")
        await at.do("click", name="Continue")
        await at.do("until", text="Sent to the chat.")
        await at.do("click", name="Copy prompt")
        await at.do("until", text="Copied.")
        await calm(at, "player")


async def test_cheaper_reaches_the_server_from_the_inspector(launcher: str, tmp_path: Path) -> None:
    async with inspector(launcher, tmp_path) as at:
        await opened(at, "Estimate cost", model="muvi:veo-3.1-fast", seconds="8", size="1280x720")
        await at.do("until", text="Make this video?")
        await calm(at, "quote")
        before = await at.do("see", js="document.querySelector('.price').textContent")
        await at.do("click", name="Cheaper")
        await at.do("holds", js=f"document.querySelector('.price').textContent !== {before!r}")
        await calm(at, "cheaper")

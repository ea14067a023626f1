"""The pages on which people sign in, in a real browser: at three widths, light and dark, with the keyboard, and attacked from elsewhere."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tests.each import each
from tests.played.issuer import PlayedIssuer
from tests.played.rig import picture

from ..cli.conftest import name_folders
from ..cli.test_http import ANNA, AS_ANNA, call, client, finish, write_tokens
from ..cli.test_oauth import PAID
from ..cli.test_serving import Served, free_port, served
from .stage import Stage, require_axe, stage
from .test_approval_page import HOSTILE, respond

pytestmark = pytest.mark.slow
SHOTS = os.environ.get("SHOTS")
WIDTHS = (320, 768, 1280)
THEMES = ("light", "dark")
CLIP = {"model": "muvi:wan-2.6-super", "seconds": 5, "image": picture(1280, 720), "options": {"negative_prompt": "rain"}}


@pytest.fixture(scope="module")
def issuer() -> Iterator[PlayedIssuer]:
    with PlayedIssuer() as played:
        yield played


@pytest.fixture(scope="module")
def server(issuer: PlayedIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose people sign in at the issuer. On the loopback a browser comes over plain http."""
    folder, port = tmp_path_factory.mktemp("hosted"), free_port()
    own = {"SORA_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}", "SORA_MCP_ISSUER": issuer.issuer, "SORA_MCP_CLIENT_ID": "pages"}
    with served({**name_folders(folder), **PAID, **own}, folder, port=port) as started:
        yield started


async def ask(server: Served, headers: dict[str, str], prompt: str) -> str:
    """Return the address of the page on which a clip waits for its yes."""
    async with client(server, headers, "auto") as anna:
        refused = await call(anna, "create_video", prompt=prompt, **CLIP)
    return f"{server.url}/approve/{refused['error']['quote']}"


def as_anna(server: Served, issuer: PlayedIssuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.issue('anna', f'{server.url}/mcp')}"}


@asynccontextmanager
async def looking(server: Served, issuer: PlayedIssuer, prompt: str) -> AsyncGenerator[tuple[Stage, str]]:
    address = await ask(server, as_anna(server, issuer), prompt)
    async with stage() as at:
        yield at, address


async def check(at: Stage, name: str) -> None:
    """Look for what no page may have, and keep a picture of it where one is wanted."""
    if SHOTS:
        await at.do("shot", path=f"{SHOTS}/{name}.png")
    assert await at.do("see", js="document.documentElement.scrollWidth <= innerWidth"), name
    assert await at.do("see", js="document.scripts.length") == 0
    assert await at.do("see", js="Math.min(...[...document.querySelectorAll('button')].map((one) => one.offsetHeight))") >= 44
    assert await at.do("axe") == [], name


async def test_the_question_reads_well_at_any_width(server: Served, issuer: PlayedIssuer) -> None:
    require_axe()
    async with looking(server, issuer, HOSTILE) as (at, address):
        for width in WIDTHS:
            for theme in THEMES:
                await at.do("fresh", theme=theme, width=width)
                await at.do("visit", url=address)
                assert await at.do("see", js="document.querySelectorAll('h1,form').length") == 2
                assert await at.do("see", js="[...document.images].every((one) => one.naturalWidth > 0)"), "the first frame is seen"
                await check(at, f"question-{width}-{theme}")
                said = (await at.do("heard"))["complaints"]
                assert [text for text in said if "Content Security Policy" in text and "axe" not in text and "eval" not in text] == []


async def test_the_keyboard_says_yes_without_a_script(server: Served, issuer: PlayedIssuer) -> None:
    async with looking(server, issuer, "a boat") as (at, address):
        await at.do("fresh", theme="light", script=False)
        await at.do("visit", url=address)
        tree = await at.do("tree")
        for part in ('heading "Buy one video clip?"', "term: Asked by", 'button "Yes, buy it for $0.', 'button "No, do not buy it"'):
            assert part in tree, tree
        assert await at.do("see", js="document.activeElement === document.body")
        for _ in range(2):
            await at.do("press", key="Tab")
        await at.do("press", key="Enter")
        await at.do("holds", js="document.querySelector('h1').textContent.startsWith('Approved: $0.')")
        await at.do("visit", url=address)
        await at.do("holds", js="document.querySelector('h1').textContent === 'Approved already'")


async def test_a_page_of_another_origin_can_neither_answer_nor_frame_it(server: Served, issuer: PlayedIssuer) -> None:
    async with looking(server, issuer, "a ship") as (at, address), anyio.create_task_group() as tasks:
        await at.do("fresh", theme="light")
        await at.do("visit", url=address)
        word = await at.do("see", js="document.querySelector('[name=word]').value")
        form = f"<form method=post action='{address}'><input name=word value='{word}'><input name=answer value=yes></form>"
        attacker = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = attacker.extra(anyio.abc.SocketAttribute.local_port)
        tasks.start_soon(attacker.serve, lambda stream: respond(stream, [form, f"<iframe src='{address}'></iframe>"]))
        await at.do("visit", url=f"http://127.0.0.1:{port}/0")
        await at.do("see", js="document.forms[0].submit()")
        await at.do("holds", js="document.body.innerText.includes('Invalid Origin header')")
        await at.do("visit", url=f"http://127.0.0.1:{port}/1")
        complaints = (await at.do("heard"))["complaints"]
        assert any("frame-ancestors" in said or "X-Frame-Options" in said for said in complaints), complaints
        await at.do("visit", url=address)
        assert await at.do("see", js="document.querySelector('h1').textContent") == "Buy one video clip?"
        tasks.cancel_scope.cancel()


async def test_a_finished_clip_plays_after_signing_in(server: Served, issuer: PlayedIssuer) -> None:
    async with client(server, as_anna(server, issuer), "auto") as anna:
        made = await call(anna, "create_video", prompt="a kite", model="sample:sample", size="640x360")
        done = await finish(anna, made["job_id"])
    async with stage() as at:
        await at.do("fresh", theme="light")
        await at.do("visit", url=done["path"])
        await at.do("holds", js="document.querySelector('video') !== null && document.querySelector('video').videoWidth === 640")


@each("theme", THEMES)
async def test_a_token_is_asked_for_in_a_form_of_its_own(theme: str, tmp_path: Path) -> None:
    require_axe()
    port = free_port()
    environ = {**name_folders(tmp_path), **PAID, "SORA_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with served(environ, tmp_path, "--token-file", str(write_tokens(tmp_path)), port=port) as server:
        address = await ask(server, AS_ANNA, "a boat")
        async with stage() as at:
            for width in WIDTHS:
                await at.do("fresh", theme=theme, width=width)
                await at.do("visit", url=address)
                await check(at, f"token-{width}-{theme}")
            await at.do("see", js="document.querySelector('[name=token]').focus()")
            await at.do("type", text=ANNA)
            await at.do("press", key="Enter")
            await at.do("holds", js="document.querySelector('h1').textContent === 'Buy one video clip?'")
            await check(at, f"after-{theme}")

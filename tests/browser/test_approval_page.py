"""The confirmation page in a real browser: looked at, read aloud, answered with the keyboard, and attacked from another origin."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream
from mcp import Client

from sora_mcp.server.loopback_pages import Pages
from tests.each import each
from tests.played.rig import PROMPT

from ..server.forms import Shop, buy, quote_of, shop
from .stage import Stage, stage

pytestmark = pytest.mark.slow

SHOTS = os.environ.get("SHOTS")
HOSTILE = f'{PROMPT}\n</p><script>document.title = "1"</script><h1>Free</h1><form><button>Yes</button></form>'
PROMPTS = {"hostile": HOSTILE, "arabic": "قارب ورقي ينجرف في شارع ممطر (sora 2) ثم يتوقف.", "long": "boat" * 100}
TREE = """\
- main:
  - heading "Buy one video clip?" [level=1]
  - term: Model
  - definition: muvi:sora-2 (OpenAI ended Sora 2 on 2026-09-24; Muvi may refuse it)"""
REST = """\
  - heading "Prompt" [level=2]
  - region "Prompt": A paper boat drifts down a rainy street
  - button "Yes, buy it for $0.40"
  - button "No, do not buy it"
  - paragraph: Your yes counts once, for exactly this, within 15 min. Without it nothing is sent and nothing is charged."""


@asynccontextmanager
async def looking(folder: Path, prompt: str, *, settle_s: float = 0.0) -> AsyncGenerator[tuple[Stage, Shop, str, str]]:
    """A browser, and the address of a page that waits for its answer."""
    addresses: list[str] = []

    def show(address: str) -> bool:
        addresses.append(address)
        return True

    async with stage() as at, shop(folder, Pages(show, settle_s=settle_s)) as shopping, Client(shopping.server) as client:
        quote = quote_of(await buy(client, prompt=prompt))
        yield at, shopping, addresses[0], quote


async def is_approved(at: Shop, quote: str) -> bool:
    return (await at.rig.service.store.approvals.get(quote)).approved_at is not None


async def test_a_screen_reader_hears_what_is_bought_and_the_keyboard_says_yes(tmp_path: Path) -> None:
    async with looking(tmp_path, PROMPT) as (at, shopping, address, quote):
        await at.do("fresh", theme="light", script=False)
        await at.do("visit", url=address)
        tree = await at.do("tree")
        assert tree.startswith(TREE) and tree.endswith(REST), tree
        assert await at.do("see", js="document.activeElement === document.body")
        for _ in range(2):
            await at.do("press", key="Tab")
        await at.do("press", key="Enter")
        await at.do("holds", js="document.querySelector('h1').textContent === 'Approved: $0.40'")
        assert "- status: Your yes counts once. Go back to your chat" in (await at.do("tree")).replace('"', "")
        assert await is_approved(shopping, quote)
        heard = await at.do("heard")
        assert (heard["complaints"], set(heard["foreign"])) == ([], {address})


@each("theme", ["light", "dark"])
@each(("name", "width"), [("hostile", 1000), ("arabic", 320), ("long", 320)])
async def test_any_prompt_stays_a_prompt_at_any_width(name: str, width: int, theme: str, tmp_path: Path) -> None:
    async with looking(tmp_path, PROMPTS[name]) as (at, shopping, address, quote):
        await at.do("fresh", theme=theme, width=width)
        await at.do("visit", url=address)
        assert await at.do("see", js="[document.querySelectorAll('h1,form,script').length, document.scripts.length]") == [2, 0]
        assert await at.do("see", js="document.documentElement.scrollWidth <= innerWidth")
        assert await at.do("see", js="Math.min(...[...document.querySelectorAll('button')].map((one) => one.offsetHeight))") >= 44
        if SHOTS:
            await at.do("shot", path=f"{SHOTS}/approval-{name}-{theme}.png")
        await at.do("click", name="No, do not buy it")
        await at.do("holds", js="document.querySelector('h1').textContent === 'Not bought'")
        assert not await is_approved(shopping, quote)


async def test_a_page_of_another_port_can_neither_answer_nor_frame_it(tmp_path: Path) -> None:
    async with looking(tmp_path, PROMPT) as (at, shopping, address, quote), anyio.create_task_group() as tasks:
        await at.do("fresh", theme="light")
        await at.do("visit", url=address)  # the cookie is there now, and cookies know no ports
        word = await at.do("see", js="document.querySelector('[name=word]').value")
        form = f"<form method=post action='{address}'><input name=word value='{word}'><input name=answer value=yes></form>"
        pages = [form, f"<iframe src='{address}'></iframe>"]
        attacker = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = attacker.extra(anyio.abc.SocketAttribute.local_port)
        tasks.start_soon(attacker.serve, lambda stream: respond(stream, pages))
        await at.do("visit", url=f"http://127.0.0.1:{port}/0")
        await at.do("see", js="document.forms[0].submit()")
        await at.do("holds", js="document.body.innerText.includes('Not from this page')")
        assert not await is_approved(shopping, quote)
        await at.do("visit", url=f"http://127.0.0.1:{port}/1")
        complaints = (await at.do("heard"))["complaints"]
        assert any("frame-ancestors" in said or "X-Frame-Options" in said for said in complaints), complaints
        tasks.cancel_scope.cancel()


async def respond(stream: SocketStream, pages: list[str]) -> None:
    """One of the pages, by its number; nothing for the browser's own wishes."""
    async with stream:
        asked = (await stream.receive()).split(b" ")[1][1:]
        body = pages[int(asked)] if asked.isdigit() else ""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close"
        await stream.send(f"{head}\r\n\r\n{body}".encode())

"""The page of the MCP App in a real browser, over a real server with the sample vendor and a played price list."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError

from sora_mcp.config.settings import load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.server.app import build
from sora_mcp.server.apps import PLAYER
from tests.each import each
from tests.waiting import patience

from .stage import Stage, stage

pytestmark = pytest.mark.slow

PROMPT = 'A paper boat <img src=x onerror="document.title=1"> drifts down\n\n  a rainy street'
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures to look at, where somebody wants some."""
PROMPTS = {
    "long": (" ".join(["A paper boat drifts past tiled walls and tram rails."] * 40), "ltr"),
    "one-word": ("boat" * 100, "ltr"),
    "arabic": ("قارب ورقي ينجرف في شارع ممطر (sora 2) ثم يتوقف.", "rtl"),
    "chinese": ("纸船漂过雨中的街道，镜头贴着水面跟随。" * 20, "ltr"),
}
"""Each with the direction that it is read in."""
LIGHT = {"--color-background-primary": "#fffdf7", "--font-sans": "Georgia, serif"}


@dataclass
class Played:
    """The stage, and the client that the host has."""

    at: Stage
    client: Client
    html: str
    free: anyio.Event = field(default_factory=anyio.Event)
    """Once what a card asks of its job is answered; set from the start."""

    async def put(self, tool: str, arguments: dict[str, Any], *, theme: str = "light", width: int = 640) -> None:
        """As a host does when the model called a tool that has a page."""
        await self.at.do("fresh", theme=theme, width=width)
        await self.at.do("host", html=self.html, theme=theme, variables=LIGHT if theme == "light" else {})
        called = await self.client.call_tool(tool, arguments)
        await self.at.do("tell", method="ui/notifications/tool-input", params={"arguments": arguments})
        await self.at.do("tell", method="ui/notifications/tool-result", params=dumped(called))

    async def calm(self, name: str) -> None:
        """Nobody complained, nothing left the machine; and a picture where one is wanted."""
        if SHOTS:
            await self.at.do("shot", path=f"{SHOTS}/{name}.png")
        assert await self.at.do("heard") == {"complaints": [], "foreign": []}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What the buttons called."""
        return [params for method, params in self.at.asked if method == "tools/call"]

    @property
    def said(self) -> list[str]:
        """What the buttons wrote into the chat."""
        return [params["content"][0]["text"] for method, params in self.at.asked if method == "ui/message"]


def dumped(model: Any) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


@asynccontextmanager
async def played(folder: Path, **env: str) -> AsyncGenerator[Played]:
    settings = load(
        {
            "MUVI_API_KEY": "k",
            "SORA_MCP_HOME": str(folder / "home"),
            "SORA_MCP_OUTPUT_DIR": str(folder / "videos"),
            "SORA_MCP_TIMEZONE": "UTC",
            "SORA_MCP_POLL_SECONDS": "0.2",
            "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9",
            **env,
        },
        today=date(2026, 11, 21),
        config=folder / "none.toml",
    )
    server = build(lambda: open_service(settings), settings.catalogue, today=lambda: date(2026, 11, 21))
    async with Client(server) as client:
        page = (await client.read_resource(PLAYER)).contents[0]
        csp = page.meta["ui"]["csp"]["resourceDomains"] if page.meta else []
        domains = " ".join(csp)
        policy = f"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; media-src {domains}; img-src {domains}"
        html = page.text.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">')  # type: ignore[union-attr]

        cards: list[Played] = []

        async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
            try:
                if method == "tools/call":
                    await cards[0].free.wait()
                    return {"result": dumped(await client.call_tool(params["name"], params["arguments"]))}
                if method == "resources/read":
                    return {"result": dumped(await client.read_resource(params["uri"]))}
            except MCPError as error:
                return {"error": {"code": error.code, "message": error.message}}
            return {"result": {}} if method == "ui/message" else {"error": {"code": -32601, "message": method}}

        async with stage(answer) as at:
            cards.append(Played(at, client, html))
            cards[0].free.set()
            yield cards[0]


@each("theme", ["light", "dark"])
async def test_the_price_card_says_what_it_costs_and_cheaper_asks_the_server(tmp_path: Path, theme: str) -> None:
    async with played(tmp_path) as card:
        await card.put("estimate_cost", {"model": "muvi:veo-3.1-fast", "seconds": 8, "size": "1280x720"}, theme=theme)
        await card.at.do("until", text="Make this video?")
        await card.at.do("until", text="$10.00 of $10.00")
        await card.calm(f"quote-{theme}")
        before = await card.at.do("see", js="document.querySelector('.price').textContent")
        await card.at.do("click", name="Cheaper")
        await card.at.do("holds", js=f"document.querySelector('.price').textContent !== {before!r}")
        after = await card.at.do("see", js="document.querySelector('.price').textContent")
        assert {call["name"] for call in card.calls} == {"estimate_cost"}
        assert 0 < float(after.strip("$")) < float(before.strip("$"))
        assert await card.at.do("see", js="document.activeElement.tagName") == "H1"
        await card.at.do("click", name="Make it")
        await card.at.do("until", text="Sent to the chat.")
        assert card.said[0].startswith("Yes, make it: model=muvi:")
        await card.calm(f"quote-after-{theme}")


async def test_a_price_that_needs_a_yes_shows_the_prompt_and_what_to_type(tmp_path: Path) -> None:
    async with played(tmp_path, SORA_MCP_CONFIRM_ABOVE_USD="0.10") as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "muvi:veo-3.1-fast", "seconds": 4})
        await card.at.do("until", text="sora-mcp approve q_")
        assert await card.at.do("see", js="document.querySelector('.words').textContent") == PROMPT
        await card.calm("approval-light")
        await card.at.do("click", name="Approved: make it")
        await card.at.do("until", text="sora-mcp approve q_")
        assert card.calls[1]["name"] == "create_video"
        await card.at.do("click", name="No")
        await card.at.do("until", text="Nothing was sent, nothing was charged.")
        await card.calm("no-light")


async def test_a_price_above_the_chats_own_limit_is_asked_of_the_person(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "muvi:veo-3.1-fast", "seconds": 4, "max_usd": 0.1})
        await card.at.do("until", text="Above the $0.10 that the chat allowed for it.")
        await card.calm("limit")
        price = await card.at.do("see", js="document.querySelector('.price').textContent")
        await card.at.do("click", name=f"Make it for {price}")
        await card.at.do("holds", js="!document.body.innerText.includes('Above the')")
        bought = next(call["arguments"] for call in card.calls if call["name"] == "create_video")
        assert bought["max_usd"] == float(price.strip("$"))


async def test_what_the_caps_forbid_has_no_button(tmp_path: Path) -> None:
    async with played(tmp_path, SORA_MCP_PER_VIDEO_USD="0.50") as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "muvi:veo-3.1-fast", "seconds": 4, "max_usd": 0.1})
        await card.at.do("until", text="Not possible now")
        assert await card.at.do("see", js="document.querySelectorAll('button.first').length") == 0


@each("theme", ["light", "dark"])
async def test_a_clip_is_followed_by_the_card_itself_and_then_plays(tmp_path: Path, theme: str) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": "640x360"}, theme=theme)
        await card.at.do("until", text="Your video is being made")
        await card.calm(f"progress-{theme}")
        await card.at.do("until", text="Your video is ready")
        assert {call["name"] for call in card.calls} == {"get_video_status"}
        await card.at.do("holds", js="document.querySelector('video')?.readyState >= 2")
        await card.at.do("see", js="document.querySelector('video').play()")
        await card.at.do("holds", js="document.querySelector('video')?.currentTime > 0.2")
        assert await card.at.do("see", js="document.querySelector('.words').textContent") == PROMPT
        assert await card.at.do("see", js="document.querySelectorAll('main img').length") == 0
        await card.at.do("click", name="Continue")
        await card.at.do("until", text="Sent to the chat.")
        assert 'continues="' in card.said[0]
        await card.at.do("click", name="Copy prompt")
        await card.at.do("until", text="Copied.")
        assert await card.at.do("pasted") == PROMPT
        assert await card.at.do("see", js="document.activeElement.textContent") == "Copy prompt"
        await card.calm(f"player-{theme}")


@each("theme", ["light", "dark"])
async def test_a_refusal_offers_what_works_and_a_click_does_it(tmp_path: Path, theme: str) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "sample:sample", "seconds": 2, "size": "640x360"}, theme=theme)
        await card.at.do("until", text="Not sent, nothing charged")
        await card.calm(f"error-{theme}")
        await card.at.do("press", key="Tab")
        await card.at.do("press", key="Tab")
        assert await card.at.do("see", js="document.activeElement.textContent") == "4 s · free"
        await card.at.do("press", key="Enter")
        await card.at.do("until", text="Your video is being made")
        assert card.calls[0]["arguments"] == {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": "640x360", "max_usd": 0}
        await card.at.do("until", text="Your video is ready")
        await card.calm(f"error-after-{theme}")


async def test_two_fixes_that_belong_together_are_one_button(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "sample:sample", "seconds": 2, "size": "640x362"})
        await card.at.do("until", text="Not sent, nothing charged")
        together = "640 × 360, 4 s · free"
        assert await card.at.do("see", js="[...document.querySelectorAll('button')].map((one) => one.textContent)") == [together]
        listed = "[...document.querySelectorAll('li')].map((one) => one.textContent.split(' must be ')[0])"
        assert await card.at.do("see", js=listed) == ["size", "seconds"]
        await card.calm("joint")
        await card.at.do("press", key="Tab")
        await card.at.do("press", key="Tab")
        assert await card.at.do("see", js="document.activeElement.textContent") == together
        await card.at.do("press", key="Enter")
        await card.at.do("until", text="Your video is being made")
        assert card.calls[0]["arguments"] == {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": "640x360", "max_usd": 0}
        await card.at.do("until", text="Your video is ready")


async def test_a_prompt_that_is_too_long_beside_another_mistake_has_no_button(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": "boat " * 20_000, "model": "sample:sample", "seconds": 2, "size": "640x360"})
        await card.at.do("until", text="Not sent, nothing charged")
        assert await card.at.do("see", js="document.querySelectorAll('button').length") == 0


async def test_a_status_without_its_prompt_reads_it_from_the_store(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        made = await card.client.call_tool("create_video", {"prompt": PROMPT, "model": "sample:sample"})
        job = (made.structured_content or {})["job_id"]
        await card.put("get_video_status", {"job_id": job, "wait_seconds": 20})
        await card.at.do("until", text="Your video is ready")
        await card.at.do("until", text="A paper boat <img")
        await card.calm("status-light")


@each("theme", ["light", "dark"])
@each("name", PROMPTS)
async def test_a_prompt_of_any_script_and_length_fits_a_narrow_card(tmp_path: Path, name: str, theme: str) -> None:
    prompt, direction = PROMPTS[name]
    async with played(tmp_path, SORA_MCP_CONFIRM_ABOVE_USD="0.10") as card:
        await card.put("create_video", {"prompt": prompt, "model": "muvi:veo-3.1-fast", "seconds": 4}, theme=theme, width=320)
        await card.at.do("until", text="sora-mcp approve q_")
        assert await card.at.do("see", js="getComputedStyle(document.querySelector('.words')).direction") == direction
        assert await card.at.do("see", js="document.documentElement.scrollWidth <= innerWidth")
        assert await card.at.do("see", js="document.querySelector('.words').offsetHeight < 150")
        await card.calm(f"narrow-{name}-{theme}")


async def test_offers_are_a_comparison_and_what_is_marked_is_what_the_button_buys(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("estimate_cost", {"seconds": 8})
        await card.at.do("until", text="Which model?")
        rows = await card.at.do("see", js="[...document.querySelectorAll('.offer')].map((row) => row.innerText.split(/\\n+/))")
        assert len(rows) > 3 and all(row[0].startswith("muvi:") and row[-1].startswith("$") for row in rows)
        assert await card.at.do("see", js="document.querySelector('.offer:has(:checked) b').textContent") == rows[0][0]
        await card.at.do("see", js="document.querySelector('input:checked').focus()")
        await card.at.do("press", key="ArrowDown")
        await card.at.do("holds", js=f"document.querySelector('button.first').textContent === 'Make it for {rows[1][-1]}'")
        assert await card.at.do("see", js="document.activeElement.closest('.offer').querySelector('b').textContent") == rows[1][0]
        await card.at.do("click", name="Make it")
        await card.at.do("until", text="Sent to the chat.")
        assert card.said[0].startswith(f"Yes, make it: model={rows[1][0]}, ")
        await card.calm("offers")


async def test_an_offer_that_cannot_be_had_any_more_is_not_marked(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("estimate_cost", {"seconds": 8})
        await card.at.do("until", text="Which model?")
        price = await card.at.do("see", js="document.querySelector('button.first').textContent")
        await card.at.do("see", js="{ wish.no_such_argument = 1; document.querySelector('input:checked').focus(); }")
        await card.at.do("press", key="ArrowDown")
        await card.at.do("until", text="That one cannot be had now: ")
        assert await card.at.do("see", js="[...document.querySelectorAll('input')].findIndex((one) => one.checked)") == 0
        assert await card.at.do("see", js="document.querySelector('button.first').textContent") == price


@each(("size", "tall"), [("360x640", True), ("640x360", False)])
async def test_the_poster_is_there_before_the_clip_and_both_have_its_shape(tmp_path: Path, size: str, tall: bool) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": size})
        await card.at.do("until", text="Your video is ready")
        await card.at.do("holds", js="document.querySelector('video')?.poster.startsWith('data:image/jpeg;base64,')")
        await card.at.do("holds", js="document.querySelector('video')?.readyState >= 1")
        read = [params["uri"] for method, params in card.at.asked if method == "resources/read"]
        assert [uri.endswith("/poster.jpg") for uri in read] == [True, False]
        shape = "(({ width, height }) => [Math.round(width / height * 100), height <= 421])"
        assert await card.at.do("see", js=f"{shape}(document.querySelector('video').getBoundingClientRect())") == [
            56 if tall else 178,
            True,
        ]
        assert await card.at.do("see", js="document.querySelector('.words').getBoundingClientRect().left > 200") is tall
        ends = "['.row', '.stage'].map((name) => document.querySelector(name).getBoundingClientRect().bottom)"
        buttons, clip = await card.at.do("see", js=ends)
        assert (buttons < clip) is tall, "the buttons stand beside a tall clip"
        await card.calm(f"poster-{size}")


async def test_a_clip_whose_path_leaves_no_room_for_its_address_plays(tmp_path: Path) -> None:
    async with played(tmp_path / "folder" / ("f" * 200)) as card:
        job = await finished(card, {"prompt": PROMPTS["arabic"][0], "model": "sample:sample", "seconds": 4, "size": "640x360"})
        assert "uri" not in job
        await card.put("get_video_status", {"job_id": job["job_id"]})
        await card.at.do("holds", js="document.querySelector('video')?.readyState >= 1")


async def test_variations_stand_side_by_side_and_one_is_chosen(tmp_path: Path) -> None:
    async with played(tmp_path) as card:
        await card.put("create_video", {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": "640x360", "variations": 3})
        await card.at.do("until", text="Your videos are being made")
        await card.at.do("until", text="Which one do you like?")
        await card.at.do("holds", js="document.querySelectorAll('.takes img').length === 3")
        assert {call["name"] for call in card.calls} == {"get_video_status"}
        tops = "new Set([...document.querySelectorAll('.takes .stage')].map((one) => Math.round(one.getBoundingClientRect().top))).size"
        assert await card.at.do("see", js=tops) == 1
        await card.at.do("click", name="Play take 2")
        await card.at.do("holds", js="document.querySelectorAll('figure')[1].querySelector('video')?.currentTime > 0.2")
        await card.at.do("click", name="Choose take 2")
        await card.at.do("until", text="Sent to the chat.")
        chosen = card.calls[0]["arguments"]["job_ids"][1]
        assert card.said == [f"I choose take 2: {chosen}. Go on with that one."]
        await card.calm("takes")


async def finished(card: Played, sample: dict[str, Any]) -> dict[str, Any]:
    """Return a clip at its end; the same call finds the one that is being made."""
    job = (await card.client.call_tool("create_video", sample)).structured_content or {}
    with patience("the clip"):
        while job["state"] != "completed":
            job = (await card.client.call_tool("get_video_status", {"job_id": job["job_id"], "wait_seconds": 20})).structured_content or {}
    return job

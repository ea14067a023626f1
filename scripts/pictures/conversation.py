"""A conversation with a price, the progress and the player: real results, drawn by the App's own page inside a plain chat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from sora_mcp.server.apps import PLAYER
from tests.browser.stage import Stage, stage

from .session import PAUSE_S, call, environment, finish, open_session, replace_folder

PROMPT = "A paper boat sails towards a small island at sunset, slow push in"
WISH = {"seconds": 8, "audio": True}
CLIP = {"prompt": PROMPT, "model": "sample:sample", "seconds": 4, "size": "1280x720", "options": {"seed": 12}}
MOMENT_S = 2.2
"""Where the clip stands still in the picture."""
SETTLE_S = 1.5
"""Until a bar and the player's controls stand still."""
WIDTH, HEIGHT, SCALE = 1124, 700, 1.6
HALF = range(35, 80)
"""Percent at which a progress is worth a picture."""
Result = list[tuple[str, dict[str, Any]]]


@dataclass
class Chat:
    """What the frames of a chat are sent, and how the host answers what they ask."""

    client: Client
    folder: Path
    page: str
    quote: Result
    progress: Result
    player: Result
    spent: str
    """What the server says of the money, as an assistant passes it on."""

    async def answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Pass a frame's request on to the server. The progress card is held where it is."""
        frame = params.pop("frame")
        if method == "tools/call" and frame == 1:
            await anyio.sleep_forever()
        if method == "tools/call":
            return {"result": _hide(await call(self.client, params["name"], **params["arguments"]), self.folder)}
        if method == "resources/read":
            read = await self.client.read_resource(params["uri"])
            return {"result": read.model_dump(mode="json", by_alias=True, exclude_none=True)}
        return {"error": {"code": -32601, "message": method}}


async def draw_conversation(folder: Path, out: Path, themes: tuple[str, ...]) -> None:
    """Write `conversation-THEME.png` for each theme."""
    async with open_session(environment(folder), folder) as client:
        chat = await _hold_chat(client, folder)
        async with stage(chat.answer) as at:
            for theme in themes:
                await at.do("fresh", theme=theme, width=WIDTH, height=HEIGHT, scale=SCALE)
                await at.do("lay", html=(Path(__file__).parent / "chat.html").read_text("utf-8"))
                await at.do("run", js=f"theme = {theme!r}")
                await _say(at, 0, "person", "A paper boat on the sea at sunset, 8 seconds, with sound. What would that cost?")
                await _show(at, 0, chat, chat.quote)
                await _say(at, 0, "person", "Let me see a free sample first.")
                await _show(at, 0, chat, chat.progress)
                await _say(at, 1, "person", "Is it done?")
                await _show(at, 1, chat, chat.player)
                await _say(at, 1, "person", "And what have I spent this month?")
                await _say(at, 1, "assistant", chat.spent)
                await at.do("holds", number=3, js="document.querySelector('video')?.readyState >= 2")
                await at.do("see", number=3, js=f"{{ document.querySelector('video').currentTime = {MOMENT_S} }}")
                await at.do("holds", number=3, js="!document.querySelector('video').seeking")
                await anyio.sleep(SETTLE_S)
                await at.do("shot", path=str(out / f"conversation-{theme}.png"))


async def _hold_chat(client: Client, folder: Path) -> Chat:
    """Ask for a price, start a sample, catch it on its way, and wait for its end."""
    quote = await call(client, "estimate_cost", **WISH)
    started = await call(client, "create_video", **CLIP)
    job = started["structuredContent"]["job_id"]
    progress = started
    while True:
        now = await call(client, "get_video_status", job_id=job, wait_seconds=0)
        percent = int(100 * now["structuredContent"].get("progress", 0))
        if percent in HALF or now["structuredContent"]["state"] == "completed":
            break
        await anyio.sleep(PAUSE_S)
    if percent in HALF:
        progress = now
    await finish(client, started)
    done = await call(client, "get_video_status", job_id=job, wait_seconds=0)
    page = (await client.read_resource(PLAYER)).contents[0].text  # type: ignore[union-attr]
    spent = (await call(client, "get_spend"))["structuredContent"]["message"]
    results = ((WISH, quote), (CLIP, progress), (CLIP, done))
    return Chat(client, folder, page, *(_tell(arguments, _hide(result, folder)) for arguments, result in results), spent)


def _tell(arguments: dict[str, Any], result: dict[str, Any]) -> Result:
    return [("ui/notifications/tool-input", {"arguments": arguments}), ("ui/notifications/tool-result", result)]


def _hide(result: dict[str, Any], folder: Path) -> dict[str, Any]:
    return json.loads(replace_folder(json.dumps(result), folder))


async def _say(at: Stage, column: int, who: str, text: str) -> None:
    await at.do("run", js=f"say({column}, {who!r}, {json.dumps(text)})")


async def _show(at: Stage, column: int, chat: Chat, results: Result) -> None:
    await at.do("run", js=f"card({column}, {json.dumps(chat.page)}, {json.dumps(results)})")

"""The gallery with clips of every scene, and the page that asks a person for a yes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio

from sora_mcp.server.loopback_pages import Pages
from tests.browser.stage import stage

from .session import call, environment, finish, make_clip, open_session

CLIPS = (
    ("An astronaut's view of a ringed planet, slow orbit", "1280x720"),
    ("Fireflies in a pine forest at night", "720x1280"),
    ("Caravan across golden dunes at sunset", "1280x720"),
    ("Neon skyline in the rain, the camera pans right", "1280x720"),
    ("Steam over a coffee cup on a sunny morning", "1024x1024"),
    ("Snow falls on a cabin below the mountains", "1280x720"),
    ("Silk waves, abstract, warm colours", "720x1280"),
    ("Morning fog lifts over the pine forest", "1280x720"),
    ("A lighthouse beam over a stormy night sea", "1280x720"),
    ("Lamp, books and rain on the window at night", "720x1280"),
    ("Aurora above frozen peaks, tilt up", "1280x720"),
    ("A paper boat sails towards a small island at sunset", "1280x720"),
)
"""Prompts and sizes, the oldest first."""
WIDTH, HEIGHT, SCALE = 1440, 960, 1.15
ASK_WIDTH, ASK_HEIGHT, ASK_SCALE = 800, 400, 1.5
DEAR = {"prompt": CLIPS[-1][0] + ", waves lap softly", "model": "muvi:veo-3.1", "size": "1280x720", "seconds": 8, "audio": True}
"""A clip above the price from which a person is asked."""


async def draw_gallery(folder: Path, out: Path, themes: tuple[str, ...]) -> None:
    """Make the clips and two edits, write the gallery with its own command, and write `gallery-THEME.png` for each theme."""
    environ = environment(folder)
    async with open_session(environ, folder) as client:
        made = [await make_clip(client, prompt, size, seconds=4) for prompt, size in CLIPS]
        for arguments in ({"action": "trim", "start": 0, "end": 2}, {"action": "reframe", "ratio": "9:16"}):
            await finish(client, await call(client, "edit_video", inputs=[made[-1]], **arguments))
    command = [sys.executable, "-m", "sora_mcp", "gallery", "--no-open"]
    await anyio.run_process(command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL)
    page = Path(environ["SORA_MCP_OUTPUT_DIR"]) / "gallery.html"
    async with stage() as at:
        for theme in themes:
            await at.do("fresh", theme=theme, width=WIDTH, height=HEIGHT, scale=SCALE)
            await at.do("visit", url=page.as_uri())
            await at.do("holds", js="[...document.querySelectorAll('.shot img')].filter((one) => one.complete).length > 8")
            await at.do("shot", path=str(out / f"gallery-{theme}.png"), fullPage=False)


async def draw_approval(folder: Path, out: Path, themes: tuple[str, ...]) -> None:
    """Write `approval-THEME.png` for each theme: the page as it waits for its answer."""
    addresses: list[str] = []

    def show(address: str) -> bool:
        addresses.append(address)
        return True

    async with stage() as at:
        for theme in themes:
            async with open_session(environment(folder / theme), folder, Pages(show)) as client:
                await call(client, "create_video", **DEAR)
                await at.do("fresh", theme=theme, width=ASK_WIDTH, height=ASK_HEIGHT, scale=ASK_SCALE)
                await at.do("visit", url=addresses[-1])
                await at.do("shot", path=str(out / f"approval-{theme}.png"))

"""Every vendor's key through journeys and faults, everything logged: none of them is seen again, however spelt."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import pytest

from scripts.house import ROOT
from tests.played import KEYS, VENDORS, Wire, played
from tests.played.rig import PRICES, environment
from tests.played.stdio import Chat, chat
from tests.stories import facts
from tests.waiting import eventually

pytestmark = pytest.mark.slow
SHAPES = ("canary-{}-Zk9%q/w+1=tail", "sk_canary_{}_\"'<&>\\x;,$(id)", "{}-canary.eyJhbGciOiJub25lIn0.e30.~!#*")
"""With what URLs, quotes, shells and tokens are made of; the vendors have them in turn."""
ORDERS: dict[str, dict[str, Any]] = {
    name: {"model": facts(name)["model"], **{part: facts(name)["request"][part] for part in ("size", "seconds")}} for name in VENDORS
}
"""The order of each vendor's own conversations."""
OWN_SIZES = {"compatible": 'sizes = ["1280x720"]\nseconds = [4]\n'}
OWN = "".join(
    f'["{order["model"]}"]\nper_second = "0.10"\n{OWN_SIZES.get(name, "")}'
    for name, order in ORDERS.items()
    if f'["{order["model"]}"]' not in PRICES
)
COMMANDS = (("jobs",), ("doctor",), ("watch", "--until-idle"))


def seen(keys: dict[str, str], folder: Path, *texts: bytes) -> list[str]:
    """Where one of the keys stands: plain, as a URL or as JSON writes it, in base64."""
    spelt = list[bytes]()
    for key in keys.values():
        codes = (base64.b64encode(key.encode()), base64.urlsafe_b64encode(key.encode()))
        forms = (key.encode(), quote(key, safe="").encode(), key.encode("unicode_escape"), *(code.rstrip(b"=") for code in codes))
        spelt.extend(forms)
    places = [(str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    return [name for name, content in [*places, *(("output", text) for text in texts)] if any(form in content for form in spelt)]


async def journeys(spoken: Chat, wires: dict[str, Wire], keys: dict[str, str]) -> None:
    """At all vendors: videos, and paid calls, questions and files that go wrong, with answers that repeat the key."""
    async with anyio.create_task_group() as group:
        for vendor, wire in wires.items():
            group.start_soon(_journey, spoken, vendor, wire, keys[vendor])
    for tool in ("list_videos", "list_sizes"):
        await spoken.call(tool)
    await spoken.ask("resources/read", uri="sora://vendors")


async def _is_listed(spoken: Chat, model: str) -> bool:
    """Whether the model is known: a vendor's own list may come later than the answer that waited for it."""
    return "error" not in await spoken.call("list_sizes", model=model)


async def _journey(spoken: Chat, vendor: str, wire: Wire, key: str) -> None:
    forms = f"{key} {quote(key, safe='')} {base64.b64encode(key.encode()).decode()}"
    escaped = "".join(f"\\u{ord(char):04x}" for char in key)
    told = {"message": f"Unknown key {forms}", "error": {"code": "X", "message": forms}, "detail": forms, "Authorization": key, key: key}
    for fault in (
        {"status": 401, "json": told},
        {"status": 400, "text": f'{{"message": "{escaped}", "detail": "{escaped}", "error": {{"message": "{escaped}"}}}}'},
        {"status": 500, "json": told, "headers": {"X-Key": quote(key, safe="")}},
        {"status": 302, "headers": {"Location": f"/x?key={quote(key, safe='')}"}},
        None,
    ):
        if fault is not None:
            wire.arm("submit", "instead", **fault)
        else:
            wire.arm("status", "instead", status=401, json=told)
            wire.arm("media", "instead", status=403, json=told)
        assert await eventually(lambda: _is_listed(spoken, ORDERS[vendor]["model"]))
        job = await spoken.call("create_video", prompt=f"a boat {len(wire.heard)}", **ORDERS[vendor])
        assert "job_id" in job, job
        await spoken.ended(job["job_id"])
        await spoken.ask("resources/read", uri=f"sora://videos/{job['job_id']}")


async def commands(env: dict[str, str]) -> bytes:
    """All that they print, and all that they complain about."""
    said = list[bytes]()

    async def one(words: tuple[str, ...]) -> None:
        environ = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
        ended = await anyio.run_process([sys.executable, "-m", "sora_mcp", *words], env=environ, check=False, stdin=subprocess.DEVNULL)
        said.append(ended.stdout + ended.stderr)

    async with anyio.create_task_group() as group:
        for words in COMMANDS:
            group.start_soon(one, words)
    return b"".join(said)


@pytest.mark.fault("S19", "R10")
async def test_no_key_is_seen_again(tmp_path: Path) -> None:
    keys, log = {vendor: shape.format(vendor) for vendor, shape in zip(VENDORS, cycle(SHAPES))}, tmp_path / "stderr"
    wires = {name: played(make()) for name, make in VENDORS.items()}
    for name, wire in wires.items():
        wire.app.key = keys[name]  # type: ignore[attr-defined]
        await wire.__aenter__()
    addresses = {name: wire.address for name, wire in wires.items()}
    env = environment(tmp_path, addresses, tuple(wire.host for wire in wires.values()), prices=PRICES + OWN, LOG="debug")
    env |= {KEYS[name]: key for name, key in keys.items()}
    try:
        async with chat(env, stderr=log) as spoken:
            await journeys(spoken, wires, keys)
            line = Path(f"/proc/{spoken.pid}/cmdline")
            command = line.read_bytes() if line.exists() else b""
            assert await spoken.leave() == 0
        printed = await commands(env)
        assert (len(log.read_bytes()) > 0, sum(len(wire.made) for wire in wires.values()) >= len(wires)) == (True, True)
        assert seen(keys, tmp_path, bytes(spoken.said), printed, command) == []
    finally:
        for wire in wires.values():
            await wire.__aexit__()

"""Open a world in which whole conversations can be held: `python -m evals.play [options] FOLDER`.

Vendors on loopback take any order and deliver it; FOLDER becomes a person's computer, with files and some history. Any client can start
`FOLDER/server`, or what `FOLDER/env.json` says. The world ends with SIGTERM, or with a piped standard input.
`python -m evals.play --approve QUOTE FOLDER` says the person's yes to a quote.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import stat
import sys
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from sora_mcp.config.settings import Settings, load
from sora_mcp.jobs.runtime import open_service
from tests.conversations.script import make_environment
from tests.played import VENDORS, Wire, played
from tests.played.rig import TODAY
from tests.stored import place_empty_store

from .clips import save_clip, save_logo, save_photo, save_song
from .history import make_history
from .lenient import SLOW_S, TAKES_S, ClipHost, Lenient, Manners
from .server import make_clock
from .world import KEPT, ROOT

LIFETIME_S = 86_400.0
READY = "ready"
"""The last line that is printed before the world is there."""


@dataclass(frozen=True)
class Options:
    """What kind of world is opened."""

    keys: Sequence[str]
    """Vendors of which the person has a key."""
    caps: Mapping[str, str]
    """Settings of the budget, in dollars."""
    page: bool = False
    history: bool = True
    takes_s: float = TAKES_S
    overcharge: Sequence[str] = ()
    fail: Sequence[str] = ()
    slow: Sequence[str] = ()

    def choose_manners(self, vendor: str) -> Manners:
        """Return how a vendor behaves."""
        return Manners(SLOW_S if vendor in self.slow else self.takes_s, vendor in self.fail, vendor in self.overcharge)


@dataclass(frozen=True)
class Opened:
    """A world that is there."""

    env: Mapping[str, str]
    vendors: Mapping[str, Lenient]
    wires: Mapping[str, Wire]


@asynccontextmanager
async def open_world(options: Options, folder: Path) -> AsyncGenerator[Opened]:
    """Play the vendors, and make the person's computer. An empty folder is filled; another one keeps what was made in it."""
    store = folder / "home" / "sora.db"
    (folder / "cdn").mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        host = ClipHost(folder=folder / "cdn")
        cdn = await stack.enter_async_context(played(host, lifetime_s=LIFETIME_S))
        host.address = cdn.address
        stack.callback(host.renderer.shutdown, cancel_futures=True)
        vendors = {name: Lenient(vendor=name, host=host, store=store, cdn=f"{cdn.address}/{name}") for name in options.keys}
        wires = {name: await stack.enter_async_context(played(vendor, lifetime_s=LIFETIME_S)) for name, vendor in vendors.items()}
        env = _make_env(options, folder, wires, cdn)
        if not store.exists():
            place_empty_store(folder / "home")
            await anyio.to_thread.run_sync(_place_files, folder)
            if options.history:
                await make_history(env, vendors)
        for name, vendor in vendors.items():
            vendor.manners = options.choose_manners(name)
        _write_start(env, folder)
        yield Opened(env, vendors, wires)


def load_settings(env: Mapping[str, str]) -> Settings:
    """Return the settings of a world's person, as the server reads them."""
    return load(env, today=TODAY, config=Path(env["SORA_MCP_HOME"]) / "none.toml")


async def approve(quote: str, folder: Path) -> str:
    """Say yes to a quote as the person at a terminal, and return its price and model."""
    env = json.loads((folder / "env.json").read_text("utf-8"))["env"]
    async with open_service(load_settings(env), work=False, clock=make_clock(env)) as service:
        approval = await service.store.approvals.approve(quote)
    return f"Approved: {approval.id}, {approval.model}, {approval.seconds} s."


def _make_env(options: Options, folder: Path, wires: Mapping[str, Wire], cdn: Wire) -> dict[str, str]:
    own = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PYTHONPATH": str(ROOT), "HOME": str(folder)}
    env = own | make_environment(folder, wires, [wire.host for wire in (*wires.values(), cdn)])
    given = {f"SORA_MCP_{name}_USD": amount for name, amount in options.caps.items()}
    given |= {"SORA_MCP_IMAGE_DIRS": str(folder / "Pictures"), "SORA_MCP_APPROVAL_PAGE": str(int(options.page))}
    return env | given | {"SORA_MCP_POLL_SECONDS": "0.5", "SORA_MCP_LINGER": "0", "EVALS_NOON": str(_read_noon(folder))}


def _read_noon(folder: Path) -> float:
    """Return when it was noon in this world: when it was first opened."""
    return (folder / "cdn").stat().st_ctime if not (folder / "env.json").exists() else _read_env(folder)


def _read_env(folder: Path) -> float:
    return float(json.loads((folder / "env.json").read_text("utf-8"))["env"]["EVALS_NOON"])


def _place_files(folder: Path) -> None:
    """Put the person's own files into the folder."""
    pictures, videos = folder / "Pictures", folder / "videos"
    pictures.mkdir(exist_ok=True)
    videos.mkdir(exist_ok=True)
    save_photo(pictures / "beach.jpg", "sea.jpg", (1620, 1080))
    save_photo(pictures / "forest.jpg", "forest.jpg", (1440, 1080))
    save_photo(pictures / "portrait.png", "room.jpg", (1080, 1440))
    (pictures / "IMG_2041.HEIC").write_bytes((ROOT / "tests/media/red.heic").read_bytes())
    save_logo(pictures / "logo.png")
    save_song(videos / "song.wav", 20)
    save_clip(videos / "beach.mp4", "a beach at sunset", (1280, 720), 9, audio=True)


def _write_start(env: Mapping[str, str], folder: Path) -> None:
    """Write how the server is started: as data, and as a program."""
    command, args = sys.executable, ["-m", "evals.server"]
    started = {"command": command, "args": args, "env": env}
    (folder / "env.json").write_text(json.dumps(started, indent=1), "utf-8")
    program = folder / "server"
    assigned = [f"{name}={value}" for name, value in env.items()]
    program.write_text(f"#!/bin/sh\nexec env -i {shlex.join([*assigned, command, *args])}\n", "utf-8")
    program.chmod(0o755)


async def _serve(options: Options, folder: Path) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        _end_with_input()
        async with open_world(options, folder):
            print(f"Start the server: {folder / 'server'}")
            print(f"Say yes to a quote: {sys.executable} -m evals.play --approve QUOTE {folder}")
            print(READY, flush=True)
            async for _ in signals:
                return


def _end_with_input() -> None:
    """End with the standard input, where it is a pipe or a terminal."""
    if not (stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode) or os.isatty(0)):
        return

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    known = [name for name in VENDORS if name != "compatible"]
    parser = argparse.ArgumentParser(prog="python -m evals.play", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keys", default=",".join(known), help="vendors of which the person has a key, or `none`")
    parser.add_argument("--per-video", default="5", metavar="USD")
    parser.add_argument("--daily", default="10", metavar="USD")
    parser.add_argument("--monthly", default="100", metavar="USD")
    parser.add_argument("--confirm", default="2", metavar="USD", help="prices above it need a yes")
    parser.add_argument("--page", choices=("on", "off"), default="off", help="whether confirmation pages open on this screen")
    parser.add_argument("--no-history", action="store_true", help="nothing was made before")
    parser.add_argument("--takes", type=float, default=TAKES_S, metavar="SECONDS", help="how long a clip takes")
    for name, what in (("overcharge", "charges half as much again"), ("fail", "refuses content"), ("slow", "takes ten minutes")):
        parser.add_argument(f"--{name}", action="append", default=[], choices=known, metavar="VENDOR", help=f"this vendor {what}")
    parser.add_argument("--approve", metavar="QUOTE", help="say the person's yes to a quote of this world, and end")
    given = parser.parse_args(words)
    given.keys = () if given.keys == "none" else given.keys.split(",")
    if strange := set(given.keys) - set(known):
        parser.error(f"no such vendor: {', '.join(sorted(strange))}; there are {', '.join(known)}")
    return given


def main(words: Sequence[str] | None = None) -> None:
    """Open the world and keep it, or approve a quote in one."""
    given = _parse(words)
    folder = given.folder.resolve()
    if given.approve:
        print(anyio.run(approve, given.approve, folder))
        return
    caps = {"PER_VIDEO": given.per_video, "DAILY": given.daily, "MONTHLY": given.monthly, "CONFIRM_ABOVE": given.confirm}
    amiss = {"overcharge": given.overcharge, "fail": given.fail, "slow": given.slow}
    options = Options(given.keys, caps, given.page == "on", not given.no_history, given.takes, **amiss)
    anyio.run(_serve, options, folder)


if __name__ == "__main__":
    main()

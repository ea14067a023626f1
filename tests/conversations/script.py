"""Play a conversation: the calls of an assistant that sees results alone, at vendors that are played on real sockets."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import av
from mcp import Client
from mcp.types import CallToolResult, ElicitResult, TextContent

from sora_mcp.config.settings import load
from sora_mcp.domain import LIVE, LOCAL, State
from sora_mcp.domain.money import format_dollars
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.net.client import VendorClient
from sora_mcp.server.app import build
from tests.media.clips import a_sound
from tests.played import CLIP, KEY, KEYS, VENDORS, Cdn, Wire, played
from tests.played.rig import TODAY, picture
from tests.played.vendor import Played
from tests.stored import Clock, place_empty_store
from tests.waiting import eventually

NOON = 1_795_176_000.0
"""2026-11-20, 12:00 UTC."""
MONEY = ("create_video", "cancel_video")
"""Tools that can move money: the others never say that none was."""
MICROS = re.compile(r"\$\d+\.\d{4,}(?![\d/])")
"""An amount that nobody says aloud; the price of a second keeps what it needs."""
IDS = re.compile(r"(?<![a-z0-9])[qv]_[0-9a-z]+", re.IGNORECASE)
"""Quotes and jobs: their letters are drawn at random, and may spell what a call is to leave out."""
SECONDS = {"tall": 4, "long": 12}
"""Of the clips that are made for a conversation."""
PICTURES = {"logo.png": (256, 256), "cat.png": (160, 90), "tall.png": (90, 160), "photo.png": (120, 90), "print.png": (800, 600)}
"""Files in the output folder, with their sizes."""


@dataclass(frozen=True)
class Call:
    """One call, and what the text of its answer says and leaves out. `{name}` stands for what an earlier call was to remember."""

    tool: str
    arguments: Mapping[str, Any]
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    refused: bool = False
    job: str = ""
    """Remember the job, or the jobs, under this name: `{name}`, `{name1}`, ..."""
    quote: str = ""
    """Remember the quote under this name."""


@dataclass(frozen=True)
class Approve:
    """The person types the price in a terminal."""

    quote: str


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    minutes: float


@dataclass(frozen=True)
class Arm:
    """A vendor answers one kind of request otherwise from here on."""

    vendor: str
    on: str
    parts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is laid over its right answer."""
    fault: str = "mended"
    status: int = 0
    """Of a refusal, which has these parts alone."""


@dataclass(frozen=True)
class NewChat:
    """The person leaves, comes back when all is done, and opens another chat."""


Step = Call | Approve | Wait | Arm | NewChat


@dataclass(frozen=True)
class Talk:
    """One conversation."""

    person: str
    """What the person says; the row's name."""
    steps: tuple[Step, ...]
    keys: tuple[str, ...] = ()
    """The vendors that the person has a key of."""
    bought: tuple[str, ...] = ()
    """Every paid call, in order: `vendor` or `vendor of what`, where a word stands in its body."""
    spent: str = "$0.00"
    """What the day's budget counts at the end."""
    answer: str = ""
    """What the person answers to forms: `accept` or `decline`; empty where the client shows none."""
    asks: tuple[str, ...] = ()
    """What stands in the forms that the person is shown."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    walk: tuple[str, ...] = ()
    """The states at the only vendor, where these are others than a success."""
    works: bool = True
    """Whether a worker sends what was ordered."""
    clip: str = "small"
    """The clip that vendors deliver: `small`, unlike any order, or `tall`, as a silent 9:16 of four seconds should be."""
    falls_short: str = ""
    """Why the product does not do this yet. The row fails once it does."""


def call(
    tool: str, *says: str, never: tuple[str, ...] = (), refused: bool = False, as_job: str = "", as_quote: str = "", **arguments: Any
) -> Call:
    """Return a call whose answer says all of this."""
    return Call(tool, arguments, says, never, refused, as_job, as_quote)


def made(*says: str, **wish: Any) -> tuple[Call, Call]:
    """Return the calls that make a clip, which is `{a}` from there on, and wait for it, and what is said of it then."""
    return call("create_video", as_job="a", **wish), call("get_video_status", *says, job_id="{a}")


def talk(person: str, *steps: Step, paid: tuple[str, ...] = ("$0.00",), **more: Any) -> Talk:
    """Return a conversation. `paid` is what the day's budget counts at the end, then every paid call, in order.

    The person has the keys of the vendors that are paid, unless `keys` says others.
    """
    spent, *bought = paid
    more.setdefault("keys", tuple(dict.fromkeys(one.partition(" of ")[0] for one in bought)))
    return Talk(person, steps, bought=tuple(bought), spent=spent, **more)


@dataclass
class Table:
    """Where a conversation is played: the service, the vendors' wires, the clock, and what is remembered."""

    service: VideoService
    wires: Mapping[str, Wire]
    clock: Clock
    folder: Path
    known: dict[str, str] = field(default_factory=dict[str, str])
    forms: list[str] = field(default_factory=list[str])
    """The questions that the person was asked."""
    results: list[tuple[Call, CallToolResult]] = field(default_factory=list[tuple[Call, CallToolResult]])


async def play(script: Talk, folder: Path) -> Table:
    """Play the conversation to its end. AssertionError where an answer or the money is not as the row says."""
    failure: AssertionError | None = None
    async with set_table(script, folder) as table:
        for number, steps in enumerate(_split_chats(script.steps)):
            if number:
                await eventually(lambda: _is_idle(table))
                table.clock.at += 60
            if (failure := await _play_chat(script, steps, table)) is not None:
                break
        if failure is None:
            failure = await _catch(_check_bought(script, table))
    if failure is not None:
        raise failure
    return table


def _split_chats(steps: Sequence[Step]) -> list[list[Step]]:
    """Return the steps of each chat."""
    chats: list[list[Step]] = [[]]
    for step in steps:
        if isinstance(step, NewChat):
            chats.append([])
        else:
            chats[-1].append(step)
    return chats


async def _play_chat(script: Talk, steps: Sequence[Step], table: Table) -> AssertionError | None:
    """Take the steps of one chat, and return what is not as the row says."""
    async with _open_client(table, script.answer) as client:
        for step in steps:
            if (failure := await _catch(_take(step, client, table))) is not None:
                return failure
    return None


async def _catch(work: Awaitable[None]) -> AssertionError | None:
    """Return what a check found, instead of raising it through task groups, which would wrap it."""
    try:
        await work
    except AssertionError as error:
        return error
    return None


async def _is_idle(table: Table) -> bool:
    return not (await table.service.jobs(principal=LOCAL, states=LIVE)).jobs


async def _check_bought(script: Talk, table: Table) -> None:
    """Check, once all is sent, that exactly the row's purchases came to the vendors, and what they cost."""
    open_states: tuple[State, ...] = ("submitting",) if script.walk else LIVE

    async def is_settled() -> bool:
        return not (await table.service.jobs(principal=LOCAL, states=open_states)).jobs

    if script.works:
        await eventually(is_settled)
    spent = format_dollars((await table.service.budget()).day_spent)
    missing = [words for words in script.asks if not any(words in form for form in table.forms)]
    assert not missing, f"{missing} not in {table.forms}"
    assert spent == script.spent, f"spent {spent}, not {script.spent}"
    posts = [f"{name} {heard.body}" for name, wire in table.wires.items() for heard in wire.requests("submit")]
    wanted = [[name, *what.split(" ")] if what else [name] for name, _, what in (one.partition(" of ") for one in script.bought)]
    fitting = [all(word in post for word in words) for words, post in zip(wanted, posts, strict=False)]
    assert len(posts) == len(wanted) and all(fitting), f"bought {[post[:300] for post in posts]}"


@asynccontextmanager
async def set_table(script: Talk, folder: Path) -> AsyncGenerator[Table]:
    """Open a service with a worker over the vendors whose keys the person has."""
    async with AsyncExitStack() as stack:
        clock = Clock()
        clock.at = NOON
        vendors: dict[str, Played] = {name: VENDORS[name]() for name in script.keys}
        wires = {name: await stack.enter_async_context(played(vendor)) for name, vendor in vendors.items()}
        cdn = await stack.enter_async_context(played(Cdn(_make_clip(script.clip)))) if vendors else None
        for name, vendor in vendors.items():
            vendor.cdn, vendor.walk = cdn.address if cdn else "", script.walk or vendor.walk
            wires[name].clock = clock
        place_files(folder)
        hosts = [wire.host for wire in wires.values()] + ([cdn.host] if cdn else [])
        settings = load(make_environment(folder, wires, hosts) | dict(script.env), today=TODAY, config=folder / "none.toml")
        http_client = VendorClient(settings.home, settings.keys, settings.trusted_hosts)
        service = await stack.enter_async_context(open_service(settings, work=script.works, clock=clock, http_client=http_client))
        yield Table(service, wires, clock, folder)


def place_files(folder: Path) -> None:
    """Put an empty store and the person's own files into the folder."""
    place_empty_store(folder / "home")
    (folder / "videos").mkdir()
    for name, size in PICTURES.items():
        _write_picture(folder / "videos" / name, *size)
    (folder / "videos" / "beach.mp4").write_bytes(CLIP)
    (folder / "videos" / "party.mp4").write_bytes(_make_clip("long"))
    a_sound(folder / "videos" / "song.wav", seconds=20)


def make_environment(folder: Path, wires: Mapping[str, Wire], hosts: list[str]) -> dict[str, str]:
    """Return the settings of a person with keys at these played vendors, as variables."""
    given = {"HOME": folder / "home", "OUTPUT_DIR": folder / "videos", "TRUSTED_HOSTS": ",".join(hosts), "POLL_SECONDS": "0.02"}
    given |= {"TIMEZONE": "UTC", "APPROVAL_PAGE": "0"}
    given |= {f"{name.upper()}_BASE_URL": wire.address for name, wire in wires.items()}
    return {f"SORA_MCP_{name}": str(value) for name, value in given.items()} | {KEYS[name]: KEY for name in wires}


@cache
def _make_clip(name: str) -> bytes:
    if name == "small":
        return CLIP
    with BytesIO() as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 720, 1280, "yuv420p"
        for number in range(SECONDS[name]):
            frame = av.VideoFrame(720, 1280, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([60 * number % 240 + 20]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        container.close()
        return file.getvalue()


def _write_picture(path: Path, width: int, height: int) -> None:
    path.write_bytes(base64.b64decode(picture(width, height).partition(",")[2]))


def _open_client(table: Table, answer: str) -> Client:
    async def ask(context: Any, params: Any) -> ElicitResult:
        table.forms.append(params.message)
        return ElicitResult(action="accept", content={"buy": True}) if answer == "accept" else ElicitResult(action="decline")

    server = build(lambda: nullcontext(table.service), table.service.settings.catalogue, today=lambda: table.service.today)
    return Client(server, mode="auto", elicitation_callback=ask if answer else None)


async def _take(step: Step, client: Client, table: Table) -> None:
    match step:
        case Call():
            result = await client.call_tool(step.tool, _fill(dict(step.arguments), table))
            table.results.append((step, result))
            _check(step, result, table)
        case Approve():
            await table.service.store.approvals.approve(table.known[step.quote])
        case Wait():
            table.clock.at += 60 * step.minutes
        case Arm() if step.status:
            table.wires[step.vendor].arm(step.on, "instead", times=-1, status=step.status, json=dict(step.parts))
        case Arm():
            table.wires[step.vendor].arm(step.on, step.fault, times=-1, **({"with": dict(step.parts)} if step.parts else {}))


def _check(step: Call, result: CallToolResult, table: Table) -> None:
    """Check the text, which is all that some clients show, and that the structured part has the same."""
    (text,) = [part.text for part in result.content if isinstance(part, TextContent)]
    fields = result.structured_content or {}
    where = f"{step.tool} {dict(step.arguments)}: {text}"
    assert result.is_error == step.refused, where
    assert fields.get("message", text) == text, where
    _remember(step, fields, table)
    assert not MICROS.search(text), where
    assert step.tool in MONEY or "Not sent" not in text, where
    missing = [phrase for phrase in step.says if (filled := _fill(phrase, table)).casefold() not in text.casefold() and filled]
    assert not missing, f"{missing} not in {where}"
    wrong = find_forbidden(step.never, text)
    assert not wrong, f"{wrong} in {where}"


def find_forbidden(phrases: Sequence[str], text: str) -> list[str]:
    """Return which of the phrases the text says outside its ids."""
    said = IDS.sub("", text).casefold()
    return [phrase for phrase in phrases if phrase.casefold() in said]


def _remember(step: Call, fields: Mapping[str, Any], table: Table) -> None:
    if step.job:
        ids = [row["job_id"] for row in fields.get("jobs", ())] or [fields["job_id"]]
        table.known |= {step.job: ids[0]} | {f"{step.job}{number}": one for number, one in enumerate(ids, 1)}
    if step.quote:
        table.known[step.quote] = fields.get("quote") or fields["error"]["quote"]


def _fill(value: Any, table: Table) -> Any:
    """Return the value with what is remembered in place of its names."""
    if isinstance(value, str):
        for name, known in {**table.known, "folder": str(table.folder / "videos")}.items():
            value = value.replace("{" + name + "}", known)
        return value
    if isinstance(value, dict):
        return {name: _fill(part, table) for name, part in cast("dict[str, Any]", value).items()}
    return [_fill(part, table) for part in cast("list[Any]", value)] if isinstance(value, list | tuple) else value

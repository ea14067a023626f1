"""Lines arrive whole, however they were cut on their way."""

from __future__ import annotations

import os

import anyio

from sora_mcp.jobs.first_frame import MOST_BYTES
from sora_mcp.server.transports.stdin import MOST_LINE, Line, Lines, TooLong
from tests.each import each


async def lines_of(*pieces: bytes) -> list[str]:
    reading, writing = os.pipe()
    lines = Lines(reading)

    async def write() -> None:
        for piece in pieces:
            await anyio.to_thread.run_sync(os.write, writing, piece)
        os.close(writing)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        found = [line async for line in lines]
    os.close(reading)
    return found


@each(
    ("pieces", "lines"),
    [
        (("eins\nzw\u00f6".encode()[:-1], "\u00f6".encode()[1:] + b"lf\n\ndrei"), ["eins\n", "zwölf\n", "\n", "drei"]),
        ((b"\xff\n", b"two\n"), ["\ufffd\n", "two\n"]),
        (("a\u2028b\rc\x0bd\n".encode(),), ["a\u2028b\rc\x0bd\n"]),
    ],
    ids=["in pieces, a letter too", "bytes that are no text", "other separators inside of a line"],
)
async def test_lines_arrive_whole(pieces: tuple[bytes, ...], lines: list[str]) -> None:
    assert await lines_of(*pieces) == lines


async def test_the_lines_can_be_ended_although_nobody_writes() -> None:
    reading, writing = os.pipe()
    lines = Lines(reading)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(end, lines)
        assert [line async for line in lines] == []
    os.write(writing, b"late\n")
    os.close(writing)


async def end(lines: Lines) -> None:
    lines.end()


LONG = '"params": {"id": 9, "x": "…"}'


TOO_LONG: dict[str, tuple[str, int | str | None]] = {
    "id first": ('{"jsonrpc": "2.0", "id": 7, "method": "ping", ' + LONG + "}", 7),
    "a text as id": ('{"id": "se\\"ven", "jsonrpc": "2.0", "method": "ping", ' + LONG + "}", 'se"ven'),
    "id last": ('{"method": "ping", ' + LONG + ', "jsonrpc": "2.0", "id": 7}', 7),
    "id before last": ('{"method": "ping", ' + LONG + ', "id": -7, "jsonrpc": "2.0" }  ', -7),
    "news": ('{"jsonrpc": "2.0", "method": "notifications/progress", ' + LONG + "}", None),
    "an answer": ('{"jsonrpc": "2.0", "id": 7, "result": {' + LONG + "}}", None),
    "an answer, id last": ('{"result": {' + LONG + '}, "jsonrpc": "2.0", "id": 7}', None),
    "an id inside": ('{"method": "ping", ' + LONG[:-1] + ', "id": 8}}', None),
    "half a character as id": ('{"jsonrpc": "2.0", "id": "\\ud83d", "method": "ping", ' + LONG + "}", None),
    "no number as id": ('{"jsonrpc": "2.0", "id": 007, "method": "ping", ' + LONG + "}", None),
    "no JSON": ("x…", None),
}


@each(("line", "named"), TOO_LONG.values(), ids=TOO_LONG)
def test_of_a_message_that_is_too_long_the_id_is_known(line: str, named: int | str | None) -> None:
    line = line.replace("…", "x" * MOST_LINE)
    growing = Line()
    for at in range(0, len(line), 1 << 16):
        growing.add(line[at : at + (1 << 16)])
    assert growing.finish() == TooLong(len(line), named)
    growing.add("short")
    assert growing.finish() == "short"


def test_a_message_with_the_largest_picture_arrives() -> None:
    growing = Line()
    growing.add("x" * (MOST_BYTES * 4 // 3 + 100_000))
    assert isinstance(growing.finish(), str)

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


async def test_a_line_may_come_in_pieces_and_a_letter_too() -> None:
    assert await lines_of("eins\nzw\u00f6".encode()[:-1], "\u00f6".encode()[1:] + b"lf\n\ndrei") == ["eins\n", "zwölf\n", "\n", "drei"]


async def test_bytes_that_are_no_text_do_not_end_the_lines() -> None:
    assert await lines_of(b"\xff\n", b"two\n") == ["\ufffd\n", "two\n"]


async def test_other_line_separators_stay_inside_of_a_line() -> None:
    assert await lines_of("a\u2028b\rc\x0bd\n".encode()) == ["a\u2028b\rc\x0bd\n"]


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


@each(
    ("line", "named"),
    [
        ('{"jsonrpc": "2.0", "id": 7, "method": "ping", ' + LONG + "}", 7),
        ('{"id": "se\\"ven", "jsonrpc": "2.0", "method": "ping", ' + LONG + "}", 'se"ven'),
        ('{"method": "ping", ' + LONG + ', "jsonrpc": "2.0", "id": 7}', 7),
        ('{"method": "ping", ' + LONG + ', "id": -7, "jsonrpc": "2.0" }  ', -7),
        ('{"jsonrpc": "2.0", "method": "notifications/progress", ' + LONG + "}", None),
        ('{"jsonrpc": "2.0", "id": 7, "result": {' + LONG + "}}", None),
        ('{"result": {' + LONG + '}, "jsonrpc": "2.0", "id": 7}', None),
        ('{"method": "ping", ' + LONG[:-1] + ', "id": 8}}', None),
        ('{"jsonrpc": "2.0", "id": "\\ud83d", "method": "ping", ' + LONG + "}", None),
        ('{"jsonrpc": "2.0", "id": 007, "method": "ping", ' + LONG + "}", None),
        ("x…", None),
    ],
    ids=[
        "id first",
        "a text as id",
        "id last",
        "id before last",
        "news",
        "an answer",
        "an answer, id last",
        "an id inside",
        "half a character as id",
        "no number as id",
        "no JSON",
    ],
)
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

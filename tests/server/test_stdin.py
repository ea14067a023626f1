"""Lines arrive whole, however they were cut on their way."""

from __future__ import annotations

import os

import anyio

from sora_mcp.server.stdin import Lines


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

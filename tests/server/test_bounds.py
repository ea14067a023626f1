"""What a refused call costs grows with what is shown, not with what was sent."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from mcp import Client

import sora_mcp
from sora_mcp.domain import list_pictures
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.input_images import read_image
from sora_mcp.server.schema import MOST_TEXT, is_short
from tests.each import each

from .keyed import ask, video

OURS = str(Path(sora_mcp.__file__).parent)
HUGE = "x" * 4_000_000
MOST_S = 2.0
"""Many times what any of these calls takes on a busy machine, and a fraction of what they took without bounds."""


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


MANY_WRONG = {"audio": "x", "negative_prompt": 7, "seed": "s", "fit": "q", "references": "x", "last_image": "y"}
CALLS: dict[str, dict[str, Any]] = {
    "14,000 options": video(options={f"option{number}": 1 for number in range(14_000)}),
    "14,000 arguments": video(**{f"secnds{number}": 1 for number in range(14_000)}),
    "45 long options": video(options={f"audi{number}": "x" * 3_000 for number in range(45)}),
    "45 long near-misses": video(**{"duration_second" * 6 + "s" * number: 1 for number in range(45)}),
    "many fixes combined": {"prompt": "a boat", "size": "31:9", "seconds": 500, "options": MANY_WRONG},
    "a long prompt": video(prompt=HUGE),
    "a long size": video(size=HUGE),
    "a size of many words": video(size="x " * 500_000),
    "a length of blanks": video(seconds=" " * len(HUGE)),
    "a cap of blanks": video(max_usd=" " * len(HUGE)),
    "a long model": video(model=HUGE),
    "a long near-miss of a model": video(model=("veo-3.1-fast" * 20)[:199]),
    "a long path": video(image=HUGE),
    "a long picture": video(image="data:image/png;base64," + "A" * len(HUGE)),
    "a picture in many lines": video(image="data:image/png;base64," + "AAAA\n" * 800_000),
    "a last picture in many lines": video(last_image="data:image/png;base64," + "AAAA\n" * 800_000),
    "a long length": video(seconds=HUGE),
    "a long cap": video(max_usd=HUGE),
    "a long option": video(options={"audio": HUGE}),
    "a long text of options": video(options=HUGE),
    "a long name of an argument": video(**{HUGE: 1}),
    "a long name of an option": video(options={HUGE: 1}),
    "a long list": video(seconds=["abc"] * 500_000),
    "a deep list": video(seconds=nested(90)),
    "a deep option": video(options={"audio": nested(90)}),
}


MOST_OWN_CALLS = {
    "45 long options": 5_000,
    "45 long near-misses": 5_000,
    "many fixes combined": 14_000,
    "a long model": 4_000,
    "a long near-miss of a model": 4_000,
}
"""What compares names or tries values may take so many calls of own functions, anything else MOST_OTHERS."""
MOST_OTHERS = 1_200
GROWING: dict[str, Callable[[int], dict[str, Any]]] = {
    "options": lambda n: video(options={f"option{number}": 1 for number in range(n)}),
    "arguments": lambda n: video(**{f"secnds{number}": 1 for number in range(n)}),
    "characters of a prompt": lambda n: video(prompt="x" * 300 * n),
    "words of a size": lambda n: video(size="x " * 35 * n),
}


MARKS = {"line ends": "\n", "line ends of Windows": "\r\n", "escaped line ends": "%0A"}


@contextmanager
def measured() -> Iterator[list[int]]:
    """Yields a list that gets the most bytes held at once inside: each piece of a text costs about 50 besides its characters."""
    found = list[int]()
    tracemalloc.start()
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts the calls of this thread to named functions of the package."""
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if event == "call" and frame.f_lasti <= 4 and code.co_filename.startswith(OURS) and not code.co_name.startswith("<"):
            found[code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


@pytest.mark.slow
@each("name", CALLS)
async def test_a_huge_call_is_refused_as_fast_as_any_and_says_little(keyed: Client, name: str) -> None:
    await ask(keyed, "create_video", video(seconds=60))  # the first call imports
    began = time.thread_time()  # processor time: others may be using the machine
    with counted() as calls:
        error = (await ask(keyed, "create_video", CALLS[name]))["error"]
    took = time.thread_time() - began
    assert len(error.get("broken", [])) <= 50
    assert len(error["message"]) <= 30_000
    assert calls.total() < MOST_OWN_CALLS.get(name, MOST_OTHERS), calls.most_common(5)
    assert took < MOST_S


@each("name", GROWING)
async def test_the_work_of_a_refusal_grows_with_what_is_shown_and_not_with_what_was_sent(keyed: Client, name: str) -> None:
    work = list[int]()
    for size in (1_000, 1_000, 14_000):  # the first call imports
        with counted() as calls:
            assert (await keyed.call_tool("create_video", GROWING[name](size))).is_error
        work.append(calls.total())
    assert work[2] <= work[1] + 100
    assert work[2] <= MOST_OTHERS


@each("mark", MARKS)
def test_a_picture_in_many_lines_is_not_taken_apart(mark: str) -> None:
    uri = "data:image/png;base64," + f"AAAA{MARKS[mark]}" * 100_000
    with measured() as peak, pytest.raises(BrokenRules, match="image must be a PNG"):
        read_image(uri, (), most_bytes=25_000_000)
    assert peak[0] < 6 * len(uri)
    with measured() as peak:
        assert list_pictures(uri) == [uri]
    assert peak[0] < 2 * len(uri)


async def test_beyond_fifty_broken_arguments_only_their_number_is_told(keyed: Client) -> None:
    error = (await ask(keyed, "create_video", video(**{f"bogus{number}": 1 for number in range(60)})))["error"]
    assert (len(error["broken"]), "fixes" in error, error["message"].endswith(" And 10 more.")) == (50, False, True)


async def test_a_refusal_of_one_value_takes_few_steps(keyed: Client) -> None:
    await ask(keyed, "create_video", video(seconds=60))
    with counted() as calls:
        await ask(keyed, "create_video", video(seconds=60))
    assert calls.total() <= 600, calls.most_common(10)


@each(
    ("value", "short"),
    [
        ("x" * MOST_TEXT, True),
        ("x" * (MOST_TEXT + 1), False),
        (["x" * 100] * 30, True),
        (["x" * 100] * 50, False),
        ({"a": {"b": ["c", 1, None, True]}}, True),
        (nested(9), True),
        (nested(11), False),
        (10**400, True),
        (10**100_000, False),
    ],
    ids=map(str, range(9)),
)
def test_a_value_is_short_while_all_that_is_in_it_is(value: object, short: bool) -> None:
    assert is_short(value) is short

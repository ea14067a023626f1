"""Play the fifty conversations with a client, and print a table and a JSON: `python -m evals --adapter program -- my-agent`.

Nothing is really bought: the vendors are played on loopback.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio

from .adapters import Adapter, AdapterFailure, Outcome, find_adapter
from .conversation import Conversation
from .rows import CONVERSATIONS
from .scoring import judge
from .world import open_world


@dataclass(frozen=True)
class Score:
    """How one conversation went."""

    name: str
    passed: bool
    wrong: list[str]
    calls: int
    bought: int
    seconds: float


async def play(conversation: Conversation, adapter: Adapter) -> Score:
    """Play one conversation in a world of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_world(conversation, Path(folder)) as world:
            began = time.monotonic()
            try:
                outcome, failure = await adapter.play(conversation, world.server), ""
            except AdapterFailure as error:
                outcome, failure = Outcome((), ""), str(error)
            took = round(time.monotonic() - began, 1)
            if failure or any(call.tool == "create_video" for call in outcome.calls):
                await world.settle()
            bought = world.list_bought()
            wrong = [failure] if failure else judge(conversation, outcome, bought)
            return Score(conversation.name, not wrong, wrong, len(outcome.calls), len(bought), took)


async def play_all(conversations: Iterable[Conversation], adapter: Adapter) -> list[Score]:
    """Play one after the other, and say on stderr how far it is."""
    scores: list[Score] = []
    for conversation in conversations:
        scores.append(await play(conversation, adapter))
        print(f"{'ok' if scores[-1].passed else 'WRONG':6}{conversation.name}", file=sys.stderr)
    return scores


def write_table(scores: Sequence[Score]) -> Iterator[str]:
    """Yield the rows of a table, and the sum."""
    yield f"{'CONVERSATION':20}  {'':5}  {'CALLS':>5}  {'BOUGHT':>6}  {'SECONDS':>7}  WRONG"
    for score in scores:
        verdict = "ok" if score.passed else "wrong"
        yield f"{score.name:20}  {verdict:5}  {score.calls:5}  {score.bought:6}  {score.seconds:7.1f}  {'; '.join(score.wrong)}".rstrip()
    yield f"{sum(score.passed for score in scores)} of {len(scores)} passed"


def main(arguments: Sequence[str]) -> int:
    """Return 0 where every conversation passed."""
    parser = argparse.ArgumentParser(prog="evals", description="Play conversations of ordinary people with a client of the server.")
    parser.add_argument("--adapter", default="replay", help="replay, or program with its command after --")
    parser.add_argument("--only", action="append", default=[], help="a conversation whose name begins like this; may be repeated")
    parser.add_argument("--json", type=Path, help="a file for the scores")
    parser.add_argument("command", nargs="*", help="the program, where the adapter is one")
    given = parser.parse_args(arguments)
    try:
        adapter = find_adapter(given.adapter, given.command)
    except ValueError as error:
        parser.error(str(error))
    scores = anyio.run(play_all, [row for row in CONVERSATIONS if row.name.startswith(tuple(given.only or [""]))], adapter)
    print("\n".join(write_table(scores)))
    if given.json:
        given.json.write_text(json.dumps([asdict(score) for score in scores], indent=1) + "\n", "utf-8")
    return 0 if all(score.passed for score in scores) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

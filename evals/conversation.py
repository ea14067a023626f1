"""A conversation: what a person says, what is at hand, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FOUR = ("muvi", "mulerun", "aimlapi", "pixazo")


@dataclass(frozen=True)
class Step:
    """A call of the solution."""

    tool: str
    arguments: Mapping[str, Any]
    """`{job}` and `{quote}` stand for what the last result named."""
    is_expected: bool = False
    """Whether every client has to make it, with these arguments; prompts and ids may differ."""


@dataclass(frozen=True)
class Conversation:
    """One row of the fifty."""

    name: str
    turns: tuple[str, ...]
    """What the person says, one message after the other."""
    solution: tuple[Step, ...]
    """Calls that serve the person. Another way is as good, as long as it does what is expected."""
    says: tuple[str, ...] = ()
    """What the last message has to contain; `a|b` is one or the other, without regard to case."""
    never_says: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    """Every paid call that has to come, in any order: `vendor of words in its body`. Nothing else may be bought."""
    never: tuple[str, ...] = ()
    """Tools that must not be called."""
    keys: tuple[str, ...] = FOUR
    """Vendors of which the person has a key."""
    before: tuple[Step, ...] = ()
    """What was made earlier, to its end, in another chat."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])


def do(tool: str, **arguments: Any) -> Step:
    """Return a call that is one way among others."""
    return Step(tool, arguments)


def must(tool: str, **arguments: Any) -> Step:
    """Return a call that is expected of every client."""
    return Step(tool, arguments, is_expected=True)


def row(name: str, says: str | tuple[str, ...], *solution: Step, **more: Any) -> Conversation:
    """Return a conversation of one message or of several."""
    return Conversation(name, (says,) if isinstance(says, str) else says, solution, more.pop("tells", ()), **more)

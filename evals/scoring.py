"""Judge an outcome: by what came to the vendors, by the calls, and by what the person was told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .adapters import Made, Outcome
from .conversation import Conversation, Step

FREE = ("prompt", "text", "title")
"""Arguments whose words are the client's own."""
SAME: Mapping[str, str] = {"vertical": "9:16", "upright": "9:16", "portrait": "9:16", "square": "1:1", "sample:sample": "sample"}
"""Words that the server takes for another."""


def judge(conversation: Conversation, outcome: Outcome, bought: Sequence[str]) -> list[str]:
    """Return what is wrong, money first; nothing where the conversation went well."""
    wrong = [*_judge_money(conversation, bought), *_judge_calls(conversation, outcome.calls)]
    wrong += [f"the last message does not say {phrase!r}" for phrase in conversation.says if not _says(outcome.final, phrase)]
    return wrong + [f"the last message says {phrase!r}" for phrase in conversation.never_says if _says(outcome.final, phrase)]


def _judge_money(conversation: Conversation, bought: Sequence[str]) -> Iterator[str]:
    left = list(bought)
    for wanted in conversation.bought:
        vendor, _, words = wanted.partition(" of ")
        fit = next((post for post in left if post.split(" ", 1)[0] == vendor and all(word in post for word in words.split())), None)
        if fit is None:
            yield f"not bought: {wanted}"
        else:
            left.remove(fit)
    for post in left:
        yield f"bought without being asked: {post[:160]}"


def _judge_calls(conversation: Conversation, calls: Sequence[Made]) -> Iterator[str]:
    for step in conversation.solution:
        if step.is_expected and not any(_fits(step, call) for call in calls):
            shown = {name: value for name, value in step.arguments.items() if name not in FREE}
            yield f"no call {step.tool}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
    for tool in sorted({call.tool for call in calls} & {*conversation.never}):
        yield f"{tool} was called"


def _fits(step: Step, call: Made) -> bool:
    """Return whether a call has the step's arguments; more of them do not matter."""
    if step.tool != call.tool:
        return False
    return all(name in FREE or _is_same(value, call.arguments.get(name)) for name, value in step.arguments.items())


def _is_same(wanted: Any, got: Any) -> bool:
    """Return whether the server would take both for the same; `{job}` stands for any id, and any first frame for `file`."""
    one, other = _simplify(wanted), _simplify(got)
    if "{" in one:
        return other not in ("", "none")
    return one == other or one == "file" or (bool(other) and (one.endswith(f":{other}") or other.endswith(f":{one}")))


def _simplify(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_simplify, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip().lower()
    return SAME.get(text, text)


def _says(text: str, phrase: str) -> bool:
    """Return whether one of the phrases stands in the text; a dollar sign alone stands for any price."""
    ways = phrase.split("|")
    return any((re.search(r"\$\d", text) if way in (r"\$", "$") else way.replace("\\", "").casefold() in text.casefold()) for way in ways)

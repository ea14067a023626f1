"""Prompts that a person picks from a menu: a storyboard, one shot, a review, a spending report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import signature

from mcp import types
from mcp.server.mcpserver.prompts.base import Prompt, PromptArgument

from sora_mcp.catalogue.planner import can_animate
from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain import JOB_ID, Image
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.server.context import ToolContext

FORMATS = {"month": (re.compile(r"\s*([0-9]{4}-(0[1-9]|1[0-2])\s*)?"), "2026-11"), "job_id": (JOB_ID, "v_0123456789")}
"""Patterns and examples of the arguments that are not free text."""
CONTEXT = "ctx"
"""The parameter of a prompt that is the request's context and no argument."""
ANY_FILE = "data:image/png;base64,"
"""Stands for any first frame that is a file."""
GUIDE = "Keep to the rules of sora://guide/prompting."


def storyboard(ctx: ToolContext, idea: str, seconds: str = "", model: str = "", size: str = "") -> str:
    """Plan a film of several shots: a table with prices first, nothing bought before a yes."""
    context = ctx.request_context.lifespan_context
    from_last_frame = 'Begin each later shot from the last frame of the one before (continues="JOB_ID", or image="JOB_ID#last").'
    from_words = "No model here takes a file as first frame, so a shot cannot begin from the last frame of another: plan cuts."
    follows = from_last_frame if can_animate(Image(ANY_FILE), context.catalogue, today=context.today()) else from_words
    return _join(
        f"Plan a short film of this idea: {idea}",
        _if_given(seconds, f"It should last about {seconds} seconds in all."),
        _if_given(model, f"The model is {model}."),
        _if_given(size, f"The size is {size}."),
        "Ask list_sizes which lengths the model takes, and cut the idea into shots of one action each.",
        f"{GUIDE} Repeat the words for persons, places and light in each shot.",
        "Show a table: number, shot, action, sound, seconds, price. The prices come from estimate_cost, "
        "with the total and what is left today; with clips it gives one quote for all shots of the same terms.",
        f"Buy nothing before I say yes. Then make shot 1 alone and let me judge the look. {follows}",
    )


def shot(idea: str, model: str = "", size: str = "", seconds: str = "") -> str:
    """Prepare one clip: the prompt written out, its price, and then a yes."""
    return _join(
        f"Write the prompt for one video clip of this: {idea}",
        _if_given(model, f"The model is {model}."),
        _if_given(size, f"The size is {size}."),
        _if_given(seconds, f"It lasts {seconds} seconds."),
        f"{GUIDE} If something that decides the picture is open, ask me one question first.",
        "Show the prompt, and the price by estimate_cost. When I say yes, call create_video with max_usd set to that price, "
        "and ask get_video_status until it is completed.",
    )


def review(job_id: str) -> str:
    """Compare a finished clip with what was asked for, and name the one thing to change."""
    return _join(
        f"Review the clip {job_id}. Its prompt and price are at sora://videos/{job_id}. If there is no such job, say so and stop.",
        "Look at it with the tools or resources that show pictures of it. If you cannot see it, say so, and do not guess.",
        "Go through it: is the subject as asked; is the action whole; does the camera do what was asked; do faces, hands and writing hold; "
        "is there sound; could the next shot follow its last frame? Give each one line with the time where you saw it.",
        "End with keep, or with the one change to the prompt that would help most and what another try costs by estimate_cost. "
        "Buy nothing unasked.",
    )


def spend_report(month: str = "") -> str:
    """Report what was spent, on what, and what is left."""
    return _join(
        f"Report what my videos cost in {month.strip() or 'this month'}. Read sora://spend, and list_videos for the clips.",
        "Show a table by model: clips, spent, price of a clip; "
        "then the most expensive clip, and what was paid for clips that failed or were not kept.",
        "Say what is held, what is left today and this month, and when the budget resets. "
        "Close with one way to spend less, if there is one.",
    )


def _join(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _if_given(value: str, line: str) -> str:
    return line if value.strip() else ""


def _prompt(write: Callable[..., str], title: str, says: str) -> Prompt:
    """Return a prompt as the SDK makes one, without its slow model of the arguments: `find_fault` checks them."""
    parameters = [one for one in signature(write).parameters.values() if one.name != CONTEXT]
    taken = [PromptArgument(name=one.name, description=None, required=one.default is one.empty) for one in parameters]
    context = CONTEXT if CONTEXT in signature(write).parameters else None
    return Prompt(name=write.__name__, title=title, description=says, arguments=taken, fn=write, context_kwarg=context)


PROMPTS: tuple[Prompt, ...] = (
    _prompt(storyboard, "Storyboard", "Plan several shots with their prices; buy nothing yet"),
    _prompt(shot, "One shot", "Write the prompt for one clip and price it"),
    _prompt(review, "Review a clip", "Compare a finished clip with its prompt"),
    _prompt(spend_report, "Spending", "What the clips of a month cost"),
)
"""In the order of a menu."""


def find_fault(offered: Sequence[types.Prompt], name: str, arguments: Mapping[str, object]) -> str | None:
    """Return why the prompt does not exist or does not take these arguments; None where it does."""
    prompt = next((prompt for prompt in offered if prompt.name == name), None)
    if prompt is None:
        return f"There is no prompt {name[:100]!r}: it is {one_of([prompt.name for prompt in offered])}."
    taken = prompt.arguments or []
    missing = [one.name for one in taken if one.required and not str(arguments.get(one.name, "")).strip()]
    unknown = [each[:100] for each in arguments if each not in {one.name for one in taken}]
    if not missing and not unknown:
        return next(filter(None, (_find_misspelling(each, str(value)) for each, value in arguments.items())), None)
    what = f"needs {' and '.join(missing)}" if missing else f"has no {' and no '.join(unknown)}"
    return f"{name} {what}: it takes {', '.join(one.name for one in taken)}."


def _find_misspelling(name: str, value: str) -> str | None:
    form, example = FORMATS.get(name, (None, ""))
    return None if form is None or form.fullmatch(value) else f"{name} is written as {example}, not {quote_value(value)}."

"""Say what a finished clip was made of: an edit with what it did, or the clip that was changed by words or that it goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sora_mcp.domain import CONTINUES, EDIT_MODEL, EDITS, Job
from sora_mcp.domain.prompt_words import shorten_prompt
from sora_mcp.domain.text import sanitize
from sora_mcp.media.edit.edits import TITLE_S

MOST_TEXT, MOST_INPUTS = 60, 120
FILLED: Mapping[object, str] = {
    "blur": "edges blurred",
    "crop": "cropped",
    "pad": "with bars",
    None: 'edges blurred (or fill="crop", "pad")',
}


def describe_edit(job: Job) -> str:
    """Return an edit, its clips in their order, and what it did: `trim of v_a: from 1 s to 3 s`. Where the caller does not know the clips,
    the title of the job names them, and this only says what it did; empty where the title says that too."""
    action = str(job.options.get("action"))
    details = ", ".join(filter(None, _list_details(action, job.options)))
    if job.title:
        return f"{action}: {details}" if details and action != "join" else ""
    said = job.options.get("inputs")  # an edit of an earlier version did not keep the names of files
    inputs = sanitize(said, MOST_INPUTS) or ", then ".join(job.parents) or "a file"
    return f"{job.options.get('action', 'edit')} of {inputs}{f': {details}' if details else ''}"


def describe_origin(job: Job) -> str:
    """Say as the end of a clause which clip a bought one was made of; empty where there is none."""
    source = job.parents[0] if job.parents else ""
    if job.model == EDIT_MODEL:
        return ""
    if EDITS in job.options:
        return f", changed from {source or 'a video of the user'}"
    if not source:
        return ""
    goes_on = CONTINUES in job.options or bool(job.chain) or (job.first_frame or "").endswith("#last")
    return f", {'goes on from' if goes_on else 'begins with a frame of'} {source}"


def quote_text(text: object) -> str:
    """Return words that are shown in a clip, in quotation marks."""
    return json.dumps(shorten_prompt(str(text), MOST_TEXT), ensure_ascii=False)


def _list_details(action: str, options: Mapping[str, object]) -> Iterator[str]:
    match action:
        case "caption":
            yield f"{quote_text(options.get('text'))} at the bottom"
            yield _format_times(options) or "for the whole clip"
        case "title":
            yield f"{quote_text(options.get('text'))} large in the middle"
            yield _format_times(options) if "end" in options else f"shown for {TITLE_S:g} s{_format_start(options)} (end=… is when it goes)"
        case "reframe":
            yield str(options.get("ratio"))
            yield FILLED.get(options.get("fill"), "")
        case "speed":
            yield f"{_format_number(options, 'speed')} x"
        case "join":
            yield "faded into each other" if options.get("transition") == "fade" else ""
            yield f"title {quote_text(options['text'])} for the first {TITLE_S:g} s" if options.get("text") else ""
        case "frame":
            yield f"at {_format_number(options, 'start')} s{'' if 'start' in options else ' (start=… is when)'}"
        case _:
            yield _format_times(options)


def _format_times(options: Mapping[str, object]) -> str:
    """Return from when to when; empty for the whole clip."""
    if "end" in options:
        return f"from {_format_number(options, 'start')} s to {_format_number(options, 'end')} s"
    return _format_start(options).strip()


def _format_start(options: Mapping[str, object]) -> str:
    return f" from {_format_number(options, 'start')} s on" if "start" in options else ""


def _format_number(options: Mapping[str, object], name: str) -> str:
    value = options.get(name, 0)
    return f"{value:g}" if isinstance(value, int | float) else str(value)

"""Render the gallery as HTML. Every text of others is escaped, and nothing is loaded from outside its folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from html import escape
from pathlib import Path
from urllib.parse import quote

from sora_mcp.domain import Job
from sora_mcp.domain.money import show as dollars
from sora_mcp.domain.terminal_command import command_line

TEMPLATE = Path(__file__).with_name("gallery.html")
SLOT = "<!-- videos -->"
VIDEO = ".mp4"
"""Ending of a video; a file that an edit made is a picture where it ends otherwise."""


@dataclass(frozen=True)
class Shown:
    """A finished job, its file where it is still there, and a picture of a video where one could be made."""

    job: Job
    file: Path | None
    poster: Path | None


def render_page(shown: tuple[Shown, ...], folder: Path, zone: tzinfo) -> str:
    """Return the whole page; what was made from a video stands under it."""
    known = {each.job.id: each for each in shown}
    below: dict[str | None, list[Shown]] = {}
    for each in shown:
        below.setdefault(_find_parent(each, known), []).append(each)
    spent = sum(each.job.price for each in shown)
    head = f"<h1>Videos</h1>\n<p class=dim>{count_kinds([each.job for each in shown])}, {dollars(spent)} in all.</p>\n"
    body = (
        _render_list(below.get(None, []), below, folder, zone)
        if shown
        else f"<p>No finished videos yet. Make one: {escape(command_line('demo'))}</p>\n"
    )
    return TEMPLATE.read_text("utf-8").replace(SLOT, f"{head}<main>{body}</main>")


def count_kinds(jobs: Sequence[Job]) -> str:
    """Return `3 videos`, or `3 videos and 1 picture` where edits made pictures."""
    pictures = sum(job.artifact is not None and not job.artifact.path.endswith(VIDEO) for job in jobs)
    videos = f"{(many := len(jobs) - pictures)} video{'' if many == 1 else 's'}"
    return f"{videos} and {pictures} picture{'' if pictures == 1 else 's'}" if pictures else videos


def _find_parent(each: Shown, known: Mapping[str, Shown]) -> str | None:
    """Return the first parent that is shown and older. Comparing ages rules out a circle, whatever the store holds."""
    return next((name for name in each.job.parents if name in known and known[name].job.created_at < each.job.created_at), None)


def _render_list(some: Iterable[Shown], below: Mapping[str | None, list[Shown]], folder: Path, zone: tzinfo) -> str:
    """Render one level and all levels under it, with a stack instead of recursion: a chain of edits may be a thousand long."""
    parts: list[str] = []
    todo: list[Shown | str] = ["</ol>", *reversed(list(some)), "<ol>"]
    while todo:
        each = todo.pop()
        if isinstance(each, str):
            parts.append(each)
            continue
        children = below.get(each.job.id, [])
        parts.append(f"<li{' class=grown' if children else ''}>{_render_card(each, folder, zone)}")
        todo.append("</li>\n")
        if children:
            todo += ["</ol>", *children, "<ol>"]
    return "".join(parts)


def _render_card(each: Shown, folder: Path, zone: tzinfo) -> str:
    job = each.job
    made = datetime.fromtimestamp(job.created_at, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    price = dollars(job.price) if job.price else "free"
    facts = " · ".join((price, *_describe_file(job), job.model, made))
    notes = "".join(f"<p class=note>{escape(warning)}</p>" for warning in job.all_warnings)
    parents = ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in job.parents)
    return (
        f'<article id="{escape(job.id)}">{_render_media(each, folder)}<p class=words dir=auto tabindex=0>{escape(job.prompt)}</p>'
        f"<p class=dim>{escape(facts)}</p>{notes}<p class=dim>{escape(job.id)}{f' from {parents}' if parents else ''}</p>"
        f"<button type=button>Copy prompt</button></article>"
    )


def _describe_file(job: Job) -> Iterator[str]:
    """Yield length, size and sound: as measured from the file, length and size as ordered where they could not be measured."""
    file = job.artifact
    if file is not None and file.duration_s:
        yield f"{file.duration_s:.3g} s"
    elif job.seconds:
        yield f"{job.seconds} s"
    yield f"{file.width}x{file.height}" if file is not None and file.width and file.height else job.size
    if file is not None and file.has_sound is not None:
        yield "with sound" if file.has_sound else "no sound"


def _render_media(each: Shown, folder: Path) -> str:
    if each.file is None:
        return "<div class=gone>The file was moved or deleted</div>"
    name, source = escape(each.job.id), _format_link(each.file, folder)
    if each.file.suffix != VIDEO:
        return f'<img loading=lazy alt="Picture {name}" src="{source}">'
    preload, poster = ("metadata", "") if each.poster is None else ("none", f'poster="{_format_link(each.poster, folder)}" ')
    return f'<video controls playsinline preload={preload} aria-label="Video {name}" {poster}src="{source}"></video>'


def _format_link(path: Path, folder: Path) -> str:
    """Return a relative link to a file beside the page, so that the folder can be moved; else a file URI."""
    inside = path.is_relative_to(folder)
    return escape(quote(os.path.relpath(path, folder).replace(os.sep, "/")) if inside else path.as_uri())

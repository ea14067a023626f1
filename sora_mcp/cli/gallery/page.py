"""Render the gallery as HTML. Every text of others is escaped, and nothing is loaded from outside its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from html import escape
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from sora_mcp.cli.gallery.facts import REASONS, STATES, VIDEO, count_kinds, describe_facts, find_aspect, sum_spent
from sora_mcp.domain import Job, describe_deletion
from sora_mcp.domain.money import format_dollars, show
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.messages import describe_job

HERE = Path(__file__).parent
SLOTS = ("<!-- style -->", "<!-- script -->", "<!-- videos -->")
NO_MATCH = "<div id=none class=empty hidden><h2>Nothing matches</h2><button type=button id=clear>Clear search and filters</button></div>"
MOST_LABEL = 100
"""Characters of a prompt in the name of its button."""
LOST = 0.8
"""Shape of the card of a job without a file."""


@dataclass(frozen=True)
class Shown:
    """A job, its file where it is still there, and a picture of a video where one could be made."""

    job: Job
    file: Path | None
    poster: Path | None


@dataclass(frozen=True)
class Place:
    """The folder, time zone and moment of the page."""

    folder: Path
    zone: tzinfo
    now: float

    def find_moment(self, job: Job) -> datetime:
        """Return when a job was made, as the user's clock shows it."""
        return datetime.fromtimestamp(job.created_at, UTC).astimezone(self.zone)


def render_page(shown: tuple[Shown, ...], folder: Path, zone: tzinfo, *, now: float = 0.0) -> str:
    """Return the whole page, newest first by month; what was made from a video stands under it."""
    place = Place(folder, zone, now)
    jobs = [each.job for each in shown]
    body = f"{_render_head(jobs, place)}\n<main>{NO_MATCH}{_render_months(shown, place)}</main>\n" if shown else _render_nothing()
    style, script, videos = SLOTS
    page = (HERE / "gallery.html").read_text("utf-8")
    for slot, name in ((style, "gallery.css"), (script, "gallery.js")):
        page = page.replace(slot, (HERE / name).read_text("utf-8"))
    return page.replace(videos, body)


def _render_nothing() -> str:
    command = escape(command_line("demo"))
    return (
        "<header><h1>Videos</h1></header>\n<main><div class=empty><h2>No videos yet</h2>"
        f"<p>Ask for one in your chat, or make a free sample:</p><code>{command}</code></div></main>\n"
    )


def _render_head(jobs: Sequence[Job], place: Place) -> str:
    """Render what all of it comes to, the search, and a filter for each of the three."""
    models = sorted({job.model for job in jobs})
    days = {f"{at:%Y-%m-%d}": f"{at.day} {at:%b %Y}" for at in map(place.find_moment, jobs)}
    states = [name for name in dict.fromkeys(STATES.values()) if any(STATES[job.state] == name for job in jobs)]
    filters = (
        ("model", "Model", [(name, name) for name in models]),
        ("day", "Day", list(days.items())),
        ("state", "State", [(name, name) for name in states]),
    )
    fields = "".join(
        f'<select id={name} aria-label="{label}"><option value="">{label}</option>{_render_options(options)}</select>'
        for name, label, options in filters
    )
    return (
        f"<header><h1>Videos</h1><p class=dim>{count_kinds(jobs)}, {format_dollars(sum_spent(jobs))} in all.</p></header>\n"
        '<search><input id=query type=search placeholder="Search prompts ( / )" aria-label="Search prompts" autocomplete=off>'
        f"{fields}</search>\n"
        "<p id=found role=status class=dim></p>"
    )


def _render_options(options: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<option value="{escape(value)}">{escape(label)}</option>' for value, label in options)


def _render_months(shown: tuple[Shown, ...], place: Place) -> str:
    """Render the sources by month; each month says what all that was made in it comes to."""
    families = _group_families(shown)
    spent: dict[str, list[Job]] = {}
    for each in shown:
        spent.setdefault(f"{place.find_moment(each.job):%B %Y}", []).append(each.job)
    parts: list[str] = []
    for month, some in groupby(families, key=lambda family: f"{place.find_moment(family[0].job):%B %Y}"):
        sums = f"{format_dollars(sum_spent(spent[month]))} · {count_kinds(spent[month])}"
        cards = "\n".join(_render_family(family, place) for family in some)
        parts.append(f"<section><div class=month><h2>{month}</h2><p class=dim>{sums}</p></div><ol class=grid>{cards}</ol></section>\n")
    return "".join(parts)


def _group_families(shown: tuple[Shown, ...]) -> list[list[Shown]]:
    """Return every source with all that was made from it, the oldest first; the sources in the order in which they came."""
    known = {each.job.id: each for each in shown}
    source: dict[str, str] = {}
    families: dict[str, list[Shown]] = {}
    for each in sorted(shown, key=lambda one: one.job.created_at):
        parent = _find_parent(each, known)
        source[each.job.id] = each.job.id if parent is None else source[parent]
        families.setdefault(source[each.job.id], []).append(each)
    return [families[each.job.id] for each in shown if source[each.job.id] == each.job.id]


def _find_parent(each: Shown, known: Mapping[str, Shown]) -> str | None:
    """Return the first parent that is shown and older. Comparing ages rules out a circle, whatever the store holds."""
    return next((name for name in each.job.parents if name in known and known[name].job.created_at < each.job.created_at), None)


def _render_family(family: list[Shown], place: Place) -> str:
    first, *made = family
    frames = "".join(f'<li style="--a:{_find_shape(each):.4g}">{_render_card(each, place)}</li>' for each in made)
    strip = f'<ol class=strip aria-label="Made from it">{frames}</ol>' if made else ""
    kind = "item" if first.file else '"item lost"'
    return f'<li class={kind} style="--a:{_find_shape(first):.4g}">{_render_card(first, place)}{strip}</li>'


def _render_card(each: Shown, place: Place) -> str:
    job, at = each.job, place.find_moment(each.job)
    facts = {
        "model": job.model,
        "day": f"{at:%Y-%m-%d}",
        "state": STATES[job.state],
        "micros": str(sum_spent([job])),
    }
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in facts.items())
    short = re.split("[:/]", job.model)[-1]
    about = " · ".join(filter(None, (f"{at.day} {at:%b}", escape(short), job.which_take)))
    title = f"<h3 class=words dir=auto>{escape(job.prompt)}</h3><p class=dim>{about}</p>"
    return f'<article id="{escape(job.id)}"{data}>{_render_shot(each, place)}{title}{_render_info(job, place)}</article>'


def _render_info(job: Job, place: Place) -> str:
    """Render what only the large view shows."""
    rows = [(name, escape(value)) for name, value in describe_facts(job, place.find_moment(job))]
    parents = ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in job.parents)
    rows += [("Id", f"<span class=id>{escape(job.id)}</span>"), *([("Made from", parents)] if parents else [])]
    notes = [] if job.state == "completed" else [describe_job(job, now=place.now)]
    told = "".join(f"<p class=note dir=auto>{escape(note)}</p>" for note in (*notes, *job.all_warnings))
    return f"<div class=info hidden><dl>{''.join(f'<dt>{name}<dd>{value}' for name, value in rows)}</dl>{told}</div>"


def _render_shot(each: Shown, place: Place) -> str:
    """Render the picture of a job as a button, with its price and length on it; words where there is no picture."""
    job, kind, link = each.job, "none", ""
    if each.file is not None:
        kind, link = ("video" if each.file.suffix == VIDEO else "picture"), f' data-src="{_format_link(each.file, place.folder)}"'
    verb = "Play" if kind == "video" else "Show"
    lost = " lost" if kind == "none" else ""
    return (
        f'<button type=button tabindex=-1 class="shot{lost}" data-kind={kind}{link}>'
        f"<span class=heard>{verb} <bdi>{escape(job.prompt[:MOST_LABEL])}</bdi></span>"
        f"{_render_picture(each, kind, place)}<span class=chips>{' '.join(_render_chips(job))}</span></button>"
    )


def _render_picture(each: Shown, kind: str, place: Place) -> str:
    picture = each.poster if kind == "video" else each.file
    image = f'<img loading=lazy decoding=async alt="" src="{_format_link(picture, place.folder)}">' if picture and kind != "none" else ""
    if kind == "video":
        return f"{image}<span class=play></span>"
    if kind == "picture":
        return image
    state, why = STATES[each.job.state], each.job.error.message if each.job.error else REASONS.get(each.job.state, "")
    if each.job.state == "completed":
        deleted = describe_deletion(each.job)
        state, why = "No file", "It was moved or deleted." if deleted is None else f"It {deleted}."
    return f"<span class=blank><b>{state}</b>{f'<span dir=auto>{escape(why)}</span>' if why else ''}</span>"


def _find_shape(each: Shown) -> float:
    """Return the shape of a card: that of the picture; without one a small box, so that no lost job outweighs a video."""
    return find_aspect(each.job) if each.file is not None else LOST


def _render_chips(job: Job) -> Iterator[str]:
    """Yield the price where money was or may be spent, and the length as measured."""
    price = show(job.price) if job.price else "free"
    is_saved = job.charged == "no" and job.state != "completed"
    yield f"<span>{'not charged' if is_saved else f'maybe {price}' if job.charged == 'unknown' else price}</span>"
    seconds = job.artifact.duration_s if job.artifact and job.artifact.duration_s else job.seconds
    if seconds:
        yield f"<span>{seconds:.3g} s</span>"


def _format_link(path: Path, folder: Path) -> str:
    """Return a relative link to a file beside the page, so that the folder can be moved; else a file URI."""
    inside = path.is_relative_to(folder)
    return escape(quote(os.path.relpath(path, folder).replace(os.sep, "/")) if inside else path.as_uri())

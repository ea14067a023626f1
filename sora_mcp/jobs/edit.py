"""Edit finished clips on this computer; an edit is a job like any other."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn

import anyio

from sora_mcp.artifacts.local import describe_file, find_file, hash_file, keep, prepare_part, read_job_id
from sora_mcp.catalogue.rules import one_of
from sora_mcp.config.settings import Settings
from sora_mcp.domain import JOB_ID, Job
from sora_mcp.domain.errors import BadMedia, BrokenRule, BrokenRules, Fix, NotFound, StorageError
from sora_mcp.domain.money import Micros
from sora_mcp.jobs.allowed_paths import AllowedPaths, resolve_path
from sora_mcp.media.api import as_uncharged, edit_clip, measure_seconds
from sora_mcp.media.edit.edits import FILLS, MOST_GIF_S, RATIOS, Action, Edit, EditRequest, EditResult
from sora_mcp.media.limits import Deadline
from sora_mcp.media.optional import require_media_extra
from sora_mcp.media.pool import MediaPool
from sora_mcp.media.text.layout import JOINERS, clean_text
from sora_mcp.store import Store
from sora_mcp.store.ids import new_id

MODEL = "local:edit"
MOST_INPUTS = 20
MOST_INPUT_BYTES = 1_000_000_000
MOST_TEXT = 300
TAKES: Mapping[Action, tuple[str, ...]] = {
    "join": (),
    "trim": ("start", "end"),
    "reframe": ("ratio", "fill"),
    "caption": ("text", "start", "end"),
    "frame": ("start",),
    "gif": ("start", "end"),
}
"""What each action takes beside the inputs."""


@dataclass(frozen=True)
class Input:
    """One clip to edit."""

    path: Path
    sha256: str
    seconds: float
    about: str
    """The prompt, or the file's name."""
    parent: str | None = None


@dataclass(frozen=True)
class Editing:
    """The settings and the store that edits need."""

    settings: Settings
    store: Store
    media_pool: MediaPool
    clock: Callable[[], float]

    async def edit(self, asked: EditRequest, *, principal: str) -> Job:
        """Return the job of this edit: one that exists, or a new one, finished. Refused says what to change."""
        require_media_extra("edit_video")
        _check_arguments(asked)
        inputs = [await self._input(text, principal) for text in asked.inputs]
        _check_times(asked, inputs)
        fingerprint = _hash_edit(principal, asked, inputs)
        async with self.media_pool.edits:
            known = await self.store.jobs.find_edit(principal, fingerprint)
            if known is not None and await anyio.to_thread.run_sync(_is_there, known):
                return known
            job, planned = _make_job(asked, inputs, principal, self.clock(), self.settings.zone), _make_edit(asked, inputs)
            try:
                done = await self.media_pool.run(lambda deadline: self._make(planned, job, deadline))
            except OSError as error:
                raise StorageError(f"The file cannot be written into {self.settings.output_dir}.") from error
            return await self.store.jobs.add_edit(done, fingerprint)

    async def _input(self, text: str, principal: str) -> Input:
        """Return a finished job's file, or a file inside the allowed folders."""
        if JOB_ID.fullmatch(text):
            job = await self.store.jobs.get(text, principal)
            path, about, parent = await anyio.to_thread.run_sync(find_file, job), job.prompt, job.id
        else:
            access = AllowedPaths(self.settings, self.store)
            path = await anyio.to_thread.run_sync(_find_path, text, access.folders)
            if await access.hides(path, principal):
                _refuse_missing(text)
            made = await self._find_maker(path, principal)
            about, parent = (path.stem, None) if made is None else (made.prompt, made.id)
        sha256, seconds = await anyio.to_thread.run_sync(lambda: _read(path, text, is_ours=parent is not None))
        return Input(path, sha256, seconds, about, parent)

    async def _find_maker(self, path: Path, principal: str) -> Job | None:
        """Return the job whose finished file lies at this path; None for any other file, whatever its name."""
        if (job_id := read_job_id(path.name)) is None:
            return None
        with contextlib.suppress(NotFound):
            job = await self.store.jobs.get(job_id, principal)
            if job.artifact is not None and await anyio.to_thread.run_sync(_is_same_file, path, job.artifact.path):
                return job
        return None

    def _make(self, planned: Edit, job: Job, deadline: Deadline) -> Job:
        """Make the edit in a temporary file, which gets its name when it is whole."""
        part = prepare_part(job, self.settings.output_dir)
        try:
            made = edit_clip(planned, part, deadline)
            size, sha256 = part.stat().st_size, hash_file(part)
            whole = replace(job, **_read_measures(made), finished_at=self.clock())
            path = keep(part, whole, sha256=sha256, zone=self.settings.zone, ending=planned.ending)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        file = describe_file(path, size, sha256, duration_s=made.duration_s, width=made.width, height=made.height)
        return replace(whole, artifact=file)


def _check_arguments(asked: EditRequest) -> None:
    """Raise BrokenRules for everything that can be said without looking at a file."""
    broken = [*_check_count(asked), *_check_names(asked), *_check_values(asked)]
    if broken:
        raise BrokenRules(tuple(broken), subject=f"edit_video {asked.action}", fixes=tuple(_fixes(asked, broken)))


def _check_count(asked: EditRequest) -> Iterator[BrokenRule]:
    count = len(asked.inputs)
    if asked.action == "join" and not 2 <= count <= MOST_INPUTS:
        yield BrokenRule("inputs", f"{count}", f"2 to {MOST_INPUTS} job ids or paths in their order", "invalid_argument")
    if asked.action != "join" and count != 1:
        yield BrokenRule("inputs", f"{count}", "one job id or path", "invalid_argument")


def _check_names(asked: EditRequest) -> Iterator[BrokenRule]:
    takes = TAKES[asked.action]
    for name, value in asked.arguments.items():
        if name not in takes:
            yield BrokenRule(name, value, f"left out: {asked.action} takes {one_of(['inputs', *takes])}", "invalid_argument")


def _check_values(asked: EditRequest) -> Iterator[BrokenRule]:
    said, takes = asked.arguments, TAKES[asked.action]
    if "ratio" in takes and said.get("ratio") not in RATIOS:
        yield BrokenRule("ratio", said.get("ratio"), one_of(list(RATIOS)), "invalid_argument")
    if "fill" in takes and said.get("fill", "blur") not in FILLS:
        yield BrokenRule("fill", said.get("fill"), one_of(FILLS), "invalid_argument")
    text = said.get("text", "")
    if "text" in takes and not (isinstance(text, str) and clean_text(text).strip(JOINERS) and len(text) <= MOST_TEXT):
        yield BrokenRule("text", None, f"given: at most {MOST_TEXT} characters to show", "invalid_argument")
    if asked.action == "trim" and not {"start", "end"} & set(said):
        yield BrokenRule("start", None, "given, or end, or both: the seconds to keep", "invalid_argument")


def _fixes(asked: EditRequest, broken: list[BrokenRule]) -> Iterator[Fix]:
    for rule in broken:
        if "left out" in rule.allowed:
            yield Fix(rule.argument, None)
        elif rule.argument in ("ratio", "fill"):
            yield from (Fix(rule.argument, value) for value in (RATIOS if rule.argument == "ratio" else FILLS))


def _find_path(text: str, folders: tuple[Path, ...]) -> Path:
    try:
        return resolve_path(text, folders)
    except BrokenRules as error:
        allowed = error.broken[0].allowed.replace("a file inside", "a job id or an MP4 inside").partition(", an https")[0]
        raise BrokenRules((BrokenRule("inputs", text[:200], allowed, "invalid_argument"),)) from None


def _refuse_missing(text: str) -> NoReturn:
    """Raise BrokenRules: no clip is there, or none that may be taken."""
    raise BrokenRules((BrokenRule("inputs", text[:200], f"an MP4 of at most {MOST_INPUT_BYTES} bytes", "invalid_argument"),))


def _read(path: Path, text: str, *, is_ours: bool) -> tuple[str, float]:
    """Return the file's hash and its length in seconds."""
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > MOST_INPUT_BYTES:
            _refuse_missing(text)
        if state.st_nlink > 1 and not is_ours:  # its other name may lie where nobody opened a folder
            refusal = BrokenRule("inputs", text[:200], "a file without another name (hard link)", "invalid_argument")
            raise BrokenRules((refusal,))
        return hash_file(path), measure_seconds(path)
    except FileNotFoundError:
        _refuse_missing(text)
    except OSError as error:
        raise StorageError(f"{text[:200]} cannot be read.") from error
    except BadMedia as error:
        raise as_uncharged(BadMedia(f"{text[:200]}: {error.message}")) from None


def _check_times(asked: EditRequest, inputs: list[Input]) -> None:
    """Raise BrokenRules where the times lie outside of the clip. A join has none."""
    if asked.action == "join":
        return
    seconds = inputs[0].seconds
    start, end = (_number(asked.arguments.get(name), other) for name, other in (("start", 0.0), ("end", seconds)))
    broken: list[BrokenRule] = []
    if not 0 <= start < seconds:
        broken.append(BrokenRule("start", start, f"from 0 to less than {seconds:g}, the length of the clip", "invalid_argument"))
    elif not start < end <= seconds + 0.05:
        broken.append(BrokenRule("end", end, f"more than {start:g} and at most {seconds:g}, the length of the clip", "invalid_argument"))
    elif asked.action == "gif" and end - start > MOST_GIF_S:
        most = f"at most {start + MOST_GIF_S:g}: a GIF lasts {MOST_GIF_S:g} s at most"
        broken.append(BrokenRule("end", None if "end" not in asked.arguments else end, most, "invalid_argument"))
    if broken:
        working = {"start": 0, "end": math.floor(min(seconds, start + MOST_GIF_S) * 100) / 100}
        raise BrokenRules(tuple(broken), fixes=tuple(Fix(rule.argument, working[rule.argument]) for rule in broken))


def _number(value: str | float | None, other: float) -> float:
    return float(value) if isinstance(value, int | float) else other


def _make_edit(asked: EditRequest, inputs: list[Input]) -> Edit:
    said: dict[str, Any] = {name: float(value) if name in ("start", "end") else value for name, value in asked.arguments.items()}
    return Edit(asked.action, tuple(one.path for one in inputs), **said)


def _hash_edit(principal: str, asked: EditRequest, inputs: list[Input]) -> str:
    """Return a key that is the same for the same files and arguments, whatever the files are called."""
    parts = [principal, MODEL, asked.action, sorted(asked.arguments.items()), [one.sha256 for one in inputs]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _is_same_file(path: Path, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _is_there(job: Job) -> bool:
    return job.artifact is not None and os.path.isfile(job.artifact.path) and os.path.getsize(job.artifact.path) == job.artifact.bytes


def _make_job(asked: EditRequest, inputs: list[Input], principal: str, now: float, zone: tzinfo) -> Job:
    """Return the job of an edit, but for its file."""
    vendor = MODEL.partition(":")[0]
    return Job(
        id=new_id("v"),
        principal=principal,
        state="completed",
        vendor=vendor,
        model=MODEL,
        prompt=f"{asked.action}: {inputs[0].about}",
        size="",
        seconds=0,
        options={"action": asked.action, **asked.arguments},
        with_image=False,
        warnings=(),
        micros=Micros(0),
        actual=None,
        charged="no",
        basis="made on this computer",
        source="README.md",
        checked=datetime.fromtimestamp(now, zone).date(),
        confidence="listed",
        created_at=now,
        updated_at=now,
        expected_s=1,
        version=0,
        progress=1.0,
        parents=tuple(dict.fromkeys(one.parent for one in inputs if one.parent)),
    )


def _read_measures(made: EditResult) -> dict[str, Any]:
    """Return the fields of a job that are only known after the edit."""
    notes = (made.note,) if made.note else ()
    return {"size": f"{made.width}x{made.height}", "seconds": math.ceil(made.duration_s or 0), "warnings": notes}

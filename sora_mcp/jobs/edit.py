"""Take orders for edits of finished clips: an edit is a job like any other, which `make_edit` makes on this computer."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn

import anyio

from sora_mcp.artifacts.local import hash_file, read_job_id
from sora_mcp.config.settings import Settings
from sora_mcp.domain import EDIT_MODEL, JOB_ID, Job, JobError
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BadMedia, BrokenRules, NotCancellable, NotFound, StorageError
from sora_mcp.domain.file_names import SOUND_ENDINGS, VIDEO_ENDINGS
from sora_mcp.domain.money import Micros
from sora_mcp.domain.prompt_words import shorten_prompts
from sora_mcp.jobs.edit_plan import EditPlan
from sora_mcp.jobs.edit_rules import check_arguments, check_times, drop_neutral, take_sound
from sora_mcp.jobs.file_access import FileAccess
from sora_mcp.jobs.finished_files import FinishedFiles
from sora_mcp.jobs.in_memory_facts import InMemoryFacts
from sora_mcp.jobs.missing_files import describe_picture_size
from sora_mcp.media.api import as_uncharged, measure_seconds
from sora_mcp.media.containers import read_container
from sora_mcp.media.edit.edits import Edit, EditRequest
from sora_mcp.media.optional import require_media_extra
from sora_mcp.store import Store
from sora_mcp.store.ids import new_id

TIMES = ("start", "end", "speed")
"""Arguments that are numbers."""
USUAL_PACE = 2.0
"""Seconds of a clip that are encoded in one second, roughly."""
MOST_INPUT_BYTES = 1_000_000_000
KINDS = {"inputs": "a job id or an MP4", "job_id": "a job id or an MP4", "sound": "an mp3, m4a or wav file"}
ENDINGS = {"inputs": VIDEO_ENDINGS, "job_id": VIDEO_ENDINGS, "sound": SOUND_ENDINGS}
"""What an argument names, and how the names of such files end."""
MOST_EDITS = 8
"""Edits that one principal may have under way, or waiting for those of others: they are made one at a time."""


@dataclass(frozen=True)
class Input:
    """One clip to edit."""

    path: Path
    sha256: str
    seconds: float
    about: str
    """The prompt, of an edit that of its clip, or the file's name."""
    parent: str | None = None
    """The job that made it."""
    continued: tuple[str, ...] = ()
    """The jobs that it was made from."""
    take: int | None = None
    """Which of several takes it is."""


@dataclass(frozen=True)
class Editing:
    """Orders of edits."""

    settings: Settings
    store: Store
    clock: Callable[[], float]
    in_memory_facts: InMemoryFacts
    files: FinishedFiles

    async def begin(self, asked: EditRequest, *, principal: str) -> Job:
        """Return the job of this edit: one that exists, or a new one, which a worker makes. Refused says what to change."""
        require_media_extra("edit_video")
        asked = drop_neutral(take_sound(asked))
        check_arguments(asked)
        inputs = [await self._input(text, principal) for text in asked.inputs]
        check_times(asked, inputs[0].seconds)
        sound = asked.arguments.get("sound")
        plan = _make_plan(asked, inputs, None if sound is None else await self._find_sound(str(sound), principal))
        fingerprint = _hash_edit(principal, asked, plan)
        known = await self.store.jobs.find_edit(principal, fingerprint)
        if known is not None and await anyio.to_thread.run_sync(_is_there, known):
            return known
        job = _make_job(asked, inputs, plan, principal=principal, now=self.clock(), zone=self.settings.zone)
        lost = None if known is None else known.id
        begun = await self.store.jobs.begin_edit(job, fingerprint, most=MOST_EDITS, lost=lost)
        if not begun.deduplicated:
            self.in_memory_facts.edit_refusals[begun.id] = None
        return begun

    async def cancel(self, job: Job) -> None:
        """Cancel an edit, whichever process makes it: another one stops at its next report of progress."""
        if await self.store.outcomes.cancel(job, JobError("cancelled", "", "no"), micros=Micros(0), said="") is None:
            raise NotCancellable(f"{job.id} has just ended, so there is nothing to cancel.", job)
        if (deadline := self.in_memory_facts.running_edits.get(job.id)) is not None:
            deadline.stop.set()

    async def find_clip(self, text: str, *, principal: str) -> Path:
        """Return the path of a video file in an allowed folder, which passed the checks of an edit's input. BrokenRules name `job_id`."""
        return (await self._input(text, principal, "job_id")).path

    async def _find_sound(self, text: str, principal: str) -> tuple[Path, str]:
        """Return the path and the sha256 of a sound file in an allowed folder."""
        path = await self._find_path(text, "sound", principal)
        return path, await anyio.to_thread.run_sync(lambda: _read_hash(path, text, "sound", is_ours=False))

    async def _input(self, text: str, principal: str, argument: str = "inputs") -> Input:
        """Return a finished job's file, or a file inside the allowed folders."""
        if JOB_ID.fullmatch(text):
            job = await self.store.jobs.get(text, principal)
            path, made = await self.files.find(job), job
        else:
            path = await self._find_path(text, argument, principal)
            made = await self._find_maker(path, principal)
        sha256, seconds = await anyio.to_thread.run_sync(lambda: _read(path, text, argument, is_ours=made is not None))
        if made is None:
            return Input(path, sha256, seconds, path.stem)
        about = made.prompt.partition(": ")[2] if made.model == EDIT_MODEL else made.prompt
        return Input(path, sha256, seconds, about, made.id, made.parents, made.take)

    async def _find_path(self, text: str, argument: str, principal: str) -> Path:
        """Return the path of a file in an allowed folder. BrokenRules name the argument."""
        try:
            return await FileAccess(self.settings, self.store).find_path(text, principal, ENDINGS[argument])
        except BrokenRules as error:
            allowed = error.broken[0].allowed.replace("a file inside", f"{KINDS[argument]} inside").partition(", an https")[0]
            raise BrokenRules((BrokenRule(argument, text[:200], allowed, "invalid_argument"),)) from None

    async def _find_maker(self, path: Path, principal: str) -> Job | None:
        """Return the job whose finished file lies at this path; None for any other file, whatever its name."""
        if (job_id := read_job_id(path.name)) is None:
            return None
        with contextlib.suppress(NotFound):
            job = await self.store.jobs.get(job_id, principal)
            if job.artifact is not None and await anyio.to_thread.run_sync(_is_same_file, path, job.artifact.path):
                return job
        return None


def _refuse(text: str, argument: str) -> NoReturn:
    """Raise BrokenRules: what is there may not be taken."""
    allowed = f"{KINDS[argument]} of at most {MOST_INPUT_BYTES // 10**9} GB"
    raise BrokenRules((BrokenRule(argument, text[:200], allowed, "invalid_argument"),))


def _read(path: Path, text: str, argument: str, *, is_ours: bool) -> tuple[str, float]:
    """Return the clip's hash and its length in seconds. BadMedia says what a picture or a sound file is, and where it is taken."""
    try:
        sha256 = _read_hash(path, text, argument, is_ours=is_ours)
        _check_kind(path, text, argument)
        return sha256, measure_seconds(path)
    except BadMedia as error:
        raise as_uncharged(BadMedia(f"{text[:200]}: {error.message}")) from None


def _check_kind(path: Path, text: str, argument: str) -> None:
    """Raise BadMedia for a picture or a sound file."""
    kind, name = read_container(path), json.dumps(text[:200], ensure_ascii=False)
    if kind.family == "image":
        raise BadMedia(f"It is {kind.words}{describe_picture_size(path)}, no clip. create_video(image={name}) begins a clip with it.")
    if kind.family == "sound":
        raise BadMedia(f"It is {kind.words}, no clip.{f' Pass it as sound={name}.' if argument == 'inputs' else ''}")


def _read_hash(path: Path, text: str, argument: str, *, is_ours: bool) -> str:
    """Return the hash of a regular file. Refuse one that is missing, too large, or has another name elsewhere."""
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > MOST_INPUT_BYTES:
            _refuse(text, argument)
        if state.st_nlink > 1 and not is_ours:  # its other name may lie where nobody opened a folder
            refusal = BrokenRule(argument, text[:200], "a file without another name (hard link)", "invalid_argument")
            raise BrokenRules((refusal,))
        return hash_file(path)
    except OSError as error:
        raise StorageError(f"{text[:200]} cannot be read.") from error


def _make_plan(asked: EditRequest, inputs: list[Input], sound: tuple[Path, str] | None) -> EditPlan:
    said: dict[str, Any] = {name: float(value) if name in TIMES else value for name, value in asked.arguments.items()}
    if sound is not None:
        said["sound"] = sound[0]
    if asked.action == "join":
        said["continues"] = (False, *(before.parent in one.continued for before, one in itertools.pairwise(inputs)))
    hashes = tuple(one.sha256 for one in inputs) + (() if sound is None else sound[1:])
    return EditPlan(Edit(asked.action, tuple(one.path for one in inputs), **said), hashes)


def _hash_edit(principal: str, asked: EditRequest, plan: EditPlan) -> str:
    """Return a key that is the same for the same files and arguments, whatever the files are called."""
    arguments = {**asked.arguments, **({"sound": ""} if "sound" in asked.arguments else {})}
    parts = [principal, EDIT_MODEL, asked.action, sorted(arguments.items()), plan.hashes]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _is_same_file(path: Path, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _is_there(job: Job) -> bool:
    if job.artifact is not None and job.artifact.key is not None:
        return True
    return job.artifact is not None and os.path.isfile(job.artifact.path) and os.path.getsize(job.artifact.path) == job.artifact.bytes


def describe_inputs(asked: EditRequest, inputs: list[Input]) -> str:
    """Return what an edit has for a prompt: the action and the prompt of its clip; of joined clips their title, and words of each."""
    if asked.action != "join":
        return f"{asked.action}: {inputs[0].about}"
    words = shorten_prompts([one.about for one in inputs])
    parts = "; ".join(f"take {one.take}: {about}" if one.take else about for about, one in zip(words, inputs, strict=True))
    title = asked.arguments.get("text")
    return f"join: {title} ({len(inputs)} clips: {parts})" if title else f"join of {len(inputs)} clips: {parts}"


def _make_job(asked: EditRequest, inputs: list[Input], plan: EditPlan, *, principal: str, now: float, zone: tzinfo) -> Job:
    """Return the job of an edit that is to be made."""
    return Job(
        id=new_id("v"),
        principal=principal,
        state="running",
        vendor=EDIT_MODEL.partition(":")[0],
        model=EDIT_MODEL,
        prompt=describe_inputs(asked, inputs),
        size="",
        seconds=0,
        options={"action": asked.action, **asked.arguments, "inputs": ", then ".join(one.parent or one.path.name for one in inputs)},
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
        expected_s=math.ceil(sum(one.seconds for one in inputs) / USUAL_PACE),
        version=0,
        parents=tuple(dict.fromkeys(one.parent for one in inputs if one.parent)),
        call=plan.to_call(),
    )

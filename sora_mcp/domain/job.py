"""Jobs and finished files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from sora_mcp.domain.call import Call
from sora_mcp.domain.money import Micros
from sora_mcp.domain.offer import Confidence, Ended, Scalar
from sora_mcp.domain.request import CONTINUES, EDITS, FIRST_FRAME

State = Literal[
    "submitting",  # the money is held; the one POST is about to go or has no answer yet
    "queued",  # the vendor has it and has not begun
    "running",  # the vendor works on it, or the file is being saved
    "completed",  # the file is on disk, whole and checked
    "failed",  # it ended without a video
    "cancelled",  # the user cancelled it
    "expired",  # it was made, but the vendor's link died before the file was saved
    "unknown",  # the vendor may or may not have taken it; nothing is sent again
]
LIVE: tuple[State, ...] = ("submitting", "queued", "running")
"""States in which the worker still has something to do."""

Charged = Literal[
    "no",  # nothing was bought
    "held",  # set aside until the vendor says the end
    "yes",  # spent
    "unknown",  # set aside until a person or the vendor's list decides
]


@dataclass(frozen=True)
class JobError:
    """The reason that a job has no video."""

    code: str
    message: str
    charged: Charged
    vendor_message: str | None = None


@dataclass(frozen=True)
class Artifact:
    """The file on disk, measured."""

    path: str
    bytes: int
    sha256: str
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    notes: tuple[str, ...] = ()
    """Sentences about what differs from the order, or about its kind."""
    has_sound: bool | None = None
    """None where it was not measured."""
    key: str | None = None
    """Where the file is in the bucket, below the prefix; `path` may be its name only then."""


LENGTH_TOLERANCE_S = 0.5
PIXELS = re.compile(r"[0-9]+x[0-9]+")
SHAPE = re.compile(r"\b([1-9][0-9]*):([1-9][0-9]*)\b")
LINES = re.compile(r"\b([0-9]{3,4})p\b", re.IGNORECASE)
LEAST_LINES = 0.8
"""Part of the lines of a resolution that the shorter side has at least: 21:9 at 720p is 1470x630 at some vendors."""
SHAPE_TOLERANCE = 0.06
"""Part by which a clip's shape may differ from the ratio that was ordered: vendors round to whole blocks."""
EDIT_MODEL = "local:edit"
"""The model of edits, which are made on this computer."""
JOB_ID = re.compile(r"\s*v_[0-9a-z]{1,20}\s*", re.IGNORECASE)
"""A job's id, however it was copied."""
PAUSED = "Paused: "
"""The beginning of a warning that the model cost more than quoted, and is bought no more."""
COUNTS_AS_SPENT = "counts as spent."
"""The end of a warning about a sum of the vendor's that is not believed."""
UNSTORED = (
    "takes",
    "deduplicated",
    "waits_until",
    "unwritten",
    "trouble",
    "todo",
    "day_left",
    "continuation",
    "instead",
    "refusers",
    "chain",
    "ended",
    "is_paused",
    "title",
)
"""What is true of a job only at the moment of looking."""


@dataclass(frozen=True)
class NextClip:
    """A clip that could be bought after a job, and its price."""

    model: str
    size: str
    seconds: int
    micros: Micros
    options: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    sound: bool | None = None
    needs_yes: bool = False
    is_sent: bool = False
    """Whether the vendor gets the clip itself, to go on from it."""
    likely: Micros | None = None
    """What it will probably cost: more than `micros` where the vendor last charged more than was quoted."""
    as_long: NextClip | None = None
    """The same in the length of the clip before, where that is another and nobody said one."""


@dataclass(frozen=True)
class Job:
    """One paid generation, as the store has it."""

    id: str
    principal: str
    state: State
    vendor: str
    model: str
    """The offer's id, `vendor:model`."""
    prompt: str
    size: str
    seconds: int
    options: Mapping[str, Scalar]
    with_image: bool
    warnings: tuple[str, ...]
    micros: Micros
    """What was held for it."""
    actual: Micros | None
    """What the vendor said it costs."""
    charged: Charged
    basis: str
    source: str
    checked: date
    confidence: Confidence
    created_at: float
    updated_at: float
    expected_s: int
    version: int
    """Counts up with every change, over all jobs of the store."""
    vendor_id: str | None = None
    said: str | None = None
    """The vendor's last word on its state."""
    progress: float | None = None
    finished_at: float | None = None
    cancel_asked_at: float | None = None
    """When the user first asked its vendor to cancel it, and the vendor did not refuse."""
    error: JobError | None = None
    artifact: Artifact | None = None
    deleted_at: float | None = None
    """When its file was deleted; the job has no artifact any more."""
    kept_days: int | None = None
    """After how many days it was deleted; None where a person deleted it."""
    request_id: str | None = None
    parents: tuple[str, ...] = ()
    batch: str | None = None
    """The first of the takes of one request that were bought together; None of a video that was bought alone."""
    take: int | None = None
    """Which of these takes it is, from 1 on."""
    take_count: int | None = None
    """How many takes were bought together."""
    takes: tuple[Job, ...] = field(default=(), compare=False)
    """All of these, where several were just asked for."""
    deduplicated: bool = False
    waits_until: float | None = None
    """Nothing is sent yet, because an earlier paid call of its model is unclear; until then at the latest."""
    day_left: Micros | None = field(default=None, compare=False)
    """What may still be spent today, of a job that was just asked for: the smaller of what day and month have left."""
    unwritten: str | None = None
    """What became of its paid call, as a clause, while the store does not take it down: only this process knows it."""
    trouble: str | None = None
    """Why nothing new was heard of it lately, as a sentence, where this process is the one that asks."""
    todo: str | None = None
    """What a person has to do before it goes on, as the end of a sentence, where the trouble does not pass by itself."""
    continuation: NextClip | None = field(default=None, compare=False)
    """The clip that goes on from the finished one, where it can be bought now."""
    instead: tuple[NextClip, ...] = field(default=(), compare=False)
    """The same at other models, of a job that its vendor refused."""
    refusers: tuple[str, ...] = field(default=(), compare=False)
    """The vendors that refused the content of its prompt of late, its own among them."""
    chain: tuple[str, ...] = field(default=(), compare=False)
    """Of a finished continuation: the clips that it goes on from, the first one first, and itself."""
    ended: Ended | None = field(default=None, compare=False)
    """The end of its model at the maker, of a job that was just bought."""
    is_paused: bool = field(default=False, compare=False)
    """Whether nothing is bought of its model until a person resumes it, of a job that cost more than was quoted."""
    title: str = field(default="", compare=False)
    """Words of its prompt, of a job that the caller neither named nor started in this chat: a sentence names it by them."""
    # for the worker only
    call: Call | None = None
    """The paid call, until it was answered."""
    next: Call | None = None
    """How to ask for it."""
    media: Call | None = None
    """How to fetch the finished file."""
    submit_token: str | None = None
    """Committed before the first byte is sent."""
    submitted_at: float | None = None
    fence: int = 0
    tries: int = 0
    """Steps in a row that learnt nothing; of an unclear job, looks in a row that agree."""
    dead_links: int = 0
    """Links to the finished file that led to nothing."""

    @property
    def first_frame(self) -> str | None:
        """The first frame as the caller named it; None where it was bytes, or there was none."""
        origin = self.options.get(FIRST_FRAME)
        return origin if isinstance(origin, str) else None

    @property
    def extras(self) -> Mapping[str, Scalar]:
        """The options proper."""
        return {name: value for name, value in self.options.items() if name != FIRST_FRAME}

    @property
    def which_take(self) -> str:
        """Say which of the takes of one request it is, as `take 2 of 3`; empty of a video that was bought alone."""
        return name_take(self.take, self.take_count)

    @property
    def price(self) -> Micros:
        """The vendor's price; the quote until it is known."""
        return self.micros if self.actual is None else self.actual

    @property
    def is_above_quote(self) -> bool:
        """Return whether the vendor names more than was quoted."""
        return self.actual is not None and self.actual > self.micros

    @property
    def price_is(self) -> Literal["estimate", "actual", "free"]:
        """The kind of `price`. What was not charged is no actual price, even where the vendor named one before."""
        if not self.price:
            return "free"
        return "estimate" if self.actual is None or self.charged == "no" else "actual"

    @property
    def is_unstated(self) -> bool:
        """Return whether it was paid, and the vendor did not say how much: the price is then the quote."""
        is_disbelieved = any(warning.endswith(COUNTS_AS_SPENT) for warning in self.warnings)
        return self.charged == "yes" and self.price_is == "estimate" and not is_disbelieved

    @property
    def is_doubtful(self) -> bool:
        """Return whether it may have been charged or not, until a person or the vendor's list decides."""
        return self.state == "unknown" or (self.charged == "unknown" and self.state not in LIVE)

    @property
    def doubtful_sum(self) -> Micros:
        """The sum that a doubtful job counts with: the hold of an unclear one, what was booked of one that has ended."""
        return self.micros if self.state == "unknown" else self.price

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """The warnings of the order, then those of the file."""
        return (*self.warnings, *(self.artifact.notes if self.artifact else ()))

    @property
    def end_warnings(self) -> tuple[str, ...]:
        """The warnings that were not known when the order was made: about a sum that is not believed, and about the file."""
        notes = self.artifact.notes if self.artifact else ()
        return (*(warning for warning in self.warnings if warning.endswith(COUNTS_AS_SPENT)), *notes)

    def has_length(self, duration_s: float) -> bool:
        """Return whether a clip is about as long as was ordered. Of an edit no length is, and what a vendor continued may come alone or
        behind the clip that it goes on from."""
        is_open = not self.seconds or self.model == EDIT_MODEL or EDITS in self.options
        is_longer = CONTINUES in self.options and duration_s > self.seconds
        return is_open or is_longer or abs(duration_s - self.seconds) <= LENGTH_TOLERANCE_S

    @property
    def is_changed(self) -> bool:
        """Return whether the job changed a clip, on this machine or by words, instead of making one."""
        return self.model == EDIT_MODEL or EDITS in self.options

    @property
    def has_clip_before(self) -> bool:
        """True where the file of a clip that its vendor continued has that clip too."""
        duration_s = self.artifact.duration_s if self.artifact else None
        return CONTINUES in self.options and duration_s is not None and duration_s > self.seconds + LENGTH_TOLERANCE_S

    def has_size(self, size: str) -> bool:
        """Return whether a clip of this size, as `1280x720`, is as ordered: in pixels, or in shape and lines as far as those were named."""
        if PIXELS.fullmatch(self.size):
            return size == self.size
        width, height = map(int, size.split("x"))
        shape, lines = SHAPE.search(self.size), LINES.search(self.size)
        has_shape = shape is None or abs(width / height * int(shape[2]) / int(shape[1]) - 1) <= SHAPE_TOLERANCE
        return has_shape and (lines is None or min(width, height) >= LEAST_LINES * int(lines[1]))

    @property
    def is_stopping(self) -> bool:
        """True while the vendor was asked to cancel it, and neither has done so nor made it."""
        return self.cancel_asked_at is not None and self.state in LIVE and not self.saving

    @property
    def saving(self) -> bool:
        """True while the file of a job that the vendor finished is being saved."""
        return self.media is not None


LOST_FILE = "result_invalid"
"""The error of a job whose video was made, and whose file did not arrive."""


def can_fetch(job: Job) -> bool:
    """Return whether a job ended without its file, and there is a way to ask for it again."""
    lost = job.state in ("failed", "expired") and job.error is not None and job.error.code == LOST_FILE
    return lost and (job.next is not None or job.media is not None)


def describe_deletion(job: Job) -> str | None:
    """Say when a job's file was deleted, as the end of a sentence; None where it was not."""
    if job.deleted_at is None:
        return None
    after = "" if job.kept_days is None else f", after {job.kept_days} day{'' if job.kept_days == 1 else 's'}"
    return f"was deleted on {datetime.fromtimestamp(job.deleted_at, UTC):%Y-%m-%d}{after}"


def name_take(take: int | None, count: int | None) -> str:
    """Return which of several takes one is, as `take 2 of 3`; empty where it is the only one."""
    return f"take {take} of {count}" if take else ""


def name_state(state: State) -> str:
    """Return a job's state as the verb of a sentence: `failed`, `was cancelled`, `is running`."""
    ended = {"failed": "failed", "cancelled": "was cancelled", "expired": "expired", "unknown": "may or may not have been made"}
    return ended.get(state, f"is {state}")

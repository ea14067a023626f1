"""create_video: reserve a job; the worker sends it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any

from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations

from sora_mcp.catalogue.first_key import describe_first_key
from sora_mcp.catalogue.planner import NO_KEY
from sora_mcp.domain import LIVE, LOCAL, MOST_TAKES, Job, VideoRequest
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.server.charges import describe_pause, format_price
from sora_mcp.server.context import ToolContext, get_service, name_chat, principal
from sora_mcp.server.elicitation import create_with_approval
from sora_mcp.server.messages import UNCLEAR, describe_ended, describe_job, describe_order, format_duration, format_minute
from sora_mcp.server.next_clip import describe_another
from sora_mcp.server.results import build_job_result, build_takes_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition
from sora_mcp.server.tools.video_arguments import MOST_IMAGE, merge_options
from sora_mcp.server.vendor_words import name_vendor

MOST_PROMPT = 100_000
"""Characters: many times what any vendor takes."""

NAMED_OPTIONS = {"seed": "integer", "negative_prompt": "string"}
"""Options that many models have. Where a schema names none, OpenAI's strict mode lets a model say none."""


@dataclass(frozen=True)
class Arguments:
    """The clip to buy."""

    prompt: Annotated[str, Spec("What to show", most_characters=MOST_PROMPT)]
    model: Annotated[str, Spec("vendor:model; default: cheapest")] = ""
    size: Annotated[str, Spec("16:9, 9:16 1080p, portrait, 1280x720")] = ""
    seconds: Annotated[int | None, Spec("Default: shortest; usual: 5")] = None
    image: Annotated[str, Spec("First frame: URL, path, JOB_ID#last, clip.mp4#2.5s", most_characters=MOST_IMAGE)] = ""
    last_image: Annotated[str, Spec(most_characters=MOST_IMAGE)] = ""
    references: Annotated[tuple[str, ...], Spec("Pictures to keep", most_characters=MOST_IMAGE, most_items=10)] = ()
    audio: bool | None = None
    options: Annotated[
        dict[str, Any] | None, Spec("See list_sizes; fit: crop, pad; seed -1: any; variation=1: same again", properties=NAMED_OPTIONS)
    ] = None
    continues: Annotated[str, Spec("Job to go on from", is_job=True)] = ""
    edits: Annotated[str, Spec("Job or MP4 to change", is_job=True)] = ""
    variations: Annotated[int, Spec(minimum=1, maximum=MOST_TAKES)] = 1
    max_usd: Annotated[Micros | None, Spec("Cap on all takes' quote")] = None
    quote: Annotated[str, Spec("Quote id")] = ""
    request_id: Annotated[str, Spec("Same id: bought once", is_name=True)] = ""

    @property
    def request(self) -> VideoRequest:
        """The request that is made of them. BrokenRules where an option is said twice, and differently."""
        named = self._named_options
        return VideoRequest(
            prompt=self.prompt,
            model=self.model or None,
            size=self.size or None,
            seconds=self.seconds,
            image=self.image or None,
            options=merge_options(self.options or {}, named) if named else self.options or {},
            arguments=frozenset(named),
            continues=self.continues or None,
            edits=self.edits or None,
            variations=self.variations,
            max_usd=self.max_usd,
            quote_id=self.quote or None,
            request_id=self.request_id or None,
        )

    @property
    def _named_options(self) -> dict[str, Any]:
        """The options that are arguments of their own, as far as they are said."""
        named = {"audio": self.audio, "last_image": self.last_image, "references": self.references}
        return {name: value for name, value in named.items() if value not in (None, "", ())}


async def create_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult | InputRequiredResult:
    """Create the job; where the user has to approve the price, ask in the chat first."""
    service = await get_service(ctx)
    job = await create_with_approval(service, arguments.request, ctx)
    if isinstance(job, InputRequiredResult):
        return job
    lingers = service.settings.linger or principal() != LOCAL
    if (vendor := service.catalogue.find_vendor(job.vendor)) is not None and vendor.caveat:
        known, how = (NO_KEY, describe_first_key(service.catalogue, today=service.today)) if NO_KEY in job.warnings else ("", "")
        told = (
            tuple(filter(None, (known, vendor.caveat, how)))
            if ctx.request_context.lifespan_context.visits.claim_caveat(name_chat(ctx))
            else ()
        )
        job = replace(job, warnings=(*told, *(warning for warning in job.warnings if warning != NO_KEY)))
    return format_result(job, now=service.clock(), request_id=arguments.request_id, lingers=lingers)


def format_result(job: Job, *, now: float, request_id: str = "", lingers: bool = False) -> CallToolResult:
    """Return the result for a new job, or for the one that exists already; for several takes, with a short row for each.

    `lingers` is whether a job goes on after the chat.
    """
    if job.takes:
        return build_takes_result(job, _describe_takes(job, request_id=request_id, lingers=lingers))
    return build_job_result(job, _describe(job, now=now, request_id=request_id, lingers=lingers))


def _describe(job: Job, *, now: float, request_id: str, lingers: bool) -> str:
    if job.deduplicated:
        again = _describe_repeat(job, "for a new take: options.variation=1", request_id=request_id)
        return f"{again}{describe_job(job, now=now)}"
    left = "" if job.day_left is None or not job.micros else f" (left today {format_dollars(job.day_left)})"
    ready = _describe_wait(job, job.waits_until, lingers=lingers)
    started = f"{_describe_end(job)}Started {describe_order(job)}, {format_price(job.price)}{left}."
    return f'{started}{_describe_notes(job)} {ready} Next: get_video_status("{job.id}").'


def _describe_repeat(job: Job, how: str, *, request_id: str) -> str:
    """Begin the answer to a repeated call: how a new take is made; while the model is paused, that none is, and what works instead."""
    if job.is_paused and job.state in (*LIVE, "completed"):
        pause = f"{describe_pause(job)}.{describe_another(job)}"
        return f"Same request, so nothing was bought. There is no new take now: {pause} The one there is: "
    return f"{'Same request_id' if request_id else f'Same request ({how})'}, so nothing was bought: "


def _describe_end(job: Job) -> str:
    """Say first that the model has ended, where that is so."""
    return "".join(f"{sentence} " for sentence in describe_ended(job.ended, name_vendor(job)))


def _describe_notes(job: Job) -> str:
    """Say what else there is to know of the clip that was started."""
    return f" Note: {' '.join(job.warnings)}" if job.warnings else ""


def _describe_wait(job: Job, until: float | None, *, lingers: bool) -> str:
    """Say when the clip will be there, and whether somebody has to stay for it."""
    if until is not None:
        return f"Not sent yet: {UNCLEAR}; sent by {format_minute(until)} at the latest."
    return f"Usually ready in {format_duration(job.expected_s)}{'; you can close this chat, the clip will be here' if lingers else ''}."


def _describe_takes(job: Job, *, request_id: str, lingers: bool) -> str:
    """Say what several takes cost together, and how to follow them."""
    takes = job.takes
    price = Micros(sum(take.price for take in takes))
    cost = format_price(price) if not price else f"{format_price(price)} in all"
    follow = f"Next: get_video_status(job_ids={json.dumps([take.id for take in takes])})."
    if job.deduplicated:
        again = _describe_repeat(job, "for new takes: options.variation", request_id=request_id)
        states = ", ".join(f"{count} {state}" for state, count in Counter(take.state for take in takes).items())
        return f"{again}{len(takes)} takes on {job.model}, {states}, {cost}. {follow}"
    left = "" if job.day_left is None or not price else f" (left today {format_dollars(job.day_left)})"
    ready = _describe_wait(job, max((take.waits_until or 0 for take in takes), default=0) or None, lingers=lingers)
    what = describe_order(job).partition(" ")[2]
    return f"{_describe_end(job)}Started {len(takes)} takes {what}, {cost}{left}.{_describe_notes(job)} {ready} {follow}"


TOOL = ToolDefinition(
    "create_video",
    "Create video",
    "Start clips; costs money except on sample:sample. Use this once the user agrees to the price, "
    "then get_video_status. Never start again because it is slow.",
    ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True),
    Arguments,
    create_video,
    JOB_RESULT,
    has_page=True,
)

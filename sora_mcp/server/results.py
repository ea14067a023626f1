"""The one formatter at the door: a job, an estimate, a list or an error becomes what a client sees."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mcp.types import CallToolResult, ContentBlock, ResourceLink, TextContent

from sora_mcp.catalogue.catalogue import Choice, PricedOrder
from sora_mcp.domain import Charged, Job, JobError
from sora_mcp.domain.errors import BrokenRule, BrokenRules, Fix, NeedsConfirmation, SoraError, VendorError
from sora_mcp.domain.money import as_number
from sora_mcp.server import messages as sentences

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Budget, Page

MOST_OFFERS = 12
MOST_GOT = 200
MOST_BYTES = 720
"""Of the structured part of one job or one estimate: 200 tokens."""
DERIVABLE = ("month_spent_usd", "day_spent_usd")
"""Fields of a budget that follow from limit and rest: they are left out where an estimate would be too long."""
MEDIA_TYPES = {".mp4": "video/mp4", ".png": "image/png", ".gif": "image/gif"}
"""Of finished files, by how their names end."""


def started(job: Job, *, now: float, request_id: str = "") -> CallToolResult:
    """The answer of create_video."""
    return _of_job(job, {"message": sentences.of_start(job, now=now, request_id=request_id), **job_fields(job)})


def status(job: Job, *, now: float) -> CallToolResult:
    """The answer of get_video_status."""
    return _of_job(job, {"message": sentences.of_job(job, now=now), **job_fields(job)})


def cancelled(job: Job, *, now: float, refunds: str) -> CallToolResult:
    """The answer of cancel_video."""
    return _of_job(job, {"message": sentences.of_cancel(job, now=now, refunds=refunds), **job_fields(job)})


def edited(job: Job, *, now: float) -> CallToolResult:
    """The answer of edit_video."""
    return _of_job(job, {"message": sentences.of_edit(job, now=now), **job_fields(job)})


def estimated(estimate: Estimate, service: VideoService) -> CallToolResult:
    """The answer of estimate_cost."""
    plan, quote = estimate.plan, estimate.plan.quote
    offers = [
        _present(
            model=fit.choice.id,
            size=fit.order.size.text,
            seconds=fit.order.seconds,
            usd=_dollars(fit.quote.micros * estimate.clips),
            ended=fit.choice.offer.ended is not None or None,
            needs_key=not service.catalogue.usable(fit.choice) or None,
        )
        for fit in _some(estimate.offers, service.catalogue.usable)
    ]
    structured = _present(
        message=sentences.of_estimate(estimate, usable=service.catalogue.usable),
        model=plan.choice.id,
        size=plan.order.size.text,
        seconds=plan.order.seconds,
        clips=estimate.clips,
        usd=_dollars(estimate.micros),
        micros=int(estimate.micros),
        basis=sentences.basis(estimate),
        source=quote.source,
        checked=quote.checked.isoformat(),
        confidence=quote.confidence,
        needs_confirmation=estimate.needs_confirmation,
        quote=estimate.quote_id,
        allowed=estimate.refusal is None,
        refusal=sentences.refusal(estimate),
        budget=budget_fields(estimate.budget),
        offers=offers or None,
    )
    return reply(structured if offers else _fit_estimate(structured))


def _fit_estimate(structured: dict[str, Any]) -> dict[str, Any]:
    """Return the estimate without derivable sums where it exceeds MOST_BYTES. Its price page is never cut."""
    budget = dict(structured.get("budget", {}))
    for name in DERIVABLE:
        if _bytes(structured | {"budget": budget}) > MOST_BYTES:
            budget.pop(name, None)
    return structured | {"budget": budget} if budget else structured


def _bytes(structured: Mapping[str, Any]) -> int:
    return len(json.dumps(structured, ensure_ascii=False, separators=(",", ":")).encode())


def _some(fits: Sequence[PricedOrder], usable: Callable[[Choice], bool]) -> list[PricedOrder]:
    """As many as are shown, in their order: what can be had now before what cannot."""
    chosen = sorted(range(len(fits)), key=lambda at: not usable(fits[at].choice))[:MOST_OFFERS]
    return [fits[at] for at in sorted(chosen)]


def listed(page: Page, budget: Budget) -> CallToolResult:
    """The answer of list_videos."""
    message = sentences.of_list(page.jobs, budget, more=page.next_cursor is not None)
    videos = [{**job_fields(job), **kept_fields(job)} for job in page.jobs]
    more = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return reply({"message": message, "videos": videos, **more, "budget": budget_fields(budget)})


def refused(error: SoraError, *, fixes: tuple[Fix, ...] | None = None, charged: Charged | None = None) -> CallToolResult:
    """Return a refusal, with what happened to the money and what would work.

    `fixes` are the advice on it, `charged` what is known of the money, where these are other than what the error says.
    """
    charged, fixes = charged or error.charged, error.fixes if fixes is None else fixes
    quoting = error if isinstance(error, VendorError) else error.__cause__
    vendor = quoting if isinstance(quoting, VendorError) else None
    fields = _present(
        code=error.its_code,
        message=error.message,
        charged="unknown" if charged == "held" else charged,
        broken=[_broken(rule) for rule in error.broken] if isinstance(error, BrokenRules) else [],
        fixes=[_present_or_null(argument=fix.argument, value=fix.value, usd=_dollars(fix.micros)) for fix in fixes],
        quote=error.quote_id if isinstance(error, NeedsConfirmation) else None,
        retry_after_s=vendor.retry_after_s if vendor else None,
        vendor_message=vendor.vendor_message if vendor else None,
        job_id=error.job_id,
    )
    return reply({"message": sentences.of_error(error, fixes, charged=charged), "error": fields}, is_error=True)


def reply(structured: dict[str, Any], *links: ContentBlock, is_error: bool = False) -> CallToolResult:
    """The text is the message: some clients show the one, some the other."""
    text = TextContent(type="text", text=structured["message"])
    return CallToolResult(content=[text, *links], structured_content=structured, is_error=is_error)


def job_fields(job: Job) -> dict[str, Any]:
    """A job without its message; what is unknown or empty is left out."""
    file = job.artifact
    return _present(
        job_id=job.id,
        state=job.state,
        model=job.model,
        size=job.size,
        seconds=job.seconds,
        progress=None if job.progress is None else 1 if job.state == "completed" else round(job.progress, 3),
        usd=_dollars(job.price),
        micros=int(job.price),
        usd_is=job.price_is,
        charged=job.charged,
        deduplicated=job.deduplicated or None,
        day_left_usd=_dollars(job.day_left),
        path=file.path if file else None,
        uri=video_uri(job) if file else None,
        bytes=file.bytes if file else None,
        duration_s=file.duration_s if file else None,
        width=file.width if file else None,
        height=file.height if file else None,
        error=error_fields(job.error) if job.error and (job.state != "cancelled" or job.error.vendor_message) else None,
        warnings=list(job.warnings),
    )


def kept_fields(job: Job) -> dict[str, Any]:
    """What a list says of a job besides."""
    return {"prompt": job.prompt, "created_at": moment(job.created_at), "updated_at": moment(job.updated_at)}


def error_fields(error: JobError) -> dict[str, Any]:
    """Why a job has no video."""
    return _present(code=error.code, message=error.message, vendor_message=error.vendor_message, charged=error.charged)


def budget_fields(budget: Budget) -> dict[str, Any]:
    """The caps and what is left of them; held money counts as spent."""
    names = ("per_video", "day_limit", "day_spent", "day_left", "month_limit", "month_spent", "month_left")
    amounts = {f"{name}_usd": _dollars(getattr(budget, name)) for name in names}
    return {**amounts, "resets_at": budget.resets_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def video_uri(job: Job) -> str:
    """Where the finished file is read."""
    return f"sora://videos/{job.id}{ending(job)}"


def ending(job: Job) -> str:
    """Of the finished file's name: an edit may be a picture."""
    suffix = PurePath(job.artifact.path).suffix if job.artifact else ""
    return suffix if suffix in MEDIA_TYPES else ".mp4"


def file_name(job: Job) -> str:
    """What the finished file is called."""
    return PurePath(job.artifact.path).name if job.artifact else f"{job.id}.mp4"


def moment(seconds: float) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_job(job: Job, structured: dict[str, Any]) -> CallToolResult:
    _shorten(structured)
    if job.state != "completed" or job.artifact is None:
        return reply(structured)
    kind, size = MEDIA_TYPES[ending(job)], job.artifact.bytes
    link = ResourceLink(type="resource_link", uri=video_uri(job), name=file_name(job), mime_type=kind, size=size)
    return reply(structured, link)


def _shorten(structured: dict[str, Any]) -> None:
    """Cuts the vendor's words where the whole would be too long. The job's resource has them all."""
    error: dict[str, Any] = structured.get("error", {})
    words: str = error.get("vendor_message", "")

    def size(length: int) -> int:
        told = structured | {"error": error | {"vendor_message": _cut(words, length)}}
        return _bytes(told)

    if not words or size(len(words)) <= MOST_BYTES:
        return
    if (room := bisect_right(range(1, len(words)), MOST_BYTES, key=size)) > 1:
        error["vendor_message"] = _cut(words, room)
    else:
        del error["vendor_message"]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _broken(rule: BrokenRule) -> dict[str, Any]:
    return _present_or_null(argument=rule.argument, got=_shown(rule.got), allowed=rule.allowed)


def _shown(got: Any) -> Any:
    """What came, as far as it can be repeated: plain, finite and short."""
    if got is None or isinstance(got, bool) or (isinstance(got, int | float) and abs(got) < 2**53):
        return got
    text = got if isinstance(got, str) else json.dumps(got, default=str)
    return _cut(text, MOST_GOT)


def _dollars(micros: int | None) -> float | None:
    """A JSON number, written without needless zeros."""
    if micros is None:
        return None
    number = as_number(micros)
    return int(number) if number.is_integer() else number


def _present(**fields: Any) -> dict[str, Any]:
    """Without what is unknown or empty; false and 0 are known."""
    return {name: value for name, value in fields.items() if value is not None and value != [] and value != ""}


def _present_or_null(*, argument: str, **fields: Any) -> dict[str, Any]:
    """A row about an argument: `value` stays when it is null, for that means to leave the argument out."""
    return {"argument": argument, **{name: value for name, value in fields.items() if value is not None or name == "value"}}


def dumped(content: Mapping[str, Any]) -> str:
    """JSON for a resource."""
    return json.dumps(content, ensure_ascii=False, indent=1)

"""Tool results: the fields of a job, a budget or a refusal, beside the message that says the same in words."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mcp.types import CallToolResult, TextContent

from sora_mcp.domain import Charged, Job, JobError
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import NeedsConfirmation, SoraError
from sora_mcp.domain.money import NO_LIMIT, as_number
from sora_mcp.domain.text import sanitize
from sora_mcp.media.containers import find_media_type
from sora_mcp.server.address import name_place
from sora_mcp.server.messages import describe_ended, describe_error
from sora_mcp.server.vendor_words import find_vendor_error, name_vendor

if TYPE_CHECKING:
    from sora_mcp.store.records import Approval, Budget, OwnSpending

MOST_GOT = 200
MOST_BYTES = 720
"""Bytes of the structured part of one job or one estimate: 200 tokens."""
SPARE = ("uri", "bytes", "progress")
"""Fields of a job that are left out, one after the other, where its result would be too long: `path` says where the file is."""
MOST_PAGE_BYTES = 20_000
"""Bytes of the jobs on a page of a list: 5,600 tokens."""
MOST_PROMPT_FIELD = 120
encode_compactly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
SUFFIXES = (".mp4", ".png", ".gif")
"""Of addresses of finished files; a file of any other kind is at that of an MP4."""


def build_result(structured: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    """Return a result whose text is the message, because some clients show the text and some the structured part.

    It has no `resource_link` to a file: several frameworks fail on one (LangChain, AutoGen and Anthropic's SDK, seen 2026-11-29).
    """
    text = TextContent(type="text", text=structured["message"])
    return CallToolResult(content=[text], structured_content=structured, is_error=is_error)


def append_line(result: CallToolResult, line: str) -> CallToolResult:
    """Return the result with a line after its message; the same result for an empty line."""
    fields = result.structured_content
    if not line or fields is None:
        return result
    return build_result({**fields, "message": f"{fields['message']}\n{line}"}, is_error=result.is_error)


def build_job_result(job: Job, message: str) -> CallToolResult:
    """Return a result about one job; `path` and `uri` say where its finished file is."""
    structured = {"message": message, **job_fields(job)}
    _shorten(structured)
    return build_result(structured)


def build_jobs_result(jobs: Sequence[Job], message: str) -> CallToolResult:
    """Return a result about several jobs."""
    fields = [job_fields(job) for job in jobs]
    for each in fields:
        _shorten(each)
    return build_result({"message": message, "jobs": fields})


def build_takes_result(job: Job, message: str) -> CallToolResult:
    """Return a result about several takes of one request: what is the same of all, their price together, and a row for each."""
    price = sum(take.price for take in job.takes)
    fields = job_fields(replace(job, artifact=None, error=None))
    for name in ("job_id", "state", "progress", "charged"):
        fields.pop(name, None)
    rows = [without_empty(job_id=take.id, state=take.state, usd=to_dollars(take.price)) for take in job.takes]
    return build_result({"message": message, "jobs": rows, **fields, "usd": to_dollars(price), "micros": int(price)})


def build_refusal(
    error: SoraError, *, fixes: tuple[Fix, ...] | None = None, charged: Charged | None = None, could_send: bool = True
) -> CallToolResult:
    """Return a refusal with what happened to the money and what would work.

    `fixes` are the advice, `charged` what is known of the money, where these are other than the error says; `could_send` is false for
    tools that never buy.
    """
    charged, fixes = charged or error.charged, error.fixes if fixes is None else fixes
    vendor = find_vendor_error(error)
    fields = without_empty(
        code=error.its_code,
        message=error.message,
        charged="unknown" if charged == "held" else charged,
        broken=[_broken_fields(rule) for rule in error.broken],
        fixes=[_fix_fields(fix) for fix in fixes],
        quote=error.quote_id if isinstance(error, NeedsConfirmation) else None,
        retry_after_s=vendor.retry_after_s if vendor else None,
        vendor_message=vendor.vendor_message if vendor else None,
        job_id=error.job_id,
    )
    return build_result({"message": describe_error(error, fixes, charged=charged, could_send=could_send), "error": fields}, is_error=True)


def job_fields(job: Job) -> dict[str, Any]:
    """Return a job without its message; what is unknown or empty is left out."""
    file = job.artifact
    return without_empty(
        job_id=job.id,
        state=job.state,
        model=job.model,
        size=job.size,
        seconds=job.seconds,
        progress=None if job.progress is None else 1 if job.state == "completed" else round(job.progress, 3),
        usd=to_dollars(job.price),
        micros=int(job.price),
        usd_is=job.price_is,
        charged=job.charged,
        deduplicated=job.deduplicated or None,
        day_left_usd=to_dollars(job.day_left),
        path=name_place(job, file.path) if file else None,
        uri=video_uri(job) if file else None,
        bytes=file.bytes if file else None,
        duration_s=file.duration_s if file else None,
        width=file.width if file else None,
        height=file.height if file else None,
        error=error_fields(job.error) if job.error and (job.state != "cancelled" or job.error.vendor_message) else None,
        warnings=[*describe_ended(job.ended, name_vendor(job)), *job.all_warnings],
    )


def record_fields(job: Job) -> dict[str, Any]:
    """Return the fields that a list and the job's resource have besides."""
    return {"prompt": job.prompt, "created_at": format_time(job.created_at), "updated_at": format_time(job.updated_at)}


def list_fields(job: Job) -> dict[str, Any]:
    """Return a job as a list has it, with the beginning of its prompt: its own resource has all of it."""
    return {**job_fields(job), **record_fields(job), "prompt": _truncate(job.prompt, MOST_PROMPT_FIELD)}


def whole_fields(job: Job, approval: Approval | None = None) -> dict[str, Any]:
    """Return everything that is known of a job; `approval` is the yes that bought it."""
    known = {
        **job_fields(job),
        **record_fields(job),
        "sha256": job.artifact.sha256 if job.artifact else None,
        "cancel_asked_at": format_time(job.cancel_asked_at) if job.cancel_asked_at is not None else None,
        "options": dict(job.extras) or None,
        "first_frame": job.first_frame or job.with_image or None,
        "parents": list(job.parents) or None,
        "approved": approval_fields(approval),
        "basis": job.basis,
        "source": job.source,
        "checked": job.checked.isoformat(),
        "confidence": job.confidence,
        "vendor_id": job.vendor_id,
        "vendor_status": sanitize(job.said),
    }
    return {name: value for name, value in known.items() if value is not None}


def approval_fields(approval: Approval | None) -> dict[str, Any] | None:
    """Return who said yes, when and how; None where nobody had to, or an older version did not write it down."""
    if approval is None or approval.approved_at is None or approval.approved_by is None:
        return None
    return {"by": approval.approved_by, "at": format_time(approval.approved_at), "way": approval.approved_way, "quote": approval.id}


def error_fields(error: JobError) -> dict[str, Any]:
    """Return the reason why a job has no video."""
    return without_empty(code=error.code, message=error.message, vendor_message=error.vendor_message, charged=error.charged)


def budget_fields(budget: Budget) -> dict[str, Any]:
    """Return the caps and what is left of them; held money counts as spent."""
    names = ("per_video", "day_limit", "day_spent", "day_left", "month_limit", "month_spent", "month_left")
    amounts = {f"{name}_usd": to_dollars(micros) for name in names if (micros := getattr(budget, name)) != NO_LIMIT}
    resets_at = budget.resets_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return without_empty(**amounts, resets_at=resets_at, limited_by=budget.limited_by, **_own_fields(budget.own))


def _own_fields(own: OwnSpending | None) -> dict[str, Any]:
    """Return what the caller spent, and the caller's team, without names of others."""
    if own is None:
        return {}
    sums = {"day_spent_usd": to_dollars(own.day_spent), "month_spent_usd": to_dollars(own.month_spent)}
    if own.team is None:
        return {"own": sums}
    team = {"day_spent_usd": to_dollars(own.team_day_spent), "month_spent_usd": to_dollars(own.team_month_spent)}
    return {"own": sums, "team": {"name": own.team, **team}}


def video_uri(job: Job) -> str:
    """Return the address of the finished file's resource."""
    return f"sora://videos/{job.id}{file_suffix(job)}"


def file_suffix(job: Job) -> str:
    """Return the suffix of the finished file: an edit may be a picture."""
    suffix = os.path.splitext(job.artifact.path)[1] if job.artifact else ""
    return suffix if suffix in SUFFIXES else ".mp4"


def media_type(job: Job) -> str:
    """Return the media type of the finished file: of one that could not become an MP4 its own."""
    suffix = PurePath(job.artifact.path).suffix if job.artifact else ".mp4"
    return find_media_type(suffix)


def file_name(job: Job) -> str:
    """Return the name of the finished file."""
    return PurePath(job.artifact.path).name if job.artifact else f"{job.id}.mp4"


def format_time(seconds: float) -> str:
    """Return a Unix time as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_dollars(micros: int | None) -> float | None:
    """Return an amount as a JSON number without needless zeros."""
    if micros is None:
        return None
    number = as_number(micros)
    return int(number) if number.is_integer() else number


def without_empty(**fields: Any) -> dict[str, Any]:
    """Return the fields that are known and not empty; false and 0 are known."""
    return {name: value for name, value in fields.items() if value is not None and value != [] and value != ""}


def dump_json(content: Mapping[str, Any]) -> str:
    """Return the JSON text of a resource."""
    return json.dumps(content, ensure_ascii=False, indent=1)


def count_bytes(structured: Mapping[str, Any]) -> int:
    """Return the length of a structured part as it goes over the wire."""
    return len(encode_compactly(structured).encode())


def _shorten(structured: dict[str, Any]) -> None:
    """Cut what makes a result too long: the vendor's words, of which the message quotes the beginning and the job's resource has all;
    then the last warnings, which stand in the message too, and fields that others stand for."""
    error: dict[str, Any] = structured.get("error", {})
    words: str = error.get("vendor_message", "")

    def size(length: int) -> int:
        return count_bytes(structured | {"error": error | {"vendor_message": _truncate(words, length)}})

    if words and size(len(words)) > MOST_BYTES:
        if (room := bisect_right(range(1, len(words)), MOST_BYTES, key=size)) > 1:
            error["vendor_message"] = _truncate(words, room)
        else:
            del error["vendor_message"]
    while structured.get("warnings") and count_bytes(structured) > MOST_BYTES:
        structured["warnings"].pop()
    if structured.get("warnings") == []:
        del structured["warnings"]
    length = count_bytes(structured)
    for name in SPARE:
        if length > MOST_BYTES and structured.pop(name, None) is not None:
            length = count_bytes(structured)


def _truncate(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _fix_fields(fix: Fix) -> dict[str, Any]:
    """Return a fix; the model of its price and the yes that it needs, where the message says them too."""
    row = _row(argument=fix.argument, value=fix.value, usd=to_dollars(fix.micros))
    return row | without_empty(model=fix.model, needs_confirmation=fix.needs_yes or None)


def _broken_fields(rule: BrokenRule) -> dict[str, Any]:
    return _row(argument=rule.argument, got=_repeatable(rule.got), allowed=rule.allowed)


def _repeatable(got: Any) -> Any:
    """Return a caller's value as far as JSON can repeat it: plain, finite and short."""
    if got is None or isinstance(got, bool) or (isinstance(got, int | float) and abs(got) < 2**53):
        return got
    text = got if isinstance(got, str) else json.dumps(got, default=str)
    return _truncate(text, MOST_GOT)


def _row(*, argument: str, **fields: Any) -> dict[str, Any]:
    """Return a row about an argument. A null `value` stays, because it means to leave the argument out."""
    return {"argument": argument, **{name: value for name, value in fields.items() if value is not None or name == "value"}}

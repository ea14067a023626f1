"""What cancel_video says of the money, in every case: one sentence, which no other one contradicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sora_mcp.domain import Call, JobError, Vendor
from sora_mcp.domain.errors import CancelUnclear, NotCancellable, VendorError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.jobs.cancel import describe_end
from sora_mcp.server.messages import describe_error
from sora_mcp.server.tools import cancel_video
from sora_mcp.vendors import aimlapi, muvi, runway
from tests.each import each
from tests.nouns import a_job

from .counter import NOW, a_done_job

TAKEN_BACK = JobError("vendor_rejected", "Muvi cancelled this job.", "no")
SENT: dict[str, Any] = {"vendor_id": "job_1"}
CANCELLED: dict[str, Any] = {**SENT, "state": "cancelled"}
KEEPS, SILENT = replace(muvi.VENDOR, refunds=False), replace(muvi.VENDOR, refunds=None)


@each(
    ("changes", "vendor", "message"),
    [
        ({"state": "cancelled", "charged": "no"}, muvi.VENDOR, "v_0123456789 was cancelled before it was sent. Nothing was charged."),
        ({**CANCELLED, "charged": "no", "error": TAKEN_BACK}, muvi.VENDOR, "v_0123456789 was cancelled at Muvi. Nothing was charged."),
        (
            {**CANCELLED, "charged": "no", "error": replace(TAKEN_BACK, vendor_message="Stopped.")},
            muvi.VENDOR,
            'v_0123456789 was cancelled at Muvi. Muvi says: "Stopped." Nothing was charged.',
        ),
        ({**CANCELLED, "micros": Micros(0), "charged": "no"}, muvi.VENDOR, "v_0123456789 was cancelled at Muvi. Nothing was charged."),
        (
            {**CANCELLED, "charged": "yes", "actual": usd("0.10")},
            muvi.VENDOR,
            "v_0123456789 was cancelled at Muvi. $0.10 of the $0.40 was charged; the rest came back.",
        ),
        ({**CANCELLED, "charged": "yes", "actual": usd("0.40")}, muvi.VENDOR, "v_0123456789 was cancelled at Muvi. $0.40 was charged."),
        (
            {**CANCELLED, "charged": "yes"},
            muvi.VENDOR,
            "v_0123456789 was cancelled at Muvi. Muvi charged $0.40 first and refunds cancelled clips automatically; nothing to do.",
        ),
        (
            {**CANCELLED, "charged": "yes"},
            KEEPS,
            "v_0123456789 was cancelled at Muvi. $0.40 was charged; Muvi does not refund cancelled clips.",
        ),
        (
            {**CANCELLED, "charged": "unknown"},
            muvi.VENDOR,
            "v_0123456789 was cancelled at Muvi. It is not known whether $0.40 was charged; "
            "Muvi refunds cancelled clips automatically; nothing to do.",
        ),
        (
            {**CANCELLED, "charged": "unknown"},
            SILENT,
            "v_0123456789 was cancelled at Muvi. It is not known whether $0.40 was charged; "
            "Muvi does not say whether it refunds cancelled clips: check your account there.",
        ),
        (
            {**CANCELLED, "charged": "yes", "vendor": "runway"},
            runway.VENDOR,
            "v_0123456789 was cancelled at Runway. $0.40 was charged; "
            "Runway refunds a clip that has not started, and charges one that runs: check your account there.",
        ),
        (
            SENT,
            muvi.VENDOR,
            "Muvi was asked to cancel v_0123456789; its next status says whether it did. "
            '$0.40 stays reserved until then; Muvi refunds cancelled clips automatically. Next: get_video_status("v_0123456789").',
        ),
        (
            {**SENT, "charged": "yes"},
            SILENT,
            "Muvi was asked to cancel v_0123456789; its next status says whether it did. "
            '$0.40 is already paid; Muvi does not say whether it refunds cancelled clips. Next: get_video_status("v_0123456789").',
        ),
    ],
)
def test_a_cancelled_clip_says_once_what_it_costs(changes: dict[str, Any], vendor: Vendor, message: str) -> None:
    result = cancel_video.format_result(replace(a_job(), **changes), vendor, now=NOW)
    assert (result.structured_content or {})["message"] == message


REFUSAL = VendorError("vendor_rejected", "Muvi refuses this request.", vendor="Muvi", vendor_message="too late")


@each(
    ("error", "cause", "message"),
    [
        (
            NotCancellable(f"{aimlapi.VENDOR.title} can't cancel a running clip.", a_job(), must_pay=True),
            None,
            "Not cancelled, $0.40 will be charged. AI/ML API can't cancel a running clip.",
        ),
        (
            NotCancellable("Muvi can't cancel a running clip.", replace(a_job(), charged="yes"), must_pay=True),
            None,
            "Not cancelled, $0.40 was charged. Muvi can't cancel a running clip.",
        ),
        (
            NotCancellable("Muvi refused to cancel v_0123456789.", a_job()),
            REFUSAL,
            'Not cancelled, $0.40 stays reserved. Muvi refused to cancel v_0123456789. Muvi says: "too late".',
        ),
        (
            CancelUnclear("vendor_unavailable", "Muvi answers 503.", a_job()),
            None,
            "Not cancelled yet, $0.40 stays reserved. Muvi answers 503.",
        ),
    ],
)
def test_a_cancel_that_fails_says_once_what_becomes_of_the_money(error: NotCancellable, cause: Exception | None, message: str) -> None:
    error.__cause__ = cause
    assert describe_error(error) == message


@each(
    ("changes", "message"),
    [
        ({}, "Not cancelled, $0.40 was charged. v_0123456789 has already finished, so there is nothing to cancel."),
        (
            {"state": "failed", "charged": "no"},
            "Not cancelled, nothing was charged. v_0123456789 has already failed, so there is nothing to cancel.",
        ),
        ({"state": "cancelled", "charged": "no"}, "Not cancelled, nothing was charged. v_0123456789 was already cancelled."),
        ({"state": "expired"}, "Not cancelled, $0.40 was charged. v_0123456789 was already made, so there is nothing to cancel."),
        (
            {"state": "running", "media": Call("GET", "/file")},
            "Not cancelled, $0.40 was charged. v_0123456789 is made and its file is being saved, so there is nothing to cancel.",
        ),
        (
            {"state": "unknown", "charged": "unknown"},
            "Not cancelled, it is not known whether $0.40 was charged. Whether the vendor accepted v_0123456789 is not known: "
            "the user settles it with `sora-mcp resolve v_0123456789`.",
        ),
    ],
)
def test_a_job_that_is_over_says_that_there_is_nothing_to_cancel(changes: dict[str, Any], message: str) -> None:
    job = replace(a_done_job(), **changes)
    assert describe_error(NotCancellable(describe_end(job), job)) == message

"""What cancel_video says of the money, in every case: one sentence, which no other one contradicts. The snapshot has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sora_mcp.domain import Call, JobError, Vendor
from sora_mcp.domain.errors import CancelUnclear, NotCancellable, VendorError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.jobs.cancel import describe_end
from sora_mcp.server.messages import describe_error
from sora_mcp.server.tools import cancel_video
from sora_mcp.vendors import aimlapi, muvi, runway
from tests.nouns import a_job

from ..snapshot import check_snapshot
from .counter import NOW, a_done_job

NO = JobError("vendor_rejected", "Muvi cancelled this job.", "no")
SENT: dict[str, Any] = {"vendor_id": "job_1"}
CANCELLED: dict[str, Any] = {**SENT, "state": "cancelled"}
KEEPS, SILENT = replace(muvi.VENDOR, refunds=False), replace(muvi.VENDOR, refunds=None)
ANSWERS: Mapping[str, tuple[dict[str, Any], Vendor]] = {
    "never sent": ({"state": "cancelled", "charged": "no"}, muvi.VENDOR),
    "for nothing": ({**CANCELLED, "charged": "no", "error": NO}, muvi.VENDOR),
    "for nothing, with words": ({**CANCELLED, "charged": "no", "error": replace(NO, vendor_message="Stopped.")}, muvi.VENDOR),
    "a free one": ({**CANCELLED, "micros": Micros(0), "charged": "no"}, muvi.VENDOR),
    "for a part": ({**CANCELLED, "charged": "yes", "actual": usd("0.10")}, muvi.VENDOR),
    "for the whole price": ({**CANCELLED, "charged": "yes", "actual": usd("0.40")}, muvi.VENDOR),
    "charged, at one that refunds": ({**CANCELLED, "charged": "yes"}, muvi.VENDOR),
    "charged, at one that keeps it": ({**CANCELLED, "charged": "yes"}, KEEPS),
    "unclear, at one that refunds": ({**CANCELLED, "charged": "unknown"}, muvi.VENDOR),
    "unclear, at one that does not say": ({**CANCELLED, "charged": "unknown"}, SILENT),
    "charged, at one that refunds what waits": ({**CANCELLED, "charged": "yes", "vendor": "runway"}, runway.VENDOR),
    "asked for, reserved": (SENT, muvi.VENDOR),
    "asked for, paid": ({**SENT, "charged": "yes"}, SILENT),
}
REFUSAL = VendorError("vendor_rejected", "Muvi refuses this request.", vendor="Muvi", vendor_message="too late")
FAILURES: Mapping[str, NotCancellable] = {
    "cannot, will be charged": NotCancellable(f"{aimlapi.VENDOR.title} can't cancel a running clip.", a_job(), must_pay=True),
    "cannot, was charged": NotCancellable("Muvi can't cancel a running clip.", replace(a_job(), charged="yes"), must_pay=True),
    "refused": NotCancellable("Muvi refused to cancel v_0123456789.", a_job()),
    "unclear": CancelUnclear("vendor_unavailable", "Muvi answers 503.", a_job()),
}
FAILURES["refused"].__cause__ = REFUSAL
OVER: Mapping[str, dict[str, Any]] = {
    "completed": {},
    "failed": {"state": "failed", "charged": "no"},
    "cancelled": {"state": "cancelled", "charged": "no"},
    "expired": {"state": "expired"},
    "being saved": {"state": "running", "media": Call("GET", "/file")},
    "unknown": {"state": "unknown", "charged": "unknown"},
}


def answer(changes: dict[str, Any], vendor: Vendor) -> str:
    return (cancel_video.format_result(replace(a_job(), **changes), vendor, now=NOW).structured_content or {})["message"]


def refuse(changes: dict[str, Any]) -> str:
    job = replace(a_done_job(), **changes)
    return describe_error(NotCancellable(describe_end(job), job))


def test_what_is_said_of_a_cancelled_clip_is_that_of_the_snapshot() -> None:
    found = {
        "cancelled": {name: answer(*row) for name, row in ANSWERS.items()},
        "not cancelled": {name: describe_error(error) for name, error in FAILURES.items()},
        "over": {name: refuse(changes) for name, changes in OVER.items()},
    }
    check_snapshot("cancellations", found)


def test_nothing_was_charged_is_said_of_what_cost_nothing_and_of_nothing_else() -> None:
    for name, (changes, vendor) in ANSWERS.items():
        assert ("othing was charged" in answer(changes, vendor)) == (changes.get("charged") == "no"), name
    for name, changes in OVER.items():
        assert ("nothing was charged" in refuse(changes)) == (changes.get("charged") == "no"), name

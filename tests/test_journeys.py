"""Whole purchases at each vendor, on real sockets: one POST with exactly this body, this price, this file, this note, this ledger."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Job, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.input_images import read_image
from sora_mcp.net import client as http_client
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.played import KEY, VENDORS, AimlApi, MuleRun, Muvi, Played
from tests.played.rig import NOON, PROMPT, TODAY, Rig, leaks, picture, rig, settled
from tests.stories import merge, orders

Group = dict[str, Any]
Row = dict[str, Any]
URL = "https://pictures.example/boat.png"
TABLES = [group for group in orders() if ":sora-2" in group["model"] and len(group["rows"]) > 1]
"""Every documented size and length of the Sora models."""
MODELS = list(dict.fromkeys(group["model"] for group in TABLES))
OTHERWISE = ("fal",)
"""Vendors whose played self sells a few models with prices of its own: tests/test_live.py buys there."""
NAMES = [name for name in dict.fromkeys(group["model"].partition(":")[0] for group in orders()) if name not in OTHERWISE]
TOLD: dict[str, Callable[[Row], int]] = {
    "muvi": lambda row: row["micros"],
    "aimlapi": lambda row: 125_000 * row["seconds"],
    "byteplus": lambda row: 762_300,
    "kling": lambda row: 420_000,
}
"""What the vendor says that it charged, where it does: AI/ML's played account has a price of its own, BytePlus counts the same tokens, and
Kling the same units."""
TOKENS = {vendor.name: vendor.token_field.split(".") for vendor in EVERY if vendor.token_field}
"""Where the body carries our token."""
DERIVED = {offer.id for vendor in EVERY for offer in vendor.offers if offer.confidence == "derived"}
CHECKED = {offer.id: offer.checked.isoformat() for vendor in EVERY for offer in vendor.offers}
STRANGE_SIZES = ("1920x1080", "640x480", "1280x721", "1:1", "4:3", "21:9", "16:9 4k", "square", "0x0", "-1280x720", "1280x720x1")
PRO_ONLY = ("1792x1024", "1024x1792", "16:9 1080p")
STRANGE_SECONDS = (-4, 0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 15, 16, 20, 25, 60, 3600)


def vendor(name: str) -> Played:
    return VENDORS[name]()


def frame_of(group: Group, row: Row) -> str | None:
    """The first frame as the vendor takes it: Muvi by address, the others exactly as large as the video."""
    if "image" not in group:
        return row.get("image")
    width, _, height = row["size"].partition("x")
    return URL if group["model"].startswith("muvi:") else picture(int(width), int(height))


def body_of(group: Group, row: Row) -> Any:
    """The whole body of the one POST."""
    whole = merge(group["body"], row.get("body", {}))
    return json.loads(json.dumps(whole).replace('"FRAME"', json.dumps(frame_of(group, row))))


def asked(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("size", "seconds", "options") if name in row}


def spent(at: Rig) -> int:
    return sum(row.spent for row in at.service.store.ledger.sum_by_day.sync(None))


def _is_too_little(cost: int, group: Group, row: Row) -> bool:
    """Whether a cost counts as not told: one of less than half of a stated price."""
    return group["model"] not in DERIVED and cost * 2 < row["micros"]


def test_every_documented_order_is_exactly_this_call_at_this_price(tmp_path: Path) -> None:
    catalogue = settled(tmp_path, {}, ()).catalogue
    for group in orders():
        for row in group["rows"]:
            offer, frame = catalogue.get(group["model"]), frame_of(group, row)
            assert offer is not None
            image = None if frame is None else read_image(frame, [], most_bytes=10**7)
            order = check(VideoRequest(PROMPT, image=image, **asked(row)), offer, today=TODAY)
            call = catalogue.get_vendor(offer).submit(order)
            assert (call.method, call.path, call.body) == ("POST", group["path"], body_of(group, row)), (offer.id, row)
            assert quote(order, today=TODAY).micros == row["micros"], (offer.id, row)


@each("name", NAMES, at_once=4)
async def test_each_model_of_a_vendor_is_one_exact_purchase(name: str, tmp_path: Path) -> None:
    """Of a table of sizes and lengths its first and its last row are bought."""
    bought = [(group, row) for group in orders() if group["model"].startswith(f"{name}:") for row in _ends(group["rows"])]
    said = [TOLD[name](row) if name in TOLD else None for _, row in bought]
    told = [None if cost is None or _is_too_little(cost, group, row) else cost for cost, (group, row) in zip(said, bought, strict=True)]
    tokens: list[str] = []
    async with rig(vendor(name), tmp_path) as at:
        begun = [await at.bought(group["model"], image=frame_of(group, row), **asked(row)) for group, row in bought]
        jobs = [await at.until(job.id, "completed", "failed", "unknown", "expired") for job in begun]
        assert [(job.model, job.state, job.charged, job.micros, job.actual) for job in jobs] == [
            (group["model"], "completed", "yes", row["micros"], actual) for (group, row), actual in zip(bought, told, strict=True)
        ]
        heard = [[heard.path, _take_token(name, heard.body, tokens)] for heard in at.wire.requests("submit")]
        assert sorted(tokens) == sorted(job.submit_token for job in jobs if name in TOKENS)
        assert in_order(heard) == in_order([[group["path"], body_of(group, row)] for group, row in bought])
        assert [note_of(job, at) for job in jobs] == [
            note(job, row["micros"], cost) for job, (_, row), cost in zip(jobs, bought, told, strict=True)
        ]
        sums = [row["micros"] if cost is None else cost for (_, row), cost in zip(bought, told, strict=True)]
        assert (len(at.wire.made), spent(at), at.held()) == (len(bought), sum(sums), 0)
        assert not any("authorization" in heard.headers or KEY in str(heard) for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


def _take_token(name: str, body: Any, tokens: list[str]) -> Any:
    """Return the body without the field that carries our token, which is noted."""
    if name not in TOKENS:
        return body
    outer, inner = TOKENS[name]
    tokens.append(body[outer][inner])
    return {field: value for field, value in body.items() if field != outer}


def _ends(rows: list[Row]) -> list[Row]:
    return rows if len(rows) == 1 else [rows[0], rows[-1]]


def in_order(bodies: list[Any]) -> list[str]:
    """Orders in an order of their own: four are sent at a time."""
    return sorted(json.dumps(body, sort_keys=True) for body in bodies)


def note_of(job: Job, at: Rig) -> dict[str, Any]:
    """What lies beside the file, once the file is known to be the served one."""
    assert job.artifact is not None
    path = Path(job.artifact.path)
    assert (path.parent, path.read_bytes()) == (at.settings.output_dir, at.vendor.clip)
    return json.loads(path.with_suffix(".json").read_text("utf-8"))


def note(job: Job, micros: int, told: int | None) -> dict[str, Any]:
    """The note as it should be."""
    assert job.artifact is not None
    assert job.created_at == NOON
    return {
        "job_id": job.id,
        "prompt": "A paper boat drifts down a rainy street",
        "model": job.model,
        "size": job.size,
        "seconds": job.seconds,
        "options": {name: value for name, value in job.options.items() if name != "image"},
        "usd": (micros if told is None else told) / 1_000_000,
        "usd_is": "estimate" if told is None else "actual",
        "price_source": job.source,
        "price_checked": TODAY.isoformat() if job.source == "your price file" else CHECKED[job.model],
        "created_at": "2026-11-20T12:00:00Z",
        "vendor_id": job.vendor_id,
        "parents": [],
        "sha256": hashlib.sha256(vendor("muvi").clip).hexdigest(),
        "file": f"2026-11-20_1200_a-paper-boat-drifts-down-a-rainy-street_{job.id}.mp4",
    }


@each("model", [model for model in MODELS if ":sora-2" in model])
async def test_no_undocumented_size_or_length_reaches_the_vendor(model: str, tmp_path: Path) -> None:
    wishes: list[Row] = [{"size": size} for size in STRANGE_SIZES + (() if model.endswith("-pro") else PRO_ONLY)]
    wishes += [{"seconds": seconds} for seconds in STRANGE_SECONDS]
    refused: list[dict[str, Any]] = []
    async with rig(vendor(model.partition(":")[0]), tmp_path) as at:
        for strange in wishes:
            try:
                await at.create(model, **strange)
            except BrokenRules as error:
                refused.append({rule.argument: rule.got for rule in error.broken})
        assert refused == wishes
        assert {heard.role for heard in at.wire.heard} <= {"prices"}  # a public list
        assert (at.cdn.accepted, at.held()) == (0, 0)


@pytest.mark.parametrize(
    "dialect",
    [
        Muvi(shape="flat"),
        Muvi(shape="enveloped"),
        MuleRun(words="mulerun"),
        MuleRun(words="mulerouter"),
        AimlApi(ids="old"),
        AimlApi(ids="new"),
    ],
    ids=["muvi-flat", "muvi-enveloped", "mulerun-words", "mulerouter-words", "aimlapi-old-ids", "aimlapi-new-ids"],
)
async def test_each_dialect_of_a_vendor_is_understood(dialect: Played, tmp_path: Path) -> None:
    async with rig(dialect, tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "unknown", "expired")
        assert (job.state, job.vendor_id) == ("completed", at.wire.made[0].id)
        assert len(at.wire.made) == 1


@pytest.mark.parametrize(
    ("played", "walk", "state", "charged"),
    [
        ("muvi", ("pending", "processing", "failed"), "failed", "no"),
        ("muvi", ("pending", "cancelled"), "cancelled", "no"),
        ("mulerun", ("pending", "processing", "failed"), "failed", "unknown"),
        ("aimlapi", ("generating", "queued", "generating", "waiting", "active", "error"), "failed", "no"),
        ("pixazo", ("QUEUED", "PROCESSING", "ERROR"), "failed", "no"),
        ("pixazo", ("QUEUED", "PROCESSING", "FAILED"), "failed", "unknown"),
    ],
)
async def test_an_end_without_a_video_says_what_happened_to_the_money(
    played: str, walk: tuple[str, ...], state: str, charged: str, tmp_path: Path
) -> None:
    one = vendor(played)
    one.walk = walk
    async with rig(one, tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "cancelled", "unknown")
        assert (job.state, job.charged, job.artifact) == (state, charged, None)
        assert (spent(at), at.held()) == (job.micros if charged == "unknown" else 0, 0)
        assert len(at.wire.made) == 1


async def test_certificates_are_loaded_once_for_all_that_a_purchase_connects_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, load = list[ssl.SSLContext](), httpx2.create_ssl_context
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **how: loaded.append(load(**how)) or loaded[-1])
    http_client.load_certificates.cache_clear()
    async with rig(Muvi(), tmp_path) as at:
        assert (await at.until((await at.bought(seconds=4)).id, "completed")).state == "completed"
    assert len(loaded) == 1

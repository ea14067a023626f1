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

from sora_mcp.domain import Job
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.net import client as http_client
from tests.each import each
from tests.played import KEY, VENDORS, AimlApi, MuleRun, Muvi, Played
from tests.played.rig import NOON, Rig, leaks, picture, rig
from tests.stories import merge, orders

Group = dict[str, Any]
Row = dict[str, Any]
URL = "https://pictures.example/boat.png"
TABLES = [group for group in orders() if len(group["rows"]) > 1]
"""Every documented size and length of the Sora models."""
LIVING = [group for group in orders() if len(group["rows"]) == 1]
MODELS = list(dict.fromkeys(group["model"] for group in TABLES))
TOLD: dict[str, Callable[[Row], int]] = {"muvi": lambda row: row["micros"], "aimlapi": lambda row: 125_000 * row["seconds"]}
"""What the vendor says that it charged, where it does; AI/ML's played account has a price of its own."""
STRANGE_SIZES = ("1920x1080", "640x480", "1280x721", "1:1", "4:3", "21:9", "16:9 4k", "square", "0x0", "-1280x720", "1280x720x1")
PRO_ONLY = ("1792x1024", "1024x1792", "16:9 1080p")
STRANGE_SECONDS = (-4, 0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 15, 16, 20, 25, 60, 3600)


def vendor(name: str) -> Played:
    return VENDORS[name]()


def frame(group: Group, row: Row) -> str:
    """A first frame as the vendor takes it: Muvi by address, the others exactly as large as the video."""
    width, _, height = row["size"].partition("x")
    return URL if group["model"].startswith("muvi:") else picture(int(width), int(height))


def body_of(group: Group, row: Row, image: str | None) -> Any:
    """The whole body of the one POST."""
    whole = merge(group["body"], row.get("body", {}))
    return whole if image is None else json.loads(json.dumps(whole).replace('"FRAME"', json.dumps(image)))


def spent(at: Rig) -> int:
    return sum(row.spent for row in at.service.store.ledger.sum_by_day.sync(None))


@each("group", TABLES, ids=[f"{group['model']}{'-image' if 'image' in group else ''}" for group in TABLES])
async def test_every_documented_size_and_length_is_one_exact_purchase(group: Group, tmp_path: Path) -> None:
    name, rows = group["model"].partition(":")[0], group["rows"]
    frames = [frame(group, row) if "image" in group else None for row in rows]
    said = [TOLD[name](row) if name in TOLD else None for row in rows]
    # Less than half of a stated price counts as not told.
    told = [None if cost is None or cost * 2 < row["micros"] else cost for row, cost in zip(rows, said, strict=True)]
    async with rig(vendor(name), tmp_path) as at:
        begun = [
            await at.bought(group["model"], size=row["size"], seconds=row["seconds"], image=image)
            for row, image in zip(rows, frames, strict=True)
        ]
        jobs = [await at.until(job.id, "completed", "failed", "unknown", "expired") for job in begun]
        assert [(job.state, job.charged, job.micros, job.actual) for job in jobs] == [
            ("completed", "yes", row["micros"], actual) for row, actual in zip(rows, told, strict=True)
        ]
        assert in_order(at.posts) == in_order([body_of(group, row, image) for row, image in zip(rows, frames, strict=True)])
        assert {heard.path for heard in at.wire.requests("submit")} == {group["path"]}
        assert [note_of(job, at) for job in jobs] == [
            note(job, row["micros"], cost) for job, row, cost in zip(jobs, rows, told, strict=True)
        ]
        assert (spent(at), at.held()) == (sum(row["micros"] if cost is None else cost for row, cost in zip(rows, told, strict=True)), 0)
        assert not any("authorization" in heard.headers or KEY in str(heard) for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


def in_order(bodies: list[Any]) -> list[str]:
    """Bodies in an order of their own: four are sent at a time."""
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
        "options": {},
        "usd": (micros if told is None else told) / 1_000_000,
        "usd_is": "estimate" if told is None else "actual",
        "price_source": job.source,
        "price_checked": "2026-11-20",
        "created_at": "2026-11-20T12:00:00Z",
        "vendor_id": job.vendor_id,
        "parents": [],
        "sha256": hashlib.sha256(vendor("muvi").clip).hexdigest(),
        "file": f"2026-11-20_a-paper-boat-drifts-down_{job.id}.mp4",
    }


@each("model", MODELS)
async def test_no_undocumented_size_or_length_reaches_the_vendor(model: str, tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = [{"size": size} for size in STRANGE_SIZES + (() if model.endswith("-pro") else PRO_ONLY)]
    asked += [{"seconds": seconds} for seconds in STRANGE_SECONDS]
    refused: list[dict[str, Any]] = []
    async with rig(vendor(model.partition(":")[0]), tmp_path) as at:
        for wish in asked:
            try:
                await at.create(model, **wish)
            except BrokenRules as error:
                refused.append({rule.argument: rule.got for rule in error.broken})
        assert refused == asked
        assert (at.wire.accepted, at.cdn.accepted, at.held()) == (0, 0, 0)


@each("group", LIVING, ids=[group["model"] for group in LIVING])
async def test_a_living_model_is_bought_once(group: Group, tmp_path: Path) -> None:
    model, [row] = group["model"], group["rows"]
    request = {name: value for name, value in row.items() if name != "micros"}
    async with rig(vendor(model.partition(":")[0]), tmp_path) as at:
        job = await at.until((await at.bought(model, **request)).id, "completed", "failed", "unknown", "expired")
        assert (job.state, job.charged, job.micros) == ("completed", "yes", row["micros"])
        assert [(heard.path, heard.body) for heard in at.wire.requests("submit")] == [(group["path"], group["body"])]
        assert (len(at.wire.made), at.held()) == (1, 0)


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

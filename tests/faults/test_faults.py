"""Every fault on its own: the job ends as the table says, the money is where it says, and nothing is ever bought twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from sora_mcp.domain import LIVE, Call, Done, Reply
from sora_mcp.domain.errors import UntrustedURL
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors import muvi
from sora_mcp.vendors.reading import read
from tests.each import each
from tests.faults.checks import ENDS, arm, asked_until, hurried, nothing_follows, sound, struck
from tests.faults.result_rows import DOWNLOAD, HOST, INLINE, LINKS, NO_LINKS, STATUS
from tests.faults.submit_rows import SUBMIT, Row
from tests.played import VENDORS, Cdn, Muvi, played
from tests.played.rig import rig

pytestmark = pytest.mark.slow


def ids_of(names: Iterable[str]) -> dict[str, None]:
    """Return the faults that the rows of a table play: the first three letters of their names, in order."""
    return dict.fromkeys(name[:3] for name in names)


REFUSED = [row for row in SUBMIT if row.state == "failed" and row.fault == "instead"]
"""Refusals that name no job: they leave nothing at the vendor that a later row could meet."""
OTHERS = [row for row in SUBMIT if row not in REFUSED]


@pytest.mark.fault(*ids_of(row.id for row in REFUSED))
@each("vendor", dict.fromkeys(row.vendor for row in REFUSED), at_once=8)
async def test_a_refusal_of_the_paid_call(vendor: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(VENDORS[vendor](), tmp_path) as at:
        for count, row in enumerate((row for row in REFUSED if row.vendor == vendor), 1):
            at.wire.arm(row.on, row.fault, **row.args)
            job = await at.until((await at.bought(seconds=4, prompt=row.id)).id, *ENDS)
            assert (job.state, job.charged, len(at.posts), at.wire.made) == (row.state, row.charged, count, []), row.id
            assert row.code is None or (job.error is not None and job.error.code == row.code), row.id
            await sound(at, tmp_path, job, caplog)


@pytest.mark.fault(*ids_of(row.id for row in OTHERS))
@each("row", OTHERS, ids=[row.id for row in OTHERS], at_once=8)
async def test_a_fault_of_the_paid_call(row: Row, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with struck(row, tmp_path) as (at, tripwire):
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, len(at.wire.made)) == (row.state, row.charged, row.creates)
        assert row.code is None or (job.error is not None and job.error.code == row.code)
        assert len(at.posts) <= 1
        assert tripwire.accepted == 0
        await sound(at, tmp_path, job, caplog)
        if job.state == "unknown":
            await nothing_follows(at, job)


@pytest.mark.fault(*ids_of(row.id for row in STATUS))
async def test_no_fault_of_a_question_ends_a_job(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(walk=("pending",)), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        for row in STATUS:
            arm(at.wire, row, tripwire)
            asked = len(at.wire.requests("status"))
            assert await asked_until(at, job.id, asked + row.times + 2)  # one more may have been on its way
            job = await at.job(job.id)
            assert (job.state in LIVE, job.charged, at.wire.armed[-1].times) == (True, "held", 0), row.id
        at.vendor.walk = ("completed",)
        assert await hurried(at, job.id, *ENDS) == "completed"
        assert (len(at.wire.made), tripwire.accepted) == (1, 0)
        await sound(at, tmp_path, await at.job(job.id), caplog)


@pytest.mark.fault(*ids_of(row.id for row in DOWNLOAD))
async def test_a_fault_of_a_download(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(walk=("completed",)), tmp_path) as at:
        for count, row in enumerate(DOWNLOAD, 1):
            arm(at.cdn, row, tripwire)
            begun = await at.bought(seconds=4, prompt=row.id)
            assert await hurried(at, begun.id, *ENDS) == row.state, row.id
            job = await at.job(begun.id)
            code = job.error and job.error.code
            assert (job.charged, code, len(at.wire.made), tripwire.accepted) == (row.charged, row.code, count, 0), row.id
            await sound(at, tmp_path, job, caplog, creates=count)
            at.cdn.armed.clear()
            caplog.clear()


@pytest.mark.fault(*ids_of(name for name, *_ in HOST))
async def test_what_a_download_makes_of_an_answer(tmp_path: Path) -> None:
    async with played(Cdn()) as tripwire, played(Cdn()) as cdn, VendorClient(tmp_path, {}, frozenset({cdn.host})) as net:
        for name, args, error in HOST:
            told = json.loads(json.dumps(args).replace("TRIPWIRE", tripwire.address))
            cdn.arm("media", "instead", times=-1, **told)
            with pytest.raises(error):
                await net.download(muvi.VENDOR, Call("GET", f"{cdn.address}/v.mp4"), tmp_path / "part")
            assert tripwire.accepted == 0, name
            cdn.armed.clear()


@pytest.mark.fault(*ids_of(name for name, _ in LINKS))
async def test_a_link_to_where_nobody_should_go_is_opened_by_no_download(tmp_path: Path) -> None:
    async with played(Cdn()) as tripwire, played(Cdn()) as cdn, VendorClient(tmp_path, {}, frozenset({cdn.host})) as net:
        for name, link in LINKS:
            told = link.replace("PORT", str(tripwire.port)).replace("TRUSTED", cdn.host)
            done = read(muvi.VENDOR, Reply(Call("GET", "/v1/jobs/job_1"), 200, {"jobId": "job_1", "status": "completed", "output": told}))
            assert isinstance(done, Done), name
            with pytest.raises(UntrustedURL) as refused:
                await net.download(muvi.VENDOR, done.media, tmp_path / "part")
            assert (refused.value.its_code, tripwire.accepted, cdn.accepted) == ("result_invalid", 0, 0), name


ENDING = ("D01 plain http", "D02 127.0.0.1", "D02 another port, plain", "D05 a user of the trusted host", "D05 half a bracket", *INLINE)


@pytest.mark.fault(*ids_of(ENDING))
@each("name", ENDING, at_once=8)
async def test_a_link_to_where_nobody_should_go_ends_its_job(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(), tmp_path) as at:
        told = ({**dict(LINKS), **INLINE})[name].replace("PORT", str(tripwire.port)).replace("TRUSTED", at.cdn.host)
        done = {"status": "completed", "output": told, "outputs": None}
        at.wire.arm("status", "mended", times=-1, **{"with": done})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "yes", "result_invalid")
        assert (tripwire.accepted, at.cdn.accepted) == (0, 0)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault(*ids_of(name for name, _ in NO_LINKS))
async def test_what_is_no_link_is_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(walk=("completed",)), tmp_path) as at:
        for _, link in NO_LINKS:
            told = link.replace("PORT", str(tripwire.port))
            at.wire.arm("status", "mended", times=3, **{"with": {"status": "completed", "output": told, "outputs": None}})
        begun = await at.bought(seconds=4)
        job = await at.until(begun.id, *ENDS)
        assert (job.state, job.charged, len(at.wire.made), tripwire.accepted) == ("completed", "yes", 1, 0)
        assert len(at.wire.requests("status")) == 3 * len(NO_LINKS) + 1
        await sound(at, tmp_path, job, caplog)

"""Every fault on its own: the job ends as the table says, the money is where it says, and nothing is ever bought twice."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.each import each
from tests.faults.checks import ENDS, nothing_follows, sound, struck
from tests.faults.result_rows import DOWNLOAD, LINKS, NO_LINKS, STATUS
from tests.faults.submit_rows import SUBMIT, Row
from tests.played import Cdn, Muvi, played
from tests.played.rig import rig
from tests.waiting import eventually

pytestmark = pytest.mark.slow


def ids_of(names: Iterable[str]) -> dict[str, None]:
    """Return the faults that the rows of a table play: the first three letters of their names, in order."""
    return dict.fromkeys(name[:3] for name in names)


@pytest.fixture(autouse=True)
def _every_word_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.mark.fault(*ids_of(row.id for row in SUBMIT))
@each("row", SUBMIT, ids=[row.id for row in SUBMIT], at_once=8)
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
@each("row", STATUS, ids=[row.id for row in STATUS], at_once=8)
async def test_a_fault_of_a_question(row: Row, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with struck(row, tmp_path) as (at, tripwire):
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, len(at.wire.made), tripwire.accepted) == (row.state, row.charged, row.creates, 0)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault(*ids_of(row.id for row in DOWNLOAD))
@each("row", DOWNLOAD, ids=[row.id for row in DOWNLOAD], at_once=8)
async def test_a_fault_of_a_download(row: Row, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with struck(row, tmp_path) as (at, tripwire):
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, len(at.wire.made), tripwire.accepted) == (row.state, row.charged, row.creates, 0)
        assert row.code is None or (job.error is not None and job.error.code == row.code)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault(*ids_of(name for name, _ in LINKS))
@each("link", [link for _, link in LINKS], ids=[name for name, _ in LINKS], at_once=8)
async def test_a_link_to_where_nobody_should_go(link: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(), tmp_path) as at:
        told = link.replace("PORT", str(tripwire.port)).replace("TRUSTED", at.cdn.host)
        done = {"status": "completed", "output": told, "outputs": None}
        at.wire.arm("status", "mended", times=-1, **{"with": done})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "yes", "result_invalid")
        assert (tripwire.accepted, at.cdn.accepted) == (0, 0)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault(*ids_of(name for name, _ in NO_LINKS))
@each("link", [link for _, link in NO_LINKS], ids=[name for name, _ in NO_LINKS], at_once=8)
async def test_what_is_no_link_is_no_end(link: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with played(Cdn()) as tripwire, rig(Muvi(), tmp_path) as at:
        told = link.replace("PORT", str(tripwire.port))
        at.wire.arm("status", "mended", times=3, **{"with": {"status": "completed", "output": told, "outputs": None}})
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.wire.requests("status")) >= 3)
        assert tripwire.accepted == 0
        job = await at.until(begun.id, *ENDS)
        assert (job.state, job.charged, len(at.wire.made)) == ("completed", "yes", 1)
        await sound(at, tmp_path, job, caplog)

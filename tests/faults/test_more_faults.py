"""Faults that take more than one answer to play: ports, names, certificates, waiting, two jobs, disks, two desks."""

from __future__ import annotations

import ssl
from pathlib import Path

import anyio
import pytest
import trustme

from sora_mcp.domain import Call, DoneWithoutLink, Reply
from sora_mcp.domain.errors import RequestIdConflict
from sora_mcp.domain.secret import Secret
from sora_mcp.jobs import submit
from sora_mcp.jobs.submit import MAX_ATTEMPTS
from sora_mcp.server.messages import describe_job
from sora_mcp.vendors import muvi
from sora_mcp.vendors.reading import read
from tests.each import each
from tests.faults.checks import ENDS, asked_until, nothing_follows, sound
from tests.played import KEY, AimlApi, Muvi, played
from tests.played.rig import NOON, leaks, opened, rig
from tests.waiting import eventually

pytestmark = pytest.mark.slow


# Never sent


@pytest.mark.fault("S01")
async def test_s01_a_closed_port_costs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        await at.wire.refuse()
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code, at.wire.accepted) == ("failed", "no", "vendor_unavailable", 0)
        assert job.tries == MAX_ATTEMPTS - 1, "the last attempt ends it"
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("S01")
async def test_s01_a_port_that_opens_again_is_used_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        await at.wire.refuse()
        begun = await at.bought(seconds=4)

        async def tried() -> bool:
            return (await at.service.job(begun.id, principal="local")).tries > 0

        assert await eventually(tried)
        await at.wire.listen()
        job = await at.until(begun.id, *ENDS)
        assert (job.state, len(at.wire.made), len(at.posts)) == ("completed", 1, 1)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("S02")
async def test_s02_a_name_that_does_not_exist_costs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path, own=False, MUVI_BASE_URL="https://vendor.invalid") as at:
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "no", "vendor_unavailable")
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("S03")
@each("name", ["127.0.0.1", "other.example"], at_once=8)
async def test_s03_a_certificate_that_nobody_vouches_for_is_not_talked_to(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert(name).configure_cert(server)
    async with played(Muvi(), tls=server) as wire, rig(Muvi(), tmp_path, own=False, MUVI_BASE_URL=wire.address) as at:
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "no", "vendor_unavailable")
        assert (wire.heard, wire.made) == ([], [])
        await sound(at, tmp_path, job, caplog)


# Not now


@pytest.mark.fault("S21")
async def test_s21_a_vendor_that_asks_to_wait_is_waited_for_and_buys_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", status=429, headers={"Retry-After": "1"})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        first, second = at.wire.requests("submit")
        assert (job.state, len(at.wire.made), second.at - first.at >= 1.0) == ("completed", 1, True)
        await sound(at, tmp_path, job, caplog)


async def test_s21_who_looks_meanwhile_is_told_why_nothing_is_sent_yet(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", times=-1, status=429, headers={"Retry-After": "600"})
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: begun.id in at.service.in_memory_facts.troubles)
        told = describe_job(await at.job(begun.id), now=NOON)
        why = "is not sent yet. Muvi takes no more requests at the moment. This is tried again."
        assert told.startswith(f"{begun.id} {why} $1.20 is reserved. Do not create it again. Next: ")


async def test_s21_the_wait_may_stand_in_the_body(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        body = {"success": False, "error": {"code": "CONCURRENT_JOBS_EXCEEDED", "message": "", "details": {"retryAfter": 1.5}}}
        at.wire.arm("submit", "instead", status=429, json=body)
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        first, second = at.wire.requests("submit")
        assert (job.state, len(at.wire.made), second.at - first.at >= 1.5) == ("completed", 1, True)


@pytest.mark.fault("S21")
async def test_s21_a_vendor_that_never_takes_it_ends_it_for_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", times=-1, status=429, headers={"Retry-After": "-5"})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "no", "vendor_rate_limited")
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("S22")
@each("told", ["999999", "1e400", "Fri, 31 Dec 9999 23:59:59 GMT"], at_once=8)
async def test_s22_a_wait_without_end_is_cut_and_the_job_can_be_cancelled(
    told: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", times=-1, status=429, headers={"Retry-After": told})
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.posts) == 1)
        await anyio.sleep(0.1)
        due = await at.service.store.leases.get_next_due_s()
        waiting = await at.job(begun.id)
        assert (waiting.state, waiting.charged, due is not None and due <= 900.0) == ("submitting", "held", True)
        called = await at.service.cancel(begun.id, principal="local")
        assert (called.state, called.charged, len(at.wire.made), at.held()) == ("cancelled", "no", 0, 0)


# Two jobs


@pytest.mark.fault("S29")
async def test_s29_an_idle_connection_that_the_vendor_closed_makes_nothing_unclear(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        first = await at.until((await at.bought(seconds=4)).id, *ENDS)
        at.wire.drop()
        second = await at.until((await at.bought(seconds=8)).id, *ENDS)
        assert (first.state, second.state, len(at.wire.made), at.held()) == ("completed", "completed", 2, 0)


@pytest.mark.fault("S29")
async def test_s29_each_paid_call_has_a_connection_of_its_own(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        for seconds in (4, 8, 12):
            await at.until((await at.bought(seconds=seconds)).id, *ENDS)
        on = [heard.connection for heard in at.wire.heard]
        assert [on.count(heard.connection) for heard in at.wire.requests("submit")] == [1, 1, 1]


@pytest.mark.fault("S31")
async def test_s31_an_id_that_is_told_twice_belongs_to_the_first_job_and_the_second_is_unclear(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        first = await at.until((await at.bought(seconds=4)).id, *ENDS)
        at.wire.arm("submit", "mended", **{"with": {"jobId": first.vendor_id}})
        second = await at.bought(seconds=8)
        open_ = await at.until(second.id, "unknown")
        said = "Muvi answered with the id of another job. It may have been taken and may be charged."
        assert (open_.state, open_.error and open_.error.message, open_.vendor_id) == ("unknown", said, None)
        await at.restart()
        assert ((await at.job(second.id)).state, (await at.job(first.id)).state) == ("unknown", "completed")
        assert (len(at.wire.made), len(at.posts), at.held()) == (2, 2, second.micros)


@each("words", [{"message": "It follows by mail."}, {"error": {"message": "It follows by mail."}}])
async def test_an_answer_without_an_id_is_quoted_from_wherever_its_vendor_puts_its_message(
    tmp_path: Path, words: dict[str, object]
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "mended", **{"with": {"jobId": None, **words}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.vendor_message) == ("unknown", "unknown", "It follows by mail.")


@pytest.mark.fault("S30")
async def test_s30_two_ids_in_one_answer_are_no_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(shape="enveloped"), tmp_path) as at:
        at.wire.arm("submit", "mended", **{"with": {"jobId": "job_other"}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.vendor_id, len(at.wire.made)) == ("unknown", None, 1)
        await sound(at, tmp_path, job, caplog)


# Made, without a link


NO_LINKS = (None, "", "file:///etc/passwd", "ftp://127.0.0.1/v.mp4", {"url": None}, [], 7)


@pytest.mark.fault("D06", "Q11")
@each("link", NO_LINKS, ids=str)
def test_what_is_no_link_is_read_as_none(link: object) -> None:
    body = {"jobId": "job_1", "status": "completed", "output": link, "outputs": None}
    assert read(muvi.VENDOR, Reply(Call("GET", "/v1/jobs/job_1"), 200, body)) == DoneWithoutLink("completed", None, "job_1")


@pytest.mark.fault("D06", "Q11")
async def test_a_video_that_is_made_but_has_no_link_is_not_asked_for_for_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    now = [NOON]
    async with rig(Muvi(), tmp_path, clock=lambda: now[0]) as at:
        for link in NO_LINKS[:-1]:
            at.wire.arm("status", "mended", times=3, **{"with": {"status": "completed", "output": link, "outputs": None}})
        at.wire.arm("status", "mended", times=-1, **{"with": {"status": "completed", "output": NO_LINKS[-1], "outputs": None}})
        begun = await at.bought(seconds=4)
        assert await asked_until(at, begun.id, 26)
        open_ = await at.job(begun.id)
        assert (open_.state, open_.charged, open_.said) == ("queued", "held", "completed (no link)")
        now[0] += 601
        job = await at.until(begun.id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "yes", "result_invalid")
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("Q11")
async def test_a_link_that_comes_late_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "mended", times=8, **{"with": {"status": "completed", "output": None, "outputs": None}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.said) == ("completed", "yes", "completed")
        await sound(at, tmp_path, job, caplog)


async def test_an_answer_to_the_paid_call_that_is_made_without_a_link_is_a_known_job(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "mended", **{"with": {"status": "completed", "output": None}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.vendor_id) == ("completed", at.wire.made[0].id)


@pytest.mark.fault("S44")
async def test_s44_the_same_request_at_the_same_moment_is_one_purchase(tmp_path: Path) -> None:
    jobs: list[tuple[str, bool]] = []
    async with rig(Muvi(), tmp_path) as at:

        async def create() -> None:
            job = await at.create(seconds=4)
            jobs.append((job.id, job.deduplicated))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(create)
        await at.until(jobs[0][0], *ENDS)
        assert (len({job_id for job_id, _ in jobs}), sorted(seen for _, seen in jobs)) == (1, [False] + [True] * 7)
        assert (len(at.wire.made), len(at.posts)) == (1, 1)


@pytest.mark.fault("S46")
async def test_s46_a_request_id_with_other_arguments_buys_nothing(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        job = await at.create(seconds=4, request_id="one")
        with pytest.raises(RequestIdConflict):
            await at.create(seconds=8, request_id="one")
        assert (await at.until(job.id, *ENDS)).state == "completed"
        assert len(at.posts) == 1


@pytest.mark.fault("S45")
async def test_s45_a_request_that_comes_again_after_a_restart_is_the_same_job(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "close")
        first = await at.until((await at.create(seconds=4)).id, *ENDS)
        await at.restart()
        again = await at.create(seconds=4)
        assert (first.state, again.id, again.state, again.deduplicated) == ("unknown", first.id, "unknown", True)
        await anyio.sleep(0.1)
        assert len(at.posts) == 1


# Files


@pytest.mark.fault("D09")
async def test_d09_a_download_that_hangs_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "hang_mid_body")
        stuck = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.cdn.heard) == 1)
        other = await at.until((await at.bought(seconds=8)).id, *ENDS)
        assert (other.state, (await at.job(stuck.id)).state) == ("completed", "running")


@pytest.mark.fault("D12")
async def test_d12_a_dead_link_is_replaced_by_a_new_one(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "mended", **{"with": {"status": "completed", "output": f"{at.cdn.address}/files/old.mp4", "outputs": None}})
        at.cdn.arm("media", "instead", status=410)
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, [heard.path for heard in at.cdn.heard]) == ("completed", ["/files/old.mp4", "/files/0/video.mp4"])


@each("key", ["job", "0", "status", "127.0.0"], at_once=8)
async def test_a_dummy_that_stands_for_a_key_is_not_cut_out_of_ids_names_and_links(key: str, tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.vendor.key, at.service.http_client.keys = key, {"muvi": Secret(key)}
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, len(at.posts)) == ("completed", "yes", 1)


async def test_a_key_of_eight_characters_is_cut_out_of_what_a_vendor_says(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.vendor.key, at.service.http_client.keys = "s3cr3t-k", {"muvi": Secret("s3cr3t-k")}
        at.wire.arm("submit", "instead", status=401, json={"error": {"code": "X", "message": "Unknown key s3cr3t-k"}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert job.error is not None
        assert (job.state, job.error.vendor_message) == ("failed", "Unknown key ***")


@pytest.mark.fault("D15")
async def test_d15_a_folder_that_cannot_be_written_keeps_the_job_until_it_can(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "slow", seconds=0.3)
        begun, folder = await at.bought(seconds=4), at.settings.output_dir
        folder.rmdir()
        folder.write_text("a file where the folder should be", "utf-8")
        assert await eventually(lambda: begun.id in at.service.in_memory_facts.troubles)
        told = await at.job(begun.id)
        why = f"Finished files cannot be written into {folder} (File exists): mend that, or let the user set SORA_MCP_OUTPUT_DIR."
        assert (told.state, told.charged, told.trouble) == ("running", "yes", why)
        assert told.todo == "it goes on by itself once the file can be written."
        folder.unlink()
        await at.service.store.leases.make_due(begun)
        at.service.wake()
        job = await at.until(begun.id, *ENDS)
        assert (job.state, len(at.wire.made)) == ("completed", 1)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D16")
async def test_d16_a_name_that_is_taken_is_neither_followed_nor_overwritten(tmp_path: Path) -> None:
    (secret := tmp_path / "precious").write_text("mine", "utf-8")
    async with rig(Muvi(walk=("pending",)), tmp_path) as at:
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: at.wire.made != [])
        at.settings.output_dir.mkdir(exist_ok=True)
        name = f"2026-11-20_1200_a-paper-boat-drifts-down-a-rainy-street_{begun.id}"
        for ending in ("mp4", "json"):
            (at.settings.output_dir / f"{name}.{ending}").symlink_to(secret)
        at.vendor.walk = ("completed",)
        job = await at.until(begun.id, *ENDS)
        assert job.artifact is not None
        assert (job.state, Path(job.artifact.path).read_bytes() == at.vendor.clip, secret.read_text("utf-8")) == ("completed", True, "mine")


@pytest.mark.fault("D18")
async def test_d18_two_services_on_one_store_ask_and_fetch_once(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "completed")), tmp_path) as at, opened(at.settings):
        jobs = [await at.bought(seconds=seconds) for seconds in (4, 8, 12)]
        assert [(await at.until(job.id, *ENDS)).state for job in jobs] == ["completed"] * 3
        assert (len(at.posts), len(at.wire.requests("status")), len(at.cdn.heard)) == (3, 6, 3)


@pytest.mark.fault("D21", "Q22")
async def test_d21_the_file_host_sees_no_key_and_no_cookie(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(AimlApi(), tmp_path) as at:
        at.wire.arm("submit", "mended", headers={"Set-Cookie": "session=s; Path=/"})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert job.state == "completed"
        assert [sorted(heard.headers) for heard in at.cdn.heard] == [["accept", "accept-encoding", "connection", "host", "user-agent"]]
        assert all("cookie" not in heard.headers for heard in at.wire.heard)
        assert KEY not in str(at.cdn.heard)
        assert leaks(tmp_path, caplog.text) == []


@pytest.mark.fault("S39")
async def test_s39_a_process_that_was_suspended_before_its_paid_call_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(submit, "LEASE_S", 0.0)  # any moment between token and call is too long
    async with rig(Muvi(), tmp_path) as at:
        begun = await at.create(seconds=4)
        assert await eventually(lambda: caplog.text.count("not_sent") > 2)
        assert at.posts == []
        monkeypatch.setattr(submit, "LEASE_S", 20.0)
        assert (await at.until(begun.id, *ENDS)).state == "completed"
        assert len(at.posts) == 1


async def test_an_unclear_job_stays_unclear_through_restarts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "reset")
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        for _ in range(3):
            await nothing_follows(at, job)
        assert (job.state, job.charged, at.held()) == ("unknown", "unknown", job.micros)
        await sound(at, tmp_path, job, caplog)

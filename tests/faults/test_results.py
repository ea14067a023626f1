"""Rows D of the catalogue that take more than one answer: names that move, files that change, disks that are full, folders that go."""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from sora_mcp.jobs import download as jobs_download
from sora_mcp.jobs.download import HOST_AWAY_S, MAX_DEAD_LINKS
from sora_mcp.jobs.poll import NOT_FOUND_S
from sora_mcp.net import client as http_client
from sora_mcp.net import download
from sora_mcp.net import urls as guard
from tests.each import each
from tests.faults.checks import ENDS, hurried, sound
from tests.played import CLIP, Muvi
from tests.played.rig import NOON, PROMPT, rig
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, limits and loopback addresses as POSIX has them")
MIB = 1 << 20
LARGE = CLIP + (16 * MIB).to_bytes(4, "big") + b"free" + bytes(16 * MIB - 8)
"""The clip with nothing behind it: no socket's buffer swallows it whole."""
OTHER = CLIP + (64).to_bytes(4, "big") + b"free" + bytes(56)
"""Another file, and a good one."""


@pytest.mark.fault("D12")
async def test_d12_a_link_that_dies_while_its_host_is_away_is_still_renewed(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "instead", times=12, status=503)
        at.cdn.arm("media", "instead", status=410)
        begun = await at.bought(seconds=4)
        assert await hurried(at, begun.id, *ENDS) == "completed"
        assert (len(at.cdn.heard), len(at.wire.made)) == (14, 1)


@pytest.mark.slow
@pytest.mark.fault("D12")
async def test_d12_a_dead_link_is_renewed_so_often_and_no_oftener_whatever_else_failed(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        for _ in range(8):
            at.cdn.arm("media", "instead", times=2, status=503)
            at.cdn.arm("media", "instead", status=410)
        begun = await at.bought(seconds=4)
        assert await hurried(at, begun.id, *ENDS) == "expired"
        assert len(at.cdn.heard) == 18


@pytest.mark.slow
async def test_d12_a_host_that_does_not_find_its_file_for_minutes_loses_no_paid_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses, compute = list[float](), jobs_download.compute_renewal_s
    monkeypatch.setattr(jobs_download, "compute_renewal_s", lambda *given, **how: pauses.append(compute(*given, **how)) or pauses[-1])
    async with rig(Muvi(), tmp_path, POLL_SECONDS="900") as at:
        at.cdn.arm("media", "instead", times=MAX_DEAD_LINKS - 1, status=404)
        begun = await at.bought(seconds=4)
        assert await hurried(at, begun.id, *ENDS) == "completed"
        assert (len(pauses), sum(pauses) > NOT_FOUND_S) == (MAX_DEAD_LINKS - 1, True)


@pytest.mark.fault("D03")
@pytest.mark.parametrize("link", ["http://cdn.invalid:PORT/v.mp4", "http://ｃdn.invalid:PORT/v.mp4"])
async def test_d03_a_name_is_resolved_once_and_its_checked_address_connected_to(
    link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = list[str]()

    async def rebinding(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    monkeypatch.setattr(http_client, "resolve_public", partial(guard.resolve_public, resolve=rebinding))
    async with rig(Muvi(), tmp_path) as at:
        at.service.http_client.trusted = frozenset({f"cdn.invalid:{at.cdn.port}"})
        done = {"status": "completed", "output": link.replace("PORT", str(at.cdn.port)), "outputs": None}
        at.wire.arm("status", "mended", times=-1, **{"with": done})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, asked) == ("completed", ["cdn.invalid"])
        assert [heard.headers["host"] for heard in at.cdn.heard] == [f"cdn.invalid:{at.cdn.port}"]
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D03")
@pytest.mark.parametrize("answers", [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:127.0.0.1",)])
async def test_d03_a_public_name_with_an_address_inside_is_connected_to_nowhere(
    answers: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def inward(host: str, port: int) -> tuple[str, ...]:
        return answers

    monkeypatch.setattr(http_client, "resolve_public", partial(guard.resolve_public, resolve=inward))
    async with rig(Muvi(), tmp_path) as at:
        done = {"status": "completed", "output": "https://cdn.example.com/v.mp4", "outputs": None}
        at.wire.arm("status", "mended", times=-1, **{"with": done})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "yes", "result_invalid")


@pytest.mark.fault("D04")
async def test_d04_six_hops_are_too_many(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "hop", times=-1, to="/files/hop.mp4")
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.error and job.error.code, len(at.cdn.heard)) == (
            "failed",
            "result_invalid",
            MAX_DEAD_LINKS * (http_client.HOPS + 1),
        )
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D08")
async def test_d08_a_file_without_an_end_is_cut_and_its_bytes_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(download, "MOST_VIDEO_BYTES", 2 * MIB)
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "endless", times=-1)
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.error and job.error.code, job.charged) == ("failed", "result_invalid", "yes")
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D09")
async def test_d09_a_drip_ends_when_it_is_too_slow_and_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(download, "SLOW_S", 0.3)
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "drip", body=True)
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.cdn.heard) == 1)
        other = await at.until((await at.bought(seconds=8)).id, *ENDS)
        job = await at.until(begun.id, *ENDS)
        assert (job.state, other.state, len(at.cdn.heard)) == ("completed", "completed", 3)


@pytest.mark.fault("D10")
async def test_d10_what_is_no_video_is_asked_for_at_a_fresh_link(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "mended", **{"with": {"status": "completed", "output": f"{at.cdn.address}/old.mp4", "outputs": None}})
        at.cdn.arm("media", "instead", text="no video")
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, [heard.path for heard in at.cdn.heard]) == ("completed", ["/old.mp4", "/files/0/video.mp4"])
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D11")
async def test_d11_a_film_with_a_script_behind_it_is_only_a_film(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    polyglot = CLIP + (32).to_bytes(4, "big") + b"free" + b"<script>alert(1)</script>"[:24]
    async with rig(Muvi(clip=polyglot), tmp_path) as at:
        at.cdn.arm("media", "mended_headers", headers={"Content-Type": "text/html"})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert job.artifact is not None
        path = Path(job.artifact.path)
        assert (job.state, path.suffix, path.stat().st_mode & 0o777) == ("completed", ".mp4", 0o600)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D13")
async def test_d13_half_a_file_is_never_continued_with_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(clip=LARGE), tmp_path) as at:
        at.cdn.arm("media", "hang_mid_body")
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: [path.stat().st_size > 0 for path in at.settings.output_dir.glob(".*.part")] == [True])
        at.cdn.app.clip = at.vendor.clip = OTHER  # type: ignore[attr-defined]
        at.cdn.drop()
        job = await at.until(begun.id, *ENDS)
        asked = [name for heard in at.cdn.heard for name in heard.headers if name in ("range", "if-range")]
        assert (job.state, len(at.cdn.heard), asked) == ("completed", 2, [])
        await sound(at, tmp_path, job, caplog)


NAMES = ("../../.bashrc", "C:\\x", "a\\0b.mp4", "x" * 4096, "CON", "\u202egpj.exe", "/etc/passwd", "-rf")


@pytest.mark.fault("D14")
async def test_d14_a_name_that_a_host_gives_its_file_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        expected = set[str]()
        for count, name in enumerate(NAMES, 1):
            told = name.encode().decode("latin-1")
            at.cdn.arm("media", "mended_headers", headers={"Content-Disposition": f'attachment; filename="{told}"'})
            job = await at.until((await at.bought(seconds=4, prompt=f"{PROMPT}, {count}")).id, *ENDS)
            stem = f"2026-11-20_1200_a-paper-boat-drifts--a-rainy-street-{count}_{job.id}"
            expected |= {f"{stem}.json", f"{stem}.mp4"}
            assert (job.state, {path.name for path in at.settings.output_dir.iterdir()}) == ("completed", expected), name
            await sound(at, tmp_path, job, caplog, creates=count)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """A disk that takes no byte more of a file than so many: the write fails as it does where one is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.fault("D15")
async def test_d15_a_disk_that_fills_up_in_the_middle_of_a_file_keeps_the_job_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(Muvi(clip=LARGE), tmp_path) as at:
        with at_most(8 * MIB):
            begun = await at.bought(seconds=4)
            assert await eventually(lambda: "waits for the store" in caplog.text)
            waiting = await at.job(begun.id)
            assert (waiting.state, waiting.charged, list(at.settings.output_dir.iterdir())) == ("running", "yes", [])
        assert await hurried(at, begun.id, *ENDS) == "completed"
        await sound(at, tmp_path, await at.job(begun.id), caplog)


def gone(folder: Path, elsewhere: Path) -> None:
    shutil.rmtree(folder)


def swapped_for_a_link(folder: Path, elsewhere: Path) -> None:
    (part,) = folder.glob(".*.part")
    part.unlink()
    part.symlink_to(elsewhere)


def swapped_for_a_file(folder: Path, elsewhere: Path) -> None:
    (part,) = folder.glob(".*.part")
    part.unlink()
    part.write_bytes(elsewhere.read_bytes())


SWAPS = (gone, swapped_for_a_link, swapped_for_a_file)


@pytest.mark.fault("D16")
@each("strike", SWAPS, ids=[strike.__name__ for strike in SWAPS], at_once=8)
async def test_d16_what_is_swapped_under_a_download_is_never_called_its_file(
    strike: Callable[[Path, Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (precious := tmp_path / "precious.mp4").write_bytes(OTHER)
    async with rig(Muvi(clip=LARGE), tmp_path) as at:
        struck = list[str]()

        def once(moment: str) -> None:
            if moment == "media:75%" and not struck:
                struck.append(moment)
                strike(at.settings.output_dir, precious)

        at.cdn.watch = once
        begun = await at.bought(seconds=4)
        assert await hurried(at, begun.id, *ENDS) == "completed"
        job = await at.job(begun.id)
        assert job.artifact is not None
        assert (struck, len(at.cdn.heard), Path(job.artifact.path).is_symlink()) == (["media:75%"], 2, False)
        assert precious.read_bytes() == OTHER
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("D19")
async def test_d19_of_many_results_the_first_video_is_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        many = [{"url": f"{at.cdn.address}/files/{number}.mp4", "type": "video"} for number in range(10)]
        at.wire.arm("status", "mended", times=-1, **{"with": {"status": "completed", "output": many[0]["url"], "outputs": many}})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, [heard.path for heard in at.cdn.heard]) == ("completed", ["/files/0.mp4"])
        await sound(at, tmp_path, job, caplog)


async def test_d04_a_link_that_leads_astray_for_a_moment_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "hop", to="https://10.0.0.1/inside.mp4")
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.dead_links, len(at.wire.made)) == ("completed", 1, 1)
        await sound(at, tmp_path, job, caplog)


async def test_d13_the_vendor_is_asked_for_another_link_where_the_host_stays_away(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(Muvi(), tmp_path, clock=lambda: now[0], POLL_SECONDS="0.05") as at:
        at.cdn.arm("media", "instead", times=-1, status=503)
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.cdn.heard) > 1)
        asked = len(at.wire.requests("status"))
        now[0] += HOST_AWAY_S + 1

        async def asked_again() -> bool:
            await at.service.store.leases.make_due(begun)
            at.service.wake()
            return len(at.wire.requests("status")) > asked

        assert await eventually(asked_again)
        at.cdn.armed.clear()
        now[0] += 1
        await asked_again()
        job = await at.until(begun.id, *ENDS)
        assert (job.state, job.dead_links, len(at.posts)) == ("completed", 0, 1)

"""The server behind the sample vendor, by its answers."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from sora_mcp.domain import free_space
from sora_mcp.media.mp4_probe import VideoInfo, probe_mp4
from sora_mcp.media.sample.order_files import lock_clip
from sora_mcp.media.sample.scene import Clip
from sora_mcp.media.sample.server import SampleServer, serve
from tests.each import each
from tests.waiting import patience

from ..conftest import Clock

ORDER = {"model": "sample", "prompt": "a cat", "size": "640x360", "seconds": 4, "audio": True}


class Rig:
    """A studio whose clock and background work only the test moves."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.waiting: list[Callable[[], None]] = []
        self.made: list[Clip] = []
        self.server = SampleServer(folder, clock=clock, make=self.make, start=self.waiting.append)

    def make(self, clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
        on_progress(0.25)
        self.seen_halfway = self.ask(path.name.partition(".")[0])
        self.made.append(clip)
        path.write_bytes(b"clip")

    def work(self) -> None:
        """Does all that waits in the background."""
        while self.waiting:
            self.waiting.pop(0)()

    def order(self, **fields: Any) -> dict[str, Any]:
        status, _, body = self.server.answer("POST", "/v1/videos", json.dumps(ORDER | fields).encode())
        assert status == 202
        assert isinstance(body, bytes)
        made = json.loads(body)
        self.order_word = made.pop("order")
        return made

    def see(self, id: str, status: str, **fields: Any) -> None:
        """Check what is answered about a video."""
        assert self.ask(id) == (200, {"id": id, "status": status, **fields})

    def ask(self, id: str, *, part: str = "", method: str = "GET") -> tuple[int, dict[str, Any]]:
        """Return the answer, without the order that is repeated for other servers."""
        status, _, body = self.server.answer(method, f"/v1/videos/{id}{part}", b"")
        assert isinstance(body, bytes)
        fields = json.loads(body)
        self.order_word = fields.pop("order", "")
        return status, fields


@pytest.fixture
def rig(tmp_path: Path, clock: Clock) -> Rig:
    return Rig(tmp_path / "sample", clock)


def test_an_order_is_queued_then_made_then_fetched(rig: Rig) -> None:
    id = (order := rig.order())["id"]
    assert order == {"id": id, "status": "queued"}
    rig.clock.at += 0.5
    rig.see(id, "rendering", progress=0.0)
    rig.work()
    assert rig.seen_halfway == (200, {"id": id, "status": "rendering", "progress": 0.25})
    rig.see(id, "completed", content=f"/v1/videos/{id}/content")
    assert [replace(clip, seed=None) for clip in rig.made] == [Clip("a cat", 640, 360, 4)]
    path = rig.folder / f"{id}.mp4"
    assert rig.server.answer("GET", f"/v1/videos/{id}/content?x=1", b"") == (
        200,
        {"content-type": "video/mp4", "content-length": "4"},
        path,
    )


def test_a_clip_that_is_made_early_is_still_queued_first(rig: Rig) -> None:
    id = rig.order()["id"]
    rig.work()
    rig.see(id, "queued")


def test_the_seed_and_the_silence_reach_the_clip(rig: Rig) -> None:
    rig.order(audio=False, seed=7, size="1024x1792", seconds=20)
    rig.work()
    assert rig.made == [Clip("a cat", 1024, 1792, 20, audio=False, seed=7)]


@each(
    ("prompt", "error"),
    [
        ("a cat fail:content", {"code": "content_refused", "message": "The prompt was refused, because it says fail:content."}),
        ("fail:timeout", {"code": "timed_out", "message": "The video took too long, because the prompt says fail:timeout."}),
    ],
)
def test_magic_words_play_a_failure(rig: Rig, prompt: str, error: dict[str, str]) -> None:
    id = rig.order(prompt=prompt)["id"]
    rig.clock.at += 1
    rig.see(id, "failed", error=error)
    assert rig.waiting == []


def test_slow_takes_as_long_as_it_says(rig: Rig) -> None:
    id = rig.order(prompt="a cat slow:20")["id"]
    rig.work()
    rig.clock.at += 5
    rig.see(id, "rendering", progress=0.25)
    assert rig.ask(id, part="/content") == (404, {"error": {"code": "not_finished", "message": "The video is not finished."}})
    rig.clock.at += 15
    assert rig.ask(id)[1]["status"] == "completed"


def test_an_order_can_be_cancelled_until_it_is_made(rig: Rig) -> None:
    id = rig.order(prompt="a cat slow:20")["id"]
    assert rig.ask(id, part="/cancel", method="POST") == (200, {"id": id, "status": "cancelled"})
    rig.work()
    rig.clock.at += 30
    rig.see(id, "cancelled")
    made = rig.order()["id"]
    rig.work()
    rig.clock.at += 1
    assert rig.ask(made, part="/cancel", method="POST") == (
        409,
        {"error": {"code": "finished", "message": "The video is finished already."}},
    )


def test_after_a_restart_the_clip_is_begun_again(rig: Rig) -> None:
    id = rig.order()["id"]
    later = Rig(rig.folder, rig.clock)
    rig.clock.at += 2
    assert later.ask(id) == (200, {"id": id, "status": "rendering", "progress": 0.0})
    later.work()
    assert later.ask(id)[1]["status"] == "completed"
    rig.work()
    assert (rig.made, [clip.prompt for clip in later.made]) == ([], ["a cat"])


def test_a_server_on_another_machine_goes_on_with_an_order(rig: Rig, tmp_path: Path) -> None:
    id, other = rig.order(seed=7)["id"], Rig(tmp_path / "other", rig.clock)
    rig.clock.at += 2
    assert other.ask(id)[0] == 404
    assert other.ask(id, part=f"?order={rig.order_word[:-8]}")[0] == 404
    assert other.ask("s_" + "0" * 16, part=f"?order={rig.order_word}")[0] == 404
    assert other.ask(id, part=f"?order={rig.order_word}") == (200, {"id": id, "status": "rendering", "progress": 0.0})
    other.work()
    assert other.ask(id)[1]["status"] == "completed"
    assert [clip.seed for clip in other.made] == [7]


def test_a_file_is_made_anew_where_another_machine_made_it(rig: Rig, tmp_path: Path) -> None:
    id, other = rig.order()["id"], SampleServer(tmp_path / "other", clock=rig.clock, make=rig.make)
    rig.clock.at += 2
    status, _, body = other.answer("GET", f"/v1/videos/{id}/content?order={rig.order_word}", b"")
    assert (status, isinstance(body, Path) and body.read_bytes()) == (200, b"clip")


def test_many_questions_begin_it_once(rig: Rig) -> None:
    id = rig.order()["id"]
    rig.clock.at += 1
    for _ in range(3):
        rig.ask(id)
    assert len(rig.waiting) == 1


def test_two_processes_do_not_make_the_same_clip(rig: Rig) -> None:
    id = rig.order()["id"]
    rig.clock.at += 1
    with lock_clip(rig.folder / f"{id}.lock") as mine:
        assert mine
        rig.work()
    assert rig.made == []
    assert rig.ask(id)[1]["status"] == "rendering"
    rig.work()
    assert rig.ask(id)[1]["status"] == "completed"


def test_a_clip_that_cannot_be_made_fails_with_the_reason(tmp_path: Path, clock: Clock) -> None:
    def broken(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    rig = Rig(tmp_path, clock)
    rig.server = SampleServer(tmp_path, clock=clock, make=broken, start=rig.waiting.append)
    id = rig.order()["id"]
    rig.work()
    clock.at += 1
    message = "OSError: [Errno 28] No space left on device"
    rig.see(id, "failed", error={"code": "broken", "message": message})
    assert not list(tmp_path.glob("*.part"))


def test_a_clip_leaves_room_on_the_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_space, "LEAST_FREE_BYTES", 1 << 60)
    id = rig.order()["id"]
    rig.work()
    rig.clock.at += 1
    message = f"The disk of {rig.folder} is nearly full: 0 MiB more would leave less than {1 << 40} MiB free."
    rig.see(id, "failed", error={"code": "full", "message": message})
    assert rig.made == []


def test_a_clock_that_steps_back_holds_nothing_up(rig: Rig) -> None:
    id = rig.order(prompt="slow:5")["id"]
    rig.work()
    rig.clock.at -= 3600
    assert rig.ask(id)[1]["status"] == "completed"


def test_files_of_yesterday_are_swept_at_the_next_order(rig: Rig) -> None:
    old, other = rig.order()["id"], rig.folder / "mine.txt"
    rig.work()
    other.write_text("not ours")
    for path in rig.folder.iterdir():
        os.utime(path, (0, 0))
    (rig.folder / "s_locked").mkdir()
    os.utime(rig.folder / "s_locked", (0, 0))
    new = rig.order()["id"]
    assert {path.name.partition(".")[0] for path in rig.folder.iterdir()} == {new, "mine", "s_locked"}
    assert rig.ask(old) == (404, {"error": {"code": "not_found", "message": "There is no such video."}})


@each("body", [b"", b"no json", b"[]", b"1", b"{}", b'{"prompt": "a", "size": 7, "seconds": 4}'])
def test_an_order_that_cannot_be_read_is_refused(rig: Rig, body: bytes) -> None:
    assert (rig.server.answer("POST", "/v1/videos", body)[0], rig.waiting) == (400, [])


@each("fields", [{"size": "641x360"}, {"size": "8x8"}, {"size": "99999x2"}, {"seconds": 0}, {"seconds": 3600}, {"size": "big"}])
def test_an_order_outside_of_all_sizes_is_refused(rig: Rig, fields: dict[str, Any]) -> None:
    assert rig.server.answer("POST", "/v1/videos", json.dumps(ORDER | fields).encode())[0] == 400


@each("target", ["/", "/v1/videos/s_0000000000000000", "/v1/videos/../../etc/passwd", "/v1/videos/s_0000000000000000/other"])
def test_other_addresses_are_unknown(rig: Rig, target: str) -> None:
    assert rig.server.answer("GET", target, b"")[0] == 404


def test_a_known_address_takes_known_methods_only(rig: Rig) -> None:
    assert rig.server.answer("GET", "/v1/videos", b"")[0] == 405
    assert rig.ask(rig.order()["id"], method="DELETE") == (405, {"error": {"code": "wrong_method", "message": "Not like this."}})


def test_an_order_whose_file_was_damaged_is_unknown(rig: Rig) -> None:
    id = rig.order()["id"]
    (rig.folder / f"{id}.json").write_text('{"id"')
    assert rig.ask(id)[0] == 404


async def test_the_real_one_makes_a_real_clip_in_the_background(tmp_path: Path) -> None:
    handler = serve(tmp_path / "sample")
    again = serve(tmp_path / "sample")
    status, _, body = await handler("POST", "/v1/videos", json.dumps(ORDER | {"seconds": 1}).encode())
    assert (status, isinstance(body, bytes)) == (202, True)
    id = json.loads(bytes(body))["id"]
    path = tmp_path / "sample" / f"{id}.mp4"
    with patience("the clip"):
        while isinstance(body, bytes):
            await anyio.to_thread.run_sync(_join)
            _, _, body = await again("GET", f"/v1/videos/{id}/content", b"")
    assert body == path
    assert probe_mp4(path) == VideoInfo(1.0, 640, 360, has_sound=True)


def _join() -> None:
    for thread in threading.enumerate():
        if thread.name == "sample-clip":
            thread.join()


def test_the_same_words_give_another_picture_each_time_and_one_seed_the_same(rig: Rig) -> None:
    for seed in (None, None, None, 7, 7):
        rig.order(**({} if seed is None else {"seed": seed}))
    rig.work()
    takes, same = rig.made[:3], rig.made[3:]
    assert len({clip.hash for clip in takes}) == 3
    assert [clip.seed for clip in same] == [7, 7]

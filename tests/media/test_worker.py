"""What decodes strangers' files runs elsewhere: in a process without keys, without network, with limits, that may be lost."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BadMedia, BrokenRules, MissingMediaExtra, Refused
from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit, EditResult
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import VideoInfo
from sora_mcp.media.view.measurements import View
from sora_mcp.media.worker.processes import Worker, WorkerPool
from sora_mcp.media.worker.wire import HEADER, Request, read_reply, write_error, write_result

from .clips import a_clip, box

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these limits")
TRUN = 80_000_000


def with_declared_samples(whole: bytes) -> bytes:
    """The clip with a fragment behind it that declares samples without having them."""
    tfhd = box(b"tfhd", struct.pack(">III", 0x020000 | 0x10 | 0x08, 1, 512), struct.pack(">I", 0))
    trun = box(b"trun", struct.pack(">II", 0, TRUN))
    moof = box(b"moof", box(b"mfhd", struct.pack(">II", 0, 1)), box(b"traf", tfhd, trun))
    mvex = box(b"mvex", box(b"trex", struct.pack(">IIIIII", 0, 1, 1, 512, 0, 0)))
    at = whole.index(b"moov") - 4
    size = int.from_bytes(whole[at : at + 4])
    moov = struct.pack(">I", size + len(mvex)) + whole[at + 4 : at + size] + mvex
    return whole[:at] + moov + whole[at + size :] + moof + box(b"mdat", b"x")


def a_png_in_an_mp4(path: Path, side: int) -> Path:
    """A video of one PNG, far larger than its header says."""
    with av.open(str(path), "w", format="mov") as out:
        stream = out.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = side, side, "gray"
        for packet in (*stream.encode(VideoFrame.from_image(Image.new("L", (side, side)))), *stream.encode(None)):
            out.mux(packet)
    raw = path.read_bytes().replace(struct.pack(">II", side << 16, side << 16), struct.pack(">II", 64 << 16, 64 << 16))
    path.write_bytes(raw.replace(struct.pack(">HH", side, side), struct.pack(">HH", 64, 64)))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_clip(tmp_path_factory.mktemp("clips") / "clip.mp4")


def test_a_worker_is_used_again(clip: Path) -> None:
    pool = WorkerPool(1)
    seconds = [pool.run("measure_seconds", clip, deadline=Deadline(60), takes_deadline=False) for _ in range(2)]
    worker = pool._take_worker()
    assert (seconds, worker.served, worker.is_alive) == ([2.0, 2.0], 2, True)
    worker.close()


@linux
def test_a_worker_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUVI_API_KEY", "a-secret-key")
    worker = Worker()
    assert b"a-secret-key" not in Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    worker.close()


LIMITED = """
import os, resource, socket, subprocess, sys
from sora_mcp.media.worker.sandbox import forbid_network, limit_memory
limit_memory()
worked = forbid_network()
def attempt(work):
    try:
        work()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"
print(worked, attempt(socket.socket), attempt(lambda: os.execv("/bin/true", ["true"])), attempt(lambda: bytearray(4 << 30)))
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@linux
def test_a_worker_opens_no_socket_starts_no_program_and_takes_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert done.stdout == "True PermissionError PermissionError MemoryError\n(0, 0)\n"


@linux
def test_a_few_bytes_that_declare_millions_of_samples_end_long_before_the_deadline(clip: Path, tmp_path: Path) -> None:
    api.view_clip(clip, None, Deadline(60))  # warm
    bomb = tmp_path / "bomb.mp4"
    bomb.write_bytes(with_declared_samples(clip.read_bytes()))
    began = time.monotonic()
    with pytest.raises((BadMedia, Refused)):
        api.view_clip(bomb, None, Deadline(120))
    assert time.monotonic() - began < 60
    assert api.view_clip(clip, None, Deadline(60)).frames == 6


def test_a_picture_larger_than_the_header_says_is_not_decoded(tmp_path: Path) -> None:
    path = a_png_in_an_mp4(tmp_path / "huge.mp4", 6_100)
    with pytest.raises(BadMedia):
        api.extract_frame(path, 0.0, Deadline(20))


def test_a_worker_that_is_lost_costs_one_request(clip: Path) -> None:
    pool = WorkerPool(1)
    worker = pool._take_worker()
    killer = threading.Timer(0.05, worker._process.kill)
    killer.start()
    with pytest.raises(BadMedia, match="the decoder broke off at it"):
        while True:
            worker.run(Request("measure_seconds", (clip,), None), Deadline(20))
    assert not worker.is_alive
    assert pool.run("measure_seconds", clip, deadline=Deadline(60), takes_deadline=False) == 2.0
    pool.close()


def test_work_that_is_called_off_ends_at_once(clip: Path, tmp_path: Path) -> None:
    deadline = Deadline(600)
    other = a_clip(tmp_path / "other.mp4", size=(180, 320))
    threading.Timer(0.3, deadline.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Refused, match="cancelled"):
        api.edit_clip(Edit("join", (clip, other) * 20), tmp_path / "made.part", deadline)
    assert time.monotonic() - began < 300


def test_what_an_operation_refuses_arrives_whole() -> None:
    fix = Fix("end", 1.25)
    error = BrokenRules((BrokenRule("end", 1.0, "at least 1.25", "invalid_argument"),), fixes=(fix,), subject="x")
    file = io.BytesIO()
    write_error(file, error)
    file.seek(0)
    with pytest.raises(BrokenRules) as caught:
        read_reply(file)
    assert (caught.value.message, caught.value.broken, caught.value.fixes) == (error.message, error.broken, (fix,))


def test_what_an_operation_returns_arrives_whole() -> None:
    for result in (
        View(b"jpeg", 6, 2.0, "A12", "dark"),
        EditResult(1, 2, None, "note"),
        VideoInfo(2.0, 3, 4, has_sound=True),
        b"bytes",
        2.5,
    ):
        file = io.BytesIO()
        write_result(file, result)
        file.seek(0)
        assert read_reply(file) == result


def test_a_reply_of_any_other_form_is_the_end_of_the_worker() -> None:
    for raw in (b"", b"\0" * 5, HEADER.pack(1 << 30, 0), HEADER.pack(2, 0) + b"{}", HEADER.pack(4, 0) + b"null", HEADER.pack(9, 0) + b"x"):
        with pytest.raises(EOFError):
            read_reply(io.BytesIO(raw))


def test_the_parent_process_decodes_nothing() -> None:
    code = (
        "import sys; from pathlib import Path; from sora_mcp.media import api; from sora_mcp.media.limits import Deadline\n"
        f"api.view_clip(Path({str(api.__file__)!r}).parent / 'sample/clips/square.mp4', None, Deadline(60))\n"
        "print('av' in sys.modules, 'PIL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout == "False False\n"


def test_libraries_that_do_not_load_are_missing_and_the_reason_is_named(tmp_path: Path) -> None:
    (tmp_path / "av.py").write_text("raise ImportError('libavcodec.so.62: cannot open shared object file')")
    (tmp_path / "sora_mcp").symlink_to(Path(api.__file__).parents[1])
    with pytest.raises(MissingMediaExtra) as missing:
        Worker(tmp_path)
    assert missing.value.message == (
        "The media extra is installed but does not load: libavcodec.so.62: cannot open shared object file. "
        "To mend it: pip install --force-reinstall 'sora-mcp[media]'"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_a_limit_of_addresses_is_named_beside_what_cannot_be_decoded(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"no video")
    code = (
        "import sys; from pathlib import Path; from sora_mcp.media import api; from sora_mcp.media.limits import Deadline\n"
        "try: api.make_poster(Path(sys.argv[1]), Deadline())\n"
        "except Exception as error: print(error)"
    )
    command = ["sh", "-c", 'ulimit -v 262144 && exec "$@"', "sh", sys.executable, "-c", code, str(clip)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(api.__file__).parents[2])
    assert done.stdout.endswith("This may be for want of memory: decoding needs 400 MB of addresses (`ulimit -v`).\n")

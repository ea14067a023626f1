"""The commands that delete finished files: a person says yes at the terminal, and nothing else counts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.s3 import S3, needs_s3

from .conftest import Sora, make_clip
from .test_bucket import flat

pytestmark = [needs_s3, pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")]
ORPHAN = "team/v/zz/v_zzzzzzzzzz/0123456789abcdef.mp4"


def test_a_file_is_deleted_once_a_person_says_yes(
    sora: Sora, said: dict[str, str], s3: S3, tmp_path: Path, typed_at_terminal: Callable[[str], None]
) -> None:
    job_id = make_clip(said | s3.environ)
    (file,) = (tmp_path / "videos").glob("*.mp4")
    typed_at_terminal("no\n")
    kept = sora("delete", job_id, **s3.environ)
    assert (kept.code, "Nothing was deleted." in kept.out, file.exists()) == (1, True, True)
    typed_at_terminal("yes\n")
    done = sora("delete", job_id, **s3.environ)
    assert (done.code, f"The file of {job_id} is deleted. What it cost stays in the books." in flat(done.out)) == (0, True), done
    assert (s3.list_keys(), list((tmp_path / "videos").glob("*.*"))) == ([], [])
    for command in ("delete", "fetch"):
        gone = sora(command, job_id, **s3.environ)
        assert (gone.code, f"The file of {job_id} was deleted on " in gone.err) == (1, True), gone
    assert "was deleted on " in flat(sora("show", job_id, **s3.environ).out)
    assert job_id in sora("jobs", **s3.environ).out
    assert sora("gallery", "--no-open", **s3.environ).code == 0
    assert "It was deleted on " in (tmp_path / "videos" / "gallery.html").read_text("utf-8")


def test_without_a_terminal_and_for_an_unknown_job_nothing_is_deleted(sora: Sora, said: dict[str, str], s3: S3) -> None:
    job_id = make_clip(said | s3.environ)
    refused = sora("delete", job_id, **s3.environ)
    assert (refused.code, "There is no terminal to ask at. Nothing was deleted." in refused.err) == (2, True)
    assert sora("delete", "v_0000000000", **s3.environ).code == 1
    assert len(s3.list_keys()) == 1


def test_objects_that_no_job_names_are_listed_and_deleted_after_a_yes(
    sora: Sora, said: dict[str, str], s3: S3, typed_at_terminal: Callable[[str], None]
) -> None:
    assert sora("tidy").err == "sora-mcp: No bucket is set: SORA_MCP_ARTIFACT_URL names one.\n"
    make_clip(said | s3.environ)
    (own,) = s3.list_keys()
    s3.put(ORPHAN, b"bytes")
    assert "no file that is older than a day" in flat(sora("tidy", **s3.environ).out)
    for key in (own, ORPHAN):
        s3.age(key, 2 * 86_400)
    typed_at_terminal("y\n")
    kept = sora("tidy", **s3.environ)
    assert (kept.code, "No job of this store names 1 file in the bucket" in flat(kept.out), len(s3.list_keys())) == (1, True, 2)
    assert ORPHAN.removeprefix("team/") in kept.out
    typed_at_terminal("yes\n")
    assert (sora("tidy", **s3.environ).code, s3.list_keys()) == (0, [own])


def test_files_of_another_store_are_not_deleted(sora: Sora, s3: S3, typed_at_terminal: Callable[[str], None]) -> None:
    s3.put(ORPHAN, b"bytes")
    s3.age(ORPHAN, 2 * 86_400)
    typed_at_terminal("yes\n")
    refused = sora("tidy", **s3.environ)
    assert (refused.code, "No file in the bucket is this store's" in refused.err, s3.list_keys()) == (1, True, [ORPHAN])

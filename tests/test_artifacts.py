"""Finished files: named, kept, never overwritten."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.artifacts.local import build_name, find_kept, keep, prepare_part, read_job_id, remove_parts, slugify
from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import Micros
from tests.each import each

from .nouns import a_job

FILM = b"not a film, but bytes all the same"
SHA256 = hashlib.sha256(FILM).hexdigest()


def written(folder: Path, fence: int = 1) -> Path:
    part = prepare_part(replace(a_job(), fence=fence), folder)
    part.write_bytes(FILM)
    return part


def kept(folder: Path, fence: int = 1, **changes: Any) -> Path:
    return keep(written(folder, fence), replace(a_job(), **changes), sha256=SHA256, zone=UTC)


@pytest.mark.fault("I10")
@each(
    ("prompt", "words"),
    [
        ("A paper boat drifts down a rainy street", "a-paper-boat-drifts-down-a-rainy-street"),
        ("Überraschung! Ça va?", "uberraschung-ca-va"),
        ("夕暮れの海", "夕暮れの海"),
        ("Бумажный кораблик плывёт й", "бумажный-кораблик-плывёт-й"),
        ("बारिश में एक नाव", "बारिश-में-एक-नाव"),
        ("قارب من ورق 13", "قارب-من-ورق-13"),
        ("Ένα καράβι, 3 γάτες", "ένα-καράβι-3-γάτες"),
        ("\u0301\u0302 a", "a"),
        ("Z\u0351\u0352" * 9 + " 3\ufe0f\u20e3", "zzzzzzzzz-3"),
        ("界" * 300, f"{'界' * 14}--{'界' * 13}"),
        ("../../.bashrc; rm -rf /", "bashrc-rm-rf"),
        ("-rf \x00\u202e CON", "rf-con"),
        ("x" * 300, f"{'x' * 30}--{'x' * 28}"),
        ("A slow aerial shot over a small fishing village, at night under a full moon", "a-slow-aerial-shot--under-a-full-moon"),
        ("A slow aerial shot over a small fishing village, photorealistic at dawn", "a-slow-aerial-shot--photorealistic-at-dawn"),
        (
            "Photorealistic cinematic hyperdetailed extraordinarily long words go first here",
            "photorealistic-cinematic--words-go-first-here",
        ),
        ("ночная сцена в дождливом городе с мокрым асфальтом и отражениями вывесок", "ночная-сцена-в--и-отражениями-вывесок"),
        (
            "雪地里的一只红狐狸慢慢地走过森林的边缘在清晨的阳光下，夜晚的版本有月亮",
            "雪地里的一只红狐狸慢慢地走过--晨的阳光下-夜晚的版本有月亮",
        ),
        (f"A fox {'runs ' * 500}at dusk", "a-fox-runs-runs--runs-runs-at-dusk"),
        ("😀", "video"),
    ],
)
def test_a_name_has_words_of_the_prompt_and_nothing_else_of_it(prompt: str, words: str) -> None:
    assert slugify(prompt) == words


def test_the_name_says_day_time_words_and_job() -> None:
    name = build_name(a_job(), UTC)
    assert name == "2026-11-20_1200_a-paper-boat-drifts-down-a-rainy-street_v_0123456789.mp4"
    assert read_job_id(name) == a_job().id


def test_two_clips_of_one_day_are_told_apart_by_words_or_time() -> None:
    first = replace(a_job(), prompt="A red kite over the dunes at dawn")
    for other in (replace(first, prompt="A red kite over the dunes at dusk"), replace(first, created_at=first.created_at + 60)):
        assert build_name(first, UTC) != build_name(other, UTC)


def test_the_name_of_a_take_says_which_one_it_is_and_every_file_system_takes_the_longest() -> None:
    take = replace(a_job(), prompt="A paper boat", take=2, take_count=3)
    assert build_name(take, UTC) == "2026-11-20_1200_a-paper-boat_take-2-of-3_v_0123456789.mp4"
    assert read_job_id(build_name(take, UTC)) == take.id
    for letter in ("界", "я", "x", "x ", "界 ", "é"):
        longest = replace(a_job(), prompt=letter * 300, vendor="sample", take=10, take_count=10)
        assert len(build_name(longest, UTC, "webm").replace(".", "-99.").encode()) <= 143, letter


def test_the_name_of_a_sample_says_that_it_is_one() -> None:
    sample = replace(a_job(), vendor="sample", model="sample:sample", prompt="A paper boat")
    assert build_name(sample, UTC) == "2026-11-20_1200_sample_a-paper-boat_v_0123456789.mp4"


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_kept_file_and_its_note_are_their_users_alone(tmp_path: Path) -> None:
    part = written(tmp_path)
    part.chmod(0o664)
    final = keep(part, a_job(), sha256=SHA256, zone=UTC)
    assert [path.stat().st_mode & 0o777 for path in (final, final.with_suffix(".json"))] == [0o600, 0o600]


def test_a_note_steers_no_terminal_and_still_says_every_character(tmp_path: Path) -> None:
    prompt = "a \u202egnp.boat \x1b[2J \x9b31m \u200b\U000e0041 雨 \U0001f469\u200d\U0001f680"
    final = kept(tmp_path, prompt=prompt)
    note = final.with_suffix(".json").read_text("utf-8")
    assert json.loads(note)["prompt"] == prompt
    assert [char for char in note if char != "\n" and not char.isprintable()] == []
    assert "雨" in note


def test_a_kept_file_has_its_bytes_and_a_note_beside_it(tmp_path: Path) -> None:
    final = kept(tmp_path, actual=Micros(410_000), vendor_id="job_1")
    assert final.read_bytes() == FILM
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".mp4"]
    assert json.loads(final.with_suffix(".json").read_text("utf-8")) == {
        "job_id": "v_0123456789",
        "prompt": "A paper boat drifts down a rainy street",
        "model": "muvi:sora-2",
        "size": "1280x720",
        "seconds": 4,
        "options": {},
        "usd": 0.41,
        "usd_is": "actual",
        "price_source": "https://developer.muvi.video/docs/models/video/openai/sora-2-text-to-video",
        "price_checked": "2026-11-20",
        "created_at": "2026-11-20T12:00:00Z",
        "vendor_id": "job_1",
        "parents": [],
        "sha256": SHA256,
        "file": "2026-11-20_1200_a-paper-boat-drifts-down-a-rainy-street_v_0123456789.mp4",
    }


def test_the_same_file_from_before_a_crash_is_taken_as_it_is(tmp_path: Path) -> None:
    assert kept(tmp_path) == kept(tmp_path, fence=2)


def test_another_file_of_that_name_is_left_alone_and_this_one_is_found_behind_it(tmp_path: Path) -> None:
    assert find_kept(a_job(), tmp_path) is None
    taken = tmp_path / build_name(a_job(), UTC)
    taken.write_bytes(b"somebody's holiday")
    assert find_kept(a_job(), tmp_path) is None
    final = kept(tmp_path)
    assert (taken.read_bytes(), final.read_bytes()) == (b"somebody's holiday", FILM)
    assert final.name == "2026-11-20_1200_a-paper-boat-drifts-down-a-rainy-street_v_0123456789-2.mp4"
    assert find_kept(a_job(), tmp_path) == (final, SHA256)


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / build_name(a_job(), UTC)).symlink_to(target)
    assert (kept(tmp_path).read_bytes(), target.exists()) == (FILM, False)


def test_a_folder_that_is_gone_is_a_storage_error(tmp_path: Path) -> None:
    part = written(tmp_path / "videos")
    part.unlink()
    part.parent.rmdir()
    with pytest.raises(StorageError):
        keep(part, a_job(), sha256=SHA256, zone=UTC)


def test_what_earlier_claims_left_is_swept_and_other_jobs_files_are_not(tmp_path: Path) -> None:
    mine, other = written(tmp_path, fence=3), prepare_part(replace(a_job(), id="v_zzzzzzzzzz"), tmp_path)
    other.write_bytes(FILM)
    remove_parts(tmp_path, a_job())
    assert (mine.exists(), other.exists()) == (False, True)


VOUCHING = {"job_id": "v_0123456789", "file": "FILE", "sha256": SHA256}
NOTES = {
    "none": None,
    "empty": "",
    "no JSON": "no note",
    "deep": "[" * 100_000,
    "a list": "[]",
    "no facts": "{}",
    "another job": json.dumps(VOUCHING | {"job_id": "v_zzzzzzzzzz"}),
    "another file": json.dumps(VOUCHING | {"file": "another.mp4"}),
    "no hash": json.dumps(VOUCHING | {"sha256": 7}),
    "other bytes": json.dumps(VOUCHING | {"sha256": "0" * 64}),
    "too large": json.dumps(VOUCHING | {"more": "x" * (1 << 20)}),
}


@each("note", NOTES.values(), ids=NOTES)
def test_a_file_whose_note_does_not_vouch_for_it_is_not_taken(note: str | None, tmp_path: Path) -> None:
    final = kept(tmp_path)
    beside = final.with_suffix(".json")
    beside.unlink()
    if note is not None:
        beside.write_text(note.replace("FILE", final.name), "utf-8")
    assert find_kept(a_job(), tmp_path) is None


@each("ending", [".mp4", ".json"])
def test_a_link_in_the_place_of_a_kept_file_or_its_note_is_not_taken(ending: str, tmp_path: Path) -> None:
    final = kept(tmp_path)
    struck = final.with_suffix(ending)
    struck.symlink_to(struck.rename(tmp_path / "elsewhere"))
    assert find_kept(a_job(), tmp_path) is None

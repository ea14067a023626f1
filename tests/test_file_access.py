"""What was made for another is as if it were not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.config.settings import load
from sora_mcp.domain import Image
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import PICTURE_ENDINGS, SOUND_ENDINGS, VIDEO_ENDINGS
from sora_mcp.jobs.file_access import FileAccess
from sora_mcp.jobs.input_images import data_of
from sora_mcp.store import Store
from tests.each import each
from tests.played.rig import picture

from .nouns import a_job
from .stored import place_empty_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With one finished job of Anna's."""
    opened = Store(place_empty_store(tmp_path / "home"), tmp_path / "home")
    opened.jobs.add_edit.sync(replace(a_job(), principal="anna", state="completed"), "f" * 64)
    yield opened
    opened.close()


def access(store: Store, folder: Path, *opened: str) -> FileAccess:
    said = {"SORA_MCP_HOME": str(folder / "home"), "SORA_MCP_OUTPUT_DIR": str(folder / "videos"), "SORA_MCP_TIMEZONE": "UTC"}
    dirs = {"SORA_MCP_IMAGE_DIRS": ":".join(str(folder / name) for name in opened)} if opened else {}
    for name in ("videos/inputs", "pictures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return FileAccess(load(said | dirs, today=date(2026, 11, 21), config=folder / "none"), store)


@each(
    ("name", "hidden_from"),
    [
        ("videos/2026-11-21_a-kite_v_0123456789.mp4", ["ben"]),
        ("videos/2026-11-21_a-kite_v_0123456789-2.mp4", ["ben"]),
        ("videos/2026-11-21_a-kite_v_0123456789.jpg", ["ben"]),
        ("videos/2026-11-21_A-KITE_V_0123456789.JSON", ["ben"]),
        ("videos/2026-11-21_a-kite_v_1111111111.mp4", ["anna", "ben"]),
        ("videos/2026-11-21_v_0123456789_v_1111111111.mp4", ["anna", "ben"]),
        ("videos/.v_0123456789.0.part", ["anna", "ben"]),
        ("videos/gallery.html", ["anna", "ben"]),
        ("videos/deep/2026-11-21_a-kite_v_0123456789.mp4", ["ben"]),
        ("videos/inputs/boat.png", []),
        ("pictures/boat.png", []),
        ("pictures/2026-11-21_a-kite_v_1111111111.mp4", []),
    ],
)
@each("opened", [("pictures", "videos/inputs"), (".", "pictures", "videos/inputs")], ids=["beside", "around"])
async def test_a_finished_file_is_its_owners(
    store: Store, tmp_path: Path, name: str, hidden_from: list[str], opened: tuple[str, ...]
) -> None:
    files = access(store, tmp_path, *opened)
    assert [who for who in ("anna", "ben", "local") if await files.hides(tmp_path / name, who)] == hidden_from


async def test_the_folder_of_finished_files_stays_so_when_it_is_opened_for_pictures_too(store: Store, tmp_path: Path) -> None:
    files = access(store, tmp_path, "videos")
    assert await files.hides(tmp_path / "videos" / "loose.png", "ben")


@each(
    ("name", "endings", "near"),
    [
        ("baot.png", PICTURE_ENDINGS, "boat.png"),
        ("boat.webp", PICTURE_ENDINGS, "boat.png"),
        ("beech.mp4", VIDEO_ENDINGS, "beach.mp4"),
        ("beach.mov", VIDEO_ENDINGS, "beach.mp4"),
        ("song.mp3", SOUND_ENDINGS, "song.wav"),
        ("song.mp3", VIDEO_ENDINGS, None),
        ("lighthouse.png", PICTURE_ENDINGS, None),
    ],
)
async def test_a_misspelt_name_is_answered_with_the_nearest_of_its_kind(
    store: Store, tmp_path: Path, name: str, endings: tuple[str, ...], near: str | None
) -> None:
    files = access(store, tmp_path, "pictures")
    for there in ("boat.png", "beach.mp4", "song.wav"):
        (tmp_path / "pictures" / there).touch()
    with pytest.raises(BrokenRules) as caught:
        await files.find_path(str(tmp_path / "pictures" / name), "local", endings)
    assert ("the nearest name" in caught.value.message) == (near is not None)
    assert repr(near or "a file that exists").strip("'") in caught.value.message
    with pytest.raises(BrokenRules) as relative:  # looked for in every folder, and the finished files' own comes first
        await files.find_path(name, "local", endings)
    assert (f"the nearest name there is {near!r}" in relative.value.message) == (near is not None)
    assert (
        near is None
        or f"in {tmp_path / 'pictures'}: call again with it if it is meant, else ask the user to copy the file there"
        in relative.value.message
    )
    with pytest.raises(BrokenRules) as hidden:
        await files.find_path(str(tmp_path / "pictures" / name), "ben", endings)
    assert "nearest" not in hidden.value.message


async def test_who_is_at_another_computer_is_told_neither_folders_nor_names(store: Store, tmp_path: Path) -> None:
    files = access(store, tmp_path)
    (tmp_path / "videos" / "boat.png").touch()
    with pytest.raises(BrokenRules) as caught:
        await files.find_path("~/Pictures/boat.png", "ben", PICTURE_ENDINGS)
    assert caught.value.message == (
        "image must be an https:// URL or a data: URI, not '~/Pictures/boat.png': files of another computer are not seen here."
    )


@each(
    ("name", "principal", "place"),
    [
        ("IMG_2041.jpg", "local", "Downloads"),
        ("holiday.png", "local", "Pictures"),
        ("IMG_2041.jpg", "ben", None),
        ("notes.txt", "local", None),
        ("../Downloads/IMG_2041.jpg", "local", None),
        ("IMG_2042.jpg", "local", None),
    ],
)
async def test_a_picture_in_a_usual_folder_of_the_home_is_named_to_its_user_and_not_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, principal: str, place: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DOWNLOAD_DIR", raising=False)
    for there in ("Downloads/IMG_2041.jpg", "Pictures/holiday.png", "Downloads/notes.txt"):
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).touch()
    with pytest.raises(BrokenRules) as caught:
        await access(store, tmp_path).find_path(name, principal, PICTURE_ENDINGS)
    assert (f"One lies in {tmp_path / (place or '')}" in caught.value.message) == (place is not None)
    if "/" not in name:
        assert f"'{name}' is not in {tmp_path / 'videos'}, the only folder looked into" in caught.value.message
        assert f"sk the user to copy it {'from ' if place else ''}there" in caught.value.message


async def test_a_folder_is_answered_with_the_newest_files_in_it(store: Store, tmp_path: Path) -> None:
    files, pictures = access(store, tmp_path, "pictures"), tmp_path / "pictures"
    raw = data_of(Image(picture(1620, 1080)))
    names = ("old.jpg", "wide.png", "phone.heic", ".hidden.png", "song.wav", "beach.mp4", "2026-11-21_a-fox_v_0123456789.png")
    for at, name in enumerate(names):
        (pictures / name).write_bytes(raw if name == "wide.png" else b"not read")
        os.utime(pictures / name, (at, at))
    (pictures / "link.png").symlink_to(pictures / "wide.png")
    (tmp_path / "outside.png").write_bytes(raw)
    listed = "ictures {}: 'phone.heic', 'wide.png' (1620x1080, 3:2), 'old.jpg'"
    for text in (str(pictures), "pictures", "Pictures/"):
        message = await refused(files, text, "local")
        assert message == f"image must be a file, not {text!r}: that is a folder. P{listed.format('in it')}."
    assert "exists, not" in (absent := await refused(files, str(pictures / "zoo.png"), "local")) and listed.format("there") in absent
    assert f". P{listed.format('there')}. Ask the user" in await refused(files, "zoo.png", "local")
    assert "Videos in it: 'beach.mp4'." in await refused(files, str(pictures), "local", VIDEO_ENDINGS)
    for text in (str(pictures), str(pictures / "zoo.png"), "zoo.png"):
        assert "wide" not in await refused(files, text, "ben")


async def test_nothing_is_told_of_what_lies_around_a_folder_that_is_gone(store: Store, tmp_path: Path) -> None:
    files = access(store, tmp_path, "pictures")
    (tmp_path / "picture.png").touch()
    (tmp_path / "pictures").rmdir()
    assert "picture.png" not in await refused(files, str(tmp_path / "pictures"), "local")


async def refused(files: FileAccess, text: str, principal: str, endings: tuple[str, ...] = PICTURE_ENDINGS) -> str:
    with pytest.raises(BrokenRules) as caught:
        await files.find_path(text, principal, endings)
    return caught.value.message

"""A finished file that is gone, is another, or has become a link: every way to it says so, and no link is followed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError

from tests.each import each
from tests.media.clips import a_clip
from tests.media.test_hostile import FILES

from .room import CLIP, Room

pytestmark = pytest.mark.slow

TOOLS: dict[str, dict[str, Any]] = {
    "view_video": {"job_id": CLIP},
    "edit_video": {"action": "trim", "end": 1},
    "create_video": {"image": f"{CLIP}#last"},
}
RESOURCES = [f"sora://videos/{CLIP}{ending}" for ending in (".mp4", "/poster.jpg", "/sheet.jpg")]


def deleted(path: Path) -> None:
    path.unlink()


def linked(path: Path) -> None:
    """To a good clip elsewhere: only the link is wrong."""
    path.rename(path.parent.parent / "elsewhere.mp4")
    path.symlink_to(path.parent.parent / "elsewhere.mp4")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


AWAY: dict[str, Callable[[Path], None]] = {"deleted": deleted, "linked": linked, "a folder": a_folder}


@contextmanager
def replaced(path: Path, change: Callable[[Path], object]) -> Generator[None]:
    """The file as the change leaves it; afterwards the clip is back."""
    change(path)
    try:
        yield
    finally:
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        a_clip(path)


@each("how", AWAY)
async def test_a_file_that_is_not_there_itself_is_said_to_be_away(room: Room, how: str) -> None:
    with replaced(room.file, AWAY[how]):
        errors = [await room.refused(tool, **arguments) for tool, arguments in TOOLS.items()]
        for uri in RESOURCES:
            with pytest.raises(MCPError, match="is not at its place any more") as caught:
                await room.client.read_resource(uri)
            assert caught.value.code == -32602, uri
    says = f"The file of {CLIP} is not at its place any more: {room.file}"
    assert [(error["code"], error["charged"], error["message"]) for error in errors] == [("not_finished", "no", says)] * len(TOOLS)


@each("name", [name for name, (_, says) in FILES.items() if says])
async def test_a_hostile_file_in_its_place_is_refused_by_every_tool_and_has_no_poster(room: Room, name: str) -> None:
    make, says = FILES[name]
    with replaced(room.file, make):
        errors = [await room.refused(tool, **arguments) for tool, arguments in TOOLS.items()]
        if "GIF" not in name:  # it has a first frame
            with pytest.raises(MCPError) as caught:
                await room.client.read_resource(f"sora://videos/{CLIP}/poster.jpg")
            assert says in str(caught.value)
    begins = says.partition(",")[0]  # of a picture an edit says what can be made of it
    assert [(error["code"], error["charged"], begins in error["message"]) for error in errors] == [("result_invalid", "no", True)] * 3, (
        errors
    )


async def test_another_good_clip_in_its_place_is_shown_as_it_is(room: Room) -> None:
    with replaced(room.file, lambda path: a_clip(path, colours=("lime",))):
        answer = await room.call("view_video", job_id=CLIP)
    assert "6 frames of 1 s" in answer.content[0].text  # type: ignore[union-attr]

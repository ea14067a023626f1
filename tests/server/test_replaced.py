"""A finished file that is gone, is another, or has become a link: every way to it says so, and no link is followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError

from tests.each import each
from tests.media.clips import a_clip
from tests.media.test_hostile import FILES

from .test_seeing import Room, a_room

pytestmark = pytest.mark.slow

CLIP = "v_0123456789"
TOOLS: dict[str, dict[str, Any]] = {
    "view_video": {"job_id": CLIP},
    "edit_video": {"inputs": [CLIP], "action": "trim", "end": 1},
    "create_video": {"prompt": "It goes on", "model": "sample:sample", "image": f"{CLIP}#last"},
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


def the_file(room: Room) -> Path:
    return room.service.settings.output_dir / "clip.mp4"


@each("tool", TOOLS)
@each("how", AWAY)
async def test_a_file_that_is_not_there_itself_is_said_to_be_away(tmp_path: Path, how: str, tool: str) -> None:
    async with a_room(tmp_path, "auto") as room:
        AWAY[how](the_file(room))
        error = await room.refused(tool, **TOOLS[tool])
        says = f"The file of {CLIP} is not at its place any more: {the_file(room)}"
    assert (error["code"], error["charged"], error["message"]) == ("not_finished", "no", says)


@each("uri", RESOURCES)
@each("how", AWAY)
async def test_no_resource_is_read_through_a_link(tmp_path: Path, how: str, uri: str) -> None:
    async with a_room(tmp_path, "auto") as room:
        AWAY[how](the_file(room))
        with pytest.raises(MCPError, match="is not at its place any more") as caught:
            await room.client.read_resource(uri)
    assert caught.value.code == -32602


@each("tool", TOOLS)
@each("name", [name for name, (_, says) in FILES.items() if says])
async def test_a_hostile_file_in_its_place_is_refused_by_every_tool(tmp_path: Path, name: str, tool: str) -> None:
    make, says = FILES[name]
    async with a_room(tmp_path, "auto") as room:
        make(the_file(room))
        error = await room.refused(tool, **TOOLS[tool])
    assert (error["code"], error["charged"], says in error["message"]) == ("result_invalid", "no", True), error


@each("name", [name for name, (_, says) in FILES.items() if says and "GIF" not in name])  # a GIF has a first frame
async def test_a_hostile_file_in_its_place_has_no_poster(tmp_path: Path, name: str) -> None:
    make, says = FILES[name]
    async with a_room(tmp_path, "auto") as room:
        make(the_file(room))
        with pytest.raises(MCPError) as caught:
            await room.client.read_resource(f"sora://videos/{CLIP}/poster.jpg")
    assert says in str(caught.value)


async def test_another_good_clip_in_its_place_is_shown_as_it_is(tmp_path: Path) -> None:
    async with a_room(tmp_path, "auto") as room:
        a_clip(the_file(room), colours=("lime",))
        answer = await room.call("view_video", job_id=CLIP)
    assert "6 frames of 1 s" in answer.content[0].text  # type: ignore[union-attr]

"""Looking at finished clips, going on from their frames, and editing them: through a client, over a real service."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import BlobResourceContents, CallToolResult, ImageContent, TextContent
from PIL import Image

from sora_mcp.domain.errors import MissingMediaExtra, NotFound
from sora_mcp.jobs.service import VideoService
from sora_mcp.media import optional
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.server.app import build
from tests.each import each
from tests.media.clips import a_clip, a_sound, colour_of, remuxed
from tests.nouns import a_job
from tests.played.rig import opened, picture, settled

from .conftest import Era


@dataclass
class Room:
    """A client, the service behind it, and one finished clip: a red second and a blue one."""

    client: Client
    service: VideoService
    clip: str = "v_0123456789"

    async def call(self, name: str, **arguments: Any) -> CallToolResult:
        return await self.client.call_tool(name, arguments)

    async def edited(self, **arguments: Any) -> dict[str, Any]:
        answer = await self.call("edit_video", **arguments)
        assert answer.structured_content and not answer.is_error, answer.structured_content
        return answer.structured_content

    async def refused(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.call(name, **arguments)
        assert answer.is_error and answer.structured_content, answer
        return answer.structured_content["error"]

    async def bought(self, **arguments: Any) -> dict[str, Any]:
        answer = await self.call("create_video", **{"prompt": "It goes on", "model": "sample:sample", **arguments})
        assert answer.structured_content and not answer.is_error, answer.structured_content
        return answer.structured_content


@asynccontextmanager
async def a_room(folder: Path, era: Era = "auto") -> AsyncIterator[Room]:
    settings = settled(folder, {}, ())
    settings.output_dir.mkdir(parents=True)
    path = a_clip(settings.output_dir / "clip.mp4")
    async with opened(settings) as service:

        @asynccontextmanager
        async def open_service() -> AsyncIterator[VideoService]:
            yield service

        job = a_finished_job(path)
        await service.store.jobs.add_edit(job, "0" * 64)
        async with Client(build(open_service, settings.catalogue), mode=era) as client:
            yield Room(client, service)


def a_finished_job(path: Path) -> Any:
    from dataclasses import replace

    from sora_mcp.domain import Artifact

    raw, facts = path.read_bytes(), probe_mp4(path)
    file = Artifact(str(path), len(raw), hashlib.sha256(raw).hexdigest(), facts.duration_s, facts.width, facts.height)
    return replace(a_job(), state="completed", charged="yes", artifact=file, finished_at=a_job().created_at + 84, call=None)


async def test_a_clip_is_shown_as_text_and_one_picture(era: Era, tmp_path: Path) -> None:
    async with a_room(tmp_path, era) as room:
        answer = await room.call("view_video", job_id=room.clip)
    text, sheet = answer.content
    assert isinstance(text, TextContent) and isinstance(sheet, ImageContent)
    code = text.text.partition("check code ")[2][:3]
    assert text.text == (
        f"v_0123456789: 6 frames of 2 s on one picture. Tell the user only what you see there; "
        f"if no picture with the check code {code} reached you, say that you cannot see the clip. "
        "Measured: 1 cut (at 1.0 s), almost no movement, rather dark (0.21), sound at -13 dBFS."
    )
    raw = base64.b64decode(sheet.data)
    assert (answer.structured_content, sheet.mime_type, len(raw) <= 90_000) == (None, "image/jpeg", True)
    assert Image.open(io.BytesIO(raw)).format == "JPEG"


async def test_the_sheet_is_a_resource_too(era: Era, tmp_path: Path) -> None:
    async with a_room(tmp_path, era) as room:
        content = (await room.client.read_resource(f"sora://videos/{room.clip}/sheet.jpg")).contents[0]
    assert isinstance(content, BlobResourceContents)
    assert (content.mime_type, base64.b64decode(content.blob)[:3]) == ("image/jpeg", b"\xff\xd8\xff")


async def test_what_is_not_there_cannot_be_seen(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        unknown = await room.refused("view_video", job_id="v_1111111111")
        slow = await room.bought(prompt="slow:30")
        unfinished = [
            await room.refused("view_video", job_id=slow["job_id"]),
            await room.refused("edit_video", inputs=[slow["job_id"]], action="gif"),
            await room.refused("create_video", prompt="x", model="sample:sample", image=f"{slow['job_id']}#last"),
        ]
        with pytest.raises(MCPError):
            await room.client.read_resource("sora://videos/v_1111111111/sheet.jpg")
        await room.call("cancel_video", job_id=slow["job_id"])
    assert (unknown["code"], [error["code"] for error in unfinished]) == ("not_found", ["not_finished"] * 3)


async def test_without_the_media_extra_each_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_room(tmp_path) as room:
        monkeypatch.setattr(optional, "find_spec", lambda _: None)
        errors = [
            await room.refused("view_video", job_id=room.clip),
            await room.refused("edit_video", inputs=[room.clip], action="gif"),
            await room.refused("create_video", prompt="x", model="sample:sample", image=f"{room.clip}#last"),
        ]
    assert {error["code"] for error in errors} == {MissingMediaExtra.code}
    assert all("pip install 'sora-mcp[media]'" in error["message"] for error in errors)


@each(("moment", "colour"), [("first", "red"), ("last", "blue"), ("1.5s", "blue")])
async def test_a_frame_of_a_job_becomes_the_first_frame_of_the_next(tmp_path: Path, moment: str, colour: str) -> None:
    async with a_room(tmp_path) as room:
        image = await room.service.frames.read(f"{room.clip}#{moment}", principal="local")
        made = await room.bought(image=f"{room.clip}#{moment}", size="1280x720")
        job = json.loads((await room.client.read_resource(f"sora://videos/{made['job_id']}")).contents[0].text)  # pyright: ignore
    raw = base64.b64decode(image.uri.partition(",")[2])
    assert (image.media_type, image.width, image.height, image.job_id) == ("image/png", 320, 180, room.clip)
    assert (colour_of(Image.open(io.BytesIO(raw))), job["parents"]) == (colour, [room.clip])


async def test_a_clip_itself_is_no_first_frame_and_its_last_frame_is_offered(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("create_video", prompt="x", model="sample:sample", image=f" {room.clip.upper()}")
        misnamed = await room.refused("create_video", prompt="x", model="sample:sample", image_url=room.clip, duration=5)
        await room.bought(image=error["fixes"][0]["value"])
    last = {"argument": "image", "value": f"{room.clip}#last", "usd": 0}
    allowed = f"a frame of it: {room.clip}#first, {room.clip}#last or a second such as {room.clip}#2.5s"
    assert error["broken"] == [{"argument": "image", "got": room.clip, "allowed": allowed}]
    assert error["fixes"] == [last]
    assert [fix["value"] for fix in misnamed["fixes"]] == [last["value"], 5, None, None]


async def test_a_last_frame_that_the_model_does_not_take_is_not_offered(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("create_video", prompt="x", model="sample:sample", image=room.clip, seconds=60)
    assert {rule["argument"] for rule in error["broken"]} == {"image", "seconds"}
    assert "fixes" not in error  # without the picture it would be another video


@each("moment", ["", "#first", "#last", "#0.5s"])
async def test_a_picture_that_was_cut_out_of_a_clip_is_a_first_frame(tmp_path: Path, moment: str) -> None:
    async with a_room(tmp_path) as room:
        cut = await room.edited(inputs=[room.clip], action="frame", start=1.5)
        image = await room.service.frames.read(f"{cut['job_id']}{moment}", principal="local")
        await room.bought(image=f"{cut['job_id']}{moment}", size="1280x720")
    raw = base64.b64decode(image.uri.partition(",")[2])
    assert (image.media_type, image.job_id, colour_of(Image.open(io.BytesIO(raw)))) == ("image/png", cut["job_id"], "blue")


async def test_a_moving_picture_of_a_job_is_no_first_frame(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        moving = await room.edited(inputs=[room.clip], action="gif")
        error = await room.refused("create_video", prompt="x", model="sample:sample", image=moving["job_id"])
    assert error["broken"] == [{"argument": "image", "got": "a GIF", "allowed": "a PNG, JPEG, WebP, HEIC or AVIF picture"}]


@each("image", ["v_0000000000", "v_0123456789"])
async def test_a_job_of_nobody_or_of_somebody_else_is_not_there(tmp_path: Path, image: str) -> None:
    async with a_room(tmp_path) as room:
        with pytest.raises(NotFound, match=f"There is no job '{image}'"):
            await room.service.frames.read(image, principal="somebody else")


async def test_a_picture_of_a_job_that_turned_into_a_link_is_not_followed(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        cut = await room.edited(inputs=[room.clip], action="frame", start=1.5)
        path = Path(cut["path"])
        path.rename(tmp_path / "elsewhere.png")
        path.symlink_to(tmp_path / "elsewhere.png")
        error = await room.refused("create_video", prompt="x", model="sample:sample", image=cut["job_id"])
    assert error["code"] == "not_finished"


async def test_a_moment_behind_the_end_is_refused(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("create_video", prompt="x", model="sample:sample", image=f"{room.clip}#2s")
    assert error["broken"] == [
        {"argument": "image", "got": "2 s", "allowed": "a second before the clip's end at 2 s, or v_0123456789#last"}
    ]


async def test_others_have_no_frames_of_this_job(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        with pytest.raises(Exception, match="There is no job"):
            await room.service.frames.read(f"{room.clip}#last", principal="somebody else")


async def test_a_first_frame_is_made_to_fit_and_the_result_says_so(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        made = await room.bought(image=f"{room.clip}#last", size="720x1280", options={"fit": "crop"})
        plain = await room.bought(image=f"{room.clip}#last", size="720x1280", options={"fit": "none"})
    said = (
        "The first frame was cropped from 320x180 to 720x1280. "
        "It is less than half of that, so the video will look soft: a larger picture is better."
    )
    assert (said in made["message"], said in str(plain)) == (True, False)


@each(
    ("arguments", "allowed"),
    [
        ({"options": {"fit": "stretch"}, "image": picture(8, 8)}, "crop, pad or none"),
        ({"options": {"fit": "crop"}}, "left out: there is no first frame to fit"),
        ({"options": {"fit": "pad"}, "image": "https://example.com/a.png"}, "left out: the picture at a URL stays as it is"),
    ],
)
async def test_a_fit_that_cannot_be_is_refused(tmp_path: Path, arguments: dict[str, Any], allowed: str) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("create_video", prompt="x", model="sample:sample", **arguments)
    assert [(rule["argument"], rule["allowed"]) for rule in error["broken"]] == [("options.fit", allowed)]


@each(
    ("arguments", "size", "seconds"),
    [
        ({"action": "trim", "start": 0.5, "end": 1.5}, "320x180", 1),
        ({"action": "reframe", "ratio": "1:1"}, "180x180", 2),
        ({"action": "caption", "text": "Regen"}, "320x180", 2),
        ({"action": "frame", "start": 1}, "320x180", 0),
        ({"action": "gif"}, "320x180", 0),
        ({"action": "title", "text": "Regen", "end": 1}, "320x180", 2),
    ],
)
async def test_an_edit_is_a_job_like_any_other(tmp_path: Path, arguments: dict[str, Any], size: str, seconds: int) -> None:
    async with a_room(tmp_path) as room:
        made = await room.edited(inputs=[room.clip], **arguments)
        again = await room.edited(inputs=[room.clip], **arguments)
        listed = (await room.call("list_videos", query=str(arguments["action"]))).structured_content or {}
        held = (await room.client.read_resource(made["uri"])).contents[0]
        job = json.loads((await room.client.read_resource(f"sora://videos/{made['job_id']}")).contents[0].text)  # pyright: ignore
    path = Path(made["path"])
    note = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert (made["state"], made["model"], made["size"], made["seconds"]) == ("completed", "local:edit", size, seconds)
    assert (made["usd"], made["usd_is"], made["charged"], job["parents"]) == (0, "free", "no", [room.clip])
    assert (again["job_id"], again["deduplicated"]) == (made["job_id"], True)
    assert [video["job_id"] for video in listed["videos"]] == [made["job_id"]]
    assert isinstance(held, BlobResourceContents) and base64.b64decode(held.blob) == path.read_bytes()
    assert (note["parents"], note["usd"], note["file"]) == ([room.clip], 0, path.name)
    assert len(json.dumps(made, separators=(",", ":")).encode()) <= 720


async def test_music_may_be_named_as_an_argument_or_as_the_second_input(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        a_sound(room.service.settings.output_dir / "music.mp3")
        made = await room.edited(inputs=[room.clip], action="sound", sound="music.mp3")
        again = await room.edited(inputs=[room.clip, "music.mp3"], action="sound")
        error = await room.refused("edit_video", inputs=[room.clip], action="sound", sound="/etc/passwd")
    assert (again["job_id"], again["deduplicated"], error["broken"][0]["argument"]) == (made["job_id"], True, "sound")


async def test_clips_are_joined_by_job_and_by_path(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        made = await room.edited(inputs=[room.clip, "clip.mp4"], action="join")
    assert (made["seconds"], made["size"], made["message"].split(".")[0]) == (4, "320x180", "join of v_0123456789")


async def test_a_clip_may_be_named_as_its_result_names_it(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        made = await room.edited(inputs=[room.clip], action="trim", start=0, end=1)
        names = [made["job_id"], made["path"], made["uri"], f"file://{made['path']}", [made["path"]], f'["{made["job_id"]}"]']
        again = [await room.edited(inputs=name, action="frame", start="0") for name in names]
        copy = tmp_path / "videos" / f"other_{made['job_id']}.mp4"
        copy.write_bytes(Path(made["path"]).read_bytes() + b"\0\0\0\x08free")
        other = await room.edited(inputs=str(copy), action="frame")
        seen = await room.call("view_video", job_id=made["path"])
        story = json.loads((await room.client.read_resource(f"sora://videos/{again[1]['job_id']}")).contents[0].text)  # pyright: ignore
    assert {edit["job_id"] for edit in again} == {again[0]["job_id"]}
    assert (story["parents"], other["message"].split(".")[0], seen.is_error) == ([made["job_id"]], "frame of a file", False)


async def test_a_file_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        first = await room.edited(inputs=[room.clip], action="frame")
        Path(first["path"]).unlink()
        second = await room.edited(inputs=[room.clip], action="frame")
    assert (second["job_id"] != first["job_id"], "deduplicated" in second) == (True, False)


@each(
    ("arguments", "argument", "fix"),
    [
        ({"action": "reframe", "ratio": "4:5"}, "ratio", "9:16"),
        ({"action": "reframe"}, "ratio", "9:16"),
        ({"action": "reframe", "ratio": "1:1", "fill": "stretch"}, "fill", "crop"),
        ({"action": "trim", "start": 1, "end": 9}, "end", 2.0),
        ({"action": "trim", "start": 5}, "start", 0),
        ({"action": "trim", "start": 1.99}, "start", 1.958),
        ({"action": "gif", "text": "Regen"}, "text", None),
        ({"action": "speed", "speed": 9}, "speed", 0.5),
    ],
)
async def test_a_wrong_edit_is_refused_with_a_value_that_works(tmp_path: Path, arguments: dict[str, Any], argument: str, fix: Any) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("edit_video", inputs=[room.clip], **arguments)
        first = error["fixes"][0]
        mended = {name: value for name, value in {**arguments, first["argument"]: first["value"]}.items() if value is not None}
        await room.edited(inputs=[room.clip], **mended)
    assert (error["code"], first) == ("invalid_argument", {"argument": argument, "value": fix})


async def test_three_who_ask_for_the_same_edit_at_once_get_the_same(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        answers: list[dict[str, Any]] = []

        async def ask() -> None:
            answers.append(await room.edited(inputs=[room.clip], action="trim", end=1))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
    assert (len({answer["job_id"] for answer in answers}), [answer.get("deduplicated") for answer in answers].count(True)) == (1, 2)


async def test_a_clip_in_fragments_is_edited_and_joined(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        folder = room.service.settings.output_dir
        remuxed(folder / "fragments.mp4", folder / "clip.mp4", movflags="frag_keyframe+empty_moov")
        joined = await room.edited(inputs=["fragments.mp4", room.clip], action="join")
        trimmed = await room.edited(inputs=["fragments.mp4"], action="trim", start=1)
        error = await room.refused("edit_video", inputs=["fragments.mp4"], action="trim", start=3)
    assert (joined["duration_s"], trimmed["duration_s"], error["fixes"]) == (
        pytest.approx(4.0, abs=0.1),
        pytest.approx(1.0, abs=0.1),
        [{"argument": "start", "value": 0}],
    )


@each("text", ["\u200b\u200b", "\u200d", " \u200c \n", "\u2066\u2069"])
async def test_a_caption_that_nobody_could_see_is_refused(tmp_path: Path, text: str) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("edit_video", inputs=[room.clip], action="caption", text=text)
    assert [(rule["argument"], rule["allowed"]) for rule in error["broken"]] == [("text", "given: at most 300 characters to show")]


@each("name", ["/etc/passwd", "../prices.toml", "missing.mp4"])
async def test_no_other_file_can_be_edited(tmp_path: Path, name: str) -> None:
    async with a_room(tmp_path) as room:
        error = await room.refused("edit_video", inputs=[name], action="gif")
    assert (error["code"], error["charged"]) == ("invalid_argument", "no")


async def test_a_text_with_the_name_of_a_film_is_refused_for_what_it_is(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        (room.service.settings.output_dir / "film.mp4").write_text("no film\n" * 100)
        error = await room.refused("edit_video", inputs=["film.mp4"], action="gif")
    assert (error["code"], error["charged"], error["message"]) == ("result_invalid", "no", "film.mp4: It is text, no MP4.")

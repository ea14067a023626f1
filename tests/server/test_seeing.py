"""Looking at finished clips, going on from their frames, and editing them: through a client, over a real service."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import BlobResourceContents, ImageContent, TextContent
from PIL import Image

from sora_mcp.domain.errors import MissingMediaExtra, NotFound
from sora_mcp.media import optional
from sora_mcp.server.tools.view_video import find_joins
from tests.each import each
from tests.media.clips import a_clip, a_sound, colour_of, remuxed
from tests.played.rig import picture

from .conftest import Era
from .room import CLIP, Room, a_room

HEIC = Path(__file__).parents[1] / "media" / "red.heic"


@pytest.fixture
async def own_room(tmp_path: Path) -> AsyncGenerator[Room]:
    """A room in which nobody else edits."""
    async with a_room(tmp_path) as opened:
        yield opened


async def test_a_clip_is_shown_as_text_and_one_picture(era: Era, room: Room) -> None:
    async with Client(room.server, mode=era) as client:
        answer = await client.call_tool("view_video", {"job_id": CLIP})
    text, sheet = answer.content
    assert isinstance(text, TextContent) and isinstance(sheet, ImageContent)
    code = text.text.partition("check code ")[2][:3]
    assert text.text == (
        f"v_0123456789: 6 frames of 2 s in one picture. Say only what you see; "
        f"if no picture with check code {code} came, say so. "
        "Measured: 320x180, 1 cut (at 1.0 s), almost no movement, rather dark, sound at a normal level. "
        'Asked for: "A paper boat drifts down a rainy street".'
    )
    assert len(text.text.encode()) <= 90 * 3.6
    raw = base64.b64decode(sheet.data)
    assert (answer.structured_content, sheet.mime_type, len(raw) <= 90_000) == (None, "image/jpeg", True)
    assert Image.open(io.BytesIO(raw)).format == "JPEG"


async def test_the_sheet_is_a_resource_too(room: Room) -> None:
    content = (await room.client.read_resource(f"sora://videos/{CLIP}/sheet.jpg")).contents[0]
    assert isinstance(content, BlobResourceContents)
    assert (content.mime_type, base64.b64decode(content.blob)[:3]) == ("image/jpeg", b"\xff\xd8\xff")


async def test_what_is_not_there_cannot_be_seen(room: Room) -> None:
    unknown = await room.refused("view_video", job_id="v_1111111111")
    slow = ((await room.call("create_video", prompt="slow:30", model="sample:sample")).structured_content or {})["job_id"]
    unfinished = [
        await room.refused("view_video", job_id=slow),
        await room.refused("edit_video", inputs=[slow], action="gif"),
        await room.refused("create_video", image=f"{slow}#last"),
    ]
    with pytest.raises(MCPError):
        await room.client.read_resource("sora://videos/v_1111111111/sheet.jpg")
    await room.call("cancel_video", job_id=slow)
    assert (unknown["code"], [error["code"] for error in unfinished]) == ("not_found", ["not_finished"] * 3)


async def test_without_the_media_extra_each_says_what_brings_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    assert (await room.read_job(CLIP))["message"].endswith("Next: tell the user this path.")
    errors = [
        await room.refused("view_video", job_id=CLIP),
        await room.refused("edit_video", action="gif"),
        await room.refused("create_video", image=f"{CLIP}#last"),
    ]
    assert {error["code"] for error in errors} == {MissingMediaExtra.code}
    assert all("pip install 'sora-mcp[media]'" in error["message"] for error in errors)


@each(("moment", "colour"), [("first", "red"), ("last", "blue"), ("1.5s", "blue")])
async def test_a_frame_of_a_job_becomes_the_first_frame_of_the_next(room: Room, moment: str, colour: str) -> None:
    image = await room.service.frames.read(f"{CLIP}#{moment}", principal="local")
    made = await room.bought(image=f"{CLIP}#{moment}", size="1280x720")
    assert (image.media_type, image.width, image.height, image.job_id) == ("image/png", 320, 180, CLIP)
    assert (colour_at(image.uri), (await room.read_job(made["job_id"]))["parents"]) == (colour, [CLIP])


def colour_at(uri: str) -> str:
    return colour_of(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


async def test_a_clip_itself_is_no_first_frame_and_its_last_frame_is_offered(room: Room) -> None:
    error = await room.refused("create_video", image=f" {CLIP.upper()}")
    misnamed = await room.refused("create_video", image_url=CLIP, duration=5)
    await room.bought(image=error["fixes"][0]["value"])
    last = {"argument": "image", "value": f"{CLIP}#last", "usd": 0}
    allowed = f"a frame of this video: {CLIP}#first, {CLIP}#last or a second such as {CLIP}#2.5s"
    assert error["broken"] == [{"argument": "image", "got": CLIP, "allowed": allowed}]
    assert error["fixes"] == [last]
    assert [fix["value"] for fix in misnamed["fixes"]] == [last["value"], 5, None, None]


async def test_a_last_frame_that_the_model_does_not_take_is_not_offered(room: Room) -> None:
    error = await room.refused("create_video", image=CLIP, seconds=60)
    assert {rule["argument"] for rule in error["broken"]} == {"image", "seconds"}
    assert "fixes" not in error  # without the picture it would be another video


@each("moment", ["", "#first", "#last", "#0.5s"])
async def test_a_picture_that_was_cut_out_of_a_clip_is_a_first_frame(room: Room, moment: str) -> None:
    cut = await room.edited(action="frame", start=1.5)
    image = await room.service.frames.read(f"{cut['job_id']}{moment}", principal="local")
    await room.bought(image=f"{cut['job_id']}{moment}", size="1280x720")
    assert (image.media_type, image.job_id, colour_at(image.uri)) == ("image/png", cut["job_id"], "blue")


async def test_a_moving_picture_of_a_job_is_no_first_frame(room: Room) -> None:
    moving = await room.edited(action="gif")
    error = await room.refused("create_video", image=moving["job_id"])
    assert error["broken"] == [{"argument": "image", "got": "a GIF", "allowed": "a PNG, JPEG, WebP, HEIC or AVIF picture"}]


@each("image", ["v_0000000000", CLIP, f"{CLIP}#last"])
async def test_a_job_of_nobody_or_of_somebody_else_is_not_there(room: Room, image: str) -> None:
    with pytest.raises(NotFound, match=f"There is no job '{image[:12]}'"):
        await room.service.frames.read(image, principal="somebody else")


async def test_a_picture_of_a_job_that_turned_into_a_link_is_not_followed(room: Room, tmp_path: Path) -> None:
    cut = await room.edited(action="frame", start=1.25)
    path = Path(cut["path"])
    path.rename(tmp_path / "elsewhere.png")
    path.symlink_to(tmp_path / "elsewhere.png")
    assert (await room.refused("create_video", image=cut["job_id"]))["code"] == "not_finished"


async def test_a_moment_behind_the_end_is_refused(room: Room) -> None:
    error = await room.refused("create_video", image=f"{CLIP}#2s")
    allowed = "a second before the clip's end at 2 s, or v_0123456789#last"
    assert error["broken"] == [{"argument": "image", "got": "2 s", "allowed": allowed}]


async def test_a_first_frame_is_made_to_fit_and_the_result_says_so(room: Room) -> None:
    made = await room.bought(image=f"{CLIP}#last", size="720x1280", options={"fit": "crop"})
    plain = await room.bought(image=f"{CLIP}#last", size="720x1280", options={"fit": "none"})
    said = (
        "The first frame was cropped from 320x180 to 720x1280. "
        "It is less than half of that: the video will look soft, and a larger picture is better."
    )
    small = "The first frame is 320x180, less than half of 720x1280: the video will look soft, and a larger picture is better."
    assert [(said in str(one), small in str(one)) for one in (made, plain)] == [(True, False), (False, True)]
    large = await room.bought(image=picture(720, 1280), size="720x1280")
    assert "soft" not in str(large)


@each(
    ("arguments", "allowed"),
    [
        ({"options": {"fit": "stretch"}, "image": picture(8, 8)}, "crop, pad or none"),
        ({"options": {"fit": "crop"}}, "left out: there is no first frame to fit"),
        ({"options": {"fit": "pad"}, "image": "https://example.com/a.png"}, "left out: the picture at a URL stays as it is"),
    ],
)
async def test_a_fit_that_cannot_be_is_refused(room: Room, arguments: dict[str, Any], allowed: str) -> None:
    error = await room.refused("create_video", **arguments)
    assert [(rule["argument"], rule["allowed"]) for rule in error["broken"]] == [("options.fit", allowed)]


@each(
    ("arguments", "size", "seconds"),
    [
        ({"action": "trim", "start": 0.5, "end": 1.5}, "320x180", 1),
        ({"action": "frame", "start": 1}, "320x180", 0),
        ({"action": "reframe", "ratio": "1:1"}, "180x180", 2),
        ({"action": "caption", "text": "Regen"}, "320x180", 2),
        ({"action": "gif"}, "320x180", 2),
        ({"action": "title", "text": "Regen", "end": 1}, "320x180", 2),
    ],
)
async def test_an_edit_is_a_job_like_any_other(own_room: Room, arguments: dict[str, Any], size: str, seconds: int) -> None:
    made, again = await own_room.edited(**arguments), await own_room.edited(**arguments)
    listed = (await own_room.call("list_videos", query=arguments["action"])).structured_content or {}
    path = Path(made["path"])
    uri = made.get("uri", f"sora://videos/{made['job_id']}{path.suffix}")  # beside a long path there may be no room for it
    held = (await own_room.client.read_resource(uri)).contents[0]
    note = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert (made["state"], made["model"], made["size"], made["seconds"]) == ("completed", "local:edit", size, seconds)
    assert (made["usd"], made["usd_is"], made["charged"]) == (0, "free", "no")
    assert (await own_room.read_job(made["job_id"]))["parents"] == [CLIP]
    assert (again["job_id"], again["deduplicated"]) == (made["job_id"], True)
    assert [video["job_id"] for video in listed["videos"]] == [made["job_id"]]
    assert isinstance(held, BlobResourceContents) and base64.b64decode(held.blob) == path.read_bytes()
    assert (note["parents"], note["usd"], note["file"]) == ([CLIP], 0, path.name)
    assert len(json.dumps(made, separators=(",", ":")).encode()) <= 720


async def test_music_may_be_named_as_an_argument_or_as_the_second_input(room: Room) -> None:
    a_sound(room.file.with_name("music.mp3"))
    made = await room.edited(action="sound", sound="music.mp3")
    again = await room.edited(inputs=[CLIP, "music.mp3"], action="sound")
    error = await room.refused("edit_video", action="sound", sound="/etc/passwd")
    assert (again["job_id"], again["deduplicated"], error["broken"][0]["argument"]) == (made["job_id"], True, "sound")


async def test_the_moments_of_a_join_are_known_from_its_parts(room: Room) -> None:
    part = (await room.edited(action="trim", end=1))["job_id"]
    joined = (await room.edited(inputs=[CLIP, part], action="join"))["job_id"]
    told = (await room.call("view_video", job_id=joined)).content[0]
    assert isinstance(told, TextContent) and " Joined at 2.0 s." in told.text


@each(
    ("lengths", "total", "joins"),
    [
        ([5.0, 5.0], 9.96, [5.0]),
        ([5.0, 5.0, 2.0], 12.0, [5.0, 10.0]),
        ([5.0, 5.0], 9.5, []),
        ([5.0], 10.0, []),
        ([5.0, None], 5.0, []),
    ],
    ids=["repeated frame", "three", "fades", "a file besides", "unknown"],
)
def test_joins_are_told_only_where_the_parts_add_up(lengths: list[float | None], total: float, joins: list[float]) -> None:
    assert find_joins(lengths, total) == joins


async def test_clips_are_joined_by_job_and_by_path(room: Room) -> None:
    made = await room.edited(inputs=[CLIP, "clip.mp4"], action="join")
    assert (made["seconds"], made["size"], made["message"].split(". ")[0]) == (4, "320x180", "join of v_0123456789, then clip.mp4")


async def test_a_join_with_a_title_says_how_long_it_is_shown(room: Room) -> None:
    made = await room.edited(inputs=[CLIP, "clip.mp4"], action="join", text="Summer")
    assert 'title "Summer" for the first 3 s' in made["message"]


async def test_a_clip_may_be_named_as_its_result_names_it(room: Room) -> None:
    made = await room.edited(action="trim", start=0, end=1)
    names = [made["job_id"], made["path"], made["uri"], f"file://{made['path']}", [made["path"]], f'["{made["job_id"]}"]']
    again = [await room.edited(inputs=name, action="frame", start="0") for name in names]
    copy = room.file.with_name(f"other_{made['job_id']}.mp4")
    copy.write_bytes(Path(made["path"]).read_bytes() + b"\0\0\0\x08free")
    other = await room.edited(inputs=str(copy), action="frame")
    seen = await room.call("view_video", job_id=made["path"])
    parents = (await room.read_job(again[1]["job_id"]))["parents"]
    assert {edit["job_id"] for edit in again} == {again[0]["job_id"]}
    assert (parents, seen.is_error) == ([made["job_id"]], False)
    assert other["message"].startswith(f"frame of {copy.name}: at 0 s (start=… is when). ")


async def test_a_file_that_was_deleted_is_made_again(room: Room) -> None:
    first = await room.edited(action="frame")
    Path(first["path"]).unlink()
    second = await room.edited(action="frame")
    assert (second["job_id"] != first["job_id"], "deduplicated" in second) == (True, False)


@each(
    ("arguments", "argument", "fix"),
    [
        ({"action": "reframe", "ratio": "4:5"}, "ratio", "1:1"),
        ({"action": "reframe"}, "ratio", "9:16"),
        ({"action": "reframe", "ratio": "1:1", "fill": "stretch"}, "fill", "crop"),
        ({"action": "reframe", "ratio": "1:1", "fill": "blurred"}, "fill", "blur"),
        ({"action": "reframe", "ratio": "square"}, "ratio", "1:1"),
        ({"action": "reframe", "ratio": "landscape"}, "ratio", "16:9"),
        ({"action": "frame", "start": 2}, "start", 1.95),
        ({"action": "trim", "start": 1, "end": 9}, "end", 2.0),
        ({"action": "trim", "start": 5}, "start", 0),
        ({"action": "trim", "start": 1.99}, "start", 1.958),
        ({"action": "speed", "speed": 9}, "speed", 4),
        ({"action": "speed", "speed": 0.1}, "speed", 0.25),
        ({"action": "speed", "speed": 1}, "speed", 0.5),
    ],
)
async def test_a_wrong_edit_is_refused_with_a_value_that_works(room: Room, arguments: dict[str, Any], argument: str, fix: Any) -> None:
    error = await room.refused("edit_video", **arguments)
    first = error["fixes"][0]
    await room.edited(**{name: value for name, value in {**arguments, first["argument"]: first["value"]}.items() if value is not None})
    assert (error["code"], first) == ("invalid_argument", {"argument": argument, "value": fix})


async def test_three_who_ask_for_the_same_edit_at_once_get_the_same(room: Room) -> None:
    answers: list[dict[str, Any]] = []

    async def ask() -> None:
        answers.append(await room.edited(action="trim", end=1.25))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(ask)
    assert (len({answer["job_id"] for answer in answers}), [answer.get("deduplicated") for answer in answers].count(True)) == (1, 2)


async def test_a_clip_in_fragments_is_edited_and_joined(room: Room) -> None:
    remuxed(room.file.with_name("fragments.mp4"), room.file, movflags="frag_keyframe+empty_moov")
    joined = await room.edited(inputs=["fragments.mp4", CLIP], action="join")
    trimmed = await room.edited(inputs=["fragments.mp4"], action="trim", start=1)
    error = await room.refused("edit_video", inputs=["fragments.mp4"], action="trim", start=3)
    lengths = pytest.approx(4.0, abs=0.1), pytest.approx(1.0, abs=0.1)
    assert (joined["duration_s"], trimmed["duration_s"], error["fixes"]) == (*lengths, [{"argument": "start", "value": 0}])


@each("text", ["\u200b\u200b", "\u200d", " \u200c \n", "\u2066\u2069"])
async def test_a_caption_that_nobody_could_see_is_refused(room: Room, text: str) -> None:
    error = await room.refused("edit_video", action="caption", text=text)
    assert [(rule["argument"], rule["allowed"]) for rule in error["broken"]] == [("text", "given: at most 300 characters to show")]


@each("name", ["/etc/passwd", "../prices.toml", "missing.mp4"])
async def test_no_other_file_can_be_edited(room: Room, name: str) -> None:
    error = await room.refused("edit_video", inputs=[name], action="gif")
    assert (error["code"], error["charged"]) == ("invalid_argument", "no")


async def test_a_text_with_the_name_of_a_film_is_refused_for_what_it_is(room: Room) -> None:
    room.file.with_name("film.mp4").write_text("no film\n" * 100)
    error = await room.refused("edit_video", inputs=["film.mp4"], action="gif")
    assert (error["code"], error["charged"], error["message"]) == ("result_invalid", "no", "film.mp4: It is text, no MP4.")


@each(
    ("name", "words"),
    [
        ("photo.jpg", 'It is a JPEG image (60x40, 3:2), no clip. create_video(image="photo.jpg") begins a clip with it.'),
        ("photo.heic", 'It is a HEIC photo (64x64, 1:1), no clip. create_video(image="photo.heic") begins a clip with it.'),
    ],
)
async def test_a_picture_is_no_clip_and_says_where_it_is_taken(room: Room, name: str, words: str) -> None:
    path = room.file.with_name(name)
    if path.suffix == ".jpg":
        Image.new("RGB", (60, 40), "red").save(path)
    else:
        path.write_bytes(HEIC.read_bytes())
    viewed = await room.refused("view_video", job_id=name)
    edited = await room.refused("edit_video", inputs=[name, CLIP], action="join")
    assert viewed["message"] == edited["message"] == f"{name}: {words}"


async def test_a_sound_file_between_clips_says_where_it_is_taken(room: Room) -> None:
    a_sound(room.file.with_name("song.wav"))
    error = await room.refused("edit_video", inputs=["song.wav", CLIP], action="join")
    assert error["message"] == 'song.wav: It is a WAV sound file, no clip. Pass it as sound="song.wav".'


FEWEST = 40
"""Pings that are answered meanwhile, counted so that a slow machine changes nothing. From a busy loop came a dozen, before and after."""
WORK: dict[str, dict[str, Any]] = {
    "view_video": {"job_id": CLIP, "frames": 16},
    "edit_video": {"inputs": ["long.mp4", CLIP], "action": "join"},
}


@pytest.fixture
async def long_room(tmp_path: Path) -> AsyncGenerator[Room]:
    async with a_room(tmp_path, "legacy") as opened:
        a_clip(opened.file, colours=("red", "blue") * 4, size=(640, 360))
        a_clip(opened.file.with_name("long.mp4"), colours=("red", "blue") * 3, size=(480, 270))
        yield opened


@pytest.mark.slow
@each("tool", WORK)
async def test_pings_are_answered_while_media_work_runs(tool: str, long_room: Room) -> None:
    answered = 0

    async def ping() -> None:
        nonlocal answered
        while True:
            await long_room.client.session.send_ping()
            answered += 1
            await anyio.sleep(0.001)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ping)
        answer = await long_room.call(tool, **WORK[tool])
        tasks.cancel_scope.cancel()
    assert (answer.is_error, answered >= FEWEST) == (False, True), answer.content

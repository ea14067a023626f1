"""Sample clips by each of the three renderers, looked at with an independent eye: decoded again."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from sora_mcp.domain.errors import MissingMediaExtra
from sora_mcp.media.api import make_poster
from sora_mcp.media.images.encode import encode_preview
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import VideoInfo, probe_mp4
from sora_mcp.media.optional import has_media_extra
from sora_mcp.media.sample import render_ffmpeg
from sora_mcp.media.sample.prompt_words import SCENES
from sora_mcp.media.sample.render import Renderer, choose_renderer, render
from sora_mcp.media.sample.render_ffmpeg import Ffmpeg
from sora_mcp.media.sample.scene import COMMENT, Clip
from tests.each import each

from .clips import encode_pictures

pytestmark = pytest.mark.slow

CLIPS = Path(render_ffmpeg.__file__).parent / "clips"
MAKING: list[Renderer] = ["pyav", *(["ffmpeg"] if render_ffmpeg.find_ffmpeg() else [])]
each_means = pytest.mark.parametrize("renderer", MAKING)


@dataclass(frozen=True)
class Seen:
    """What a decoder finds."""

    codecs: tuple[str, ...]
    frames: int
    sound_s: float
    title: str
    comment: str


def seen(path: Path) -> Seen:
    with av.open(str(path)) as video:
        codecs = tuple(stream.codec_context.name for stream in video.streams)
        found = dict(video.metadata)
        frames = sum(1 for _ in video.decode(video=0))
    samples = 0
    if len(codecs) > 1:
        with av.open(str(path)) as video:
            samples = sum(frame.samples for frame in video.decode(audio=0))
    return Seen(codecs, frames, round(samples / 48_000, 1), found["title"], found["comment"])


PROMPT = "Ένα καραβάκι, 50% 'déjà vu': [x]\\ ; 船"


@dataclass(frozen=True)
class Rendered:
    path: Path
    progress: list[float]


@pytest.fixture(scope="module", params=MAKING)
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Four seconds with words and sound."""
    clip = Rendered(tmp_path_factory.mktemp("rendered") / "any name", [])
    render(Clip(PROMPT, 360, 640, 4), clip.path, renderer=request.param, on_progress=clip.progress.append)
    return clip


def test_a_clip_has_the_asked_size_length_picture_and_sound(rendered: Rendered) -> None:
    assert probe_mp4(rendered.path) == VideoInfo(4.0, 360, 640, has_sound=True)
    assert seen(rendered.path) == Seen(("h264", "aac"), 96, 4.0, PROMPT, COMMENT)
    assert rendered.path.read_bytes().index(b"moov") < rendered.path.read_bytes().index(b"mdat")


def test_progress_goes_up_to_the_end(rendered: Rendered) -> None:
    assert rendered.progress == sorted(rendered.progress)
    assert 0.9 < rendered.progress[-1] <= 1.0


def test_the_picture_moves_and_is_not_black(rendered: Rendered) -> None:
    with av.open(str(rendered.path)) as video:
        pictures = [frame.to_image().resize((8, 8)).tobytes() for frame in video.decode(video=0)]
    assert len({*pictures[::24]}) == 4
    assert max(pictures[0]) > 60


@each_means
def test_a_clip_may_be_silent(renderer: Renderer, tmp_path: Path) -> None:
    render(Clip("hush", 128, 128, 5, audio=False), tmp_path / "clip.mp4", renderer=renderer)
    assert seen(tmp_path / "clip.mp4") == Seen(("h264",), 120, 0.0, "hush", COMMENT)


@each_means
@each("prompt", ["", "x" * 4000, "船" * 4000, "قارب ورقي 船 🚢", "नमस्ते", "\u202e\x00\n", "🚢‍🌧️"])
def test_any_prompt_can_be_drawn(renderer: Renderer, prompt: str, tmp_path: Path) -> None:
    render(Clip(prompt, 128, 128, 1), tmp_path / "clip.mp4", renderer=renderer)
    assert probe_mp4(tmp_path / "clip.mp4") == VideoInfo(1.0, 128, 128, has_sound=True)


def look(clip: Clip, path: Path, at: float = 0.5) -> Image.Image:
    """Return one frame of the clip, rendered with PyAV."""
    render(clip, path / "look.mp4", renderer="pyav")
    with av.open(str(path / "look.mp4")) as video:
        frames = list(video.decode(video=0))
    return frames[round(at * (len(frames) - 1))].to_image()


def count_bright(picture: Image.Image) -> int:
    return sum(picture.convert("L").histogram()[205:])


def differ(one: Image.Image, other: Image.Image) -> float:
    """Return by how much two pictures differ, from 0 to 255, after small things are blurred away."""
    small = [picture.resize((16, 16), Image.Resampling.BOX) for picture in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*small)).mean) / 3


def test_the_prompt_is_a_caption_below_and_the_badge_stands_above(tmp_path: Path) -> None:
    with_words, without = (look(Clip(prompt, 640, 360, 1, seed=2), tmp_path) for prompt in ("forest night HHHHHHHHHH", "forest night"))
    below, badge = (0, 320, 400, 360), (10, 10, 80, 40)
    assert count_bright(with_words.crop(below)) > count_bright(without.crop(below)) + 50
    assert count_bright(without.crop(badge)) > 30
    middle = (0, 60, 640, 300)
    assert differ(with_words.crop(middle), without.crop(middle)) < 2


@each("kind", sorted(SCENES))
def test_every_scene_has_depth_in_every_light_and_shape(kind: str, tmp_path: Path) -> None:
    seen = {}
    for light in ("day", "sunset", "night"):
        for width, height in ((320, 180), (180, 320), (192, 192)):
            picture = look(Clip(f"{kind} {light}", width, height, 1, audio=False, seed=3), tmp_path)
            colours = picture.resize((24, 24), Image.Resampling.BOX).quantize(32).getcolors() or []
            assert len(colours) > 12, (light, width, "hardly more than one colour")
            seen[light, width] = picture
    assert differ(seen["day", 320], seen["day", 180].resize((320, 180))) > 2, "a portrait is composed anew"
    assert kind == "space" or differ(seen["day", 320], seen["night", 320]) > 20


@each("move", ["pan left", "pan right", "zoom in", "zoom out", "orbit", "tilt up"])
def test_the_camera_moves_as_the_prompt_says(move: str, tmp_path: Path) -> None:
    clip = Clip(f"{move} over a forest by day", 320, 180, 1, audio=False, seed=3)
    render(clip, tmp_path / "clip.mp4", renderer="pyav")
    with av.open(str(tmp_path / "clip.mp4")) as video:
        pictures = [frame.to_image() for frame in video.decode(video=0)]
    assert differ(pictures[0], pictures[-1]) > 1
    assert max(differ(one, other) for one, other in pairwise(pictures)) < 12, "no frame jumps"


def test_the_same_parameters_give_the_same_clip_and_another_seed_another_one(tmp_path: Path) -> None:
    clip = Clip("a snowy mountain at night, zoom in", 320, 180, 1, seed=4)
    files = []
    for at, made in enumerate((clip, clip, replace(clip, seed=5))):
        render(made, tmp_path / f"{at}.mp4", renderer="pyav")
        files.append((tmp_path / f"{at}.mp4").read_bytes())
    assert files[0] == files[1] != files[2]


@each("weather", ["rain", "snow", "fog"])
def test_the_weather_is_seen(weather: str, tmp_path: Path) -> None:
    wet, dry = (look(Clip(f"sea by day{more}", 320, 180, 1, audio=False, seed=6), tmp_path) for more in (f", {weather}", ""))
    assert ImageStat.Stat(ImageChops.difference(wet, dry).convert("L").crop((0, 30, 320, 140))).mean[0] > 1


@each(("width", "height"), [(16, 16), (96, 16), (16, 96)])
def test_the_smallest_clips_are_drawn_too(width: int, height: int, tmp_path: Path) -> None:
    assert look(Clip("a room", width, height, 1, audio=False), tmp_path).size == (width, height)


@each(("width", "height", "measured"), [(1920, 1080, (640, 360)), (720, 1280, (360, 640)), (1024, 1024, (480, 480))])
def test_without_any_means_a_ready_clip_of_the_nearest_shape_comes(
    width: int, height: int, measured: tuple[int, int], tmp_path: Path
) -> None:
    render(Clip("a cat", width, height, 12), tmp_path / "clip.mp4", renderer="bundled")
    assert probe_mp4(tmp_path / "clip.mp4") == VideoInfo(4.0, *measured, has_sound=True)
    assert seen(tmp_path / "clip.mp4").codecs == ("h264", "aac")


def test_the_ready_clips_and_pictures_are_small() -> None:
    clips = list(CLIPS.glob("*.mp4"))
    assert len(clips) == 3
    assert sum(clip.stat().st_size for clip in clips) < 900_000
    stills = {still.stem: still.stat().st_size for still in (CLIPS.parent / "stills").iterdir()}
    assert stills.keys() == {*SCENES, "badge"}
    assert sum(stills.values()) < 600_000


def test_the_extra_is_preferred() -> None:
    assert has_media_extra()
    assert choose_renderer() == "pyav"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of programs."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def program(folder: Path, script: str) -> Path:
    """Put a program in the place of ffmpeg."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_program_is_asked_what_it_was_built_with(folder: Path) -> None:
    path = program(folder, 'case "$*" in *-encoders) echo " V....D libopenh264 H.264";; *) echo " T.C drawtext V->V";; esac')
    assert render_ffmpeg.find_ffmpeg(str(folder)) == Ffmpeg(str(path), "libopenh264", draws_text=True)


SCRIPTS = (None, b"#!/bin/sh\nexit 1\n", b"#!/bin/sh\necho ' V....D mpeg4 old'\n", b"\x7fELF no program")


@each("script", SCRIPTS)
def test_only_a_program_that_runs_and_has_h264_is_used(script: bytes | None, tmp_path: Path) -> None:
    if script is not None:
        (tmp_path / "ffmpeg").write_bytes(script)
        (tmp_path / "ffmpeg").chmod(0o755)
    assert render_ffmpeg.find_ffmpeg(str(tmp_path)) is None


def test_a_program_that_fails_makes_no_clip(folder: Path) -> None:
    failing = Ffmpeg(str(program(folder, "echo frame=12; exit 1")), "libx264", draws_text=True)
    told: list[float] = []
    assert not render_ffmpeg.render(failing, Clip("a cat", 640, 360, 4), folder / "clip.mp4", told.append)
    assert told == [0.125, 0.125]
    Path(failing.program).write_bytes(b"\x7fELF no program")
    assert not render_ffmpeg.render(failing, Clip("a cat", 640, 360, 4), folder / "clip.mp4", lambda _: None)


def test_a_ready_clip_comes_where_the_program_fails(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    render_ffmpeg.find_ffmpeg.cache_clear()
    render(Clip("a cat", 1280, 720, 8), tmp_path / "clip.mp4", renderer="ffmpeg")
    render_ffmpeg.find_ffmpeg.cache_clear()
    assert probe_mp4(tmp_path / "clip.mp4") == VideoInfo(4.0, 640, 360, has_sound=True)


@pytest.mark.skipif("ffmpeg" not in MAKING, reason="there is no ffmpeg here")
def test_a_program_that_draws_no_text_makes_a_clip_all_the_same(tmp_path: Path) -> None:
    found = render_ffmpeg.find_ffmpeg()
    assert found is not None
    plain = replace(found, draws_text=False)
    for width, height in ((640, 360), (360, 640), (480, 480)):
        assert render_ffmpeg.render(plain, Clip("a cat", width, height, 4), tmp_path / "clip.mp4", lambda _: None)
        assert probe_mp4(tmp_path / "clip.mp4") == VideoInfo(4.0, width, height, has_sound=True), (width, height)


def test_a_poster_of_a_large_clip_is_small(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(encode_pictures([Image.linear_gradient("L").resize((1920, 1080)).convert("RGB")]))
    raw = make_poster(tmp_path / "clip.mp4", Deadline())
    picture = Image.open(io.BytesIO(raw))
    assert (picture.format, picture.size, len(raw) <= 90_000) == ("JPEG", (1280, 720), True)


@each("kind", ["PNG", "GIF"])
def test_a_picture_that_an_edit_made_has_a_poster_too(kind: str, tmp_path: Path) -> None:
    Image.new("RGB", (1500, 900), "red").save(tmp_path / f"frame.{kind.lower()}", kind)
    picture = Image.open(io.BytesIO(make_poster(tmp_path / f"frame.{kind.lower()}", Deadline())))
    assert (picture.format, picture.size) == ("JPEG", (1280, 768))


def test_a_poster_of_noise_is_small_too() -> None:
    noise = Image.effect_noise((1280, 1280), 255)
    assert len(encode_preview(noise, most_bytes=90_000, longest=1280)) <= 90_000
    assert Image.open(io.BytesIO(encode_preview(noise, most_bytes=1, longest=640))).size == (160, 160)


def test_without_the_extra_a_poster_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingMediaExtra) as missing:
        make_poster(Path("clip.mp4"), Deadline())
    assert missing.value.message == "A poster needs the media extra: pip install 'sora-mcp[media]'"
    assert choose_renderer() != "pyav"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_with_few_addresses_a_ready_clip_comes_and_says_why() -> None:
    program = "from sora_mcp.media.sample.render import choose_renderer, explain_bundled; print(choose_renderer(), explain_bundled())"
    command = ["sh", "-c", 'ulimit -v 262144 && exec "$@"', "sh", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("bundled ") and done.stdout.endswith("needs 400 MB of addresses (`ulimit -v`).\n")


def test_the_program_sees_no_key(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUVI_API_KEY", "secret")
    seen = tmp_path / "seen"
    path = program(folder, f'env >> "{seen}"; echo " V....D libx264 H.264"')
    found = render_ffmpeg.find_ffmpeg(str(folder))
    assert found == Ffmpeg(str(path), "libx264", draws_text=False)
    assert render_ffmpeg.render(found, Clip("a cat", 640, 360, 4), folder / "clip.mp4", lambda _: None)
    assert "PATH=" in seen.read_text()
    assert "secret" not in seen.read_text()


def test_windows_takes_no_program_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, tools = tmp_path / "project", tmp_path / "tools"
    for place in (project, tools):
        place.mkdir()
        (place / "ffmpeg.exe").write_bytes(b"MZ")
    monkeypatch.chdir(project)
    places = os.pathsep.join((".", "", str(project), str(tools)))
    assert render_ffmpeg.find_on_windows(places) == str(tools / "ffmpeg.exe")
    assert render_ffmpeg.find_on_windows(str(project)) is None

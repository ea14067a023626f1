"""What a camera writes besides plain pixels: colour tags, HDR, mirrored frames, damaged packets, sound without a decoder."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from scripts.tone_tables import TABLE_SIDE, make_tone_table
from sora_mcp.domain.errors import BadMedia
from sora_mcp.media import api
from sora_mcp.media.colours import HDR_NOTE, HLG, PQ, TONE_TABLES, show_in_sdr
from sora_mcp.media.edit.edits import Edit, EditResult
from sora_mcp.media.edit.transcode import LOST_SOUND
from sora_mcp.media.limits import Deadline
from sora_mcp.media.orientation import TURNS
from tests.each import each

from .clips import FPS, a_clip, a_turned_clip, colour_of

SIZE = (64, 48)
FIELDS = {"red": (0.25, 0.25), "blue": (0.75, 0.25), "lime": (0.25, 0.75), "white": (0.75, 0.75)}


def edited(tmp_path: Path, action: Any, *paths: Path, **more: Any) -> tuple[Path, EditResult]:
    target = tmp_path / "edited.part"
    return target, api.edit_clip(Edit(action, paths, **more), target, Deadline())


def a_tagged_clip(path: Path, tags: tuple[int, int, int, int], *, fmt: str = "yuv420p", luma: int = 100) -> Path:
    """Half a second of one grey; the tags are range, matrix, primaries and transfer."""
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx265" if fmt.endswith("10le") else "libx264", rate=FPS, options={"crf": "10", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *SIZE, fmt
        context = video.codec_context
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = tags
        wide, middle = (2, 512) if fmt.endswith("10le") else (1, 128)
        for at in range(FPS // 2):
            frame = VideoFrame(*SIZE, fmt)
            for plane, value in zip(frame.planes, (luma, middle, middle), strict=True):
                plane.update(value.to_bytes(wide, "little") * (plane.buffer_size // wide))
            frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc = tags
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


def tags_of(path: Path) -> tuple[int, int, int, int]:
    with av.open(str(path)) as clip:
        context = clip.streams.video[0].codec_context
        return context.color_range, context.colorspace, context.color_primaries, context.color_trc


def luma_of(path: Path) -> int:
    with av.open(str(path)) as clip:
        return bytes(next(clip.decode(video=0)).planes[0])[SIZE[0] // 2]


def grey_of(picture: bytes) -> int:
    with Image.open(io.BytesIO(picture)) as opened:
        return opened.convert("RGB").getpixel((SIZE[0] // 2, SIZE[1] // 2))[1]


EDITS: dict[str, dict[str, Any]] = {"trim": {"end": 0.3}, "reframe": {"ratio": "1:1"}, "caption": {"text": "a"}}


TAGS = {"HD": (1, 1, 1, 1), "PAL": (1, 5, 5, 6), "NTSC": (1, 6, 6, 6), "full range": (2, 1, 1, 1), "untagged": (0, 2, 2, 2)}


@each("tags", TAGS.values(), ids=TAGS)
def test_an_edit_keeps_the_colour_tags_of_its_source(tags: tuple[int, int, int, int], tmp_path: Path) -> None:
    source = a_tagged_clip(tmp_path / "source.mp4", tags)
    for action, more in EDITS.items():
        target, result = edited(tmp_path, action, source, **more)
        assert (tags_of(target), luma_of(target), result.note) == (tags, pytest.approx(luma_of(source), abs=2), ""), action


def test_joined_clips_have_the_colours_of_the_first_one(tmp_path: Path) -> None:
    full = a_tagged_clip(tmp_path / "full.mp4", (2, 1, 1, 1))
    limited = a_tagged_clip(tmp_path / "limited.mp4", (1, 1, 1, 1), luma=round(16 + 100 * 219 / 255))
    target, _ = edited(tmp_path, "join", limited, full)
    assert tags_of(target) == (1, 1, 1, 1)
    with av.open(str(target)) as clip:
        lumas = [bytes(frame.planes[0])[SIZE[0] // 2] for frame in clip.decode(video=0)]
    assert len(lumas) == FPS
    assert max(lumas) - min(lumas) <= 3


# Grey of 100 and of 203 cd/m2, the light of white paper, in PQ; and 75 % in HLG, which is the same white.
HDR_GREYS = [(PQ, round(64 + 876 * 0.508), 182), (PQ, round(64 + 876 * 0.581), 226), (HLG, round(64 + 876 * 0.75), 226)]


@each(("transfer", "luma", "shown"), HDR_GREYS)
def test_hdr_becomes_what_an_ordinary_screen_shows(transfer: int, luma: int, shown: int, tmp_path: Path) -> None:
    source = a_tagged_clip(tmp_path / "hdr.mp4", (1, 9, 9, transfer), fmt="yuv420p10le", luma=luma)
    assert grey_of(api.extract_frame(source, 0.1, Deadline())) == pytest.approx(shown, abs=4)
    assert grey_of(api.make_poster(source, Deadline())) == pytest.approx(shown, abs=5)
    target, result = edited(tmp_path, "trim", source, end=0.3)
    assert tags_of(target) == (1, 1, 1, 1)
    assert luma_of(target) == pytest.approx(16 + shown * 219 / 255, abs=4)
    assert result.note == HDR_NOTE
    gif, made = edited(tmp_path, "gif", source)
    with Image.open(gif) as opened:
        assert opened.convert("RGB").getpixel((5, 5))[1] == pytest.approx(shown, abs=6)
    assert made.note == HDR_NOTE
    view = api.view_clip(source, 3, Deadline())
    assert "HDR shown in the colours of ordinary screens" in view.words
    assert f", {'bright' if shown / 255 < 0.8 else 'very bright'}, " in view.words


def test_the_tone_table_keeps_order_and_grey() -> None:
    for path in TONE_TABLES.values():
        rows = [tuple(map(float, row.split())) for row in path.read_text("ascii").splitlines()[1:]]
        assert len(rows) == TABLE_SIDE**3
        greys = [rows[at * (1 + TABLE_SIDE + TABLE_SIDE**2)] for at in range(TABLE_SIDE)]
        assert [grey[1] for grey in greys] == sorted(grey[1] for grey in greys)
        assert greys[0] == (0, 0, 0)
        assert all(max(grey) - min(grey) < 0.003 for grey in greys), greys


def test_the_tone_tables_are_those_of_the_formulas() -> None:
    for transfer, path in TONE_TABLES.items():
        assert path.read_text("ascii") == make_tone_table(transfer), "run: python -m scripts.tone_tables"


# Luma and colour differences of 10 bit, and the place of the channel that is brightest: red, green, blue.
HDR_COLOURS = [((500, 400, 700), 0), ((500, 400, 400), 1), ((400, 700, 450), 2)]


@each(("codes", "brightest"), HDR_COLOURS)
def test_a_colour_of_hdr_keeps_its_hue(codes: tuple[int, int, int], brightest: int) -> None:
    for transfer in (PQ, HLG):
        frame = VideoFrame(*SIZE, "yuv420p10le")
        for plane, value in zip(frame.planes, codes, strict=True):
            plane.update(value.to_bytes(2, "little") * (plane.buffer_size // 2))
        frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc = 1, 9, 9, transfer
        shown = show_in_sdr(frame).to_image().convert("RGB").getpixel((9, 9))
        assert sorted(range(3), key=lambda at: shown[at])[-1] == brightest, shown
        assert max(shown) - min(shown) > 40, shown


@pytest.mark.slow
@each("signs", TURNS)
def test_each_way_to_lay_a_picture_is_shown_as_players_show_it(signs: tuple[int, int, int, int], tmp_path: Path) -> None:
    a, b, c, d = signs
    clip = a_turned_clip(tmp_path / "clip.mp4", signs)

    def where(x: float, y: float) -> tuple[float, float]:
        x, y = x - 0.5, y - 0.5
        return a * x + c * y + 0.5, b * x + d * y + 0.5

    target, _ = edited(tmp_path, "trim", clip, end=0.25)
    for raw in (api.extract_frame(clip, 0.1, Deadline()), api.extract_frame(target, 0.1, Deadline())):
        with Image.open(io.BytesIO(raw)) as picture:
            assert picture.size == ((90, 160) if b else (160, 90))
            assert {name: colour_of(picture, where(*at)) for name, at in FIELDS.items()} == {name: name for name in FIELDS}


def damage_tag(raw: bytes) -> bytes:
    return raw.replace(b"mp4a", b"abcd").replace(b"esds", b"abcd")


def damage_setup(raw: bytes) -> bytes:
    """Make the AAC decoder's own description nonsense."""
    at = raw.rfind(b"esds")
    found = raw.index(b"\x05\x80\x80\x80", at) + 5
    return raw[:found] + b"\xff\xff" + raw[found + 2 :]


@each("damage", [damage_tag, damage_setup])
def test_sound_that_cannot_be_decoded_costs_the_sound_and_is_noted(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(damage(a_clip(tmp_path / "good.mp4").read_bytes()))
    for action, more in EDITS.items():
        target, result = edited(tmp_path, action, clip, **more)
        assert result.note == LOST_SOUND, action
        with av.open(str(target)) as made:
            assert not made.streams.audio, action
    target, result = edited(tmp_path, "join", clip, clip)
    assert result.duration_s == pytest.approx(4, abs=0.1)
    assert "a sound track that cannot be decoded" in api.view_clip(clip, 3, Deadline()).words


def test_a_damaged_packet_costs_that_packet(tmp_path: Path) -> None:
    good = a_clip(tmp_path / "good.mp4")
    with av.open(str(good)) as clip:
        places = [(packet.pos, packet.size) for packet in clip.demux(video=0) if packet.size]
    raw = bytearray(good.read_bytes())
    position, size = places[len(places) // 2 + 3]
    raw[position : position + size] = b"\xff" * size
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(raw)
    for action, more in (*EDITS.items(), ("gif", {})):
        assert edited(tmp_path, action, bad, **more)[0].stat().st_size > 0, action
    assert api.view_clip(bad, 6, Deadline()).frames == 6
    with Image.open(io.BytesIO(api.extract_frame(bad, 0.2, Deadline()))) as picture:
        assert colour_of(picture) == "red"


def test_pictures_in_an_unknown_format_are_refused_by_name(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(a_clip(tmp_path / "good.mp4").read_bytes().replace(b"avc1", b"abcd"))
    for look in (
        lambda: api.view_clip(clip, 3, Deadline()),
        lambda: api.extract_frame(clip, None, Deadline()),
        lambda: api.make_poster(clip, Deadline()),
        lambda: edited(tmp_path, "trim", clip),
    ):
        with pytest.raises(BadMedia, match="cannot be decoded") as refused:
            look()
        assert refused.value.charged == "no"


def test_a_poster_is_the_first_frame_that_is_not_dark(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "fades in.mp4", colours=("black", "red", "blue"))
    with Image.open(io.BytesIO(api.make_poster(clip, Deadline()))) as picture:
        assert colour_of(picture) == "red"
    dark = a_clip(tmp_path / "dark.mp4", colours=("black", "black"))
    with Image.open(io.BytesIO(api.make_poster(dark, Deadline()))) as picture:
        assert colour_of(picture) == "black"

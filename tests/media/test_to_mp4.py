"""Downloads in other containers become MP4."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from sora_mcp.media.api import extract_frame, make_mp4, make_poster, measure_seconds, view_clip
from sora_mcp.media.limits import Deadline
from sora_mcp.media.probe import probe_media
from tests.each import each

from .clips import DOWNLOAD_S, a_clip, an_animation, colour_of, encode_download
from .clips import DOWNLOAD_SIZE as SIZE


def a_download(path: Path, form: str, codec: str, sound: str = "") -> Path:
    path.write_bytes(encode_download(form, codec, sound))
    return path


def codecs_of(path: Path) -> list[str]:
    with av.open(str(path)) as clip:
        return [stream.codec.canonical_name for stream in clip.streams]


def assert_is_the_clip(path: Path, seconds: float = DOWNLOAD_S) -> None:
    info = probe_media(path)
    assert info.container.kind == "mp4"
    assert info.duration_s == pytest.approx(seconds, abs=0.2)
    assert (info.width, info.height) == SIZE
    for moment, colour in ((0.1, "red"), (seconds - 0.2, "blue")):
        with Image.open(io.BytesIO(extract_frame(path, moment, Deadline()))) as picture:
            assert colour_of(picture) == colour, f"{path} at {moment}"


COPIED = {
    "WebM with VP9": ("webm", "libvpx-vp9", "", ["vp9"]),
    "WebM with VP9 and Opus": ("webm", "libvpx-vp9", "libopus", ["vp9", "opus"]),
    "WebM with AV1": ("webm", "libsvtav1", "", ["av1"]),
    "WebM with VP9 and Vorbis": ("webm", "libvpx-vp9", "vorbis", ["vp9", "aac"]),
    "Matroska with H.264 and AAC": ("matroska", "libx264", "aac", ["h264", "aac"]),
    "Matroska with HEVC": ("matroska", "libx265", "", ["hevc"]),
    "QuickTime with H.264": ("mov", "libx264", "", ["h264"]),
    "QuickTime with H.264 and PCM": ("mov", "libx264", "pcm_s16le", ["h264", "aac"]),
    "a transport stream with H.264 and AAC": ("mpegts", "libx264", "aac", ["h264", "aac"]),
}


@each("name", COPIED)
def test_packets_that_mp4_has_a_place_for_are_copied(name: str, tmp_path: Path) -> None:
    form, codec, sound, codecs = COPIED[name]
    made = make_mp4(a_download(tmp_path / "download", form, codec, sound), target := tmp_path / "clip.part")
    assert made is not None
    assert made.note == ("Its sound was encoded again as AAC." if sound in ("vorbis", "pcm_s16le") else "")
    assert codecs_of(target) == codecs
    assert_is_the_clip(target)


ENCODED = {
    "WebM with VP8": ("webm", "libvpx", "", ["h264"], "a WebM video"),
    "WebM with VP8 and Opus": ("webm", "libvpx", "libopus", ["h264", "aac"], "a WebM video"),
    "AVI with Motion JPEG": ("avi", "mjpeg", "pcm_s16le", ["h264", "aac"], "an AVI video"),
    "AVI with MPEG-4": ("avi", "mpeg4", "", ["h264"], "an AVI video"),
}


@each("name", ENCODED)
def test_other_codecs_are_encoded_again_and_that_is_noted(name: str, tmp_path: Path) -> None:
    form, codec, sound, codecs, words = ENCODED[name]
    made = make_mp4(a_download(tmp_path / "download", form, codec, sound), target := tmp_path / "clip.part")
    assert made is not None
    assert made.note == f"It came as {words} and was encoded again as MP4."
    assert codecs_of(target) == codecs
    assert_is_the_clip(target)


@each("form", ["GIF", "WEBP", "PNG"])
@each("milliseconds", [500, 40])
def test_an_animation_plays_as_long_as_before(form: str, milliseconds: int, tmp_path: Path) -> None:
    animation = an_animation(tmp_path / "download", form, milliseconds=milliseconds)
    made = make_mp4(animation, target := tmp_path / "clip.part")
    assert made is not None
    if milliseconds == 500:
        assert_is_the_clip(target)
    assert probe_media(target).duration_s == pytest.approx(4 * milliseconds / 1000, abs=0.02)


def test_hevc_has_the_tag_that_apple_players_know(tmp_path: Path) -> None:
    make_mp4(a_download(tmp_path / "download", "matroska", "libx265"), target := tmp_path / "clip.part")
    assert b"hvc1" in target.read_bytes()


def test_what_is_no_video_becomes_nothing(tmp_path: Path) -> None:
    Image.new("RGB", SIZE).save(tmp_path / "still.gif")
    (tmp_path / "text").write_text("{}", "utf-8")
    whole = a_download(tmp_path / "whole", "matroska", "libx264").read_bytes()
    (tmp_path / "broken").write_bytes(whole[:400])
    for name in ("still.gif", "text", "broken"):
        assert make_mp4(tmp_path / name, target := tmp_path / "clip.part") is None, name
        assert not target.exists(), name


def test_what_takes_too_long_becomes_nothing(tmp_path: Path) -> None:
    download = a_download(tmp_path / "download", "webm", "libvpx")
    assert make_mp4(download, target := tmp_path / "clip.part", Deadline(0.0)) is None
    assert not target.exists()


def test_an_mp4_stays_one(tmp_path: Path) -> None:
    made = make_mp4(a_clip(tmp_path / "clip.mp4"), target := tmp_path / "clip.part")
    assert made is not None
    assert (made.note, codecs_of(target)) == ("", ["h264", "aac"])


def test_a_download_that_stays_as_it_is_can_be_looked_at(tmp_path: Path) -> None:
    download = a_download(tmp_path / "download.webm", "webm", "libvpx", "libopus")
    assert measure_seconds(download) == pytest.approx(DOWNLOAD_S, abs=0.1)
    view = view_clip(download, None, Deadline())
    assert (view.frames, round(view.seconds)) == (6, DOWNLOAD_S)
    with Image.open(io.BytesIO(make_poster(download, Deadline()))) as picture:
        assert colour_of(picture) == "red"

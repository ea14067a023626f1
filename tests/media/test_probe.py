"""Length, size and sound of anything that arrives."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import Image

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.mp4_probe import count_declared_samples, measure_stored_s, probe_mp4
from sora_mcp.media.probe import MediaInfo, probe_media
from tests.each import each

from .clips import DOWNLOAD_SIZE, a_clip, an_animation, encode_download


def a_video(path: Path, form: str, codec: str, **options: str) -> Path:
    path.write_bytes(encode_download(form, codec, **options))
    return path


def measured(info: MediaInfo) -> tuple[str, float | None, int | None, int | None, bool | None]:
    return info.container.kind, info.duration_s and round(info.duration_s, 1), info.width, info.height, info.has_sound


def test_a_video_in_any_container_is_measured(tmp_path: Path) -> None:
    forms = {
        "mp4": ("mp4", "libx264"),
        "mov": ("mov", "libx264"),
        "webm": ("webm", "libvpx-vp9"),
        "matroska": ("matroska", "libx264"),
        "avi": ("avi", "mpeg4"),
        "mpegts": ("mpegts", "libx264"),
    }
    found = {kind: measured(probe_media(a_video(tmp_path / kind, *how))) for kind, how in forms.items()}
    assert found == {kind: (kind, 2.0, *DOWNLOAD_SIZE, False) for kind in forms}


def test_an_animation_is_measured(tmp_path: Path) -> None:
    forms = {"gif": "GIF", "animated-webp": "WEBP", "apng": "PNG"}
    found = {kind: measured(probe_media(an_animation(tmp_path / kind, form))) for kind, form in forms.items()}
    assert found == {kind: (kind, 2.0, *DOWNLOAD_SIZE, False) for kind in forms}


def test_an_image_has_a_size_and_no_length(tmp_path: Path) -> None:
    Image.new("RGB", DOWNLOAD_SIZE).save(tmp_path / "a.png")
    assert measured(probe_media(tmp_path / "a.png")) == ("png", None, *DOWNLOAD_SIZE, None)


def test_sound_is_seen(tmp_path: Path) -> None:
    clips = [a_clip(tmp_path / f"{sound}.mp4", sound=sound) for sound in (True, False)]
    assert [probe_media(clip).has_sound for clip in clips] == [True, False]


@each("flags", ["frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof", "dash+empty_moov", "cmaf"])
def test_a_fragmented_file_is_as_long_as_its_fragments(tmp_path: Path, flags: str) -> None:
    path = a_video(tmp_path / "fragments.mp4", "mp4", "libx264", movflags=flags)
    assert probe_mp4(path).duration_s == pytest.approx(2.0, abs=0.01)
    assert (count_declared_samples(path), measure_stored_s(path)) == (16, pytest.approx(2.0, abs=0.01))


def test_samples_that_a_fragment_declares_are_counted_and_looked_for(tmp_path: Path) -> None:
    whole = a_video(tmp_path / "whole.mp4", "mp4", "libx264", movflags="frag_keyframe+empty_moov").read_bytes()
    at = whole.index(b"trun") + 8
    (tmp_path / "cut.mp4").write_bytes(whole[:at] + struct.pack(">I", 80_000_000) + whole[at + 4 :])
    with pytest.raises(BadMedia, match="declares 80000000 samples, and has room for"):
        probe_mp4(tmp_path / "cut.mp4")
    bare = whole[: at - 4] + b"\0\0\0\1" + struct.pack(">I", 80_000_000) + whole[at + 4 :]
    (tmp_path / "bare.mp4").write_bytes(bare)
    assert count_declared_samples(tmp_path / "bare.mp4") == 80_000_008  # the next fragment has eight


def test_of_a_damaged_file_only_its_kind_is_known(tmp_path: Path) -> None:
    for kind, how in {"mp4": ("mp4", "libx264"), "webm": ("webm", "libvpx-vp9")}.items():
        path = a_video(tmp_path / kind, *how)
        path.write_bytes(path.read_bytes()[:64] + b"\xff" * 64)
        assert probe_media(path).container.kind == kind
        assert probe_media(path).duration_s is None

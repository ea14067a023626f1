"""What an MP4 says of itself, and what is no MP4."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.mp4_probe import VideoInfo, probe_mp4
from tests.each import each

from .clips import box

CLIPS = Path(__file__).parents[2] / "sora_mcp" / "media" / "sample" / "clips"
WHOLE = (CLIPS / "landscape.mp4").read_bytes()


def wide_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


def clock(kind: bytes, scale: int, ticks: int, *, version: int = 0) -> bytes:
    times = struct.pack(">IIII", 0, 0, scale, ticks) if version == 0 else struct.pack(">QQIQ", 0, 0, scale, ticks)
    return box(kind, bytes([version, 0, 0, 0]), times, b"\0" * 4)


def tkhd(width: int, height: int, *, version: int = 0) -> bytes:
    return box(b"tkhd", bytes([version, 0, 0, 0]), b"\0" * (84 if version else 72), struct.pack(">II", width << 16, height << 16))


def hdlr(kind: bytes) -> bytes:
    return box(b"hdlr", b"\0" * 8, kind, b"\0" * 13)


@dataclass(frozen=True)
class Mp4:
    """A small whole file, of which a test changes one part."""

    ftyp: bytes = box(b"ftyp", b"isom\0\0\2\0isommp42")
    mvhd: bytes = clock(b"mvhd", 1000, 5000)
    tkhd: bytes = tkhd(640, 360)
    mdhd: bytes = clock(b"mdhd", 12800, 51200)
    hdlr: bytes = hdlr(b"vide")
    extra: bytes = b""
    mdat: bytes = box(b"mdat", b"pictures")

    def raw(self) -> bytes:
        trak = box(b"trak", self.tkhd, box(b"mdia", self.mdhd, self.hdlr))
        return self.ftyp + box(b"moov", self.mvhd, trak, self.extra) + self.mdat


def facts(raw: bytes) -> VideoInfo:
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(raw)
        return probe_mp4(path)


def refusal(raw: bytes) -> str:
    with pytest.raises(BadMedia) as caught:
        facts(raw)
    return caught.value.message


@each(("name", "width", "height"), [("landscape", 640, 360), ("square", 480, 480), ("portrait", 360, 640)])
def test_a_real_clip_is_measured(name: str, width: int, height: int) -> None:
    assert probe_mp4(CLIPS / f"{name}.mp4") == VideoInfo(4.0, width, height, has_sound=True)


def test_long_headers_of_version_1_are_read() -> None:
    long = Mp4(mvhd=clock(b"mvhd", 1000, 1, version=1), tkhd=tkhd(1920, 1080, version=1), mdhd=clock(b"mdhd", 24, 48, version=1))
    assert facts(long.raw()) == VideoInfo(2.0, 1920, 1080)


JUNK = (b"\0" * 3, b"\0" * 400, b"\r\n", b"x" * 400, b"\0\0\0\4junk" * 50, b"\0\1\0\0junk" * 50, b"\xff\xff\xff\xff" + b"\0" * 396)
FINE = {
    "as long as its video track": Mp4().raw(),
    "a box with a length of 64 bits": Mp4(mdat=wide_box(b"mdat", b"pictures")).raw(),
    "a last box that reaches to the end": Mp4(mdat=struct.pack(">I4s", 0, b"mdat") + b"pictures").raw(),
    "QuickTime's brand and padding in front": box(b"wide") + Mp4(ftyp=box(b"ftyp", b"qt  \0\0\2\0qt  ")).raw(),
    "zeros at the end of its index": Mp4(extra=b"\0\0\0\0").raw(),
    **{f"{junk[:8]!r} behind it, which is no box": Mp4().raw() + junk for junk in JUNK},
}


@each("raw", FINE.values(), ids=FINE)
def test_a_whole_film_is_measured_however_its_boxes_are_laid(raw: bytes) -> None:
    assert facts(raw) == VideoInfo(4.0, 640, 360)


@each("junk", JUNK)
def test_bytes_behind_a_real_film_that_are_no_box_are_nobodys_loss(junk: bytes) -> None:
    assert facts(WHOLE + junk) == VideoInfo(4.0, 640, 360, has_sound=True)


@each("kind", [b"mdat", b"moof", b"moov", b"free"])
def test_a_box_that_films_have_is_still_cut_off_behind_a_whole_film(kind: bytes) -> None:
    for length in (5, 6, 8, 300):
        assert "cut off" in refusal(Mp4().raw() + box(kind, b"x" * 400)[:length])


def test_the_length_of_a_track_that_was_cut_is_that_which_is_shown() -> None:
    def track(ticks: int, version: int = 0) -> bytes:
        raw, at, form = tkhd(640, 360, version=version), 36 if version else 28, ">Q" if version else ">I"
        return raw[:at] + struct.pack(form, ticks) + raw[at + struct.calcsize(form) :] + box(b"edts")

    assert [facts(Mp4(tkhd=track(3500, version)).raw()).duration_s for version in (0, 1)] == [3.5, 3.5]
    assert [facts(Mp4(tkhd=track(ticks)).raw()).duration_s for ticks in (0, 2**32 - 1)] == [4.0, 4.0]


@each(("matrix", "sides"), [((0, 1, -1, 0), (360, 640)), ((0, -1, 1, 0), (360, 640)), ((-1, 0, 0, -1), (640, 360))])
def test_a_clip_that_is_shown_turned_is_measured_turned(matrix: tuple[int, ...], sides: tuple[int, int]) -> None:
    a, b, c, d = (part << 16 for part in matrix)
    raw = tkhd(640, 360)
    turned = raw[:48] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + raw[84:]
    assert facts(Mp4(tkhd=turned).raw()) == VideoInfo(4.0, *sides)


def test_the_movies_length_counts_where_the_track_does_not_tell() -> None:
    assert facts(Mp4(mdhd=clock(b"mdhd", 12800, 0)).raw()) == VideoInfo(5.0, 640, 360)


def test_a_fragmented_file_tells_its_length_in_mehd() -> None:
    mehd = box(b"mehd", b"\0\0\0\0", struct.pack(">I", 7000))
    long_mehd = box(b"mehd", b"\1\0\0\0", struct.pack(">Q", 9000))
    silent = clock(b"mdhd", 12800, 0)
    assert facts(Mp4(mdhd=silent, extra=box(b"mvex", mehd)).raw()).duration_s == 7.0
    assert facts(Mp4(mdhd=silent, extra=box(b"mvex", long_mehd)).raw()).duration_s == 9.0


def test_an_old_quicktime_movie_needs_no_ftyp() -> None:
    for ftyp in (b"", box(b"wide"), box(b"skip", bytes(8))):
        assert facts(Mp4(ftyp=ftyp).raw()) == facts(Mp4().raw())


def test_a_fragmented_file_may_not_tell_its_length() -> None:
    silent = Mp4(mvhd=clock(b"mvhd", 1000, 0), mdhd=clock(b"mdhd", 12800, 2**32 - 1), extra=box(b"mvex"))
    assert facts(silent.raw()) == VideoInfo(None, 640, 360)


def test_sound_before_the_picture_is_passed_over() -> None:
    sound = box(b"trak", tkhd(0, 0), box(b"mdia", clock(b"mdhd", 48000, 1), hdlr(b"soun")))
    mixed = Mp4(mvhd=Mp4.mvhd + sound)
    assert facts(mixed.raw()) == VideoInfo(4.0, 640, 360, has_sound=True)


@each(
    ("raw", "sentence"),
    [
        (b"", "The file is empty."),
        (b"<!DOCTYPE html><html>gone</html>", "It is a web page, no MP4."),
        (b'\xef\xbb\xbf  <?xml version="1.0"?>', "It is XML, no MP4."),
        (b'{"error": "expired"}', "It is JSON, no MP4."),
        (b"Access denied\n", "It is text, no MP4."),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0webm", "It is a Matroska video, no MP4."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "It is a PNG image, no MP4."),
    ],
)
def test_what_is_no_video_is_named(raw: bytes, sentence: str) -> None:
    assert refusal(raw) == sentence


@each(
    ("raw", "sentence"),
    [
        (Mp4(ftyp=box(b"styp", b"msdh")).raw(), "It has no ftyp header, so it is no MP4."),
        (Mp4.ftyp + Mp4.mdat, "It has no moov box, the index of an MP4: it was cut off, or never finished."),
        (Mp4(mdat=b"").raw(), "It is an MP4 without any pictures or sound: the mdat box is missing or empty."),
        (Mp4(mdat=box(b"mdat")).raw(), "It is an MP4 without any pictures or sound: the mdat box is missing or empty."),
        (Mp4(hdlr=hdlr(b"soun")).raw(), "It has no video track."),
        (Mp4(hdlr=b"").raw(), "One of its tracks does not say what it carries (hdlr)."),
        (Mp4(tkhd=b"").raw(), "Its video track has no header (tkhd)."),
        (Mp4(mdhd=b"").raw(), "Its video track has no clock (mdhd)."),
        (Mp4(mvhd=b"").raw(), "Its index has no header (mvhd)."),
        (Mp4(extra=box(b"trak", tkhd(1, 1))).raw(), "One of its tracks has no media (mdia)."),
        (Mp4(tkhd=tkhd(0, 0)).raw(), "Its picture is 0x0 pixels."),
        (Mp4(mdhd=clock(b"mdhd", 0, 1)).raw(), "The box mdhd counts no ticks per second."),
        (Mp4(mvhd=clock(b"mvhd", 1, 0), mdhd=clock(b"mdhd", 1, 0)).raw(), "Its video is 0 seconds long."),
        (Mp4(tkhd=box(b"tkhd", b"\0" * 20)).raw(), "It is cut off in the middle of its track header."),
        (Mp4(mdhd=box(b"mdhd", b"\0" * 9)).raw(), "It is cut off in the middle of the box mdhd."),
        (Mp4(mdhd=box(b"mdhd")).raw(), "It is cut off in the middle of the box mdhd."),
        (Mp4().raw() + b"\0\0\0\x10fr", "It is cut off in the middle of the file."),
        (Mp4(mdat=b"\0\0\0\1mdat\0\0").raw(), "It is cut off in the middle of the file."),
        (Mp4(mdat=b"\0\0\0\4mdat").raw(), "The box mdat says that it is 4 bytes long, which is shorter than its own header."),
        (Mp4(mdat=b"\0\0\0\x20mdat____").raw(), "It is cut off: the box mdat needs 32 bytes, and the file ends after 12 of them."),
        (Mp4(extra=b"\0\0\0\x20\xa9day").raw(), "It is cut off: the box a9646179 needs 32 bytes, and the moov box ends after 8 of them."),
        (Mp4(extra=b"\0\0\0\0free").raw(), "The box free says that it is 0 bytes long, which is shorter than its own header."),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(raw: bytes, sentence: str) -> None:
    assert refusal(raw) == sentence


def test_a_file_of_countless_boxes_ends() -> None:
    assert refusal(Mp4.ftyp + box(b"free") * 100_001) == "It has more than 100000 boxes, which no real clip has."


def test_a_giant_index_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.mp4"
    with path.open("wb") as file:
        file.write(Mp4.ftyp + struct.pack(">I4s", 65 << 20, b"moov"))
        file.truncate(len(Mp4.ftyp) + (65 << 20))
        file.seek(0, 2)
        file.write(Mp4.mdat)
    with pytest.raises(BadMedia, match="Its index is 68157432 bytes long"):
        probe_mp4(path)


@pytest.mark.fault("D11")
@settings(max_examples=60)
@given(st.integers(0, len(WHOLE) - 1))
@example(len(WHOLE) - 1)
def test_a_clip_that_was_cut_off_anywhere_is_refused(length: int) -> None:
    assert refusal(WHOLE[:length])


@settings(max_examples=150)
@given(st.integers(0, 4000), st.binary(min_size=1, max_size=12))
def test_a_damaged_index_gives_facts_or_a_reason_and_nothing_else(at: int, damage: bytes) -> None:
    raw = bytearray(WHOLE)
    raw[at : at + len(damage)] = damage
    try:
        found = facts(bytes(raw))
    except BadMedia as error:
        assert error.message.endswith(".")
    else:
        assert found.width > 0 and found.height > 0


@settings(max_examples=150)
@given(st.binary(max_size=200), st.sampled_from([b"", Mp4.ftyp, Mp4.ftyp + Mp4.mdat, b"\0\0\0\x40moov"]))
def test_noise_is_refused(noise: bytes, before: bytes) -> None:
    assert refusal(before + noise).endswith(".")

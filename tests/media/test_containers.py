"""Files are named by their bytes: real ones made by PyAV and Pillow, others written by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sora_mcp.media.containers import Container, find_container, read_container

from .clips import encode_download

HEIC = Path(__file__).with_name("red.heic")


def image(form: str, frames: int = 1) -> bytes:
    target = io.BytesIO()
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")[:frames]]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(target, form, **more)
    return target.getvalue()


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        out.writestr("clip.mp4", b"x")
    return target.getvalue()


HLS = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\nhttps://cdn.example/1.ts\n"
DASH = b'<?xml version="1.0"?>\n<!-- made by x -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>'
FILES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "an MP4": (partial(encode_download, "mp4", "libx264"), "mp4", "mp4"),
    "a QuickTime movie": (partial(encode_download, "mov", "libx264"), "mov", "mov"),
    "a 3GP video": (partial(encode_download, "3gp", "libx264"), "3gp", "3gp"),
    "a WebM video": (partial(encode_download, "webm", "libvpx-vp9"), "webm", "webm"),
    "a Matroska video": (partial(encode_download, "matroska", "libx264"), "matroska", "mkv"),
    "an AVI video": (partial(encode_download, "avi", "mpeg4"), "avi", "avi"),
    "an MPEG transport stream": (partial(encode_download, "mpegts", "libx264"), "mpegts", "ts"),
    "an MPEG program stream": (partial(encode_download, "vob", "mpeg2video"), "mpegps", "mpg"),
    "a Flash video": (partial(encode_download, "flv", "libx264"), "flv", "flv"),
    "a GIF": (lambda: image("GIF", 3), "gif", "gif"),
    "an animated WebP": (lambda: image("WEBP", 3), "animated-webp", "webp"),
    "a WebP image": (lambda: image("WEBP"), "webp", "webp"),
    "an animated PNG": (lambda: image("PNG", 3), "apng", "png"),
    "a PNG image": (lambda: image("PNG"), "png", "png"),
    "a JPEG image": (lambda: image("JPEG"), "jpeg", "jpg"),
    "a BMP image": (lambda: image("BMP"), "bmp", "bmp"),
    "a TIFF image": (lambda: image("TIFF"), "tiff", "tif"),
    "an AVIF image": (lambda: b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B", "avif", "avif"),
    "a HEIC photo": (HEIC.read_bytes, "heic", "heic"),
    "a ZIP archive": (archive, "zip", "zip"),
    "a gzip archive": (lambda: b"\x1f\x8b\x08\0\0\0\0\0", "gzip", "gz"),
    "a zstd archive": (lambda: b"\x28\xb5\x2f\xfd\x04\0", "zstd", "zst"),
    "a PDF": (lambda: b"%PDF-1.7\n", "pdf", "pdf"),
    "an HLS playlist": (lambda: HLS, "hls", "m3u8"),
    "a DASH playlist": (lambda: DASH, "dash", "mpd"),
    "a web page": (lambda: b"\n<!doctype html><title>Gone</title>", "html", "html"),
    "XML": (lambda: b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "xml", "xml"),
    "an SVG drawing": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "svg", "svg"),
    "JSON": (lambda: b'{"error": "expired"}', "json", "json"),
    "text": (lambda: b"Access denied\n", "text", "txt"),
    "an empty file": (lambda: b"", "empty", "bin"),
    "a file of an unknown kind": (lambda: b"\0\1\2\3" * 99, "unknown", "bin"),
}


def test_every_file_is_named_by_its_bytes(tmp_path: Path) -> None:
    found: dict[str, tuple[str, str, str]] = {}
    for words, (make, _, _) in FILES.items():
        (tmp_path / "file").write_bytes(make())
        container = read_container(tmp_path / "file")
        found[words] = (container.words, container.kind, container.ending)
    assert found == {words: (words, kind, ending) for words, (_, kind, ending) in FILES.items()}


def test_an_iso_file_is_known_by_its_brands() -> None:
    rows = {b"mif1\0\0\0\0mif1avif": "avif", b"mif1\0\0\0\0mif1heic": "heic", b"M4A \0\0\0\0isom": "m4a", b"isom\0\0\0\0avif": "mp4"}
    found = {brands: find_container((8 + len(brands)).to_bytes(4) + b"ftyp" + brands).kind for brands in rows}
    assert found == rows


def test_a_transport_stream_of_a_camera_has_a_time_before_each_packet() -> None:
    assert find_container((b"\0\0\0\0" + b"\x47" + b"\0" * 187) * 4).kind == "mpegts"


@given(st.binary(max_size=400))
def test_any_bytes_have_a_name(head: bytes) -> None:
    assert isinstance(find_container(head), Container)

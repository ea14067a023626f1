"""Which first frame may be used."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from sora_mcp.config.sources import find_config_file
from sora_mcp.domain import Image
from sora_mcp.domain.errors import BrokenRules, NotFinished
from sora_mcp.jobs.allowed_paths import resolve_path
from sora_mcp.jobs.finished_files import find_local_file
from sora_mcp.jobs.input_images import frame_of, read_image
from tests.each import each
from tests.nouns import a_job

MOST = 10_000


def png(width: int = 12, height: int = 8) -> bytes:
    target = io.BytesIO()
    Pillow.new("RGB", (width, height), "teal").save(target, "PNG")
    return target.getvalue()


RAW = png()
URI = f"data:image/png;base64,{base64.b64encode(RAW).decode()}"
READ = Image(URI, "image/png", 12, 8, len(RAW))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An allowed folder with a picture; beside it lies a secret one."""
    allowed = tmp_path / "pictures"
    (allowed / "deep").mkdir(parents=True)
    (allowed / "boat.png").write_bytes(RAW)
    (allowed / "deep" / "tram.png").write_bytes(RAW)
    (tmp_path / "secret.png").write_bytes(RAW)
    return allowed


def refusal(text: str, *folders: Path, most_bytes: int = MOST) -> str:
    with pytest.raises(BrokenRules) as caught:
        read_image(text, folders, most_bytes=most_bytes)
    assert caught.value.its_code == "invalid_image"
    return caught.value.message


def outside(folder: Path, path: str, name: str) -> str:
    """The refusal of a path out of the folder, which says nothing of what is there."""
    again = f', then call again with "{name}"' if name else ""
    ask = f"Ask the user to copy or save it there{again}; or to add the line"
    line = f'image_dirs = "/THAT/FOLDER" to {find_config_file()} and start this client anew.'
    return f"image: {path!r} is not in {folder}, the only folder looked into. {ask} {line}"


def no_file(folder: Path, what: str) -> str:
    """The refusal of what names no file."""
    return f"image must be a file inside {folder}, an https:// URL or a data: URI, not {what}."


def test_a_file_in_an_allowed_folder_becomes_a_data_uri(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "link.png").symlink_to(folder / "boat.png")
    (tmp_path / "alias").symlink_to(folder)
    (tmp_path / "other").mkdir()
    for place in (folder / "boat.png", folder / "deep/../boat.png", "deep/tram.png", "~/boat.png", folder / "link.png"):
        assert read_image(str(place), [tmp_path / "other", folder], most_bytes=MOST) == READ, place
    assert read_image(str(tmp_path / "alias/boat.png"), [tmp_path / "alias"], most_bytes=MOST) == READ, "the folder itself is a link"


@pytest.mark.fault("I01")
def test_no_way_leads_out_of_the_folders_and_nothing_is_said_of_what_is_there(folder: Path, tmp_path: Path) -> None:
    beside = [str(tmp_path / name) for name in ("secret.png", "missing.png", "pictures/../secret.png", "pictures-2/tub.png", "")]
    for path in (*beside, "../secret.png", "/etc/passwd", "/proc/self/environ", "..", "~", "~/x.png"):
        name = Path(path).name
        assert refusal(path, folder) == outside(folder, path, "" if name in ("..", "~") else name), path
    for address in ("file://elsewhere/etc/passwd", "ftp://example.com/x.png", "javascript:alert(1)"):
        assert refusal(address, folder) == no_file(folder, "that kind of address"), address
    for text in ("", "a\0b.png", "a\nb.png", "x" * 5000):
        assert refusal(text, folder) == no_file(folder, "that text"), text
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "up").symlink_to(tmp_path)
    for path in (folder / "out.png", folder / "up" / "secret.png", folder / "up" / "missing.png"):
        assert refusal(str(path), folder) == outside(folder, str(path), path.name), path
    assert refusal(str(folder / "boat.png")).startswith("image must be a file inside an allowed folder (there is none), ")


def test_a_path_elsewhere_is_answered_with_the_file_of_its_name_in_a_folder_that_is_looked_into(folder: Path) -> None:
    for path in ("/mnt/data/boat.png", "~/Downloads/boat.png", "file:///tmp/boat.png", "'/tmp/boat.png'"):
        assert f"is not in {folder}, the only folder looked into, where 'boat.png' lies: call again with that name" in refusal(path, folder)
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    assert "'link.png' lies" not in refusal("/mnt/data/link.png", folder)


def test_the_folder_of_a_path_is_suggested_only_where_people_keep_pictures(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for path, named in (
        ("~/Pictures/cat.png", "Pictures"),
        ("~/Pictures/2026/cat.png", "Pictures/2026"),
        ("~/.ssh/cat.png", None),
        ("~/Pictures/../.ssh/cat.png", None),
    ):
        suggested = "/THAT/FOLDER" if named is None else str(tmp_path / named)
        assert f'image_dirs = "{suggested}"' in refusal(path, folder), path


@pytest.mark.fault("I01", "I03")
def test_only_a_plain_small_picture_with_one_name_is_read_and_a_pipe_does_not_block(folder: Path, tmp_path: Path) -> None:
    def no(name: str, kind: str) -> None:
        assert refusal(str(folder / name), folder) == f"image must be {kind}, not {str(folder / name)!r}."

    os.mkfifo(folder / "pipe.png")
    os.link(tmp_path / "secret.png", folder / "hard.png")
    no("gone.png", "a file that can be read (no such file or directory)")
    no("pipe.png", "a regular file")
    no("hard.png", "a file without another name (hard link)")
    assert "is a directory" in refusal(str(folder / "deep"), folder)
    with (folder / "large.png").open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(str(folder / "large.png"), folder) == "image must be at most 10,000 bytes, not 1099.6 GB."
    (folder / "fake.png").write_text("root:x:0:0")
    assert refusal(str(folder / "fake.png"), folder) == "image must be a PNG, JPEG, WebP, HEIC or AVIF picture, not another kind of file."
    home = refusal("~root/x.png", folder)  # that of somebody else is not looked up
    assert home.startswith("image must be a file that can be read (no such file or directory)")


def test_an_address_without_tls_is_refused_with_the_one_that_is_taken(folder: Path) -> None:
    assert refusal("HTTP://example.com/x.png", folder) == "image must be an https:// address: http:// is not accepted."


def test_an_https_url_is_passed_through_unfetched() -> None:
    url = "https://pictures.example.com:8443/boat.png?token=1"
    assert read_image(url, [], most_bytes=MOST) == Image(url)
    assert read_image("https://8.8.8.8/boat.png", [], most_bytes=MOST) == Image("https://8.8.8.8/boat.png")


@pytest.mark.fault("I06")
@each(
    "url",
    [
        *("https://127.0.0.1/x.png", "https://2130706433/", "https://0x7f.1/", "https://[::1]/", "https://①②⑦.1/"),
        *("https://localhost/", "https://a.localhost/"),
    ],
)
def test_a_url_that_the_vendor_cannot_reach_is_refused(url: str) -> None:
    assert refusal(url) == "image must be an https:// URL that the vendor can reach, no private address."


@each(
    ("url", "why"),
    [
        ("https://me:hush@example.com/x.png", "The link has a user name or password in it"),
        ("https://example.com/a b.png", "The link has a backslash, a space or a control character in it"),
        ("https://", "The link has no valid host name"),
        (f"https://example.com/{'x' * 8192}", "The link has more than 8192 characters"),
    ],
)
def test_a_url_that_is_not_plain_is_refused(url: str, why: str) -> None:
    assert refusal(url) == f"image must be a plain https:// URL. {why}."


def test_a_data_uri_is_measured() -> None:
    assert read_image(URI, [], most_bytes=MOST) == READ
    assert read_image(URI.replace("data:image/png", "DATA:image/PNG"), [], most_bytes=MOST) == READ
    assert read_image(URI, [], most_bytes=len(RAW)) == READ


@pytest.mark.fault("I05")
@each(
    ("uri", "got"),
    [
        (f"data:image/png,{RAW.hex()}", "another data: URI"),
        ("data:image/png;base64,é", "a data: URI with damaged base64"),
        ("data:image/png;base64,iVBORw0KGgo_-A==", "a data: URI with damaged base64"),
        ("data:image/png;base64iVBORw0KGgo=", "another data: URI"),
        ("data:image/png", "another data: URI"),
        (f"data:image/png;base64,{URI}", "a data: URI with damaged base64"),
        ("data:text/html;base64,AAAA;base64,AAAA", "a data: URI with damaged base64"),
    ],
)
def test_a_data_uri_is_read_strictly(uri: str, got: str) -> None:
    assert refusal(uri) == f"image must be a data: URI of the form data:image/png;base64,…, not {got}."


@pytest.mark.fault("I05")
@each(
    "uri",
    [
        URI + "\n",
        f" {URI} ",
        f"'{URI}'",
        URI[:60] + " \r\n" + URI[60:],
        URI.rstrip("="),
        URI.replace(";base64", ";charset=utf-8;base64"),
        URI.replace("image/png", "image/jpg"),
        URI.replace("image/png", "image/jpeg"),
        URI.replace("image/png", ""),
        base64.b64encode(RAW).decode(),
        base64.encodebytes(RAW).decode(),
    ],
)
def test_a_picture_is_taken_as_clients_write_it_and_judged_by_its_bytes(uri: str) -> None:
    assert read_image(uri, [], most_bytes=MOST) == READ


def test_a_name_is_found_whatever_its_blanks_and_accents_are_made_of(tmp_path: Path) -> None:
    for blank in ("\u202f", "\u00a0", "\u3000"):
        name = f"Screenshot 2026-11-20 at 9.41.07{blank}AM.png"
        (tmp_path / name).write_bytes(RAW)
        for text in (name, name.replace(blank, " ")):
            assert read_image(str(tmp_path / text), [tmp_path], most_bytes=MOST) == READ, ascii(text)
            assert resolve_path(text, [tmp_path]).name == name
        (tmp_path / name).unlink()
    for name, text in (("WhatsApp\u200e Image.png", "WhatsApp Image.png"), ("Bob\u2019s boat.png", "Bob's boat.png")):
        (tmp_path / name).write_bytes(RAW)
        assert resolve_path(text, [tmp_path]).name == name
    for form, other in (("NFC", "NFD"), ("NFD", "NFC")):
        for name in ("Größe.png", "カバ ガ.png"):
            (tmp_path / form).mkdir(exist_ok=True)
            (tmp_path / form / unicodedata.normalize(form, name)).write_bytes(RAW)
            asked = str(tmp_path / form / unicodedata.normalize(other, name))
            assert read_image(asked, [tmp_path / form], most_bytes=MOST) == READ, ascii(asked)
    for name in ("👩\u200d🚀.png", "it’s “here”.png", "木.png"):
        (tmp_path / name).write_bytes(RAW)
        assert read_image(name, [tmp_path], most_bytes=MOST) == READ, name


def test_two_names_that_differ_in_their_blanks_only_are_not_chosen_between(tmp_path: Path) -> None:
    for blank in ("\u202f", "\u00a0"):
        (tmp_path / f"a{blank}b.png").write_bytes(RAW)
    assert "no such file" in refusal(str(tmp_path / "a b.png"), tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a backslash separates folders there")
def test_a_path_is_read_as_clients_and_shells_spell_it(folder: Path) -> None:
    (folder / "my boat (1).png").write_bytes(RAW)
    path = str(folder / "my boat (1).png")
    escaped = path.replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)")
    address = (folder / "my boat (1).png").as_uri()
    quoted = (f'"{path}"', f"'{path}'", f"@{path}", f'@"{path}"')
    for text in (f"{path}\n", f"  {path} ", *quoted, escaped, address, address.replace("//", "//localhost", 1)):
        assert read_image(text, [folder], most_bytes=MOST) == READ, text


def test_a_spelling_never_leads_out_of_the_folders(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    for text in (f'"{secret}"', f"@{secret}", secret.as_uri(), "../secret\u202f.png", "file://evil.example/x.png"):
        assert re.search(rf"image must be a file inside {folder}, |image: '.*' is not in {folder}, ", refusal(text, folder)), text
    (folder / "out\u202f1.png").symlink_to(secret)
    assert refusal(str(folder / "out 1.png"), folder).startswith("image must be a file")


@pytest.mark.fault("I05")
def test_a_long_data_uri_is_refused_before_it_is_decoded() -> None:
    assert refusal("data:image/png;base64," + "A" * 20_000) == "image must be at most 10,000 bytes, not a longer data: URI."
    assert refusal(URI, most_bytes=len(RAW) - 3) == f"image must be at most {len(RAW) - 3} bytes, not a longer data: URI."


@each(
    ("text", "meant"),
    [
        ("v_0192abcdef#last", ("v_0192abcdef", None)),
        (" V_0192ABCDEF#First ", ("V_0192ABCDEF", 0.0)),
        ("v_0192abcdef#2.5s", ("v_0192abcdef", 2.5)),
        ("v_0192abcdef#3", ("v_0192abcdef", 3.0)),
        ("boat.png", None),
        ("https://example.com/v_0192abcdef#last", None),
    ],
)
def test_a_frame_of_a_job_is_named_by_its_second(text: str, meant: tuple[str, float | None] | None) -> None:
    assert frame_of(text) == meant


@each("text", ["v_0192abcdef#middle", "v_0192abcdef#", "v_0192abcdef#-1s", "v_0192abcdef#1e9s"])
def test_any_other_moment_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(BrokenRules) as caught:
        frame_of(text)
    allowed = "v_0192abcdef#first, v_0192abcdef#last or a second such as v_0192abcdef#2.5s"
    assert caught.value.message == f"image must be {allowed}, not {text!r}."


@each(
    ("state", "says"),
    [
        ("running", r'is running: there is no file yet. Next: get_video_status\("v_[0-9a-z]+"\), then the same call again.'),
        ("failed", "failed, so there is no file."),
        ("cancelled", "was cancelled, so there is no file."),
    ],
)
def test_a_job_without_a_file_says_whether_one_may_come(state: Any, says: str) -> None:
    with pytest.raises(NotFinished, match=f"{says}$"):
        find_local_file(replace(a_job(), state=state, artifact=None))

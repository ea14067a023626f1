"""A bucket in the commands: `doctor` tries it, files come from it, and what is not set up is said in one line."""

from __future__ import annotations

from pathlib import Path

from tests.s3 import S3, SECRET, needs_s3

from .conftest import Sora, make_clip

pytestmark = needs_s3


def test_doctor_puts_reads_and_deletes_an_object(sora: Sora, s3: S3) -> None:
    name = f"s3://{s3.bucket}/team"
    assert f"bucket: {name}: an object was put, read and deleted" in flat(sora("doctor", **s3.environ).out)
    assert s3.list_keys() == []
    missing = sora("doctor", **s3.environ | {"SORA_MCP_ARTIFACT_URL": "s3://no-such-bucket"})
    said = "bucket: s3://no-such-bucket: Nothing can be put there: the bucket or the file is not there."
    assert (missing.code, said in flat(missing.out)) == (1, True)
    s3.go()
    away = sora("doctor", **s3.environ)
    assert (away.code, f"bucket: {name}: Nothing can be put there: S3 does not answer." in flat(away.out)) == (1, True)
    assert SECRET not in away.out + away.err
    assert "bucket:" not in sora("doctor", "--offline", **s3.environ).out


def test_a_bucket_without_credentials_stops_every_command_in_one_line(sora: Sora) -> None:
    for command in (("serve",), ("jobs",), ("demo",)):
        ended = sora(*command, SORA_MCP_ARTIFACT_URL="s3://videos/team")
        (line,) = ended.err.strip().splitlines()
        assert (ended.code, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set beside SORA_MCP_ARTIFACT_URL" in line) == (2, True)


def test_show_fetch_and_gallery_take_a_file_from_the_bucket(sora: Sora, said: dict[str, str], s3: S3, tmp_path: Path) -> None:
    job_id = make_clip(said | s3.environ)
    (key,) = s3.list_keys()
    (file,) = (tmp_path / "videos").glob("*.mp4")
    film = file.read_bytes()
    assert f"on S3 {key.removeprefix('team/')}" in flat(sora("show", job_id, **s3.environ).out)
    file.unlink()
    fetched = sora("fetch", job_id, **s3.environ)
    (copy,) = (tmp_path / "home" / "cache").iterdir()
    assert (fetched.code, copy.read_bytes(), str(copy) in fetched.out.replace("\n", "")) == (0, film, True)
    copy.unlink()
    assert sora("gallery", "--no-open", **s3.environ).code == 0
    page = (tmp_path / "videos" / "gallery.html").read_text("utf-8")
    assert (copy.read_bytes(), copy.name in page) == (film, True)


def flat(text: str) -> str:
    """Return the text without its line breaks and columns."""
    return " ".join(text.split())

"""The libraries of the media extra: those that do not load, and those that are too old."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli import doctor
from sora_mcp.config.settings import load
from sora_mcp.domain.errors import BrokenRules, MissingMediaExtra, SoraError
from sora_mcp.jobs.runtime import open_service
from sora_mcp.media import api, optional
from sora_mcp.media.edit.edits import EditRequest
from sora_mcp.media.images import transform
from sora_mcp.media.sample.render import choose_renderer

from ..each import each
from .clips import a_clip

ROOT = Path(api.__file__).parents[2]


def test_a_heic_library_that_does_not_load_says_so_and_what_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(
        MissingMediaExtra, match=r"HEIC photos cannot be read: pi-heif does not load \(.+\)\. Save it as JPEG, or run pip inst"
    ):
        transform.decode_image((Path(__file__).parent / "red.heic").read_bytes(), (64, 64))
    assert optional.find_heic_load_error() is not None


@pytest.fixture
def break_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Return a function that has the import of a library raise this error until the test ends."""

    def place(library: str, error: str) -> None:
        (tmp_path / f"{library}.py").write_text(f"raise {error}")
        monkeypatch.delitem(sys.modules, library, raising=False)
        optional.find_load_error.cache_clear()

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the next error is another file of the same second
    yield place
    optional.find_load_error.cache_clear()


@each("kind", ["ImportError", "OSError"])
def test_doctor_says_that_a_heic_library_does_not_load(kind: str, break_import: Callable[[str, str], None]) -> None:
    break_import("pi_heif", f"{kind}('libheif.so.1: cannot open shared object file')")
    found = doctor._check_media()
    why = "media: PyAV and Pillow load; pi-heif, for HEIC photos, does not: libheif.so.1: cannot open shared object file"
    assert (found.verdict, found.text) == ("note", why)


@each("kind", ["ImportError", "OSError"])
def test_doctor_and_samples_try_the_import_of_what_decodes(kind: str, break_import: Callable[[str, str], None]) -> None:
    break_import("av", f"{kind}('libavcodec.so.62: cannot open shared object file')")
    found = doctor._check_media()
    why = "media: PyAV and Pillow are installed but do not load: libavcodec.so.62: cannot open shared object file"
    assert (found.verdict, found.text, choose_renderer() != "pyav") == ("fix", why, True)


def test_the_least_versions_are_those_of_the_extra() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["media"]
    least = {name: ".".join(map(str, parts)) for name, parts in optional.LEAST_VERSIONS.items()}
    assert {f"{name}>={version}" for name, version in least.items()} <= set(extra)


@each(
    "have, old",
    [
        ({"av": "15.1.0", "pillow": "12.3.0"}, ["av 15.1.0"]),
        ({"av": "17.0.1", "pillow": "12.2.0"}, ["av 17.0.1", "pillow 12.2.0"]),
        ({"av": "17.1.0", "pillow": "12.3.0"}, []),
        ({"av": "18.0.0rc1", "pillow": "13.0"}, []),
    ],
)
def test_a_library_with_known_faults_is_found(have: dict[str, str], old: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optional, "version", have.__getitem__)
        assert optional.find_old_libraries() == old


@each(
    "prefix, install",
    [
        ("/opt/a/.venv", "pip install 'sora-mcp[media]'"),
        ("/opt/a/.cache/uv/archive-v0/x1", "uvx --from 'sora-mcp[media]' sora-mcp"),
        ("/opt/a/.cache/pipx/483ee8a99a5debc", "pipx run --spec 'sora-mcp[media]' sora-mcp"),
        ("/opt/a/.local/share/uv/tools/sora-mcp", "uv tool install 'sora-mcp[media]'"),
        ("/opt/a/.local/share/pipx/venvs/sora-mcp", "pipx install --force 'sora-mcp[media]'"),
    ],
)
def test_the_extra_is_installed_as_the_server_was(prefix: str, install: str) -> None:
    installs, again = optional.choose_commands(Path(prefix))
    assert (installs, again.split()[0]) == (install, install.split()[0])


@pytest.mark.skipif(os.name == "nt", reason="hard links of POSIX")
async def test_an_edit_takes_no_hard_link_of_a_file_elsewhere(tmp_path: Path) -> None:
    allowed = tmp_path / "videos"
    allowed.mkdir()
    secret = a_clip(tmp_path / "secret.mp4")
    os.link(secret, allowed / "hard.mp4")
    own = a_clip(allowed / "own.mp4")
    said = {"SORA_MCP_HOME": str(tmp_path / "home"), "SORA_MCP_OUTPUT_DIR": str(allowed), "SORA_MCP_TIMEZONE": "UTC"}
    async with open_service(load(said, today=date(2026, 11, 21), config=tmp_path / "config.toml"), work=False) as service:
        for named in ("hard.mp4", str(allowed / "hard.mp4"), (allowed / "hard.mp4").as_uri()):
            with pytest.raises(SoraError) as refused:
                await service.edit(EditRequest((named,), "frame"), principal="local")
            assert isinstance(refused.value, BrokenRules), refused.value
        with pytest.raises(BrokenRules, match=r"a file without another name \(hard link\)"):
            await service.edit(EditRequest(("hard.mp4", str(own)), "join"), principal="local")

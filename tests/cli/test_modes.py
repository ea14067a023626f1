"""Files that other users of this machine may read or change are told, at each start and by the doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.doctor import check_all
from sora_mcp.config import file_permissions
from sora_mcp.config.settings import load
from sora_mcp.config.sources import config_file
from sora_mcp.domain.errors import StorageError
from sora_mcp.store import Store

from ..each import each
from .conftest import Sora

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


@pytest.fixture
def files(said: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A config file with a key, a store and videos, as a start leaves them."""
    monkeypatch.setattr(file_permissions, "_is_private_group", lambda gid: False)  # who runs the tests may have one
    folder = Path(said["SORA_MCP_HOME"])
    config_file().parent.mkdir(mode=0o700, parents=True)
    config_file().write_text('pixazo_api_key = "s3cr3t"\n', "utf-8")
    config_file().chmod(0o600)
    Store(f"sqlite:///{folder / 'sora.db'}", folder).close()
    videos = Path(said["SORA_MCP_OUTPUT_DIR"])
    videos.mkdir(mode=0o700)
    return {"config": config_file(), "config folder": config_file().parent, "home": folder, "store": folder / "sora.db", "videos": videos}


def loose(said: dict[str, str]) -> list[str]:
    return [found.describe() for found in file_permissions.find_loose_modes(load(said, today=date(2026, 11, 21)))]


def test_what_a_start_leaves_is_its_users_alone(said: dict[str, str], files: dict[str, Path]) -> None:
    assert (loose(said), len(files)) == ([], 5)


def test_each_loose_mode_is_named_with_what_it_lets_others_do(said: dict[str, str], files: dict[str, Path]) -> None:
    for name, mode, why in (
        ("config", 0o644, "others may read the keys in it"),
        ("config", 0o620, "others may read the keys in it"),
        ("config folder", 0o777, "others may put another config.toml into it"),
        ("home", 0o770, "others may replace the store"),
        ("store", 0o640, "others may read or change what was bought"),
        ("videos", 0o777, "others may replace videos"),
    ):
        before = files[name].stat().st_mode & 0o777
        files[name].chmod(mode)
        assert loose(said) == [f"{files[name]} has mode {mode:04o}: {why}"]
        files[name].chmod(before)
    files["config"].write_text("daily_usd = 3\n", "utf-8")
    files["config"].chmod(0o644)
    assert loose(said) == []  # no secret in it
    files["config"].chmod(0o664)
    assert loose(said) == [f"{files['config']} has mode 0664: others may change settings"]


def test_doctor_names_the_command_that_closes_it(said: dict[str, str], files: dict[str, Path]) -> None:
    files["config"].chmod(0o644)
    files["videos"].chmod(0o777)
    found = check_all(load(said, today=date(2026, 11, 21)), offline=True)
    assert [(finding.verdict, finding.todo) for finding in found if finding.text.startswith("modes: ")] == [
        ("fix", f"chmod go-rwx {files['config']}"),
        ("note", f"chmod go-w {files['videos']}"),
    ]


def test_each_start_warns_of_it(sora: Sora, files: dict[str, Path]) -> None:
    files["config"].chmod(0o644)
    code, _, err = sora("jobs")
    assert code == 0
    assert f"{files['config']} has mode 0644: others may read the keys in it: chmod go-rwx {files['config']}" in err


def as_foreign_file(folder: Path) -> Path:
    """A file of somebody else's program, that is no database."""
    (file := folder / "notes.txt").write_text("not a database " * 100)
    return file


def as_link(folder: Path) -> Path:
    """A link in the store's place."""
    (folder / "link.db").symlink_to(as_foreign_file(folder))
    return folder / "link.db"


@each("make", [as_foreign_file, as_link])
def test_the_mode_of_what_is_no_store_stays(make: Callable[[Path], Path], tmp_path: Path) -> None:
    file = make(tmp_path)
    (target := Path(os.path.realpath(file))).chmod(0o644)
    with pytest.raises(StorageError):
        Store(f"sqlite:///{file}", tmp_path)
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_belongs_to_another_user_is_named(said: dict[str, str], files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(files["home"], 777, -1)
    owner = files["home"].stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    assert f"{files['home']} belongs to the user {owner}: others may replace the store" in loose(said)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert loose(said) == []  # root may use what belongs to anybody

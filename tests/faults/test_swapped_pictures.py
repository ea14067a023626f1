"""Row I02: a file, or a folder on the way to it, that becomes a link between the look and the opening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs import input_images
from sora_mcp.jobs.allowed_paths import resolve_path
from sora_mcp.jobs.input_images import read_image
from tests.test_paths import png


def swapped_file(folder: Path) -> None:
    (folder / "deep" / "tram.png").unlink()
    (folder / "deep" / "tram.png").symlink_to(folder.parent / "outside" / "tram.png")


def swapped_folder(folder: Path) -> None:
    (folder / "deep").rename(folder / "deeper")
    (folder / "deep").symlink_to(folder.parent / "outside")


@pytest.mark.fault("I02")
@pytest.mark.parametrize("swap", [swapped_file, swapped_folder], ids=["the file", "its folder"])
def test_a_link_that_was_put_there_between_the_look_and_the_opening_is_not_followed(
    tmp_path: Path, swap: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    for place in (folder / "deep", tmp_path / "outside"):
        place.mkdir(parents=True)
        (place / "tram.png").write_bytes(png())

    def looked(text: str, folders: Sequence[Path]) -> Path:
        path = resolve_path(text, folders)
        swap(folder)
        return path

    monkeypatch.setattr(input_images, "resolve_path", looked)
    with pytest.raises(BrokenRules, match="image must be a file that can be read"):
        read_image("deep/tram.png", [folder], most_bytes=10_000)

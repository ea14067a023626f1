"""Make the pictures: `python -m scripts.pictures [conversation gallery approval terminal]`, by default all of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
from PIL import Image

from .conversation import draw_conversation
from .pages import draw_approval, draw_gallery
from .terminal import draw_terminal

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 300_000
THEMES = ("light", "dark")
QUALITIES = (90, 85, 80, 72, 64)
Draw = Callable[[Path, Path], Awaitable[None]]
DRAWN: Mapping[str, Draw] = {
    "conversation": partial(draw_conversation, themes=THEMES),
    "gallery": partial(draw_gallery, themes=THEMES),
    "approval": partial(draw_approval, themes=THEMES),
    "terminal": draw_terminal,
}


def main(arguments: Sequence[str]) -> None:
    """Draw what is named into docs/pictures. Exit with the reason where a picture would be too large."""
    parser = argparse.ArgumentParser(prog="pictures", description="Make the pictures of README.md and docs/.")
    parser.add_argument("names", nargs="*", choices=[*DRAWN, []], help="which; all by default")
    for name in parser.parse_args(arguments).names or DRAWN:
        with tempfile.TemporaryDirectory() as folder:
            draw(name, Path(folder), PICTURES)


def draw(name: str, folder: Path, out: Path) -> None:
    """Make the pictures of one name in a temporary folder, and put them into `out`."""
    home, raw = folder / "home", folder / "raw"
    for place in (home, raw, out):
        place.mkdir(exist_ok=True)
    anyio.run(DRAWN[name], home, raw)
    for file in sorted(raw.iterdir()):
        data = shrink(file) if file.suffix == ".png" else file.read_bytes()
        if len(data) >= MOST_BYTES:
            sys.exit(f"pictures: {file.name} has {len(data):,} bytes, {MOST_BYTES:,} are too many")
        target = out / (f"{file.stem}.webp" if file.suffix == ".png" else file.name)
        target.write_bytes(data)
        print(f"{target.relative_to(out.parent)}: {len(data):,} bytes")


def shrink(file: Path) -> bytes:
    """Return a screenshot as WebP, in the best quality that stays under the limit."""
    beside = file.with_suffix(".webp")
    with Image.open(file) as picture:
        for quality in QUALITIES:
            picture.convert("RGB").save(beside, quality=quality, method=6)
            if beside.stat().st_size < MOST_BYTES:
                break
    return beside.read_bytes()


if __name__ == "__main__":
    main(sys.argv[1:])

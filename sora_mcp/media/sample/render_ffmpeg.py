"""Render a sample clip with the ffmpeg program, for machines without PyAV."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from sora_mcp.media.sample.scene import BADGE, COMMENT, FPS, LINE_HEIGHT, MARGIN, SMALL, Clip, fit_prompt
from sora_mcp.media.text.fonts import choose_fonts, has_glyph
from sora_mcp.media.text.layout import estimate_width
from sora_mcp.media.text.missing import leave_out

ENCODERS = {"libx264": ("-preset", "superfast", "-crf", "27"), "libopenh264": (), "h264_videotoolbox": (), "h264_mf": ()}
"""Encoders of H.264 that need no special hardware, best first, each with its options."""
FONT = "font"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Names of the environment variables that the program gets."""


@dataclass(frozen=True)
class Ffmpeg:
    """The ffmpeg program of this machine, and what its build supports."""

    program: str
    encoder: str
    draws_text: bool
    gradients: bool


@lru_cache(maxsize=8)
def find_ffmpeg(path: str | None = None) -> Ffmpeg | None:
    """Return the program on PATH, or on another such list of folders; None when it is missing or cannot write H.264."""
    folders = os.environ.get("PATH", "") if path is None else path
    program = find_on_windows(folders) if sys.platform == "win32" else shutil.which("ffmpeg", path=folders)
    if program is None:
        return None
    encoders, filters = _list_names(program, "-encoders"), _list_names(program, "-filters")
    encoder = next((name for name in ENCODERS if name in encoders), None)
    return Ffmpeg(program, encoder, "drawtext" in filters, "gradients" in filters) if encoder else None


def render(ffmpeg: Ffmpeg, clip: Clip, path: Path, on_progress: Callable[[float], None]) -> bool:
    """Write the clip as MP4 with its index in front. Return False when the program failed or took too long."""
    with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder:
        plain = _build_command(ffmpeg, clip, [], path.absolute())
        if ffmpeg.draws_text:
            with_words = _build_command(ffmpeg, clip, _draw_words(clip, Path(folder)), path.absolute())
            if _run(with_words, Path(folder), clip, on_progress):
                return True  # some builds cannot draw some fonts, such as coloured ones: then the words are left out
        return _run(plain, Path(folder), clip, on_progress)


def find_on_windows(path: str) -> str | None:
    """Return the program in one of these folders, never in the current one: a project that lies there may bring its own ffmpeg.exe.

    `shutil.which` looks there first.
    """
    folders = (Path(folder) for folder in path.split(os.pathsep) if folder)
    places = (folder / "ffmpeg.exe" for folder in folders if folder.is_absolute() and folder.resolve() != Path.cwd().resolve())
    return next((str(place) for place in places if place.is_file()), None)


def _make_environment() -> dict[str, str]:
    """Return all that the program sees of this process's environment: no key is among it."""
    return {name: value for name, value in os.environ.items() if name.upper() in PASSED_ON}


def _list_names(program: str, what: str) -> frozenset[str]:
    """Return the names in one of the program's lists, such as `-encoders`: the second word of each line."""
    try:
        listing = subprocess.run(
            [program, "-hide_banner", what],
            env=_make_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(line.split()[1] for line in listing.stdout.splitlines() if len(line.split()) > 1)


def _build_command(ffmpeg: Ffmpeg, clip: Clip, words: list[str], path: Path) -> list[str]:
    """Return the command as a list of arguments. Of the prompt, only the title is in it."""
    lasting = f"rate={FPS}:duration={clip.seconds}"
    colours = ":".join(f"c{at}={colour}" for at, colour in enumerate(clip.palette))
    small = f"size={clip.width // 8 * 2}x{clip.height // 8 * 2}"
    ground = f"gradients={small}:{lasting}:speed=0.04:nb_colors=4:{colours}" if ffmpeg.gradients else f"testsrc2={small}:{lasting}"
    line = f"color=white@0.85:size={clip.width}x{max(4, clip.unit // 110)}:{lasting}"
    drawn = ",".join([f"[0]scale={clip.width}:{clip.height}:flags=bilinear", *words])
    moving = f"{drawn}[drawn];[drawn][1]overlay=x='w*t/{clip.seconds}-w':y=H-h,format=yuv420p[picture]"
    sound = f"aevalsrc=exprs='{clip.tone}|{clip.tone}':sample_rate=48000:duration={clip.seconds}"
    heard = ["-f", "lavfi", "-i", sound] if clip.audio else []
    return [
        *(ffmpeg.program, "-y", "-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:1"),
        *("-f", "lavfi", "-i", ground, "-f", "lavfi", "-i", line, *heard),
        *("-filter_complex", moving, "-map", "[picture]", "-c:v", ffmpeg.encoder, *ENCODERS[ffmpeg.encoder]),
        *(("-map", "2:a", "-c:a", "aac", "-ac", "2") if clip.audio else ()),
        *("-t", str(clip.seconds), "-metadata", f"title={clip.title}", "-metadata", f"comment={COMMENT}"),
        *("-movflags", "+faststart", "-f", "mp4", str(path)),
    ]


def _draw_words(clip: Clip, folder: Path) -> list[str]:
    """Return a drawtext filter for each line. Texts and font are files in the program's working folder, so nothing needs escaping."""
    fonts = choose_fonts(clip.prompt)
    best = max(fonts, key=lambda font: sum(has_glyph(font, ord(char)) for char in clip.prompt))
    shutil.copyfile(best, folder / FONT)
    clip = replace(clip, prompt=leave_out(clip.prompt, (best,)))
    lines, size = fit_prompt(clip, estimate_width)
    margin, height, small = MARGIN * clip.unit, size * LINE_HEIGHT * len(lines), max(8, round(SMALL * clip.unit))
    top = (clip.height - height) / 2
    card = f"x={margin:.0f}:y={top - margin * 0.7:.0f}:w={clip.width - 2 * margin:.0f}:h={height + margin * 1.4:.0f}"
    below = f"x=w-text_w-{margin + small * 0.7:.0f}:y=h-{margin + small * 1.5:.0f}"
    return [
        f"drawbox={card}:color=0x0c0e18@0.6:t=fill",
        *(
            _draw_text(folder, line, f"x=(w-text_w)/2:y={top + size * LINE_HEIGHT * (at + 0.76):.0f}-max_glyph_a", size)
            for at, line in enumerate(lines)
        ),
        _draw_text(folder, BADGE, f"x={margin + small * 0.7:.0f}:y={margin + small * 0.5:.0f}:{_box(small, '0xc42834@0.9')}", small),
        _draw_text(folder, clip.caption, f"{below}:{_box(small, '0x0c0e18@0.6')}", small),
    ]


def _draw_text(folder: Path, text: str, where: str, size: int) -> str:
    name = f"line{sum(1 for _ in folder.iterdir())}.txt"
    (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return f"drawtext=fontfile={FONT}:textfile={name}:expansion=none:fontcolor=white:fontsize={size}:{where}"


def _box(size: int, colour: str) -> str:
    return f"box=1:boxborderw={round(size * 0.5)}:boxcolor={colour}"


def _run(command: list[str], folder: Path, clip: Clip, on_progress: Callable[[float], None]) -> bool:
    """Run the command for at most 30 s plus ten times the clip's length. Return whether it succeeded."""
    try:
        program = subprocess.Popen(
            command,
            cwd=folder,
            env=_make_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError:
        return False
    clock = threading.Timer(30 + 10 * clip.seconds, program.kill)
    clock.start()
    try:
        with program:
            for frame in _read_frame_counts(program.stdout or ()):
                on_progress(min(1.0, frame / clip.frames))
    finally:
        clock.cancel()
    return program.returncode == 0


def _read_frame_counts(lines: Iterator[str] | tuple[()]) -> Iterator[int]:
    """Yield the number of finished frames from the program's progress report."""
    for line in lines:
        if count := re.fullmatch(r"frame=\s*([0-9]+)\s*", line):
            yield int(count[1])

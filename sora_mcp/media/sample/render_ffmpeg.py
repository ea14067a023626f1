"""Render a sample clip with the ffmpeg program, for machines without PyAV: a camera move over a ready picture of the scene."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sora_mcp.media.sample.caption import BADGE_SHAPE, LINE_HEIGHT, find_sizes, fit_caption
from sora_mcp.media.sample.chords import compose
from sora_mcp.media.sample.scene import COMMENT, FPS, Clip
from sora_mcp.media.text.fonts import choose_fonts, has_glyph
from sora_mcp.media.text.layout import clean_text, estimate_width
from sora_mcp.media.text.missing_characters import leave_out

ENCODERS = {"libx264": ("-preset", "superfast", "-crf", "27"), "libopenh264": (), "h264_videotoolbox": (), "h264_mf": ()}
"""Encoders of H.264 that need no special hardware, best first, each with its options."""
FONT = "font"
READY = Path(__file__).parent / "stills"
"""A JPEG picture of each scene, and the badge."""
AROUND = 1.18
"""How much larger than the frame the picture is that the camera moves over."""
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Names of the environment variables that the program gets."""


@dataclass(frozen=True)
class Ffmpeg:
    """The ffmpeg program of this machine, and what its build supports."""

    program: str
    encoder: str
    draws_text: bool


@lru_cache(maxsize=8)
def find_ffmpeg(path: str | None = None) -> Ffmpeg | None:
    """Return the program on PATH, or on another such list of folders; None when it is missing or cannot write H.264."""
    folders = os.environ.get("PATH", "") if path is None else path
    program = find_on_windows(folders) if sys.platform == "win32" else shutil.which("ffmpeg", path=folders)
    if program is None:
        return None
    encoders, filters = _list_names(program, "-encoders"), _list_names(program, "-filters")
    encoder = next((name for name in ENCODERS if name in encoders), None)
    return Ffmpeg(program, encoder, "drawtext" in filters) if encoder else None


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
    size, margin = find_sizes(clip)
    tall = max(2, round(size * BADGE_SHAPE))
    scene = ["-loop", "1", "-framerate", str(FPS), "-t", str(clip.seconds), "-i", str(READY / f"{clip.scene.kind}.jpg")]
    # without setsar, pixels are a trace off square after the crop, and players show 639 of 640 columns
    drawn = ",".join([f"[scene][badge]overlay={margin:.0f}:{margin:.0f}", *words, "setsar=1", "format=yuv420p[picture]"])
    moving = f"[0]{_move_camera(clip)}[scene];[1]scale=-1:{tall}[badge];{drawn}"
    tone = f"aevalsrc=exprs='{compose(clip)}':sample_rate=48000:duration={clip.seconds}"
    heard = ["-f", "lavfi", "-i", tone] if clip.audio else []
    return [
        *(ffmpeg.program, "-y", "-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:1"),
        *(*scene, "-i", str(READY / "badge.png"), *heard),
        *("-filter_complex", moving, "-map", "[picture]", "-c:v", ffmpeg.encoder, *ENCODERS[ffmpeg.encoder]),
        *(("-map", "2:a", "-c:a", "aac", "-ac", "2") if clip.audio else ()),
        *("-t", str(clip.seconds), "-metadata", f"title={clip.title}", "-metadata", f"comment={COMMENT}"),
        *("-movflags", "+faststart", "-f", "mp4", str(path)),
    ]


def _move_camera(clip: Clip) -> str:
    """Return filters that cut the frame out of the scene's picture, and move over it as the camera does."""
    wide, high = round(clip.width * AROUND / 2) * 2, round(clip.height * AROUND / 2) * 2
    cover = f"scale={wide}:{high}:force_original_aspect_ratio=increase:flags=bicubic,crop={wide}:{high}"
    scene, done = clip.scene, f"(t/{clip.seconds})"
    if scene.move in ("in", "out"):
        part = f"on/{clip.frames}"
        zoom = f"1+{(AROUND - 1) * scene.travel:.3f}*{part if scene.move == 'in' else f'(1-{part})'}"
        return f"{cover},zoompan=z='{zoom}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d=1:s={clip.width}x{clip.height}:fps={FPS}"
    along = {"left": f"1-{done}", "up": "0.5"}.get(scene.move, done)
    across = f"(0.5+{scene.travel:.2f}*({along}-0.5))"
    rise = f"(0.5+{scene.travel:.2f}*(0.5-{done}))" if scene.move == "up" else "0.5"
    return f"{cover},crop={clip.width}:{clip.height}:x='(iw-ow)*{across}':y='(ih-oh)*{rise}'"


def _draw_words(clip: Clip, folder: Path) -> list[str]:
    """Return a drawtext filter for each line of the caption. Texts and font are files in the working folder: nothing needs escaping."""
    fonts = choose_fonts(clip.prompt)
    best = max(fonts, key=lambda font: sum(has_glyph(font, ord(char)) for char in clip.prompt))
    shutil.copyfile(best, folder / FONT)
    size, margin = find_sizes(clip)
    lines = fit_caption(clean_text(leave_out(clip.prompt, (best,))), clip.width - 2 * margin, lambda text: estimate_width(text, size))
    above = [margin + size * LINE_HEIGHT * (len(lines) - 1 - at) for at in range(len(lines))]
    return [
        _draw_text(folder, line, f"x={margin:.0f}:y=h-{height:.0f}-max_glyph_a:shadowx=1:shadowy=1:shadowcolor=black@0.7", size)
        for line, height in zip(lines, above, strict=True)
        if line
    ]


def _draw_text(folder: Path, text: str, where: str, size: int) -> str:
    name = f"line{sum(1 for _ in folder.iterdir())}.txt"
    (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return f"drawtext=fontfile={FONT}:textfile={name}:expansion=none:fontcolor=white:fontsize={size}:{where}"


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

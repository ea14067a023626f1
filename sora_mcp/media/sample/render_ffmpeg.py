"""Makes a sample clip with the ffmpeg program, where PyAV is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sora_mcp.media.sample.fonts import fonts_for, writes
from sora_mcp.media.sample.scene import BADGE, COMMENT, FPS, LINE, MARGIN, SMALL, Clip, estimated, fitted

ENCODERS = {"libx264": ("-preset", "superfast", "-crf", "27"), "libopenh264": (), "h264_videotoolbox": (), "h264_mf": ()}
"""Those that write H.264 without special hardware, best first, and how."""
FONT = "font"


@dataclass(frozen=True)
class Ffmpeg:
    """The program on this machine, and what it was built with."""

    program: str
    encoder: str
    draws_text: bool
    gradients: bool


@lru_cache(maxsize=8)
def find(path: str | None = None) -> Ffmpeg | None:
    """The program on PATH, or on another such list of folders; None when there is none, or none that writes H.264."""
    program = shutil.which("ffmpeg", path=path)
    if program is None:
        return None
    encoders, filters = _listed(program, "-encoders"), _listed(program, "-filters")
    encoder = next((name for name in ENCODERS if name in encoders), None)
    return Ffmpeg(program, encoder, "drawtext" in filters, "gradients" in filters) if encoder else None


def render(ffmpeg: Ffmpeg, clip: Clip, path: Path, on_progress: Callable[[float], None]) -> bool:
    """Writes the clip as MP4 with its index in front; False when the program failed or took too long."""
    with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder:
        plain = _command(ffmpeg, clip, [], path.absolute())
        if ffmpeg.draws_text:
            worded = _command(ffmpeg, clip, _words(clip, Path(folder)), path.absolute())
            if _ran(worded, Path(folder), clip, on_progress):
                return True  # some fonts, such as coloured ones, are beyond some builds: then the words are left out
        return _ran(plain, Path(folder), clip, on_progress)


def _listed(program: str, what: str) -> frozenset[str]:
    """The names in one of the program's lists: the second word of each line."""
    try:
        said = subprocess.run([program, "-hide_banner", what], capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(line.split()[1] for line in said.stdout.splitlines() if len(line.split()) > 1)


def _command(ffmpeg: Ffmpeg, clip: Clip, words: list[str], path: Path) -> list[str]:
    """As a list of arguments; no part of the prompt is in it but the title."""
    lasting = f"rate={FPS}:duration={clip.seconds}"
    colours = ":".join(f"c{at}={colour}" for at, colour in enumerate(clip.palette))
    small = f"size={clip.width // 8 * 2}x{clip.height // 8 * 2}"
    ground = f"gradients={small}:{lasting}:speed=0.04:nb_colors=4:{colours}" if ffmpeg.gradients else f"testsrc2={small}:{lasting}"
    line = f"color=white@0.85:size={clip.width}x{max(4, clip.unit // 110)}:{lasting}"
    drawn = ",".join([f"[0]scale={clip.width}:{clip.height}:flags=bilinear", *words])
    moving = f"{drawn}[worded];[worded][1]overlay=x='w*t/{clip.seconds}-w':y=H-h,format=yuv420p[picture]"
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


def _words(clip: Clip, folder: Path) -> list[str]:
    """A drawtext filter for each line. Text and font lie in the folder that the program runs in, so nothing needs escaping."""
    texts = fonts_for(clip.prompt)
    best = max(texts, key=lambda font: sum(writes(font, ord(char)) for char in clip.prompt))
    shutil.copyfile(best, folder / FONT)
    lines, size = fitted(clip, estimated)
    margin, height, small = MARGIN * clip.unit, size * LINE * len(lines), max(8, round(SMALL * clip.unit))
    top = (clip.height - height) / 2
    card = f"x={margin:.0f}:y={top - margin * 0.7:.0f}:w={clip.width - 2 * margin:.0f}:h={height + margin * 1.4:.0f}"
    below = f"x=w-text_w-{margin + small * 0.7:.0f}:y=h-{margin + small * 1.5:.0f}"
    return [
        f"drawbox={card}:color=0x0c0e18@0.6:t=fill",
        *(
            _text(folder, line, f"x=(w-text_w)/2:y={top + size * LINE * (at + 0.76):.0f}-max_glyph_a", size)
            for at, line in enumerate(lines)
        ),
        _text(folder, BADGE, f"x={margin + small * 0.7:.0f}:y={margin + small * 0.5:.0f}:{_box(small, '0xc42834@0.9')}", small),
        _text(folder, clip.caption, f"{below}:{_box(small, '0x0c0e18@0.6')}", small),
    ]


def _text(folder: Path, text: str, where: str, size: int) -> str:
    name = f"line{sum(1 for _ in folder.iterdir())}.txt"
    (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return f"drawtext=fontfile={FONT}:textfile={name}:expansion=none:fontcolor=white:fontsize={size}:{where}"


def _box(size: int, colour: str) -> str:
    return f"box=1:boxborderw={round(size * 0.5)}:boxcolor={colour}"


def _ran(command: list[str], folder: Path, clip: Clip, on_progress: Callable[[float], None]) -> bool:
    """Runs it to its end, at most 30 s and ten times the clip's length."""
    try:
        program = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError:
        return False
    clock = threading.Timer(30 + 10 * clip.seconds, program.kill)
    clock.start()
    try:
        with program:
            for frame in _frames(program.stdout or ()):
                on_progress(min(1.0, frame / clip.frames))
    finally:
        clock.cancel()
    return program.returncode == 0


def _frames(lines: Iterator[str] | tuple[()]) -> Iterator[int]:
    for line in lines:
        if count := re.fullmatch(r"frame=\s*([0-9]+)\s*", line):
            yield int(count[1])

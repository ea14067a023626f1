"""The colours of a video: its tags, and how HDR becomes what ordinary screens show."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
from dataclasses import dataclass
from functools import cache

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from sora_mcp.media.filters import STILL_TIME_BASE, link, pull_frames

UNSTATED = 2
"""Of matrix, primaries and transfer."""
PQ, HLG = 16, 18
HDR_NOTE = "It is HDR, which was turned into the colours of ordinary screens (BT.709)."
PEAK, WHITE = 1000.0, 203.0
"""The brightest HDR light that keeps its differences, and the light of a white sheet, in cd/m2: ITU-R BT.2408."""
TABLE_SIDE = 25
DISPLAY_GAMMA = 2.2
TABLE_FORMAT = "gbrp16le"
"""In which a table is applied: the one format for which FFmpeg does so several pixels at a time (libavfilter/x86/vf_lut3d_init.c)."""
PQ_M1, PQ_M2, PQ_C1, PQ_C2, PQ_C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
BT2020_TO_BT709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
"""Of linear light: ITU-R BT.2407."""


@dataclass(frozen=True)
class Colours:
    """Range, matrix, primaries and transfer by their numbers in ITU-T H.273; 2, and 0 of a range, stand for "not stated"."""

    range: int = 0
    matrix: int = UNSTATED
    primaries: int = UNSTATED
    transfer: int = UNSTATED

    @property
    def is_hdr(self) -> bool:
        """True for PQ (HDR10) and HLG (phones)."""
        return self.transfer in (PQ, HLG)


SDR = Colours(range=1, matrix=1, primaries=1, transfer=1)
"""HD video: BT.709 in limited range."""
BT2020_MATRIX, BT2020_PRIMARIES = 9, 9


def read_colours(frame: VideoFrame) -> Colours:
    """Return a frame's tags. HDR without matrix or primaries has those of BT.2020."""
    colours = Colours(int(frame.color_range), int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc))
    if not colours.is_hdr:
        return colours
    matrix = BT2020_MATRIX if colours.matrix == UNSTATED else colours.matrix
    primaries = BT2020_PRIMARIES if colours.primaries == UNSTATED else colours.primaries
    return Colours(colours.range or 1, matrix, primaries, colours.transfer)


def choose_output(frame: VideoFrame) -> Colours:
    """Return the tags of what is encoded from such frames: their own, and SDR for HDR and RGB, which are converted."""
    colours = read_colours(frame)
    if colours.is_hdr or frame.format.is_rgb:
        return SDR
    return Colours(2 if frame.format.name.startswith("yuvj") else colours.range, colours.matrix, colours.primaries, colours.transfer)


def tag_colours(context: VideoCodecContext, colours: Colours) -> None:
    """Let an encoder write these tags."""
    context.color_range, context.colorspace = colours.range, colours.matrix
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer


def state_colours(graph: Graph, entry: FilterContext, colours: Colours) -> FilterContext:
    """Tell the filters behind `entry` what the frames' tags are, and return the last filter."""
    tags = f"color_primaries={colours.primaries}:color_trc={colours.transfer}:colorspace={colours.matrix}"
    return link(entry, graph.add("setparams", f"range={colours.range}:{tags}" if colours.range else tags))


def convert_colours(graph: Graph, last: FilterContext, source: Colours, target: Colours) -> FilterContext:
    """Convert between matrices and ranges, and tone-map HDR. Return the last filter."""
    if source.is_hdr:
        last = link(last, graph.add("scale", "flags=bicubic"), graph.add("format", TABLE_FORMAT), _add_tone_table(graph, source.transfer))
        last = link(last, graph.add("setparams", "color_primaries=bt709:color_trc=bt709"))
    if source != target:
        sides = {"out_range": ("", "tv", "pc")[target.range]} if target.range else {}
        if target.matrix != UNSTATED:
            sides["out_color_matrix"] = str(target.matrix)
        options = ":".join(f"{name}={value}" for name, value in sides.items())
        last = link(last, graph.add("scale", options or "flags=bicubic"), graph.add("format", "yuv420p|yuv420p10le|yuv444p"))
    return last


def show_in_sdr(frame: VideoFrame) -> VideoFrame:
    """Return the frame in the colours of ordinary screens: tone-mapped when it is HDR, else the same."""
    source = read_colours(frame)
    if not source.is_hdr:
        return frame
    graph = Graph()
    entry = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or STILL_TIME_BASE)
    link(convert_colours(graph, state_colours(graph, entry, source), source, SDR), graph.add("buffersink"))
    graph.configure()
    entry.push(frame)
    entry.push(None)
    return next(pull_frames(graph, VideoFrame))


def _add_tone_table(graph: Graph, transfer: int) -> FilterContext:
    """Add a filter that applies the table. It reads the table when it is added, from a file that is deleted at once."""
    descriptor, name = tempfile.mkstemp(suffix=".cube")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make_tone_table(transfer))
        return graph.add("lut3d", None, file=name, interp="tetrahedral")
    finally:
        os.unlink(name)


@cache
def make_tone_table(transfer: int) -> str:
    """Return the table, in the .cube format, that turns RGB of BT.2020 with PQ or HLG into RGB of BT.709, for 203 cd/m2 as white.

    The brightest channel follows the curve of ITU-R BT.2390 and the others keep their ratio to it, so that hues stay.
    """
    codes = [at / (TABLE_SIDE - 1) for at in range(TABLE_SIDE)]
    lights = [_read_pq(code) for code in codes] if transfer == PQ else [_read_hlg(code) for code in codes]
    rows = [f"LUT_3D_SIZE {TABLE_SIDE}"]
    for blue, green, red in itertools.product(lights, repeat=3):
        rgb = (red, green, blue) if transfer == PQ else _show_hlg(red, green, blue)
        brightest = max(rgb)
        ratio = _compress(brightest) / brightest / WHITE if brightest else 0.0
        linear = [channel * ratio for channel in rgb]
        shown = (min(1.0, max(0.0, sum(map(float.__mul__, weights, linear)))) for weights in BT2020_TO_BT709)
        rows.append(" ".join(f"{light ** (1 / DISPLAY_GAMMA):.6f}" for light in shown))
    return "\n".join([*rows, ""])


def _read_pq(code: float) -> float:
    """Return the light in cd/m2 that a PQ code, 0 to 1, stands for: SMPTE ST 2084."""
    root = code ** (1 / PQ_M2)
    return 10_000 * (max(0.0, root - PQ_C1) / (PQ_C2 - PQ_C3 * root)) ** (1 / PQ_M1)


def _write_pq(light: float) -> float:
    power = (light / 10_000) ** PQ_M1
    return ((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2


def _read_hlg(code: float) -> float:
    """Return the light of the scene, 0 to 1, that an HLG code, 0 to 1, stands for: ARIB STD-B67."""
    return code * code / 3 if code <= 0.5 else (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _show_hlg(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return in cd/m2 what a screen of PEAK makes of the scene's light."""
    gain = PEAK * (0.2627 * red + 0.678 * green + 0.0593 * blue) ** 0.2
    return red * gain, green * gain, blue * gain


def _compress(light: float) -> float:
    """Return the light, from 0 to WHITE, that shows a light from 0 to PEAK: the lower part stays, the upper one bends."""
    peak, most = _write_pq(PEAK), _write_pq(WHITE) / _write_pq(PEAK)
    code, knee = min(1.0, _write_pq(light) / peak), 1.5 * most - 0.5
    if code > knee:
        part = (code - knee) / (1 - knee)
        squared, cubed = part * part, part**3
        code = (2 * cubed - 3 * squared + 1) * knee + (cubed - 2 * squared + part) * (1 - knee) + (3 * squared - 2 * cubed) * most
    return _read_pq(code * peak)

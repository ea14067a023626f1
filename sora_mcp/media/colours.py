"""The colours of a video: its tags, and how HDR becomes what ordinary screens show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from sora_mcp.media.filters import STILL_TIME_BASE, link, pull_frames

UNSTATED = 2
"""Of matrix, primaries and transfer."""
PQ, HLG = 16, 18
HDR_NOTE = "It is HDR, which was turned into the colours of ordinary screens (BT.709)."
TONE_TABLES = {transfer: Path(__file__).with_name("tone") / f"{name}.cube" for transfer, name in ((PQ, "pq"), (HLG, "hlg"))}
"""Written by scripts.tone_tables: to compute one takes longer than to decode a frame."""
TABLE_FORMAT = "gbrp16le"
"""In which a table is applied: the one format for which FFmpeg does so several pixels at a time (libavfilter/x86/vf_lut3d_init.c)."""


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
    graph, entry = _build_sdr_graph(frame.width, frame.height, frame.format.name, source)
    entry.push(frame)
    return next(pull_frames(graph, VideoFrame))


@lru_cache(maxsize=2)
def _build_sdr_graph(width: int, height: int, pixel_format: str, source: Colours) -> tuple[Graph, FilterContext]:
    """Return a graph that tone-maps such frames one by one, and its first filter. To build one takes as long as to use it."""
    graph = Graph()
    entry = graph.add_buffer(width=width, height=height, format=VideoFormat(pixel_format, width, height), time_base=STILL_TIME_BASE)
    link(convert_colours(graph, state_colours(graph, entry, source), source, SDR), graph.add("buffersink"))
    graph.configure()
    return graph, entry


def _add_tone_table(graph: Graph, transfer: int) -> FilterContext:
    """Add a filter that turns RGB of BT.2020 with PQ or HLG into RGB of BT.709, for 203 cd/m2 as white, by a table in a file."""
    return graph.add("lut3d", None, file=str(TONE_TABLES[transfer]), interp="tetrahedral")

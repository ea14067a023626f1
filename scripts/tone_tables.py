"""Write the tables by which HDR becomes what ordinary screens show: `python -m scripts.tone_tables`."""

from __future__ import annotations

import itertools
import math

from sora_mcp.media.colours import PQ, TONE_TABLES

PEAK, WHITE = 1000.0, 203.0
"""The brightest HDR light that keeps its differences, and the light of a white sheet, in cd/m2: ITU-R BT.2408."""
TABLE_SIDE = 25
DISPLAY_GAMMA = 2.2
PQ_M1, PQ_M2, PQ_C1, PQ_C2, PQ_C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
BT2020_TO_BT709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
"""Of linear light: ITU-R BT.2407."""


def main() -> None:
    """Write a table for each transfer function."""
    for transfer, path in TONE_TABLES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(make_tone_table(transfer), "ascii")


def make_tone_table(transfer: int) -> str:
    """Return the table that turns RGB of BT.2020 with PQ or HLG into RGB of BT.709, for 203 cd/m2 as white: a .cube file's text.

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
        rows.append(" ".join(f"{light ** (1 / DISPLAY_GAMMA):.4f}" for light in shown))
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


if __name__ == "__main__":
    main()

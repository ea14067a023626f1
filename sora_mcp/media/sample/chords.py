"""Compose the sound of a sample clip: three soft chords."""

from __future__ import annotations

from sora_mcp.media.sample.scene import Clip

PROGRESSIONS = (
    ((0, 7, 16), (-4, 8, 15), (-2, 5, 14)),
    ((0, 7, 15), (-4, 3, 12), (-7, 5, 12)),
    ((0, 9, 16), (5, 9, 12), (-5, 7, 11)),
)
"""Three chords each, as half tones above the key."""


def compose(clip: Clip) -> str:
    """Return one channel as an expression for FFmpeg's aevalsrc."""
    key = 110 * 2 ** (clip.hash // 8 % 7 / 12)
    chords = PROGRESSIONS[clip.hash // 64 % len(PROGRESSIONS)]
    third = clip.seconds / len(chords)
    notes = [[key * 2 ** (chord[voice] / 12) for chord in chords] for voice in range(3)]
    voices = "+".join(f"{loud}*sin(6.28318*t*{_choose(note, third)})" for loud, note in zip((1, 0.6, 0.45), notes, strict=True))
    return f"0.13*min(1,4*mod(t,{third:.4f}))*exp(-0.9*mod(t,{third:.4f}))*min(1,3*({clip.seconds}-t))*({voices})"


def _choose(notes: list[float], third: float) -> str:
    first, second, last = (f"{note:.2f}" for note in notes)
    return f"if(lt(t,{third:.4f}),{first},if(lt(t,{2 * third:.4f}),{second},{last}))"

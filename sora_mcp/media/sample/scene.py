"""Describe a sample clip: what its prompt and seed choose, for every renderer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from sora_mcp.media.sample.palettes import PALETTES, Palette
from sora_mcp.media.sample.prompt_words import LIGHTS, SCENES, WEATHERS, choose_move, choose_scene, choose_word
from sora_mcp.media.text.layout import clean_text

FPS = 24
BADGE = "SAMPLE"
COMMENT = "A sample clip of sora-mcp: a drawn scene, no vendor was called, nothing was charged."
DRIFTS = ("right", "left", "in", "orbit")
"""Camera moves of a prompt that names none."""
DRIFT = 0.55
"""How much less the camera moves where the prompt does not ask for it."""
FAVOURITES = {"city": "night", "space": "night"}
"""The light of a scene of which a prompt says nothing."""


@dataclass(frozen=True)
class Scene:
    """A scene to draw: its kind, its light, its weather (or ""), the camera's move, and how far it goes, from 0 to 1."""

    kind: str
    light: str
    weather: str
    move: str
    travel: float
    palette: Palette


@dataclass(frozen=True)
class Clip:
    """The parameters of a sample clip. Sides in pixels; the same parameters give the same clip."""

    prompt: str
    width: int
    height: int
    seconds: int
    audio: bool = True
    seed: int | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.seconds * FPS

    @property
    def unit(self) -> int:
        """The shorter side in pixels, which all lengths are parts of."""
        return min(self.width, self.height)

    @property
    def title(self) -> str:
        """The title in the file's metadata."""
        return clean_text(self.prompt)[:80]

    @property
    def hash(self) -> int:
        """A 32-bit number that determines what the prompt leaves open; derived from the seed, else from the prompt."""
        text = self.prompt if self.seed is None else str(self.seed)
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big")

    @cached_property
    def scene(self) -> Scene:
        """The scene that the clip shows: the prompt's words choose, and the hash where they do not."""
        number = self.hash
        kind = choose_scene(self.prompt) or tuple(SCENES)[number % len(SCENES)]
        lights = PALETTES[kind]
        light = choose_word(self.prompt, LIGHTS) or FAVOURITES.get(kind, tuple(lights)[number // 8 % len(lights)])
        palettes = lights[light if light in lights else next(iter(lights))]
        move = choose_move(self.prompt)
        return Scene(
            kind=kind,
            light=light if light in lights else next(iter(lights)),
            weather=choose_word(self.prompt, WEATHERS) or "",
            move=move or DRIFTS[number // 64 % len(DRIFTS)],
            travel=1.0 if move else DRIFT,
            palette=palettes[number // 512 % len(palettes)],
        )

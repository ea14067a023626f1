"""What a sample clip shows: lines that fit, in the letters at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_mcp.media.sample.caption import fit_caption
from sora_mcp.media.sample.chords import compose
from sora_mcp.media.sample.palettes import PALETTES
from sora_mcp.media.sample.prompt_words import LIGHTS, SCENES
from sora_mcp.media.sample.scene import DRIFT, DRIFTS, Clip
from sora_mcp.media.sample.scene_layers import Stage
from sora_mcp.media.sample.scenes.space import draw_space
from sora_mcp.media.text.fonts import BUNDLED, Run, choose_fonts, find_font_files, has_glyph, list_font_folders, split_runs
from sora_mcp.media.text.layout import clean_text, estimate_width, wrap_text
from tests.each import each

NOWHERE: tuple[Path, ...] = (Path("nowhere"),)


def letters(text: str) -> float:
    """A measure by which every character is 1 wide."""
    return len(text)


def test_a_clip_has_frames_a_unit_and_a_title() -> None:
    clip = Clip("a cat", 1280, 720, 4)
    assert (clip.frames, clip.unit, clip.title) == (96, 720, "a cat")


@each(
    ("prompt", "kind", "light", "weather", "move"),
    [
        ("A paper boat sails down a rainy street", "sea", None, "rain", None),
        ("Neon city at night in the rain, slow pan left", "city", "night", "rain", "left"),
        ("fox in a misty forest at dawn, the camera zooms out", "forest", "dusk", "fog", "out"),
        ("an astronaut; orbit around her ship in space", "space", "night", "", "orbit"),
        ("desierto al atardecer", "desert", "dusk", "", None),
        ("Снежные горы ночью, панорама", "snow", "night", "snow", "right"),
        ("窓のそばの猫、夜", "room", "night", "", None),
        ("抽象, liquid colours", "abstract", None, "", None),
        ("غابة في الليل", "forest", "night", "", None),
        ("a season starts", None, None, "", None),
    ],
)
def test_the_words_of_the_prompt_choose_what_is_drawn(prompt: str, kind: str, light: str, weather: str, move: str) -> None:
    scene = Clip(prompt, 640, 360, 4, seed=1).scene
    assert kind in (None, scene.kind)
    assert light in (None, scene.light)
    assert (scene.weather, scene.travel) == (weather, 1.0 if move else DRIFT)
    assert move in (None, scene.move)


def test_a_planet_has_the_ring_that_the_prompt_names() -> None:
    seeds = (6, 7)  # without a word, one has a ring and the other has none
    layers = {
        prompt: {len(draw_space(Stage(clip, clip.scene))) for seed in seeds for clip in [Clip(prompt, 64, 36, 1, seed=seed)]}
        for prompt in ("a planet", "a ringed planet", "el planeta y su anillo")
    }
    without, ringed = sorted(layers["a planet"])
    assert ringed == without + 2
    assert layers["a ringed planet"] == layers["el planeta y su anillo"] == {ringed}


def test_what_the_prompt_leaves_open_follows_from_the_seed_or_from_the_prompt() -> None:
    scenes = [Clip("x", 640, 360, 4, seed=seed).scene for seed in range(200)]
    assert {scene.kind for scene in scenes} == set(PALETTES)
    assert {scene.move for scene in scenes} == set(DRIFTS)
    assert Clip("x", 640, 360, 4, seed=7).scene == Clip("y", 360, 640, 8, seed=7).scene
    assert Clip("one", 640, 360, 4).hash == Clip("one", 360, 640, 8).hash != Clip("other", 640, 360, 4).hash
    assert compose(Clip("x", 640, 360, 4, seed=7)) == compose(Clip("y", 360, 640, 4, seed=7)) != compose(Clip("x", 640, 360, 4, seed=8))


def test_every_scene_has_words_and_palettes() -> None:
    assert set(PALETTES) == set(SCENES)
    assert all(lights.keys() <= LIGHTS.keys() and all(lights.values()) for lights in PALETTES.values())


def test_a_prompt_is_shown_as_one_clean_line() -> None:
    assert clean_text(" a\n\tcat\x1b[31m \u202eon\ud800 a  mat\x00 ") == "a cat[31m on a mat"
    assert clean_text("م\u200cن") == "م\u200cن"
    assert clean_text("x" * 601) == "x" * 598 + " …"


@each(
    ("text", "lines"),
    [
        ("", [""]),
        ("a cat", ["a cat"]),
        ("a cat on a mat", ["a cat on", "a mat"]),
        ("abcdefghijklmnopqrst", ["abcdefgh", "ijklmnop", "qrst"]),
        ("to abcdefghij", ["to", "abcdefgh", "ij"]),
        ("一只纸船漂过雨后的里斯本", ["一只纸船漂过雨后", "的里斯本"]),
        ("一只纸船漂过雨后。的", ["一只纸船漂过雨", "后。的"]),
        ("boat 一只纸船", ["boat 一只纸", "船"]),
    ],
)
def test_lines_are_broken_between_words_and_between_ideographs(text: str, lines: list[str]) -> None:
    assert wrap_text(text, 8, letters) == lines


def test_a_letter_wider_than_the_picture_stands_alone() -> None:
    assert wrap_text("abc", 0.5, letters) == ["a", "b", "c"]


@given(st.text(max_size=60), st.integers(1, 20))
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrap_text(text, width, letters)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_caption_has_two_lines_at_most() -> None:
    assert fit_caption("a cat", 8, letters) == ["a cat"]
    assert fit_caption("a cat on a mat", 8, letters) == ["a cat on", "a mat"]
    assert fit_caption("a cat on a mat by the sea", 8, letters) == ["a cat on", "a mat …"]
    assert fit_caption("x" * 40, 8, letters) == ["x" * 8, "x" * 6 + " …"]


def test_wide_letters_are_estimated_wider() -> None:
    assert estimate_width("船a", 100) == pytest.approx(162)


def test_the_bundled_font_writes_latin_greek_cyrillic_hebrew_arabic_and_arrows() -> None:
    assert all(has_glyph(BUNDLED, ord(char)) for char in "aéßŁžΩжяשم→€×–")
    assert not any(has_glyph(BUNDLED, ord(char)) for char in "船かह\uffff")
    assert choose_fonts("naïve façade", NOWHERE) == (BUNDLED,)


def test_without_another_font_the_bundled_one_writes_what_it_can() -> None:
    assert choose_fonts("船 boat", NOWHERE) == (BUNDLED,)
    assert split_runs("船 boat", (BUNDLED,)) == [Run("船 boat", BUNDLED)]


def test_a_font_that_cannot_be_read_writes_nothing(tmp_path: Path) -> None:
    for name, content in {"empty.ttf": b"", "noise.otf": b"noise" * 100, "zeros.ttf": b"\0" * 64, "collection.ttc": b"ttcf"}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "read.me").write_text("no font")
    assert [path.name for path in find_font_files((tmp_path,))] == ["collection.ttc", "empty.ttf", "noise.otf", "zeros.ttf"]
    assert choose_fonts("船", (tmp_path,)) == (BUNDLED,)


def test_a_system_font_is_taken_for_what_the_bundled_one_lacks(tmp_path: Path) -> None:
    for name in ("Some-Bold.ttf", "Some.ttf"):
        (tmp_path / name).write_bytes(font(0x8239, 0x9999))
    assert choose_fonts("船", (tmp_path,)) == (BUNDLED, tmp_path / "Some.ttf")
    some = tmp_path / "Some.ttf"
    assert split_runs("a 船 b", (BUNDLED, some)) == [Run("a ", BUNDLED), Run("船 ", some), Run("b", BUNDLED)]


def test_the_first_font_of_a_collection_is_asked_and_groups_are_read(tmp_path: Path) -> None:
    (tmp_path / "Many.ttc").write_bytes(b"ttcf" + (65536).to_bytes(4) + (1).to_bytes(4) + (16).to_bytes(4) + font(0x1F6A2, 0x1F6A2, at=16))
    assert choose_fonts("\U0001f6a2", (tmp_path,)) == (BUNDLED, tmp_path / "Many.ttc")


def test_the_system_has_places_for_fonts() -> None:
    assert all(place.is_absolute() for place in list_font_folders())


def font(first: int, last: int, *, at: int = 0) -> bytes:
    """A font file with a cmap and nothing else: one group, or one segment and the end mark."""
    if last > 0xFFFF:
        subtable = (
            (12).to_bytes(2) + b"\0\0" + (28).to_bytes(4) + b"\0" * 4 + (1).to_bytes(4) + first.to_bytes(4) + last.to_bytes(4) + b"\0" * 4
        )
    else:
        codes = last.to_bytes(2) + b"\xff\xff" + b"\0\0" + first.to_bytes(2) + b"\xff\xff"
        subtable = (4).to_bytes(2) + b"\0\0" + b"\0\0" + (4).to_bytes(2) + b"\0" * 6 + codes
    odd = (1).to_bytes(2) + b"\0\0" + (28).to_bytes(4)
    cmap = b"\0\0" + (2).to_bytes(2) + odd + (3).to_bytes(2) + (10).to_bytes(2) + (20).to_bytes(4) + subtable
    head = b"\0\1\0\0" + (2).to_bytes(2) + b"\0" * 6
    tables = b"name" + b"\0" * 12 + b"cmap" + b"\0" * 4 + (at + 44).to_bytes(4) + len(cmap).to_bytes(4)
    return head + tables + cmap

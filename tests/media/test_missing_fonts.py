"""Scripts that no font of this machine writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import ImageChops

from sora_mcp.cli.doctor import FONT_SAMPLE, _check_fonts  # pyright: ignore[reportPrivateUsage]
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.edit.caption import draw_caption
from sora_mcp.media.sample.draw import draw_label
from sora_mcp.media.sample.scene import Clip
from sora_mcp.media.text.fonts import BUNDLED, choose_fonts
from sora_mcp.media.text.missing_characters import NOTHING_LEFT, describe_missing, find_missing, leave_out, list_packages

UNWRITTEN = "\U00012000"
"""A cuneiform sign, which hardly any machine has a font for."""


@pytest.fixture
def sign() -> str:
    if not find_missing(UNWRITTEN):
        pytest.skip("this machine has a font for cuneiform")
    return UNWRITTEN


def test_a_caption_that_no_font_writes_is_refused_with_what_would(sign: str) -> None:
    with pytest.raises(BrokenRules, match=r"1 character that has no font on this machine \(.\); install fonts-noto-core") as refused:
        draw_caption(f"A boat {sign}", 320, 180)
    assert refused.value.broken[0].argument == "text"


def test_the_packages_fit_the_script() -> None:
    scripts = {
        "雨の中の紙の船": ("fonts-noto-cjk",),
        "종이배": ("fonts-noto-cjk",),
        "बारिश": ("fonts-noto-core",),
        "เรือกระดาษ": ("fonts-noto-core",),
        "🚤🌧": ("fonts-noto-color-emoji",),
        "船🚤": ("fonts-noto-cjk", "fonts-noto-color-emoji"),
    }
    assert {text: list_packages(find_missing(text, (BUNDLED,))) for text in scripts} == scripts


def test_what_the_bundled_font_writes_misses_nothing() -> None:
    for text in ("A paper boat", "Бумажный кораблик", "قارب من ورق", "סירת נייר", "Ένα καράβι → ½ é"):
        assert find_missing(text, (BUNDLED,)) == "", text


def test_marks_and_joiners_alone_are_not_missing() -> None:
    assert find_missing("a\u0301 b\ufe0f c\u200dd", (BUNDLED,)) == ""


def test_many_characters_are_named_in_part() -> None:
    words = describe_missing(find_missing("一二三四五六七八九十", (BUNDLED,)))
    assert words.startswith("10 characters that have no font on this machine (一 二 三 四 五 六 七 八 …); install fonts-noto-cjk")


def test_a_sample_leaves_out_what_it_cannot_write() -> None:
    assert leave_out("A boat 🚤🌧 in 雨 rain", (BUNDLED,)) == "A boat … in … rain"
    assert leave_out("雨の中", (BUNDLED,)) == NOTHING_LEFT
    assert leave_out("A boat", (BUNDLED,)) == "A boat"


def test_a_sample_shows_no_boxes(sign: str) -> None:
    clip = Clip(f"A boat {sign}{sign}", 640, 360, 4)
    assert choose_fonts(clip.prompt) == (BUNDLED,)
    drawn, meant = draw_label(clip), draw_label(replace(clip, prompt="A boat …"))
    assert ImageChops.difference(drawn.convert("RGB"), meant.convert("RGB")).getbbox() is None


def test_doctor_names_the_scripts_without_a_font_and_what_brings_them() -> None:
    missing = find_missing(FONT_SAMPLE)
    findings = [finding for finding in _check_fonts() if finding.verdict == "note"]
    assert len(findings) == bool(missing)
    assert all(package in str(findings[0].todo) for package in list_packages(missing))

"""Words of others come out harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_mcp.domain.text import ESCAPES, HIDDEN, MOST, is_plain, sanitize
from tests.each import each

HOSTILE = {
    "\x1b[2Jcleared": "cleared",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07": "link",
    "\x1b]52;c;ZXZpbA==\x07copied": "copied",
    "one\rtwo\nthree\x00four\x07": "one two three four",
    "rtl \u202edesrever\u202c end": "rtl desrever end",
    "zero\u200bwidth\u2060joined\ufeff": "zerowidthjoined",
    "tag\U000e0041\U000e007f": "tag",
    "half \ud800 a pair": "half a pair",
    "line\u2028and\u2029paragraph": "lineandparagraph",
    "c1 \x9b31m csi": "c1 31m csi",
    "  much   room ": "much room",
    "e\u0301": "\u00e9",
}


@pytest.mark.fault("Q02")
@each(("said", "shown"), HOSTILE.items(), ids=[ascii(said) for said in HOSTILE])
def test_a_vendors_words_lose_everything_that_a_person_would_not_see(said: str, shown: str) -> None:
    assert sanitize(said) == shown


@each("nothing", [None, 7, True, ["text"], {"message": "text"}, "", "  ", "\u200b\x00", "\ud800"])
def test_what_is_no_text_or_leaves_nothing_is_none(nothing: object) -> None:
    assert sanitize(nothing) is None


def test_what_is_plain_has_nothing_to_take_out() -> None:
    plain = [char for char in map(chr, range(0x30000)) if is_plain(char)]
    assert (len(plain), not ESCAPES.search("".join(plain)), not HIDDEN.search("".join(plain))) == (95, True, True)
    assert {char for char in plain if unicodedata.category(char) in ("Cc", "Cs", "Zs")} == {" "}
    assert unicodedata.normalize("NFC", "".join(plain)) == "".join(plain)
    assert [is_plain(text) for text in ("a boat", "a\tboat", "a bo\u00e2t", "a\x7fboat", "")] == [True, False, False, False, True]


def test_long_words_are_cut_and_say_so() -> None:
    shown = sanitize("x" * 9_999)

    assert shown == "x" * (MOST - 1) + "…"


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_at_all_brings_a_hidden_character_through(said: str) -> None:
    shown = sanitize(said) or ""

    assert len(shown) <= MOST
    assert not [
        char for char in shown if unicodedata.category(char) in ("Cc", "Cs") or "\u200b" <= char <= "\u200f" or "\u202a" <= char <= "\u202e"
    ]
    shown.encode("utf-8")

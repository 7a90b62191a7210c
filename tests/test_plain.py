"""Nothing that a video says can act on the terminal it is shown in."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.plain import plain

JOINERS = {"\u200c", "\u200d"}
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]))
PIECES = ["\x1b", "\x1b[", "\x1b]", "\x1bP", "\x9b", "\x9d", "\x90", "\x9c", "\x07", "\\", "0;", "31m", "\n"]
PIECES.extend(["\r", "a", "\u200d", "\u0915", "\u202e", "\ud83d", "\ude00", "\t", "\x00"])
HOSTILE = st.lists(st.sampled_from(PIECES)).map("".join)


def odd_characters(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c)[0] == "C"} - JOINERS


@given(ANY_TEXT | HOSTILE)
def test_no_character_of_category_c_comes_out(text: str) -> None:
    assert not odd_characters(plain(text))
    assert odd_characters(plain(text, keep_lines=True)) <= {"\n", "\t"}


@given(ANY_TEXT | HOSTILE, st.booleans())
def test_plain_text_stays_plain(text: str, keep_lines: bool) -> None:
    once = plain(text, keep_lines=keep_lines)
    assert plain(once, keep_lines=keep_lines) == once


@given(ANY_TEXT | HOSTILE)
def test_what_comes_out_can_be_written_as_utf8(text: str) -> None:
    plain(text).encode()


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"])))
def test_letters_digits_and_signs_are_left_alone(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "At the left we can see... [red]x[/red] [/nope]",
        "Größe, naïveté, ¿qué?, «où»",
        "Привет, мир",
        "Καλημέρα κόσμε",
        "שלום עולם",
        "مرحبا بالعالم",
        "می\u200cخواهم",  # Persian, needs the non-joiner
        "क्\u200dष र्\u200dक",  # Devanagari, needs the joiner
        "こんにちは、世界。",
        "안녕하세요 세계",
        "你好，世界\u3000！",
        "สวัสดีชาวโลก",
        "e\u0301 ≠ \u00e9; 😀 ☎️",
        "100\u00a0km",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("a\x1b[?1049hb", "ab"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]52;c;ZXZpbA==\x07shown", "shown"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9cshown", "shown"),
        ("\x1bP1$r0m\x1b\\shown", "shown"),
        ("\x90q#0\x9cshown", "shown"),
        ("\x1b_private\x1b\\\x1b^note\x1b\\\x1bXstring\x1b\\shown", "shown"),
        ("\x1bc\x1b(B\x1b=shown", "shown"),
        ("said \x1b]0;never ended", "said "),
        ("said \x1b]0;never ended\nnext line", "said  next line"),
        ("said \x1bPnever ended", "said "),
        ("said \x1b[31", "said "),
        ("said \x1b", "said "),
        ("\x1b\x1b[31m[2Jx", "[2Jx"),
        ("bell\x07 nul\x00 del\x7f", "bell nul del"),
        ("pay\u202egnp.exe\u2066x\u2069", "paygnp.exex"),
        ("zero\u200bwidth\ufeff\u2060\u00ad", "zerowidth"),
        ("pass\u200dword \u200cx\u200d", "password x"),
        ("\U000e0041\ue000\U0010ffff", ""),
        ("caf\udce9.mp4", "caf\ufffd.mp4"),
        ("\ud83d\ude00!", "😀!"),
        ("\ud83dx", "\ufffdx"),
    ],
)
def test_what_would_act_on_a_terminal_is_removed(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


def test_badly_decoded_quotation_marks_do_not_swallow_the_line() -> None:
    mojibake = "“Stop”, he said".encode().decode("latin-1")
    assert plain(mojibake) == "âStopâ, he said"


def test_line_breaks_and_tabs_become_spaces_or_stay() -> None:
    text = "one\r\ntwo\rthree\u2028four\x85five\tsix"
    assert plain(text) == "one two three four five six"
    assert plain(text, keep_lines=True) == "one\ntwo\nthree\nfour\nfive\tsix"


@pytest.mark.parametrize("unit", "\x1b] \x1b[ \x9d \x9d0; \x1b[0; \x1b \u200d \x1bP0 \ud800".split())
def test_a_megabyte_of_openers_takes_no_time(unit: str) -> None:
    started_s = time.process_time()
    plain(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started_s < 10

"""SubStation Alpha files say what a player shows of them, whatever else stands in them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.ass import ass_text, parse_ass
from vidagent.tools.clock import Span
from vidagent.tools.cues import CueFile, CueLimits

HEAD = """[Script Info]
; a remark
Title: Dialogue: not said
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Start, End, Text
Style: Default,Arial,1,2,3

"""
EVENTS = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
PLAIN = "[Events]\n"


def event(text: str = "hello", start: str = "0:00:01.00", end: str = "0:00:02.50") -> str:
    return f"Dialogue: 0,{start},{end},Default,,0,0,0,,{text}\n"


def parse(text: str, **limits: float) -> CueFile:
    return parse_ass(text.encode(), CueLimits(**limits))  # type: ignore[arg-type]


def texts(found: CueFile) -> list[str]:
    return [u.text for u in found.cues]


def test_a_file_with_everything_in_it() -> None:
    found = parse(
        HEAD
        + EVENTS
        + "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,nobody says this\n"
        + event("Hello,\\Nyou.")
        + "\n; a remark\nPicture: 0,0:00:00.00,0:00:09.00,,,0,0,0,,a.png\n"
        + event("Bye, bye.", "1:00:03.05", "1:00:04.00")
        + "\n[Fonts]\nfontname: a.ttf\nFormat: nothing\n"
    )
    assert [(u.span.start_s, u.span.end_s, u.text) for u in found.cues] == [
        (1.0, 2.5, "Hello, you."),
        (3603.05, 3604.0, "Bye, bye."),
    ]
    assert (found.n_skipped, found.language) == (0, None)
    assert {u.trust for u in found.cues} == {1.0}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_line_endings_and_encodings(ending: str, encoding: str) -> None:
    text = (HEAD + EVENTS + event("Où est-il? – Là")).replace("\n", ending)
    assert texts(parse_ass(text.encode(encoding))) == ["Où est-il? – Là"]


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (None, "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,one, two"),
        (None, "Dialogue: Marked=0,0:00:01.00,0:00:02.50,Default,Bob,0,0,0,!Effect,one, two"),
        ("Start, End, Text", "Dialogue: 0:00:01.00,0:00:02.50,one, two"),
        (" end ,START, Style,TEXT", "Dialogue:0:00:02.50, 0:00:01.00 ,Default,one, two"),
        ("Text, Start, End", "Dialogue: one,0:00:01.00,0:00:02.50"),
    ],
)
def test_the_format_names_the_columns(columns: str | None, line: str) -> None:
    found = parse(PLAIN + (f"Format: {columns}\n" if columns else "") + line)
    assert [u.span for u in found.cues] == [Span(1.0, 2.5)]
    assert texts(found)[0].startswith("one")
    assert texts(found)[0].endswith("one" if columns == "Text, Start, End" else "one, two")


@pytest.mark.parametrize("columns", ["Start, End", "Layer, Text", "", "Start End Text"])
def test_without_the_needed_columns_nothing_is_read(columns: str) -> None:
    found = parse(f"{PLAIN}Format: {columns}\n{event()}{event()}")
    assert (texts(found), found.n_skipped) == ([], 2)


def test_what_stands_outside_the_events_is_counted() -> None:
    found = parse(event("before") + PLAIN + event("inside") + "[Graphics]\n" + event("behind"))
    assert (texts(found), found.n_skipped) == (["inside"], 2)
    assert parse("[events] \n" + event()).n_skipped == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0:00:02.00", "0:00:01.00"),
        ("-0:00:02.00", "0:00:01.00"),
        ("0:00:01.00", "-0:00:02.00"),
        ("0:61:00.00", "0:62:00.00"),
        ("0:00:75.00", "0:01:20.00"),
        ("1000:00:00.00", "1000:00:01.00"),
        ("9" * 5000 + ":00:00.00", "0:00:02.00"),
        ("0:00:01.00", ""),
        ("0:00:01,00", "0:00:02,00"),
        ("0:00:01.000", "0:00:02.000"),
        ("00:01.00", "00:02.00"),
        ("0:00:01.00", "0:10:01.01"),
        ("٠:٠٠:٠١.٠٠", "0:00:02.00"),
    ],
)
def test_times_that_are_refused_are_counted_and_their_words_dropped(start: str, end: str) -> None:
    found = parse(PLAIN + event("before") + event("hello", start, end) + event("after"))
    assert "hello" not in "".join(texts(found))
    assert found.n_skipped >= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"one\Ntwo\nthree\hfour", "one\ntwo\nthree four"),
        (r"{\an8\i1}up{\i0} {a remark}there", "up there"),
        (r"{\k20}la{\k30}la", "lala"),
        (r"\{not an override\} {\b1}but this", "{not an override} but this"),
        (r"{\p1}m 0 0 l 100 0{\p0}words{\p2}m 1 1", "words"),
        (r"{\p1\bord0}m 0 0{\i1}l 5 5", ""),
        (r"{\pos(1,2)\pbo3}words{\p0} stay", "words stay"),
        (r"{\p1}m 0 0 {\p0\p1}m 1 1{\p1\p0}words", "words"),
        ("{open", "{open"),
        ("{a{b}c}d", "c}d"),
        ("a}b{c}d{e", "a}bd{e"),
        ("{}{}", ""),
        ("", ""),
    ],
)
def test_only_words_are_left_of_an_event(text: str, shown: str) -> None:
    assert ass_text(text) == shown


def test_tags_and_entities_of_other_formats_go_too() -> None:
    assert texts(parse(PLAIN + event(r"<i>R&amp;D</i>\N{\i1}a\x1b[31m b" + "\x1b[2J"))) == [
        r"R&D a\x1b[31m b"
    ]


def test_layers_of_one_line_are_said_once_and_cues_come_in_order() -> None:
    found = parse(
        PLAIN + event("later", "0:00:05.00", "0:00:06.00") + event("{\\bord4}hello") + event("hello")
    )
    assert texts(found) == ["hello", "later"]


def test_events_without_words_are_neither_kept_nor_counted() -> None:
    assert parse(PLAIN + event("") + event(r"{\p1}m 0 0") + event(r"\N \h")) == CueFile((), 0)


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ({"cues_max": 1}, event("a") + event("b", "0:00:05.00", "0:00:06.00")),
        ({"line_chars_max": 60}, event("a") + event("b" * 41)),
        ({"cue_chars_max": 4}, event("a") + event("bbbbb")),
        ({"cue_s_max": 2.0}, event("a") + event("b", "0:00:05.00", "0:00:07.01")),
        ({"bytes_max": 80}, event("a") + event("b" * 41)),
        ({"bytes_max": 66}, event("a") + event("b")),
    ],
)
def test_each_limit_drops_and_counts(limit: dict[str, float], text: str) -> None:
    found = parse(PLAIN + text, **limit)
    assert (texts(found), found.n_skipped) == (["a"], 1)
    assert (texts(parse(PLAIN + text))[0], parse(PLAIN + text).n_skipped) == ("a", 0)


LINE = PLAIN.encode() + event()[:-6].encode()
HOSTILE = {
    "10 million empty lines": (PLAIN.encode() + b"\n" * 10_000_000, 0, 0),
    "5 million brackets": (PLAIN.encode() + b"[\n" * 5_000_000, 0, 0),
    "a million formats": (PLAIN.encode() + b"Format:\n" * 1_240_000, 0, 0),
    "a million empty events": (PLAIN.encode() + b"Dialogue:\n" * 900_000, 0, 900_000),
    "wide formats": (
        (PLAIN.encode() + b"Format:" + b"," * 9000 + b"Text\nDialogue:" + b"," * 9000 + b"\n") * 500,
        0,
        500,
    ),
    "empty overrides": ((LINE + b"{}" * 4950 + b"\n") * 980, 0, 0),
    "drawings": ((LINE + b"{\\p1}" * 1980 + b"\n") * 980, 0, 0),
    "open braces": ((LINE + b"{" * 9900 + b"}\n") * 980, 0, 0),
    "breaks": ((LINE + b"a\\N" * 3300 + b"\n") * 980, 1, 0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_no_time(name: str) -> None:
    data, n_cues, n_skipped = HOSTILE[name]
    started_s = time.process_time()
    found = parse_ass(data)
    assert time.process_time() - started_s < 10
    assert (len(found.cues), found.n_skipped) == (n_cues, n_skipped)


@given(
    st.binary()
    | st.lists(
        st.sampled_from(
            [
                PLAIN,
                EVENTS,
                event(),
                "Format:",
                "Dialogue:",
                "{",
                "}",
                "\\p1",
                "\\",
                "\n",
                ",",
                "\0",
                "Start,End,Text",
            ]
        )
    )
)
def test_no_bytes_raise(data: bytes | list[str]) -> None:
    found = parse_ass(data if isinstance(data, bytes) else "".join(data).encode())
    assert all(u.text.isprintable() or "\u200c" in u.text or "\u200d" in u.text for u in found.cues)

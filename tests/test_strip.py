"""The timeline strip: every event, hit and gap is marked in its own column, with and without colours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.cli.strip import strip_lines
from vidagent.tools.clock import Span

SECONDS = st.floats(-50.0, 150.0)
SPANS = st.lists(st.tuples(SECONDS, SECONDS).map(lambda pair: Span(min(pair), max(pair))), max_size=6)


def bare(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_each_column_is_an_equal_part_of_the_video() -> None:
    lines = strip_lines(
        20.0, [Span(0.0, 5.0), Span(5.0, 20.0)], [Span(4.0, 6.0)], [Span(10.0, 11.0), Span(18.0, 20.0)], 17
    )
    assert lines == [
        "events ├─├───────",
        "found    ▲       ",
        "looked █████▒███·",
        "       00:0000:20",
    ]


def test_a_moment_is_marked_and_what_lies_outside_is_not() -> None:
    found = strip_lines(
        100.0, [], [Span(50.0, 50.0), Span(99.9, 130.0), Span(100.0, 120.0), Span(-9.0, -1.0)], [], 17
    )
    assert found[0] == "found       ▲   ▲"
    assert strip_lines(100.0, [], [Span(100.0, 120.0), Span(-9.0, 0.0)], [], 17)[0][7:].strip() == ""


def test_a_video_without_length_has_no_strip() -> None:
    assert strip_lines(0.0, [Span(0.0, 0.0)], [], [], 40) == []


def test_what_nobody_looked_at_is_never_drawn_as_seen() -> None:
    looked = strip_lines(10_000.0, [], [], [Span(4000.0, 4000.5)], 80)[0]
    assert looked.count("▒") == 1


def test_an_output_without_unicode_gets_ascii() -> None:
    lines = strip_lines(60.0, [Span(0.0, 60.0)], [Span(1.0, 2.0)], [Span(30.0, 60.0)], 40, is_unicode=False)
    assert all(line.isascii() for line in lines)
    assert "#" in lines[2] and "." in lines[2]


@settings(max_examples=40)
@given(duration_s=st.floats(0.01, 100.0), events=SPANS, hits=SPANS, gaps=SPANS, n_columns=st.integers(0, 120))
def test_colours_change_no_character_and_are_never_left_on(
    duration_s: float, events: list[Span], hits: list[Span], gaps: list[Span], n_columns: int
) -> None:
    drab = strip_lines(duration_s, events, hits, gaps, n_columns)
    bright = strip_lines(duration_s, events, hits, gaps, n_columns, has_colour=True)
    assert bare(bright) == drab
    assert len({len(line) for line in drab}) == 1
    assert all(line.rfind("\x1b[0m") >= line.rfind("\x1b[3") for line in bright if "\x1b" in line)
    assert len(drab[0]) == max(17, n_columns)


@pytest.mark.parametrize("n_columns", [17, 40, 80])
def test_a_hit_lies_under_the_event_that_begins_with_it(n_columns: int) -> None:
    begins = [Span(13.0 * place, 13.0 * (place + 1)) for place in range(7)]
    events, found, *_ = strip_lines(
        91.0, begins, [Span(each.start_s, each.start_s) for each in begins], [], n_columns
    )
    assert [c == "├" for c in events[7:]] == [c == "▲" for c in found[7:]]

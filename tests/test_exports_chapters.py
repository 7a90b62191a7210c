"""Chapters are made into a row without gap or overlap before they are written."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.chapters import NAMELESS, tiled, written
from vidagent.tools.clock import Span
from vidagent.tools.media_info import Chapter

WHOLE_S = 60.0


def row(*chapters: tuple[float, float, str]) -> list[tuple[float, float, str | None]]:
    made = tiled([Chapter(Span(start_s, end_s), title) for start_s, end_s, title in chapters], WHOLE_S)
    return [(chapter.span.start_s, chapter.span.end_s, chapter.title) for chapter in made]


def test_chapters_that_tile_the_video_stay_as_they_are() -> None:
    chapters = [(0.0, 12.5, "a"), (12.5, 40.001, "b"), (40.001, WHOLE_S, "c")]
    assert row(*chapters) == chapters


def test_what_lies_between_is_nameless() -> None:
    assert row((10, 20, "a"), (30, 40, "b")) == [
        (0, 10, NAMELESS), (10, 20, "a"), (20, 30, NAMELESS), (30, 40, "b"), (40, WHOLE_S, NAMELESS),
    ]  # fmt: skip


def test_a_chapter_ends_where_the_next_begins() -> None:
    assert row((0, 50, "a"), (20, 60, "b")) == [(0, 20, "a"), (20, 60, "b")]


def test_of_chapters_that_begin_together_one_is_made() -> None:
    assert row((0, 10, "b"), (0, 60, "a"), (0.0004, 10, "b")) == [(0, 60, "b · a")]


def test_what_lies_beyond_the_end_is_left_out() -> None:
    assert row((50, 90, "a"), (60, 70, "b"), (61, 62, "c")) == [(0, 50, NAMELESS), (50, 60, "a")]
    assert row() == []


spans = st.tuples(st.floats(0, 70), st.floats(0, 70)).map(sorted)


@given(st.lists(spans))
def test_whatever_is_given_the_row_has_no_gap_and_no_overlap(given_spans: list[list[float]]) -> None:
    made = row(*((start_s, end_s, "x") for start_s, end_s in given_spans))
    assert all(one[1] == next_[0] for one, next_ in pairwise(made))
    assert all(start_s < end_s for start_s, end_s, _ in made)
    if made:
        assert (made[0][0], made[-1][1]) == (0.0, WHOLE_S)


def test_they_are_written_in_whole_milliseconds_with_numbers_of_their_own() -> None:
    rows = written(tiled([Chapter(Span(0.0, 33.3333), "a")], WHOLE_S))
    assert [(r["id"], r["start"], r["end"], r["metadata"]) for r in rows] == [
        (1, 0, 33333, {"title": "a"}),
        (2, 33333, 60000, {"title": NAMELESS}),
    ]

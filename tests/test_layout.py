"""Lines on screen are read as rows, and a label with the value below it."""

from __future__ import annotations

import pytest

from vidagent.agent.layout import labelled, row_of
from vidagent.index.records import Text
from vidagent.tools.clock import Span
from vidagent.tools.roles import Box

LEFT, MIDDLE, RIGHT = (0.1, 0.3), (0.4, 0.6), (0.7, 0.9)
TOP, SECOND, LOW = (0.10, 0.16), (0.20, 0.26), (0.60, 0.66)


def line(place: int, body: str, across: tuple[float, float], down: tuple[float, float]) -> Text:
    box: Box = (across[0], down[0], across[1], down[1])
    return Text(place, "screen", Span(0.0, 5.0), body, 1.0, box)


def spoken(body: str) -> Text:
    return Text(99, "speech", Span(0.0, 5.0), body, 1.0)


BOARD = [
    line(1, "Port Ellen", LEFT, TOP),
    line(2, "9:30", MIDDLE, TOP),
    line(3, "Pier 2", RIGHT, TOP),
    line(4, "Old Town", LEFT, SECOND),
    line(5, "cancelled", RIGHT, SECOND),
]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_is_the_same_from_each_of_its_lines(place: int) -> None:
    assert row_of(BOARD[place], BOARD) == "Port Ellen  9:30  Pier 2"


def test_the_order_of_a_row_is_left_to_right_however_it_was_stored() -> None:
    assert row_of(BOARD[4], BOARD[::-1]) == "Old Town  cancelled"


def test_lines_a_little_out_of_line_are_still_one_row() -> None:
    low = line(6, "late", RIGHT, (0.12, 0.18))
    assert row_of(BOARD[0], [BOARD[0], low]) == "Port Ellen  late"


def test_lines_that_touch_less_than_half_are_two_rows() -> None:
    lower = line(6, "late", RIGHT, (0.14, 0.20))
    assert row_of(BOARD[0], [BOARD[0], lower]) == "Port Ellen"


def test_a_line_alone_is_its_own_row() -> None:
    alone = line(7, "The end", MIDDLE, LOW)
    assert row_of(alone, [*BOARD, alone]) == "The end"
    assert labelled(alone, [*BOARD, alone]) == "The end"


def test_a_line_that_was_read_twice_counts_once() -> None:
    again = line(8, "Port Ellen", LEFT, (0.11, 0.17))
    assert row_of(BOARD[0], [*BOARD[:3], again]) == "Port Ellen  9:30  Pier 2"


def test_what_was_said_stands_in_no_row() -> None:
    words = spoken("to the island")
    assert row_of(words, [words, *BOARD]) == "to the island"
    assert row_of(BOARD[0], [BOARD[0], words]) == "Port Ellen"
    assert labelled(words, [words, *BOARD]) == "to the island"


def test_a_label_takes_the_line_below_it() -> None:
    role, name, other = (
        line(1, "Directed by", MIDDLE, TOP),
        line(2, "Ada Lorenz", (0.42, 0.58), (0.18, 0.24)),
        line(3, "Tom Field", MIDDLE, (0.28, 0.34)),
    )
    assert labelled(role, [role, name, other]) == "Directed by  Ada Lorenz"


@pytest.mark.parametrize(
    ("across", "down"),
    [(RIGHT, (0.18, 0.24)), (MIDDLE, (0.30, 0.36)), (MIDDLE, (0.02, 0.08))],
    ids=["beside", "far below", "above"],
)
def test_what_stands_elsewhere_is_no_value_of_a_label(
    across: tuple[float, float], down: tuple[float, float]
) -> None:
    role, other = line(1, "Directed by", MIDDLE, TOP), line(2, "Ada Lorenz", across, down)
    assert labelled(role, [role, other]) == "Directed by"


def test_a_row_wins_over_the_line_below() -> None:
    assert labelled(BOARD[0], BOARD) == "Port Ellen  9:30  Pier 2"


def test_flat_boxes_are_no_reason_to_fail() -> None:
    flat = [line(1, "a", LEFT, (0.1, 0.1)), line(2, "b", RIGHT, (0.1, 0.1))]
    assert row_of(flat[0], flat) in {"a", "a  b"}

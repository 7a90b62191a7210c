"""A budget is shared between what fits best and what stood beside it, and nothing comes twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.contiguity import fill, recall_places, reference_queue, reference_update


def line_of(n: int) -> object:
    return lambda place, step: place + step if 0 <= place + step < n else None


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(0, []), (4, []), (6, [0]), (10, [0]), (14, [0]), (16, [0, 1]), (100, [0, 1, 2])],
)
def test_the_one_that_crosses_is_taken_where_it_comes_nearer(budget: float, expected: list[int]) -> None:
    assert fill([0, 1, 2], lambda place: 10.0, budget) == expected


def test_what_followed_comes_before_what_preceded() -> None:
    chosen = recall_places([5, 2], line_of(10), lambda place: 10.0, 100.0)  # type: ignore[arg-type]
    assert [(c.place, c.reason, c.origin) for c in chosen] == [
        (5, "hit", 5), (2, "hit", 2), (6, "neighbour", 5), (4, "neighbour", 5),
        (3, "neighbour", 2), (1, "neighbour", 2),
    ]  # fmt: skip


def test_what_was_carried_takes_the_room_that_is_left() -> None:
    chosen = recall_places([0], line_of(2), lambda place: 10.0, 40.0, carried=[9, 0, 1, 8, 7])  # type: ignore[arg-type]
    assert [(c.place, c.reason) for c in chosen] == [
        (0, "hit"), (1, "neighbour"), (9, "carried"), (8, "carried"),
    ]  # fmt: skip


def test_a_long_event_is_recalled_for_a_small_budget() -> None:
    assert [c.place for c in recall_places([3], line_of(9), lambda place: 120.0, 10.0)] == [3]  # type: ignore[arg-type]


@given(
    st.permutations(range(12)),
    st.lists(st.floats(1, 120), min_size=12, max_size=12),
    st.floats(0, 800),
    st.lists(st.integers(0, 11)),
)
def test_nothing_comes_twice_and_less_than_an_event_too_much(
    ranked: list[int], lengths: list[float], budget: float, carried: list[int]
) -> None:
    chosen = recall_places(ranked[:7], line_of(12), lengths.__getitem__, budget, carried)  # type: ignore[arg-type]
    places = [c.place for c in chosen]
    assert len(places) == len(set(places))
    assert sum(lengths[i] for i in places) <= budget + max(lengths)


@pytest.mark.parametrize(
    ("hits", "capacity", "expected"),
    [([3], 2, [4, 2]), ([3, 4], 9, [2, 5]), ([0], 9, [1]), ([9], 9, [8]), ([3, 6], 3, [4, 2, 7])],
)
def test_the_queue_is_filled_as_the_reference_does(
    hits: list[int], capacity: float, expected: list[int]
) -> None:
    assert reference_queue(hits, 10, [1.0] * 10, capacity) == expected


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ([1, 2, 3], [7, 8], [1, 2, 3]),
        ([1], [7, 8, 9], [1, 7, 8]),
        ([7], [7, 8], [7, 8]),
        ([], [4, 5], [4, 5]),
    ],
)
def test_new_places_come_first_and_old_ones_fill_the_queue(
    new: list[int], old: list[int], expected: list[int]
) -> None:
    assert reference_update(new, old, [1.0] * 10, 3) == expected

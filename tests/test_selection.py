"""Which pictures are wanted follows from the seconds during which each is shown, and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.tools.clock import Span, merge_spans
from vidagent.tools.selection import EveryStep, EveryStepWithin, Selection, ShownAt, Steps

TICKS_PER_S = 100
# Edges of pictures, in ticks: strictly ascending, so that each picture is shown for a while.
edges = st.lists(st.integers(0, 3000), min_size=2, max_size=40, unique=True).map(sorted)
steps = st.sampled_from([0.04, 0.25, 0.5, 1.0, 2.5, 7.0])


def shown(ticks: Sequence[int]) -> list[tuple[float, float]]:
    seconds = [tick / TICKS_PER_S for tick in ticks]
    return list(pairwise(seconds))


def wanted(selection: Selection, pictures: Sequence[tuple[float, float]]) -> list[int]:
    before_s, places = float("-inf"), []
    for place, (start_s, end_s) in enumerate(pictures):
        if selection.wants(before_s, start_s, end_s):
            places.append(place)
        before_s = start_s
    return places


def first_at_or_after(pictures: Sequence[tuple[float, float]], time_s: float) -> set[int]:
    return {next((i for i, (start_s, _) in enumerate(pictures) if start_s >= time_s - 1e-6), -1)} - {-1}


def staying(pictures: Sequence[tuple[float, float]], every_s: float) -> set[int]:
    return {i for i, (start_s, end_s) in enumerate(pictures) if end_s - start_s > every_s + 1e-6}


@settings(max_examples=300, deadline=None)
@given(edges, steps)
def test_each_step_has_its_picture_and_none_that_stays_is_missed(ticks: list[int], every_s: float) -> None:
    pictures = shown(ticks)
    first_s, last_s = pictures[0][0], pictures[-1][0]
    n_steps = int((last_s - first_s) / every_s) + 2
    expected = staying(pictures, every_s).union(
        *(first_at_or_after(pictures, first_s + n * every_s) for n in range(n_steps))
    )
    assert wanted(EveryStep(every_s), pictures) == sorted(expected)


@settings(max_examples=300, deadline=None)
@given(edges, steps, st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900)), max_size=4))
def test_every_picture_taken_is_shown_in_a_span_and_each_span_begins_with_what_it_shows(
    ticks: list[int], every_s: float, places: list[tuple[int, int]]
) -> None:
    spans = [Span(start / TICKS_PER_S, (start + length) / TICKS_PER_S) for start, length in places]
    pictures = shown(ticks)
    taken = wanted(EveryStepWithin(every_s, spans), pictures)
    for place in taken:
        assert any(Span(*pictures[place]).overlap_s(span) > 0 for span in spans)
    for span in merge_spans(spans):
        at_start = [i for i, (start_s, end_s) in enumerate(pictures) if start_s <= span.start_s < end_s]
        assert set(at_start) <= set(taken)


@settings(max_examples=300, deadline=None)
@given(edges, st.lists(st.integers(0, 3000), max_size=20))
def test_a_moment_takes_the_one_picture_that_is_shown_then(ticks: list[int], moments: list[int]) -> None:
    pictures = shown(ticks)
    times_s = [moment / TICKS_PER_S for moment in moments]
    expected = {
        i for i, (start_s, end_s) in enumerate(pictures) if any(start_s <= t < end_s for t in times_s)
    }
    assert wanted(ShownAt(times_s), pictures) == sorted(expected)


@settings(max_examples=200, deadline=None)
@given(edges, steps, st.lists(st.integers(0, 3000), max_size=10))
def test_nothing_is_wanted_before_the_second_that_is_said_to_be_next(
    ticks: list[int], every_s: float, moments: list[int]
) -> None:
    pictures = shown(ticks)
    spans = [Span(m / TICKS_PER_S, m / TICKS_PER_S + 1) for m in moments]
    selections = (
        EveryStep(every_s),
        EveryStepWithin(every_s, spans),
        ShownAt([m / TICKS_PER_S for m in moments]),
    )
    for selection in selections:
        taken = wanted(selection, pictures)
        for place, (start_s, end_s) in enumerate(pictures):
            later = [pictures[other] for other in taken if other > place]
            # What stays on may begin before the next step, but is still there when it comes.
            assert not later or later[0][1] >= selection.next_s(start_s, end_s) - 1e-6


@pytest.mark.parametrize("selection", [ShownAt([1.0, 2.0]), EveryStepWithin(0.5, [Span(1.0, 2.5)])])
def test_behind_all_that_is_wanted_there_is_no_next(selection: Selection) -> None:
    assert selection.next_s(2.4, 2.6) == math.inf
    assert selection.next_s(0.0, 0.5) == pytest.approx(1.0, abs=1e-6)


def test_a_span_without_length_wants_nothing() -> None:
    assert wanted(EveryStepWithin(1.0, [Span(1.0, 1.0)]), [(0.0, 2.0), (2.0, 4.0)]) == []


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60).map(sorted), steps)
def test_steps_meet_the_first_moment_at_or_after_each(ticks: list[int], every_s: float) -> None:
    times_s, met = [tick / TICKS_PER_S for tick in ticks], Steps(every_s)
    found = [time_s for time_s in times_s if met.meets(time_s)]
    assert found[0] == times_s[0]
    for before_s, after_s in pairwise(found):
        n_before, n_after = ((t - times_s[0] + 1e-7) // every_s for t in (before_s, after_s))
        assert n_after > n_before

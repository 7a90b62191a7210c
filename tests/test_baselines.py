"""Even samples and the best by score: the honest baselines, on true seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.baselines import topk, uniform
from vidagent.tools.errors import ModelError, RequestError

QUARTERS = st.integers(0, 400).map(lambda quarter: quarter / 4)
TIMES = st.lists(QUARTERS, max_size=40)
SCORED = st.lists(st.tuples(QUARTERS, st.integers(0, 9)), max_size=40)


def columns(samples: list[tuple[float, int]]) -> tuple[list[float], list[int]]:
    """Times and scores of samples."""
    return [time_s for time_s, _ in samples], [score for _, score in samples]


def test_even_samples_are_the_middles_of_equal_parts_in_seconds() -> None:
    assert uniform(np.arange(101.0), 4).tolist() == [12, 37, 62, 87]
    assert uniform(np.arange(101.0), 1).tolist() == [50]
    assert uniform([0.0, 1.0, 2.0, 3.0, 80.0, 100.0], 2).tolist() == [3, 4]


def test_parts_without_a_sample_of_their_own_take_its_neighbours() -> None:
    assert uniform([0.0, 0.1, 0.2, 100.0], 3).tolist() == [1, 2, 3]
    assert uniform([5.0, 5.0, 6.0], 3).tolist() == [0, 2]
    assert uniform([9.0, 1.0, 5.0], 3).tolist() == [1, 2, 0]
    assert uniform([], 3).tolist() == uniform([1.0], 0).tolist() == []


@settings(deadline=None, max_examples=60)
@given(TIMES, st.integers(0, 50), st.integers(-100, 100))
def test_even_samples_are_as_many_as_there_are_seconds_and_move_with_them(
    times_s: list[float], n: int, shift_s: int
) -> None:
    places = uniform(times_s, n)
    picked_s = np.array(times_s)[places]
    assert len(places) == min(n, len(set(times_s)))
    assert (np.diff(picked_s) > 0).all()
    assert uniform([time_s + 4 * shift_s for time_s in times_s], len(set(times_s))).tolist() == (
        uniform(times_s, len(set(times_s))).tolist()
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 30), st.integers(1, 12))
def test_even_samples_of_even_times_stand_nearly_as_far_apart_as_they_can(n: int, per_part: int) -> None:
    gaps = np.diff(uniform(np.arange(float(n * per_part)), n))
    assert all(abs(gap - per_part) <= 1 for gap in gaps)


def test_the_best_come_first_and_the_earlier_of_equals() -> None:
    assert topk([0.0, 1.0, 2.0, 3.0], [0.1, 0.9, 0.9, 0.3], 3).tolist() == [1, 2, 3]
    assert topk([3.0, 2.0, 1.0], [0.5, 0.5, 0.5], 2).tolist() == [2, 1]
    assert topk([1.0, 1.0, 1.0], [0.1, 0.9, 0.9], 3).tolist() == [1]


def test_a_gap_passes_over_what_stands_too_near() -> None:
    assert topk([0.0, 1.9, 2.0, 9.0], [0.9, 0.8, 0.7, 0.1], 3, gap_s=2.0).tolist() == [0, 2, 3]
    assert topk([0.0, 1.9, 1.95], [0.9, 0.8, 0.7], 3, gap_s=2.0).tolist() == [0]


@settings(deadline=None, max_examples=60)
@given(SCORED, st.integers(0, 20), st.integers(0, 60).map(lambda quarter: quarter / 4))
def test_gaps_are_kept_and_nothing_is_left_out_but_for_them(
    samples: list[tuple[float, int]], n: int, gap_s: float
) -> None:
    times_s, scores = columns(samples)
    places = topk(times_s, scores, n, gap_s=gap_s).tolist()
    assert len(places) <= n and len({times_s[place] for place in places}) == len(places)
    assert [scores[place] for place in places] == sorted((scores[p] for p in places), reverse=True)
    for number, place in enumerate(places):
        assert all(abs(times_s[place] - times_s[other]) >= gap_s for other in places[:number])
    for left in set(range(len(samples))) - set(places):
        better = [p for p in places if (-scores[p], times_s[p]) <= (-scores[left], times_s[left])]
        too_near = any(abs(times_s[left] - times_s[p]) < gap_s or times_s[left] == times_s[p] for p in better)
        assert too_near or len(better) == n


@settings(deadline=None, max_examples=60)
@given(SCORED, st.integers(0, 20))
def test_the_order_of_samples_changes_nothing(samples: list[tuple[float, int]], n: int) -> None:
    given_order = [samples[place] for place in topk(*columns(samples), n, gap_s=3.0)]
    in_order = sorted(samples)
    assert given_order == [in_order[place] for place in topk(*columns(in_order), n, gap_s=3.0)]


@pytest.mark.parametrize(
    ("times_s", "scores", "n", "gap_s"),
    [
        ([0.0, 1.0], [0.5], 1, 0.0),
        ([0.0, np.nan], [0.5, 0.5], 1, 0.0),
        ([[0.0, 1.0]], [[0.5, 0.5]], 1, 0.0),
        ([0.0], [0.5], -1, 0.0),
        ([0.0], [0.5], 1, -1.0),
        ([0.0], [0.5], 1, np.nan),
        ([0.0], [0.5], 1, np.inf),
    ],
)
def test_what_cannot_be_picked_from_is_refused(times_s: Any, scores: Any, n: int, gap_s: float) -> None:
    with pytest.raises(RequestError):
        topk(times_s, scores, n, gap_s=gap_s)


def test_even_samples_refuse_the_same() -> None:
    with pytest.raises(RequestError, match="-1 samples"):
        uniform([0.0], -1)
    with pytest.raises(RequestError, match="finite seconds"):
        uniform([np.inf], 1)


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_scores_of_a_failed_model_are_told(score: float) -> None:
    with pytest.raises(ModelError, match="scores are not all finite"):
        topk([0.0, 1.0], [0.5, score], 1)

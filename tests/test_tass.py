"""TASS: DATE's own picks case by case, and what the default mends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.baselines import Numbers, uniform
from vidagent.agent.methods.tass import tass
from vidagent.tools.errors import ModelError, RequestError

CASES = json.loads((Path(__file__).parent / "golden" / "date_tass.json").read_text("utf-8"))["cases"]
USUAL: dict[str, Any] = {"times_s": [0.0, 1.0], "scores": [0.1, 0.2], "n": 1}
MODES: list[Literal["date"] | None] = [None, "date"]
SAMPLES = st.lists(
    st.tuples(st.integers(0, 800).map(lambda quarter: quarter / 4), st.integers(0, 9)),
    min_size=1,
    max_size=60,
    unique_by=lambda sample: sample[0],
)


def scores_of(case: dict[str, Any]) -> Numbers:
    """The scores that the reference was given."""
    n, place = case["N"], np.arange(case["N"])
    bump = 0.06 * np.exp(-(((place - 0.4 * n) / (0.02 * n)) ** 2))
    noise = 0.02 * np.random.RandomState(case["seed"]).rand(n)
    scores = 0.18 + 0.04 * np.sin(place / 37) + bump + noise
    return np.asarray(scores, np.float32).astype(np.float64)


def columns(samples: list[tuple[float, int]]) -> tuple[list[float], list[int]]:
    """Times and scores of samples."""
    return [time_s for time_s, _ in samples], [score for _, score in samples]


def mended(samples: list[tuple[float, int]], n: int) -> list[int]:
    """The default rule, pass by pass, as its documentation tells it."""
    times_s, scores = columns(samples)
    ranked = sorted(range(len(samples)), key=lambda place: (-scores[place], times_s[place]))
    n_above = sum(score * len(scores) > sum(scores) for score in scores)
    n_candidates = min(n_above, 4 * n)
    picked: list[int] = []
    for stage in (ranked[:n_candidates], ranked[n_candidates:]):
        spacing_s = min(20.0, (max(times_s) - min(times_s)) / n)
        while len(picked) < n and not set(stage) <= set(picked):
            for place in stage:
                free = all(abs(times_s[place] - times_s[other]) >= spacing_s for other in picked)
                if free and len(picked) < n and place not in picked:
                    picked.append(place)
            spacing_s /= 2
    return picked


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['K']} of {case['N']}")
def test_picks_and_their_order_are_those_of_the_reference(case: dict[str, Any]) -> None:
    times_s = np.arange(case["N"]) / case["fps"]
    places = tass(times_s, scores_of(case), case["K"], compat="date")
    assert places.tolist() == case["selected_idx_greedy_order"]
    assert np.sort(times_s[places]).tolist() == case["selected_ts_sorted"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['K']} of {case['N']}")
def test_the_default_picks_as_many_as_are_asked_for(case: dict[str, Any]) -> None:
    times_s, scores = np.arange(case["N"]) / case["fps"], scores_of(case)
    places = tass(times_s, scores, case["K"])
    assert len(set(places.tolist())) == case["K"]
    spacing_s = min(20.0, times_s[-1] / case["K"])
    assert (spacing_s == 20.0) == (places.tolist() == case["selected_idx_greedy_order"])


def test_equal_scores_give_the_reference_nothing_and_the_default_even_samples() -> None:
    times_s = np.arange(100.0)
    assert tass(times_s, np.full(100, 0.3), 8, compat="date").tolist() == []
    assert tass(times_s, np.full(100, 0.3), 8).tolist() == uniform(times_s, 8).tolist()


def test_too_few_candidates_are_filled_up_by_the_next_best_with_spacing() -> None:
    scores = np.linspace(0.3, 0.2, 100)
    scores[[10, 11, 50]] = 9.0
    times_s = np.arange(100.0)
    assert tass(times_s, scores, 5, compat="date").tolist() == [10, 11, 50]
    assert tass(times_s, scores, 5).tolist() == [10, 50, 11, 70, 90]


def test_of_equal_scores_the_earlier_counts() -> None:
    times_s, scores = [8.0, 6.0, 4.0, 2.0, 0.0], [0.0, 9.0, 9.0, 9.0, 0.0]
    for compat in MODES:
        assert tass(times_s, scores, 2, spacing_s=2.0, compat=compat).tolist() == [3, 2]


def test_spacing_is_held_in_true_seconds() -> None:
    times_s = [0.0, 1.0, 2.0, 30.0, 60.0, 61.0, 90.0, 120.0]
    assert tass(times_s, [9, 8, 7, 6, 5, 0, 0, 0], 3).tolist() == [0, 3, 4]


def test_a_short_video_begins_with_a_spacing_that_it_has_room_for() -> None:
    times_s, scores = np.arange(21.0), np.r_[9.0, np.linspace(8, 7, 10), np.zeros(10)]
    assert tass(times_s, scores, 4, compat="date").tolist() == [0, 10, 5, 2]
    assert tass(times_s, scores, 4).tolist() == [0, 5, 10, 2]


def test_repeated_times_end_the_search() -> None:
    assert tass([1.0, 1.0, 1.0], [0.1, 0.9, 0.5], 2).tolist() == [1]
    assert tass([1.0, 1.0, 1.0, 2.0], [9.0, 9.0, 9.0, 0.0], 2, compat="date").tolist() == [0, 1]


def test_nothing_in_or_nothing_wanted_is_nothing_out() -> None:
    for compat in MODES:
        assert tass([], [], 3, compat=compat).tolist() == []
        assert tass([1.0, 2.0], [0.1, 0.2], 0, compat=compat).tolist() == []


@settings(deadline=None, max_examples=60)
@given(SAMPLES, st.integers(1, 40))
def test_picks_are_those_of_the_rule_taken_pass_by_pass(samples: list[tuple[float, int]], n: int) -> None:
    times_s, scores = columns(samples)
    even = len(set(scores)) == 1
    expected = uniform(times_s, n).tolist() if even else mended(samples, n)
    assert tass(times_s, scores, n).tolist() == expected
    assert len(set(expected)) == min(n, len(samples))


@settings(deadline=None, max_examples=60)
@given(SAMPLES, st.integers(1, 40), st.integers(-50, 50))
def test_neither_the_order_of_samples_nor_the_zero_of_the_clock_matters(
    samples: list[tuple[float, int]], n: int, shift_s: int
) -> None:
    moved = [(time_s + shift_s, score) for time_s, score in sorted(samples)]
    found = [moved[place] for place in tass(*columns(moved), n)]
    expected = [samples[place] for place in tass(*columns(samples), n)]
    assert found == [(time_s + shift_s, score) for time_s, score in expected]


def test_a_score_at_the_mean_is_judged_alike_in_every_order() -> None:
    times_s, scores = np.arange(6.0), np.array([0.4, 0.4, 0.5, 0.5, 0.1, 0.5])
    order = np.array([3, 0, 5, 2, 1, 4])
    assert scores.mean() != scores[order].mean()
    assert order[tass(times_s[order], scores[order], 4)].tolist() == tass(times_s, scores, 4).tolist()


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_a_spacing_that_there_is_room_for_is_kept(n: int, spacing_s: int, seed: int) -> None:
    scores = np.random.default_rng(seed).random(2 * n * spacing_s)
    times_s = np.arange(float(len(scores)))
    places = tass(
        times_s, scores, n, spacing_s=spacing_s, candidates_per_pick=len(scores), threshold=lambda _: -1.0
    )
    picked_s = np.sort(times_s[places])
    assert len(picked_s) == n and (np.diff(picked_s) >= min(spacing_s, times_s[-1] / n)).all()


@pytest.mark.parametrize(
    "rule",
    [
        {"spacing_s": -1.0},
        {"spacing_s": np.nan},
        {"decay": 0.0},
        {"decay": 1.0},
        {"candidates_per_pick": 0},
        {"n": -1},
        {"scores": [0.5]},
        {"times_s": [0.0, np.nan]},
    ],
)
def test_what_cannot_be_picked_from_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        tass(**(USUAL | rule))


def test_scores_of_a_failed_model_are_told() -> None:
    with pytest.raises(ModelError, match="scores are not all finite"):
        tass([0.0, 1.0], [0.5, np.nan], 1)

"""Samples that suit a query and differ: TimeSearch-R's own picks, and where its rule breaks down."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.baselines import Numbers
from vidagent.agent.methods.dpp import dpp
from vidagent.tools.errors import ModelError, RequestError

CASES = json.loads((Path(__file__).parent / "golden" / "timesearch_r_dpp.json").read_text("utf-8"))["cases"]
USUAL: dict[str, Any] = {"vectors": np.eye(2), "scores": [0.1, 0.2], "n": 1}
SEEDS = st.integers(0, 2**32 - 1)


def made(random: np.random.RandomState, n: int, dimension: int) -> tuple[Numbers, Numbers]:
    """Vectors (n, dimension) and scores (n,), drawn as they were for the reference."""
    vectors = random.normal(size=(n, dimension)) + 2 * random.normal(size=(1, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = random.normal(size=dimension)
    return vectors, vectors @ query / np.linalg.norm(query)


def dense(vectors: Numbers, scores: Numbers, n: int) -> list[int]:
    """The greedy rule of TimeSearch-R on a whole kernel, its faults included."""
    with np.errstate(invalid="ignore"):
        relevance = (scores - scores.min()) / np.ptp(scores)
    return greedy(relevance[:, None] * (vectors @ vectors.T) * relevance, n)


def greedy(kernel: Numbers, n: int) -> list[int]:
    """Greedy picks by the update of a Cholesky factor."""
    left, parts, picked = np.diag(kernel).copy(), np.zeros((n, len(kernel))), []
    for number in range(n):
        picked.append(int(np.argmax(left)))
        with np.errstate(invalid="ignore"):
            row = kernel[picked[-1]] - parts[:number, picked[-1]] @ parts[:number]
            parts[number] = row / np.sqrt(left[picked[-1]])
        left -= parts[number] ** 2
        left[picked[-1]] = -np.inf
    return picked


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['k']} of {case['N']}")
def test_picks_are_those_of_the_reference(case: dict[str, Any]) -> None:
    vectors, scores = made(np.random.RandomState(case["seed"]), case["N"], case["d"])
    assert sorted(dpp(vectors, scores, case["k"]).tolist()) == case["selected_sorted"]


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(2, 60), st.integers(1, 12))
def test_picks_come_in_the_order_of_the_dense_rule(seed: int, n_rows: int, n: int) -> None:
    vectors, scores = made(np.random.RandomState(seed), n_rows, 24)
    n = min(n, n_rows - 1)
    assert dpp(vectors, scores, n).tolist() == dense(vectors, scores, n)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.floats(0.1, 0.95))
def test_theta_weighs_relevance_as_its_formula_says(seed: int, theta: float) -> None:
    vectors, scores = made(np.random.RandomState(seed), 30, 24)
    relevance = np.exp(theta / (2 * (1 - theta)) * (scores - scores.min()) / np.ptp(scores))
    kernel = relevance[:, None] * (vectors @ vectors.T) * relevance
    assert dpp(vectors, scores, 6, theta=theta).tolist() == greedy(kernel, 6)


def test_more_theta_means_more_relevance() -> None:
    vectors, scores = made(np.random.RandomState(0), 200, 24)
    means = [scores[dpp(vectors, scores, 8, theta=theta)].mean() for theta in (0.0, 0.7, 0.95)]
    assert means == sorted(means) and means[0] < means[-1]
    best = np.argsort(-scores)[:8]
    assert set(dpp(vectors, scores, 8, theta=0.9999).tolist()) == set(best.tolist())


def test_the_best_pair_of_a_small_choice_is_found() -> None:
    vectors = np.array([[1.0, 0.0], [0.96, 0.28], [0.0, 1.0], [-0.6, 0.8]])
    scores = np.array([0.8, 0.9, 0.7, 0.0])
    kernel = np.outer(scores / 0.9, scores / 0.9) * (vectors @ vectors.T)
    best = max(combinations(range(4), 2), key=lambda pair: np.linalg.det(kernel[np.ix_(pair, pair)]))
    assert tuple(sorted(dpp(vectors, scores, 2).tolist())) == best == (1, 2)


def test_identical_frames_break_the_reference_and_are_one_pick() -> None:
    vectors, scores = np.ones((4, 3)) / np.sqrt(3), np.full(4, 0.5)
    assert len(set(dense(vectors, scores, 4))) < 4
    assert dpp(vectors, scores, 4).tolist() == [0]
    assert dpp(vectors, scores, 3, same_at=2.0).tolist() == [0, 1, 2]


def test_a_frame_that_shows_the_same_is_passed_over() -> None:
    vectors = np.array([[1.0, 0.0, 0.0], [0.9999, 0.0141, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    scores = np.array([0.9, 0.8, 0.2, 0.1])
    assert dpp(vectors, scores, 4).tolist() == [0, 2, 3]
    assert sorted(dpp(vectors, scores, 4, same_at=0.99999).tolist()) == [0, 1, 2, 3]


def test_equal_scores_leave_the_choice_to_difference() -> None:
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    assert dpp(vectors, np.full(3, 0.5), 2).tolist() == [0, 2]


@pytest.mark.parametrize("seed", range(10))
def test_of_equal_gains_the_earlier_counts_whatever_rounding_says(seed: int) -> None:
    random = np.random.RandomState(seed)
    kinds, lengths = random.normal(size=(3, 48)), random.uniform(0.5, 2, size=(42, 1))
    vectors = lengths * kinds[[0] + [1] * 40 + [2]]
    assert dpp(vectors, [1.0] + [0.9] * 40 + [0.0], 2).tolist() == [0, 1]


def test_picking_goes_on_when_all_that_is_left_is_spanned() -> None:
    turns = np.linspace(0, np.pi, 20, endpoint=False)
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    places = dpp(vectors, np.linspace(1, 0, 20), 10).tolist()
    assert len(set(places)) == 10


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 12), st.integers(1, 6), st.integers(0, 40))
def test_every_different_frame_is_picked_once_at_most(seed: int, n_kinds: int, repeats: int, n: int) -> None:
    random = np.random.RandomState(seed)
    vectors, scores = made(random, n_kinds, 24)
    order = random.permutation(np.repeat(np.arange(n_kinds), repeats))
    places = dpp(vectors[order], scores[order], n)
    assert len(places) == min(n, n_kinds) == len(set(order[places].tolist()))
    assert all(order.tolist().index(order[place]) == place for place in places)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.floats(0.01, 100))
def test_neither_order_nor_length_of_vectors_nor_range_of_scores_matters(seed: int, scale: float) -> None:
    random = np.random.RandomState(seed)
    vectors, scores = made(random, 30, 24)
    order = random.permutation(30)
    lengths = random.uniform(0.5, 2, size=(30, 1))
    usual = dpp(vectors, scores, 6, epsilon=1e-12)
    moved = dpp((lengths * vectors)[order], scale * scores[order] + 3, 6, epsilon=1e-12)
    assert order[moved].tolist() == usual.tolist()


def test_nothing_in_or_nothing_wanted_is_nothing_out() -> None:
    assert dpp(np.zeros((0, 3)), [], 2).tolist() == []
    assert dpp(np.eye(3), [0.1, 0.2, 0.3], 0).tolist() == []


@pytest.mark.parametrize(
    "rule",
    [
        {"scores": [0.1]},
        {"vectors": [1.0, 2.0]},
        {"n": -1},
        {"epsilon": 0.0},
        {"epsilon": np.nan},
        {"theta": -0.1},
        {"theta": 1.0},
        {"theta": np.nan},
        {"same_at": 0.0},
        {"same_at": np.nan},
    ],
)
def test_what_cannot_be_picked_from_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        dpp(**(USUAL | rule))


@pytest.mark.parametrize(
    ("vectors", "scores", "said"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], [0.1, 0.2], "vectors are not all finite"),
        ([[0.0, 0.0], [0.0, 1.0]], [0.1, 0.2], "vector is zero"),
        ([[1.0, 0.0], [0.0, 1.0]], [0.1, np.inf], "scores are not all finite"),
    ],
)
def test_what_a_failed_model_made_is_told(vectors: Any, scores: Any, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        dpp(vectors, scores, 1)

"""The gate trusts what words and vectors agree on, and asks for a closer look otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.gate import Features, is_enough, probability


def test_what_both_ways_agree_on_is_enough() -> None:
    scores = [9.0, 3.0, 2.5, 2.0, 1.0]
    assert is_enough(Features.of(scores, [7, 1, 2], [7, 3], 1.0))
    assert not is_enough(Features.of(scores, [7, 1, 2], [4, 3], 1.0))


def test_nothing_found_is_never_enough() -> None:
    assert Features.of([], [], [], 1.0) == Features(0.0, 0.0, 0.0, 1.0)
    assert not is_enough(Features.of([], [], [], 1.0))


def test_agreement_is_less_the_lower_the_first_one_stands() -> None:
    agreed = [Features.of([2.0, 1.0], [7], ranked, 1.0).agreement for ranked in ([7], [1, 7], [1, 2, 7], [1])]
    assert agreed == [1.0, 1 / 2, 1 / 3, 0.0]


@given(st.lists(st.floats(0, 50), min_size=2), st.floats(0.1, 10), st.floats(0, 1))
def test_features_do_not_depend_on_the_unit_of_scores(
    scores: list[float], unit: float, coverage: float
) -> None:
    ranked = sorted(scores, reverse=True)
    features = Features.of(ranked, [1], [1], coverage)
    assert 0 < probability(features) < 1
    assert -1e-6 <= features.top <= 5 and 0 <= features.margin <= 5
    if ranked[0] - ranked[-1] > 1e-3:
        scaled = Features.of([s * unit for s in ranked], [1], [1], coverage)
        assert abs(scaled.top - features.top) < 1e-3

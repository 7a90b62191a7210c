"""The gate trusts what fits alone and what words and meaning agree on, and asks for a closer look otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.gate import FAST_FROM, Features, probability

SHARES = st.floats(0, 1)


def test_what_fits_alone_and_both_ways_agree_on_is_enough() -> None:
    assert probability(Features.of([1.0, 0.3, 0.2], [7, 1, 2], [7, 3], 1.0)) >= FAST_FROM
    assert probability(Features.of([0.5, 0.5, 0.4], [7, 1, 2], [4, 3], 1.0)) < FAST_FROM


def test_nothing_found_is_never_enough() -> None:
    assert Features.of([], [], [], 1.0) == Features(0.0, 0.0, 0.0, 1.0)
    assert probability(Features.of([], [], [], 1.0)) < FAST_FROM


def test_agreement_is_less_the_lower_the_first_one_stands_and_nothing_where_one_way_is_silent() -> None:
    ranked = ([7], [1, 7], [1, 2, 7], [1], [])
    found = [Features.of([0.9, 0.5], [7], by_meaning, 1.0).agreement for by_meaning in ranked]
    assert found == [1.0, 1 / 2, 1 / 3, -1.0, 0.0]


@given(st.lists(SHARES, min_size=1), SHARES, st.lists(st.integers(1, 3)), st.lists(st.integers(1, 3)))
def test_features_lie_in_their_range(
    fits: list[float], coverage: float, by_words: list[int], by_meaning: list[int]
) -> None:
    features = Features.of(sorted(fits, reverse=True), by_words, by_meaning, coverage)
    assert 0 <= features.margin <= 1 and 0 <= features.first <= 1 and -1 <= features.agreement <= 1
    assert 0 <= probability(features) < 1


@given(SHARES, SHARES, st.floats(-1, 1), SHARES)
def test_a_better_fit_is_never_less_likely(
    first: float, margin: float, agreement: float, coverage: float
) -> None:
    less = probability(Features(first / 2, margin, agreement, coverage))
    assert probability(Features(first, margin, agreement, coverage)) >= less


def test_what_was_half_looked_at_is_half_as_sure() -> None:
    whole, half = (probability(Features(1.0, 0.9, 0.0, coverage)) for coverage in (1.0, 0.5))
    assert half == whole / 2

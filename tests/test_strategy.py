"""The search methods pick pictures for a question, and the choice among them goes by what is known and there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.guide import Price
from vidagent.agent.methods.spending import Budget, Purse
from vidagent.agent.question import understand
from vidagent.agent.relevance import Relevance
from vidagent.agent.strategy import STRATEGIES, Means, pick, suited
from vidagent.tools.clock import Span

HOUR_S = 3600.0
QUESTION = understand("When does she open the letter?", HOUR_S)


def hour(at_s: float | None = None, seed: int = 0) -> Relevance:
    """An hour, two pictures a second at irregular times; one moment of ten seconds stands out, or none."""
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(rng.uniform(0.3, 0.7, 7000))
    times_s = times_s[times_s < HOUR_S]
    scores = np.zeros(len(times_s))
    if at_s is not None:
        away_s = np.maximum(np.abs(times_s - at_s) - 5.0, 0.0)
        scores = 0.6 * np.exp(-away_s / 5.0)
    vectors = rng.normal(size=(len(times_s), 16))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Relevance(Span(0.0, HOUR_S), times_s, scores, unit)


class Guide:
    """Knows a moment, and says yes to every span that holds it."""

    n_frames = 16

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def price_of_proposing(self) -> Price:
        return Price(1, self.n_frames, 10)

    def price_of_reflecting(self, n_spans: int) -> Price:
        return Price(n_spans, n_spans * self.n_frames, 0)

    def proposes(self, span: Span) -> list[Span]:
        return []

    def reflects(self, spans: Sequence[Span]) -> list[float]:
        # The longer the span, the less sure is who sees it in few pictures.
        return [(0.7 if s.start_s <= self.at_s < s.end_s else 0.1) for s in spans]


class Scorer:
    """Sees one thing around a moment; further away less of it."""

    def __init__(self, at_s: float) -> None:
        self.at_s, self.n_looks = at_s, 0

    def scores(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        self.n_looks += len(times_s)
        return np.exp(-np.abs(times_s - self.at_s) / 25.0)[:, None]


@pytest.mark.parametrize("name", [*STRATEGIES, "auto"])
@settings(max_examples=30)
@given(n=st.integers(0, 40), seed=st.integers(0, 3), at_s=st.none() | st.floats(0.0, HOUR_S - 1))
def test_as_many_pictures_as_asked_for_each_once_and_in_order(
    name: str, n: int, seed: int, at_s: float | None
) -> None:
    what = hour(at_s, seed)
    picked = pick(what, QUESTION, n, strategy=name)
    assert len(picked.times_s) <= n
    assert list(picked.times_s) == sorted(set(picked.times_s))
    assert all(0.0 <= t < HOUR_S for t in picked.times_s)
    assert picked == pick(what, QUESTION, n, strategy=name)
    if n and name in ("uniform", "tass", "auto"):
        assert len(picked.times_s) == n


@pytest.mark.parametrize("name", ["topk", "tass", "dpp", "tstar", "spotlight", "auto"])
@pytest.mark.parametrize("n", [8, 32])
def test_what_the_memory_found_is_shown(name: str, n: int) -> None:
    picked = pick(hour(1234.0), QUESTION, n, strategy=name)
    assert any(abs(t - 1234.0) < 8.0 for t in picked.times_s)


def test_shown_evenly_it_would_be_missed() -> None:
    assert not any(abs(t - 1234.0) < 8.0 for t in pick(hour(1234.0), QUESTION, 8, strategy="uniform").times_s)


def test_nothing_found_is_searched_by_what_is_there() -> None:
    blind = hour()
    assert suited(blind, QUESTION, 32, Means()) == "uniform"
    assert suited(blind, QUESTION, 32, Means(guide=Guide(5.0))) == "spotlight"
    seeing = Means(guide=Guide(5.0), scorer=Scorer(5.0), targets=("letter",))
    assert suited(blind, QUESTION, 32, seeing) == "tstar"
    assert suited(hour(1234.0), QUESTION, 32, seeing) == "tass"


def test_what_the_memory_is_not_sure_of_a_guide_judges() -> None:
    unsure = hour(1234.0)
    unsure = Relevance(unsure.span, unsure.times_s, unsure.scores / 6, unsure.vectors)
    assert (
        suited(unsure, QUESTION, 32, Means(guide=Guide(5.0), scorer=Scorer(5.0), targets=("x",)))
        == "spotlight"
    )
    assert suited(unsure, QUESTION, 32, Means()) == "tass"
    right, wrong = (
        pick(unsure, QUESTION, 32, Means(guide=Guide(at_s)), "spotlight").times_s for at_s in (1234.0, 3000.0)
    )
    assert sum(abs(t - 1234.0) < 10.0 for t in right) > 10
    assert sum(abs(t - 1234.0) < 10.0 for t in wrong) < 10


def test_a_summary_and_a_short_video_are_shown_evenly() -> None:
    seeing = Means(guide=Guide(5.0))
    assert suited(hour(1234.0), understand("Summarize the video", HOUR_S), 32, seeing) == "uniform"
    short = Relevance(Span(0.0, 60.0), np.arange(120) / 2, np.zeros(120), np.ones((120, 4), np.float32) / 2)
    assert suited(short, QUESTION, 32, seeing) == "uniform"


def test_a_guide_leads_to_its_moment() -> None:
    picked = pick(hour(), QUESTION, 32, Means(guide=Guide(2000.0)))
    assert picked.strategy == "spotlight"
    assert any(abs(t - 2000.0) < 30.0 for t in picked.times_s)


@pytest.mark.parametrize("n", [8, 16, 33])
def test_where_a_guide_has_seen_nothing_half_of_the_pictures_follow_the_memory(n: int) -> None:
    what = hour(1234.0)
    weak = Relevance(what.span, what.times_s, what.scores / 4, what.vectors)
    nothing, found = Guide(-1.0), Guide(3000.0)
    lost, sure = (pick(weak, QUESTION, n, Means(guide), "spotlight").times_s for guide in (nothing, found))
    assert n // 2 <= sum(abs(t - 1234.0) < 60.0 for t in lost) <= len(lost) <= n
    assert sum(abs(t - 3000.0) < 60.0 for t in sure) >= n // 3
    assert not any(abs(t - 1234.0) < 5.0 for t in sure)


def test_a_scorer_zooms_in_on_its_moment_within_its_looks() -> None:
    scorer = Scorer(2000.0)
    picked = pick(hour(), QUESTION, 16, Means(scorer=scorer, targets=("letter",)))
    assert picked.strategy == "tstar"
    assert any(abs(t - 2000.0) < 30.0 for t in picked.times_s)
    assert 0 < scorer.n_looks <= 16 * 8


def test_looks_of_the_purse_are_a_limit_too() -> None:
    scorer, purse = Scorer(-1e6), Purse(Budget(looks=20))
    pick(hour(), QUESTION, 16, Means(scorer=scorer, targets=("letter",), purse=purse))
    assert scorer.n_looks == purse.looks == 20

"""T* finds what there is to find within its budget, looks at each second once, and tells why it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.found import Found
from vidagent.agent.methods.schedule import Numbers, Seconds, coverage_order, exploitation, nearness
from vidagent.agent.methods.spending import Budget, Ending, Purse
from vidagent.agent.methods.tstar import TStarSettings, search
from vidagent.tools.errors import ModelError, RequestError


@dataclass
class Table:
    """Scores (n, k) of whole seconds, and the batches that were asked for."""

    table: Numbers
    batches: list[list[float]] = field(default_factory=list)

    def scores(self, times_s: Seconds) -> Numbers:
        self.batches.append(times_s.tolist())
        return self.table[times_s.astype(np.int64)]


@dataclass
class Everywhere:
    """The same scores at every second."""

    row: list[float]

    def scores(self, times_s: Seconds) -> Numbers:
        return np.tile(self.row, (len(times_s), 1))


def seconds(n: int) -> Seconds:
    return np.arange(n, dtype=np.float64)


def within(n_looks: float) -> Purse:
    return Purse(Budget(looks=n_looks))


def planted(seed: int, n: int, event_s: int, cue_s: int) -> Numbers:
    """Scores (n, 2) of an event and its cue with noise everywhere."""
    rng = np.random.default_rng(seed)
    start, at = int(rng.integers(n - event_s)), np.arange(n)
    away_s = np.maximum(np.maximum(start - at, at - (start + event_s - 1)), 0)
    scores = np.maximum(rng.normal(0.0, 0.1, (n, 2)), 0.0)
    scores[:, 1] += 0.6 * np.maximum(1 - away_s / cue_s, 0) if cue_s else 0.0
    scores[away_s == 0, 0] = 0.8
    return scores.clip(0, 1)


def n_looks_of(table: Numbers) -> int:
    found = search(seconds(len(table)), Table(table), ["event"], ["cue"], purse=within(1000))
    assert found.ending is Ending.FOUND
    assert table[int(found.verified["event"]), 0] == 0.8
    return len(found.looks)


def n_looks_of_coverage(table: Numbers) -> int:
    hit = int(np.flatnonzero(table[coverage_order(seconds(len(table))), 0] == 0.8)[0])
    return (hit // 16 + 1) * 16


def test_a_short_event_in_an_hour_is_found_through_its_cue_in_a_hundred_looks_on_average() -> None:
    assert np.mean([n_looks_of(planted(seed, 3600, 10, 60)) for seed in range(60)]) <= 100


def noisy(seed: int) -> Numbers:
    """An event without a cue, and in every tenth second a false detection that no neighbour confirms."""
    rng, table = np.random.default_rng(seed), planted(seed, 3600, 10, 0)
    false = rng.uniform(0.1, 0.55, table.shape) * (rng.random(table.shape) < 0.1)
    return np.where(table == 0.8, table, false)


@pytest.mark.parametrize("world", [lambda seed: planted(seed, 3600, 10, 0), noisy], ids=["quiet", "false"])
def test_where_there_is_no_cue_it_takes_at_most_a_tenth_more_looks_than_coverage_alone(
    world: Callable[[int], Numbers],
) -> None:
    worlds = [world(seed) for seed in range(60)]
    assert sum(map(n_looks_of, worlds)) <= 1.1 * sum(map(n_looks_of_coverage, worlds))


def test_a_cue_leads_to_looks_around_it() -> None:
    table = np.zeros((3600, 2))
    table[1500:1620, 1] = 0.6
    found = search(seconds(3600), Table(table), ["event"], ["cue"], purse=within(256))
    inside = [look for look in found.looks if 1500 <= look.time_s < 1620]
    # Coverage alone would give the two minutes 8 or 9 of 256 looks.
    assert len(inside) > 20
    assert {look.reason for look in inside} == {"coverage", "exploitation"}


def test_a_prior_is_looked_at_first() -> None:
    priors = np.zeros((3600, 1))
    priors[1234] = 0.9
    table = np.zeros((3600, 1))
    table[1230:1240] = 0.8
    assert len(search(seconds(3600), Table(table), ["event"], priors=priors).looks) == 16


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 120),
    n_looks=st.integers(0, 150),
    n_batch=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    has_verifier=st.booleans(),
    has_priors=st.booleans(),
)
def test_it_ends_within_its_budget_and_looks_at_each_second_once(
    n: int, n_looks: int, n_batch: int, seed: int, has_verifier: bool, has_priors: bool
) -> None:
    rng = np.random.default_rng(seed)
    times_s, table = np.sort(rng.choice(1000, n, replace=False)).astype(float), rng.random((1000, 3))
    priors = rng.random((n, 3)) if has_priors else None

    def found() -> tuple[Found, Purse]:
        verifier, purse = Table(table * rng.random()) if has_verifier else None, within(n_looks)
        how = TStarSettings(n_batch=n_batch, accept=0.995)
        return search(
            times_s,
            Table(table),
            ["a", "b"],
            ["c"],
            verifier=verifier,
            priors=priors,
            purse=purse,
            settings=how,
        ), purse

    outcome, purse = found()
    looked_s, verified_s = [k.time_s for k in outcome.looks], [k.time_s for k in outcome.verifications]
    assert purse.looks == len(looked_s) + len(verified_s) <= n_looks
    assert len(set(looked_s)) == len(looked_s) and set(looked_s) <= set(times_s)
    assert len(set(verified_s)) == len(verified_s) and set(verified_s) <= set(looked_s)
    assert outcome.ending is Ending.FOUND or outcome.missing
    assert outcome.ending is not Ending.SEEN or len(looked_s) == n
    assert outcome.ending is not Ending.SPENT or purse.looks == n_looks


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 200))
def test_the_same_question_gives_the_same_looks(seed: int, n: int) -> None:
    # Few different values, so that there are ties to be broken.
    table = np.random.default_rng(seed).integers(0, 3, (n, 2)) / 4
    first, second = (search(seconds(n), Table(table), ["a"], ["b"]) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("score", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [1, 5, 16, 300])
def test_flat_scores_lead_to_all_of_it_in_the_order_of_coverage(n: int, score: float) -> None:
    found = search(seconds(n), Everywhere([score]), ["a"])
    assert found.ending is Ending.SEEN and found.missing == ("a",)
    assert sorted(look.time_s for look in found.looks) == list(range(n))
    assert {look.reason for look in found.looks} == {"coverage"}


def test_scores_that_are_always_high_end_the_search_after_one_batch() -> None:
    found = search(seconds(300), Everywhere([0.9, 0.9]), ["a", "b"])
    assert found.ending is Ending.FOUND and not found.missing
    assert len(found.looks) == 16


def test_one_second_is_enough_to_find_something() -> None:
    found = search(np.array([7.25]), Everywhere([0.9]), ["a"])
    assert found.verified == {"a": 7.25}


def test_times_are_those_of_the_samples() -> None:
    times_s = np.array([0.04, 3.2, 3.3, 3.4, 50.0, 51.7, 900.123])
    found = search(times_s, Everywhere([0.1]), ["a"])
    assert [look.time_s for look in found.looks] == times_s.tolist()


def test_a_target_is_accepted_only_on_its_own_score() -> None:
    found = search(seconds(40), Everywhere([0.55, 0.9, 1.0]), ["faint", "loud"], ["cue"])
    assert found.missing == ("faint",) and set(found.verified) == {"loud"}
    assert found.ending is Ending.SEEN


def test_a_verifier_that_disagrees_is_believed() -> None:
    found = search(seconds(40), Everywhere([0.9]), ["a"], verifier=Everywhere([0.1]))
    assert found.missing == ("a",) and found.ending is Ending.SEEN
    assert len(found.verifications) == 40
    assert {look.scores for look in found.moments(8)} == {(0.1,)}


def test_all_that_is_to_be_verified_of_a_batch_is_verified_in_one_call_and_of_half_as_many() -> None:
    verifier = Table(np.full((3600, 1), 0.1))
    search(seconds(3600), Everywhere([0.9]), ["a"], verifier=verifier, purse=within(240))
    assert [len(batch) for batch in verifier.batches] == [8] * 10


def test_a_second_below_the_candidates_is_never_verified() -> None:
    verifier = Table(np.ones((40, 1)))
    found = search(seconds(40), Everywhere([0.29]), ["a"], verifier=verifier)
    assert not verifier.batches and found.missing == ("a",)


def test_a_batch_is_one_call_and_a_budget_of_calls_ends_it() -> None:
    scorer, purse = Table(np.zeros((3600, 1))), Purse(Budget(calls=3))
    found = search(seconds(3600), scorer, ["a"], purse=purse)
    assert [len(batch) for batch in scorer.batches] == [16, 16, 16]
    assert found.ending is Ending.SPENT
    assert all(batch == sorted(batch) for batch in scorer.batches)


def test_a_budget_of_seconds_ends_it() -> None:
    ticks = iter(range(100))
    purse = Purse(Budget(seconds=5), clock=lambda: float(next(ticks)))
    assert search(seconds(3600), Everywhere([0.0]), ["a"], purse=purse).ending is Ending.SPENT


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1])
def test_what_is_no_score_is_the_models_fault(value: float) -> None:
    with pytest.raises(ModelError, match="from 0 to 1"):
        search(seconds(40), Everywhere([value]), ["a"])
    with pytest.raises(ModelError, match="from 0 to 1"):
        search(seconds(40), Everywhere([0.5]), ["a"], verifier=Everywhere([value]))


def test_scores_for_other_things_than_were_sought_are_the_models_fault() -> None:
    with pytest.raises(ModelError, match=r"shape \(16, 1\)"):
        search(seconds(40), Everywhere([0.5]), ["a"], ["b"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": []}, "name a target"),
        ({"cues": ["a"]}, "same name twice"),
        ({"times_s": np.zeros(0)}, "one or more seconds"),
        ({"times_s": np.array([1.0, 1.0])}, "each after the one before"),
        ({"times_s": np.array([1.0, np.nan])}, "each after the one before"),
        ({"priors": np.zeros((3, 1))}, "shape"),
        ({"priors": np.full((2, 1), np.nan)}, "numbers from 0 to 1"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(change: dict[str, Any], words: str) -> None:
    request = {"times_s": seconds(2), "scorer": Everywhere([0.1]), "targets": ["a"], **change}
    with pytest.raises(RequestError, match=words):
        search(**request)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(RequestError, match="batch of 1"):
        TStarSettings(n_batch=0)


def test_the_trace_tells_each_look_and_the_end_in_plain_values() -> None:
    table = np.zeros((40, 2))
    table[20:23, 0], table[10:30, 1] = 0.8, 0.5
    found = search(seconds(40), Table(table), ["dog"], ["lead"], verifier=Table(table))
    rows = json.loads(json.dumps(found.rows()))
    assert len(rows) == len(found.looks) + len(found.verifications) + 1
    assert rows[-1] == {"ending": "found", "verified": found.verified, "missing": []}
    assert rows[0] == {
        "round": 1, "reason": "coverage", "time_s": 0.0, "scores": {"dog": 0.0, "lead": 0.0},
    }  # fmt: skip
    assert rows[-2]["reason"] == "verification" and rows[-2]["scores"]["dog"] == 0.8


def test_moments_are_the_best_seconds_apart_from_each_other_and_closer_only_to_fill_up() -> None:
    table = np.zeros((200, 1))
    table[50:55, 0], table[120, 0] = [0.3, 0.5, 0.4, 0.3, 0.3], 0.2
    found = search(seconds(200), Table(table), ["a"])
    assert [look.time_s for look in found.moments(1)] == [51]
    assert [look.time_s for look in found.moments(2)] == [51, 120]
    assert [look.time_s for look in found.moments(3)] == [51, 54, 120]
    assert [look.time_s for look in found.moments(99)] == [50, 51, 52, 53, 54, 120]


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=200, unique=True).map(sorted))
def test_coverage_is_every_sample_once(times: list[float]) -> None:
    assert sorted(coverage_order(np.array(times))) == list(range(len(times)))


@pytest.mark.parametrize("n_looks", [8, 16, 64, 100])
def test_coverage_leaves_no_gap_of_more_than_two_even_shares(n_looks: int) -> None:
    looked_s = np.sort(coverage_order(seconds(3600))[:n_looks])
    assert max(np.diff([*looked_s, 3600])) <= 2 * 3600 / n_looks


@given(st.integers(0, 2**32 - 1))
def test_nearness_is_the_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times_s, strengths = np.sort(rng.uniform(0, 500, 40)), rng.random(40) * (rng.random(40) < 0.3)
    away = np.abs(times_s[:, None] - times_s)
    assert np.allclose(nearness(times_s, strengths, 20.0), (strengths * np.exp(-away / 20)).max(axis=1))


def test_the_first_exploited_is_the_formulas_and_the_others_keep_apart() -> None:
    is_seen, strengths = np.zeros(200, bool), np.zeros(200)
    is_seen[[80, 100, 110]], strengths[[80, 100]] = True, (0.5, 0.8)
    picks = exploitation(seconds(200), is_seen, strengths, 6, 20.0, 3.0)
    gaps_s = np.abs(seconds(200)[:, None] - np.array([80, 100, 110])).min(axis=1)
    near = np.max(
        [0.5 * np.exp(-np.abs(seconds(200) - 80) / 20), 0.8 * np.exp(-np.abs(seconds(200) - 100) / 20)], 0
    )
    assert picks[0] == np.argmax(near * np.minimum(gaps_s, 20) / 20)
    assert len(picks) == 6 and min(np.diff(np.sort(picks))) > 3


def test_nothing_is_exploited_where_nothing_stands_out() -> None:
    assert not len(exploitation(seconds(200), np.zeros(200, bool), np.zeros(200), 4, 20.0, 3.0))

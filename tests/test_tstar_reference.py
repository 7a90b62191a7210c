"""The published rule of T* gives the numbers of its code, draw for draw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vidagent.agent.methods.schedule import Numbers, Seconds
from vidagent.agent.methods.spending import Ending
from vidagent.agent.methods.tstar_reference import ReferenceRule, reference_search
from vidagent.tools.errors import RequestError

GOLDEN = json.loads((Path(__file__).parent / "golden" / "tstar.json").read_text("utf-8"))
PASSES, WHOLE = GOLDEN["iterative"], GOLDEN["full_search"]


@dataclass
class Confidences:
    """The confidences (n, k) of whole seconds."""

    table: Numbers

    def scores(self, times_s: Seconds) -> Numbers:
        return self.table[times_s.astype(np.int64)]


@pytest.fixture
def rule() -> ReferenceRule:
    return ReferenceRule(PASSES["N"], PASSES["grid"][0] * PASSES["grid"][1], PASSES["seed"])


def learn_all(rule: ReferenceRule) -> None:
    for _ in PASSES["iterations"]:
        places = rule.sample()
        rule.learn(places, np.array(PASSES["frame_conf"])[places])


def test_each_pass_samples_scores_and_proposes_as_the_reference_does(rule: ReferenceRule) -> None:
    for golden in PASSES["iterations"]:
        places = rule.sample()
        assert places.tolist() == golden["sampled"]
        rule.learn(places, np.array(golden["conf"]))
        assert rule.scores == pytest.approx(np.array(golden["score_after"]), abs=1e-10)
        assert rule.proposal == pytest.approx(np.array(golden["P_after"]), abs=1e-9)


def test_the_picks_by_scores_and_by_proposal_are_the_references(rule: ReferenceRule) -> None:
    learn_all(rule)
    assert rule.picks(8, "paper").tolist() == PASSES["topk8_by_score"]
    assert rule.picks(8, "qa").tolist() == PASSES["topk8_by_P"]


def test_the_picks_by_chance_are_different_seconds_in_order_and_fall_where_scores_are_high(
    rule: ReferenceRule,
) -> None:
    learn_all(rule)
    picks = rule.picks(8, "current")
    assert picks.tolist() == sorted(set(picks.tolist())) and len(picks) == 8
    assert rule.scores[picks].mean() > rule.scores.mean()


def test_the_whole_search_takes_the_references_looks_and_verifications(rule: ReferenceRule) -> None:
    found = reference_search(
        rule, Confidences(np.array(PASSES["frame_conf"])[:, None]), ["a"], accept=WHOLE["thr"]
    )
    assert found.ending is Ending.FOUND and not found.missing
    assert found.looks[-1].n_round == WHOLE["iters"]
    assert len(found.verifications) == WHOLE["verify_calls"]
    assert WHOLE["N"] - len(found.looks) == WHOLE["budget_left"]


def test_a_strong_cue_confirms_a_weak_target_as_in_the_reference(rule: ReferenceRule) -> None:
    table = np.tile([0.1, 0.9], (300, 1))
    found = reference_search(rule, Confidences(table), ["weak", "strong"])
    assert not found.missing


def test_it_ends_at_its_budget(rule: ReferenceRule) -> None:
    found = reference_search(rule, Confidences(np.zeros((300, 1))), ["a"], n_looks_max=40)
    assert found.ending is Ending.SPENT and found.missing == ("a",)
    assert len(found.looks) == 48


@pytest.mark.parametrize("n", [4, 5, 15, 31])
def test_a_video_shorter_than_a_few_batches_is_searched(n: int) -> None:
    found = reference_search(ReferenceRule(n), Confidences(np.full((n, 1), 0.9)), ["a"])
    assert found.ending is Ending.FOUND


def test_what_it_cannot_fit_a_curve_to_is_refused() -> None:
    with pytest.raises(RequestError, match="4 seconds"):
        ReferenceRule(3)
    with pytest.raises(RequestError, match="name a target"):
        reference_search(ReferenceRule(10), Confidences(np.zeros((10, 0))), [])

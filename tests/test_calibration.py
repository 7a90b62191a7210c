"""A confidence is a probability: it rises with what a reader tells, and says how many answers as sure were right."""

from __future__ import annotations

import math
import random
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.agent import reading
from vidagent.agent.calibration import (
    SURE_MAX,
    Calibration,
    calibrated,
    calibration_of,
    fitted_temperature,
    tempered,
    uncalibrated,
)
from vidagent.agent.question import Kind
from vidagent.tools.clock import Span

sys.path.append(str(Path(__file__).parents[1] / "bench"))

from labelled import SAID, Line, Row, Script, made_questions

KINDS = (*get_args(Kind), "choice")
CHANCES = st.floats(0, 1)
INNER = st.floats(0.02, 0.98)
TEMPERATURES = st.floats(0.2, 8)
SIDES = st.booleans()


@given(CHANCES, CHANCES, st.sampled_from([*KINDS, "a kind of which nothing is known"]))
def test_what_a_reader_is_surer_of_is_never_less_likely(one: float, other: float, kind: str) -> None:
    less, more = (calibrated(c, kind, reading.NAME) for c in sorted((one, other)))
    assert 0 <= less <= more <= SURE_MAX


@given(INNER, st.sampled_from(KINDS))
def test_what_a_reader_told_can_be_had_back(told: float, kind: str) -> None:
    probability = calibrated(told, kind, reading.NAME)
    assert uncalibrated(probability, kind, reading.NAME) == pytest.approx(told, abs=1e-6)


def test_nothing_found_stays_impossible_and_a_model_is_taken_at_its_word() -> None:
    assert calibrated(0.0, "when", reading.NAME) == 0.0
    assert calibrated(0.37, "when", "a video LLM") == uncalibrated(0.37, "when", "a video LLM") == 0.37
    assert calibration_of("a video LLM") is None


def test_what_is_told_of_held_out_answers_tiles_all_probabilities_and_is_borne_out() -> None:
    known = calibration_of(reading.NAME)
    assert known is not None
    assert (known.bins[0].low, known.bins[-1].high) == (0.0, 1.0)
    assert all(one.high == other.low for one, other in pairwise(known.bins))
    enough = [each for each in known.bins if each.n >= 50]
    assert len(enough) >= 4
    for each in enough:
        # Within what so few answers may be off by chance.
        slack = 2.6 * math.sqrt(0.25 / each.n)
        assert each.low - slack <= each.n_right / each.n <= each.high + slack


def test_the_answers_as_sure_are_those_of_the_same_stretch() -> None:
    known = Calibration.of(
        [0.1, 0.5, 0.74, 0.75, 1.0], [False, True, False, True, True], [0.0, 0.5, 0.75, 1.0]
    )
    assert [(each.n, each.n_right) for each in known.bins] == [(1, 0), (2, 1), (2, 2)]
    assert [known.as_sure(p).low for p in (0.0, 0.49, 0.5, 0.75, 1.0)] == [0.0, 0.0, 0.5, 0.75, 0.75]


@pytest.mark.parametrize("wrong", [-0.01, 1.01, math.nan])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    known = Calibration.of([0.5], [True], [0.0, 1.0])
    with pytest.raises(ValueError, match="no probability"):
        known.as_sure(wrong)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found(temperature: float) -> None:
    chance = random.Random(7)
    true = [chance.uniform(0.03, 0.97) for _ in range(4000)]
    # What a model tells that is too sure by this temperature, or not sure enough.
    told = [tempered(p, 1 / temperature) for p in true]
    found = fitted_temperature(told, [chance.random() < p for p in true])
    assert found == pytest.approx(temperature, rel=0.15)


@given(INNER, INNER, TEMPERATURES)
def test_a_temperature_never_changes_the_order_nor_the_side_of_a_half(
    one: float, other: float, temperature: float
) -> None:
    less, more = (tempered(p, temperature) for p in sorted((one, other)))
    assert 0 <= less <= more <= 1
    assert (tempered(one, temperature) - 0.5) * (one - 0.5) >= 0


@given(st.lists(st.tuples(CHANCES, SIDES), max_size=30))
def test_a_fitted_temperature_is_bounded_and_loses_no_more_than_none(pairs: list[tuple[float, bool]]) -> None:
    told, truths = [p for p, _ in pairs], [truth for _, truth in pairs]
    temperature = fitted_temperature(told, truths)
    assert 0.1 <= temperature <= 10
    assert _loss(told, truths, temperature) <= _loss(told, truths, 1.0) + 1e-6


def test_a_model_that_is_always_right_on_a_few_questions_is_not_believed_in_all() -> None:
    told, truths = [0.9, 0.1] * 4, [True, False] * 4
    assert 0.8 < tempered(0.9, fitted_temperature(told, truths)) < 0.95


def test_one_that_is_as_often_wrong_as_right_ends_near_a_half() -> None:
    told = [0.95] * 20 + [0.05] * 20
    assert tempered(0.95, fitted_temperature(told, [True, False] * 20)) < 0.6


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
def test_what_is_no_temperature_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="no temperature"):
        tempered(0.5, wrong)


def test_chances_without_truths_are_refused() -> None:
    with pytest.raises(ValueError):
        fitted_temperature([0.5, 0.7], [True])
    assert fitted_temperature([], []) == 1.0


def test_questions_that_are_fitted_to_have_the_answers_that_the_lines_give() -> None:
    own, foreign = (
        Script(
            [
                Line(Span(10.0 * i, 10.0 * i + 4), f"{name}{i} walks to harbour{i % 7} with {name}{i + 40}")
                for i in range(30)
            ]
        )
        for name in ("sailor", "baker")
    )
    rows = made_questions(own, foreign, SAID, 135, np.random.default_rng(3))
    quoted = [row for row in rows if str(row["question"]).startswith("When do they say")]
    assert {row["kind"] for row in rows} == {"when", "what", "yesno", "count", "order", "choice"}
    assert len(quoted) >= 12
    for row in quoted:
        assert _spans_saying(own, str(row["question"])) == row["evidence_s"]
    absent = [row for row in rows if row["answer"] == "not found"]
    assert 0.1 < len(absent) / len(rows) < 0.3
    assert not any(row["evidence_s"] for row in absent)
    assert all(_right_option(own, row) for row in rows if row["kind"] == "choice" and row["evidence_s"])


def _spans_saying(script: Script, question: str) -> list[list[float]]:
    words = re.findall('"(.*)"', question)[0]
    saying = [line for line in script.lines if f" {words} " in f" {' '.join(line.words)} "]
    return [[line.span.start_s, line.span.end_s] for line in saying]


def _right_option(script: Script, row: Row) -> bool:
    """Whether the option that counts as right, and no other one, is from the line that is asked for."""
    options, evidence = row["options"], row["evidence_s"]
    assert isinstance(options, list) and isinstance(evidence, list)
    line = next(line for line in script.lines if line.span.start_s == evidence[0][0])
    fitting = [option for option in options if set(option.split()) <= set(line.content)]
    return fitting == [options[ord(str(row["answer"])) - ord("A")]]


def _loss(told: list[float], truths: list[bool], temperature: float) -> float:
    """Log loss against truths that are a little less than certain."""
    n_true = sum(truths)
    targets = [(n_true + 1) / (n_true + 2) if t else 1 / (len(truths) - n_true + 2) for t in truths]
    chances = [min(max(tempered(p, temperature), 1e-12), 1 - 1e-12) for p in told]
    return -sum(y * math.log(p) + (1 - y) * math.log(1 - p) for p, y in zip(chances, targets, strict=True))

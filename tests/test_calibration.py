"""A confidence is a probability: it rises with what a reader tells, and says how many answers as sure were right."""

from __future__ import annotations

import math
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
    uncalibrated,
)
from vidagent.agent.question import Kind
from vidagent.tools.clock import Span

sys.path.append(str(Path(__file__).parents[1] / "bench"))

from labelled import SAID, Line, Row, Script, made_questions

KINDS = (*get_args(Kind), "choice")
CHANCES = st.floats(0, 1)
INNER = st.floats(0.02, 0.98)


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

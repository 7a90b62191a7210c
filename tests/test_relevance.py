"""Pictures are as relevant as what was found beside them, and only those that a question is about count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from memories import island_of

from vidagent.agent.evidence import Evidence
from vidagent.agent.question import understand
from vidagent.agent.relevance import relevance
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span


@pytest.fixture
def island(tmp_path: Path) -> Memory:
    return island_of(tmp_path / "library.db")


def found(start_s: float, end_s: float, fit: float = 1.0) -> Evidence:
    return Evidence(Span(start_s, end_s), "speech", "x", fit, 1.0)


def test_pictures_of_a_moment_count_most_and_those_beside_it_less(island: Memory) -> None:
    what = relevance(island, understand("where is it?", 240.0), [found(100.0, 104.0)])
    near = {float(t): float(s) for t, s in zip(what.times_s, what.scores, strict=True)}
    assert near[100.0] == near[104.0] == what.peak == pytest.approx(0.97)
    assert near[109.0] == near[95.0] == pytest.approx(0.97 / np.e)
    assert near[30.0] == near[200.0] == 0.0


def test_of_several_finds_the_surest_counts(island: Memory) -> None:
    hints = [found(50.0, 52.0, 0.5), found(50.5, 51.0, 0.9)]
    what = relevance(island, understand("where is it?", 240.0), hints)
    assert what.scores[what.times_s == 50.5] == pytest.approx(hints[1].confidence)
    assert what.peak == pytest.approx(hints[1].confidence)


def test_only_seconds_that_a_question_names_count(island: Memory) -> None:
    question = understand("What is shown between 1:00 and 1:30?", 240.0)
    what = relevance(island, question, [found(10.0, 12.0), found(70.0, 71.0)])
    assert (what.times_s.min(), what.times_s.max()) == (60.0, 89.5)
    assert what.span == Span(60.0, 90.0)
    assert len(what.times_s) == len(what.scores) == len(what.vectors)


def test_vectors_are_of_unit_length(island: Memory) -> None:
    what = relevance(island, understand("where is it?", 240.0), [])
    assert np.linalg.norm(what.vectors, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert what.peak == 0.0


def test_where_no_better_model_has_looked_the_embedded_one_has(island: Memory) -> None:
    what = relevance(island, understand("where is it?", 240.0), [], "a model that never came by")
    assert len(what.times_s) == 480

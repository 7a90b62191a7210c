"""The mode that follows EM-LLM's reference gives its numbers, case by case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vidagent.index.segmentation.em_llm import adjusted, blocks, surprising
from vidagent.index.segmentation.refinement import refine
from vidagent.index.segmentation.signals import Numbers

GOLDEN = json.loads((Path(__file__).parent / "golden" / "em_llm_segmentation.json").read_text())


def stream(seed: int) -> Numbers:
    """The vectors (n, 32) that the reference was given."""
    rng = np.random.RandomState(seed)
    n, k = rng.randint(120, 400), rng.randint(3, 10)
    cuts = np.sort(rng.choice(np.arange(10, n - 10), k, replace=False))
    labels = np.searchsorted(cuts, np.arange(n), side="right")
    centres = rng.normal(size=(k + 1, 32))
    rows = centres[labels] + 0.8 * rng.normal(size=(n, 32)) + 0.6
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("metric", ["modularity", "conductance"])
@pytest.mark.parametrize("case", GOLDEN["refine"], ids=lambda case: str(case["seed"]))
def test_boundaries_move_as_the_reference_moves_them(case: dict[str, Any], metric: Any) -> None:
    vectors = stream(case["seed"])
    assert len(vectors) == case["n"]
    assert vectors[0, :4].tolist() == pytest.approx(case["first_row"], abs=1e-6)
    assert adjusted(vectors, case["proposals"], 8, case["offset"], metric) == case[metric]


@pytest.mark.parametrize("case", GOLDEN["blocks"], ids=lambda case: str(case["seed"]))
def test_blocks_are_those_of_the_reference(case: dict[str, Any]) -> None:
    surprise = np.random.RandomState(case["seed"]).exponential(2.0, size=6000).astype(np.float32)
    places = surprising(surprise, case["n_local"], case["chunk"], case["n_init"], case["gamma"])
    last = 6000 - case["n_local"]
    inside = [p for p in places if case["n_init"] < p < last]
    found = blocks(inside, case["n_init"], last, case["min_block"], case["max_block"])
    assert [list(block) for block in found] == case["block_ranges"]


def test_the_reference_leaves_an_exact_cut_and_ours_keeps_it() -> None:
    rows = np.zeros((80, 2))
    rows[:40, 0] = rows[40:, 1] = 1.0
    assert adjusted(rows, [40], 8) == [39]
    assert refine(rows.astype(np.float32), 40, 20, 60) == 40


def test_the_reference_holds_spacing_against_what_it_dropped() -> None:
    rows = np.ones((100, 2)) / np.sqrt(2)
    assert len(adjusted(rows, [20, 25, 30, 35, 70], 8)) == 2

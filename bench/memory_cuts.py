"""Cutting a timeline into events: how quickly, beside the formula on the matrix, and how rightly."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from vidagent.index.segmentation import SegmentationSettings, Signals, Surprise, segment, settings_for
from vidagent.index.segmentation.refinement import quality
from vidagent.index.segmentation.settings import Refinement
from vidagent.index.segmentation.signals import Numbers
from vidagent.tools.roles import Vectors

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from streams import f1, stream, unit

Hour = tuple[Numbers, Vectors, list[float]]
Cutter = Callable[[Hour], list[float]]

N_SEEDS = 10
CHOICES: list[tuple[Surprise, Refinement]] = [
    ("previous", "none"), ("previous", "modularity"), ("previous", "conductance"),
    ("mean", "none"), ("mean", "modularity"), ("mean", "conductance"),
    ("contrast", "none"), ("contrast", "modularity"), ("contrast", "conductance"),
]  # fmt: skip
_N_TIMED = 5


def matrix_quality(vectors: Vectors) -> Numbers:
    """Modularity of each division from the n × n matrix, as eq. 3 of EM-LLM (arXiv 2407.09450) is written.

    Like its reference, it makes the expected weights anew for each division; the matrix is made once.
    """
    likeness = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    found = []
    for place in range(1, len(vectors)):
        degree = likeness.sum(axis=1)
        gain = likeness - np.outer(degree, degree) / degree.sum()
        inside = gain[:place, :place].sum() + gain[place:, place:].sum()
        found.append(inside / (2 * degree.sum()))
    return np.array(found)


def refining(n: int, dimension: int = 512) -> list[str]:
    """Rows for one window of ``n`` samples; both ways have to give the same."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1, dimension)) + np.repeat(rng.normal(size=(2, dimension)), n // 2, axis=0)
    vectors = unit(rows + rng.normal(size=rows.shape))
    assert np.allclose(matrix_quality(vectors), quality(vectors), atol=1e-9)
    assert np.argmax(matrix_quality(vectors)) == np.argmax(quality(vectors))
    matrix_s = _seconds(lambda: matrix_quality(vectors), _N_TIMED)
    sums_s = _seconds(lambda: quality(vectors), _N_TIMED)
    return [
        f"| a cut refined among {n} samples, matrix (baseline) | {1000 * matrix_s:.1f} ms | 1.0 |",
        f"| a cut refined among {n} samples, prefix sums | {1000 * sums_s:.2f} ms | 1/{matrix_s / sums_s:.0f} |",
    ]


def cutting(hours: int = 10, dimension: int = 512) -> str:
    """A row for a timeline of so many hours, cut all at once, beside the sums that have to be made anyway."""
    times_s, vectors, _ = stream(0, hours * 3600, dimension)
    usual, until_s = settings_for(""), hours * 3600.0
    sums_s = _seconds(lambda: np.cumsum(vectors, axis=0, dtype=np.float64), 1)
    whole_s = _seconds(lambda: segment(Signals(times_s, vectors), until_s, usual), 1)
    return (
        f"| {hours} hours, {dimension}-d, one sample a second, cut at once"
        f" | {whole_s:.2f} s | {whole_s / sums_s:.1f} of one cumsum |"
    )


def finding() -> list[str]:
    """Rows with the mean F1 over made-up hours for each choice, beside as many even cuts as there are true ones."""
    hours = [stream(seed) for seed in range(N_SEEDS)]
    ways: list[tuple[str, Cutter]] = [("even cuts (baseline)", _even_s)]
    for surprise, refinement in CHOICES:
        # Nothing is divided for its length, which is no place that a surprise has found.
        rules = replace(settings_for(""), surprise=surprise, refinement=refinement, max_event_s=3600.0)
        ways.append((f"{surprise}, refined by {refinement}", partial(_found_s, rules)))
    return [_finding_row(name, cutter, hours) for name, cutter in ways]


def _finding_row(name: str, cutter: Cutter, hours: Sequence[Hour]) -> str:
    shares = [[f1(cutter(hour), hour[2], within_s) for within_s in (3.0, 1.0)] for hour in hours]
    near, nearer = np.mean(shares, axis=0)
    return f"| F1 at ±3 s and ±1 s, {name}, {N_SEEDS} hours | {near:.3f} | {nearer:.3f} |"


def _even_s(hour: Hour) -> list[float]:
    return [float(time_s) for time_s in np.linspace(0, 3600, len(hour[2]) + 2)[1:-1]]


def _found_s(rules: SegmentationSettings, hour: Hour) -> list[float]:
    cut = segment(Signals(hour[0], hour[1]), 3600.0, rules)
    return [b.time_s for b in cut.boundaries if b.height >= rules.event_at]


def _seconds(work: Callable[[], object], n_times: int) -> float:
    """The least of so many runs."""
    taken_s = []
    for _ in range(n_times):
        begun_s = time.perf_counter()
        work()
        taken_s.append(time.perf_counter() - begun_s)
    return min(taken_s)


def rows() -> list[str]:
    """Lines of a table: refinement, a whole timeline, and how many of known cuts are found."""
    return [*refining(240), *refining(480), cutting(), *finding()]


def main() -> None:
    """Print the table."""
    print("| what | cost | × |\n|---|---|---|")
    for row in rows():
        print(row)


if __name__ == "__main__":
    main()

"""Cutting a timeline into events: how quickly, beside the formula on the matrix, and how rightly."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vidagent.index.segmentation import Signals, segment, settings_for
from vidagent.index.segmentation.refinement import quality
from vidagent.index.segmentation.signals import Numbers
from vidagent.tools.roles import Vectors

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from streams import f1, stream, unit

N_SEEDS = 10
_N_TIMED = 5


def matrix_quality(vectors: Vectors) -> Numbers:
    """Modularity of each division from the n × n matrix, as eq. 3 of EM-LLM (arXiv 2407.09450) is written."""
    likeness = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    found = []
    for place in range(1, len(vectors)):
        degree = likeness.sum(axis=1)
        gain = likeness - np.outer(degree, degree) / degree.sum()
        inside = gain[:place, :place].sum() + gain[place:, place:].sum()
        found.append(inside / (2 * degree.sum()))
    return np.array(found)


def refining(n: int = 240, dimension: int = 512) -> list[str]:
    """Rows for one window of ``n`` samples; both ways have to give the same."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1, dimension)) + np.repeat(rng.normal(size=(2, dimension)), n // 2, axis=0)
    vectors = unit(rows + rng.normal(size=rows.shape))
    assert np.allclose(matrix_quality(vectors), quality(vectors), atol=1e-9)
    assert np.argmax(matrix_quality(vectors)) == np.argmax(quality(vectors))
    matrix_s = _seconds(lambda: matrix_quality(vectors), 1)
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
    """Rows with the mean F1 over made-up hours, beside cuts at even distances, as many as there are true ones."""
    ours, even = [], []
    usual = settings_for("")
    for seed in range(N_SEEDS):
        times_s, vectors, true_s = stream(seed)
        cut = segment(Signals(times_s, vectors), 3600.0, usual)
        found_s = [b.time_s for b in cut.boundaries if b.height >= usual.event_at and b.origin != "length"]
        even_s = np.linspace(0, 3600, len(true_s) + 2)[1:-1].tolist()
        ours.append([f1(found_s, true_s, within_s) for within_s in (3.0, 1.0)])
        even.append([f1(even_s, true_s, within_s) for within_s in (3.0, 1.0)])
    return [
        f"| F1 at ±3 s and ±1 s, {name}, {N_SEEDS} hours | {mean[0]:.3f} | {mean[1]:.3f} |"
        for name, mean in (("even cuts (baseline)", np.mean(even, axis=0)), ("ours", np.mean(ours, axis=0)))
    ]


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
    return [*refining(), cutting(), *finding()]


def main() -> None:
    """Print the table."""
    print("| what | cost | × |\n|---|---|---|")
    for row in rows():
        print(row)


if __name__ == "__main__":
    main()

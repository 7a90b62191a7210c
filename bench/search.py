"""Choosing samples by score: how quickly, beside the rules of the reference codes, with the same picks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from vidagent.agent.methods.baselines import topk, uniform
from vidagent.agent.methods.dpp import dpp
from vidagent.agent.methods.tass import tass

Numbers = npt.NDArray[np.float64]
Work = Callable[[], list[int]]

N_RUNS = 9
N_HOUR = 7200
FEW, MANY = 24, 256
KERNEL_ROWS = (512, 2048)
KERNEL_DIMENSION, KERNEL_PICKS = 1152, 8


def date_rule(times_s: Numbers, scores: Numbers, n: int) -> list[int]:
    """DATE's sampling (arXiv 2509.09263): every pass weighs each candidate against all that are picked."""
    n_candidates = min(int((scores > scores.mean()).sum()), 4 * n)
    candidates: list[int] = np.argsort(-scores, kind="stable")[:n_candidates].tolist()
    if n_candidates <= n:
        return candidates
    seconds = times_s.tolist()
    picked: list[int] = []
    spacing_s = 20.0
    while len(picked) < n:
        _date_pass(seconds, candidates, picked, spacing_s, n)
        spacing_s /= 2
    return picked


def _date_pass(
    seconds: list[float], candidates: list[int], picked: list[int], spacing_s: float, n: int
) -> None:
    for place in candidates:
        if len(picked) == n:
            return
        if place in picked:
            continue
        if all(abs(seconds[place] - seconds[other]) >= spacing_s for other in picked):
            picked.append(place)


def dense_kernel(vectors: Numbers, scores: Numbers) -> Numbers:
    """The kernel of TimeSearch-R (arXiv 2511.05489) as its formula reads, with diagonal matrices."""
    relevance = np.diag(_relevance(scores))
    return relevance @ (vectors @ vectors.T) @ relevance


def scaled_kernel(vectors: Numbers, scores: Numbers) -> Numbers:
    """The same kernel, whose rows are scaled without a product of matrices."""
    scaled = vectors * _relevance(scores)[:, None]
    return scaled @ scaled.T


def _relevance(scores: Numbers) -> Numbers:
    return np.asarray((scores - scores.min()) / (scores.max() - scores.min()))


def kernel_rule(kernel: Numbers, n: int) -> list[int]:
    """Greedy picks by the update that TimeSearch-R's code makes on a whole kernel, sorted."""
    left = np.diag(kernel).copy()
    parts = np.zeros((n, len(kernel)))
    picked: list[int] = []
    for number in range(n):
        place = int(np.argmax(left))
        parts[number] = (kernel[place] - parts[:number, place] @ parts[:number]) / np.sqrt(left[place])
        left -= parts[number] ** 2
        left[place] = -np.inf
        picked.append(place)
    return sorted(picked)


def spaced_rows(n: int, rng: np.random.Generator) -> list[str]:
    """Rows for ``n`` of an hour's samples, two a second on the whole; the first two have to pick the same."""
    at_s = np.arange(N_HOUR) / 2
    scores = 0.18 + 0.04 * np.sin(at_s / 18.5) + 0.06 * np.exp(-(((at_s - 1440) / 72) ** 2))
    scores += 0.02 * rng.random(N_HOUR)
    times_s = at_s + rng.uniform(0, 0.4, N_HOUR)
    works: dict[str, Work] = {
        "TASS as DATE's rule (baseline)": lambda: date_rule(times_s, scores, n),
        "TASS, compat": lambda: tass(times_s, scores, n, compat="date").tolist(),
        "TASS": lambda: tass(times_s, scores, n).tolist(),
        "topk, 2 s apart": lambda: topk(times_s, scores, n, gap_s=2.0).tolist(),
        "uniform": lambda: uniform(times_s, n).tolist(),
    }
    return _rows(f"{n} of {N_HOUR} samples", works, n_same=2)


def kernel_rows(n_rows: int, rng: np.random.Generator) -> list[str]:
    """Rows for a few of ``n_rows`` vectors; all have to pick the same."""
    vectors = rng.normal(size=(n_rows, KERNEL_DIMENSION)) + 2 * rng.normal(size=(1, KERNEL_DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = rng.normal(size=KERNEL_DIMENSION)
    scores = vectors @ query / np.linalg.norm(query)
    works: dict[str, Work] = {
        "DPP, dense as the formula (baseline)": partial(_dense, dense_kernel, vectors, scores),
        "DPP, dense but scaled by rows": partial(_dense, scaled_kernel, vectors, scores),
        "DPP": lambda: sorted(dpp(vectors, scores, KERNEL_PICKS).tolist()),
    }
    return _rows(f"{KERNEL_PICKS} of {n_rows} vectors, {KERNEL_DIMENSION}-d", works, n_same=3)


def _dense(kernel: Callable[[Numbers, Numbers], Numbers], vectors: Numbers, scores: Numbers) -> list[int]:
    return kernel_rule(kernel(vectors, scores), KERNEL_PICKS)


def _rows(name: str, works: dict[str, Work], n_same: int) -> list[str]:
    taken_s, given = median_s(works)
    baseline_s, *_ = taken_s.values()
    first, *others = list(given.values())[:n_same]
    assert all(other == first for other in others), f"{name}: the picks differ"
    return [
        f"| {work}, {name} | {1000 * seconds:.2f} ms | {baseline_s / seconds:.1f} |"
        for work, seconds in taken_s.items()
    ]


def median_s(works: dict[str, Work]) -> tuple[dict[str, float], dict[str, list[int]]]:
    """Median seconds of each work, which take turns, and what each gave."""
    taken_s: dict[str, list[float]] = {name: [] for name in works}
    given = {}
    for _ in range(N_RUNS):
        for name, work in works.items():
            begun_s = time.perf_counter()
            given[name] = work()
            taken_s[name].append(time.perf_counter() - begun_s)
    return {name: statistics.median(seconds) for name, seconds in taken_s.items()}, given


def rows() -> list[str]:
    """Lines of a table: spaced picks of an hour, and picks that differ."""
    rng = np.random.default_rng(0)
    spaced = [row for n in (FEW, MANY) for row in spaced_rows(n, rng)]
    return spaced + [row for n_rows in KERNEL_ROWS for row in kernel_rows(n_rows, rng)]


def main() -> None:
    """Print the table."""
    print("| what | median | times as quick as the baseline |\n|---|---|---|")
    for row in rows():
        print(row)


if __name__ == "__main__":
    main()

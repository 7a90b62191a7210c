"""How much a timeline changes at each sample, from its vectors alone.

Sums are taken over whole numbers, millionths of what they are, so that a value does not depend, not even in
its last bit, on how much of the timeline is at hand.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...tools.roles import Vectors
from .settings import SegmentationSettings
from .signals import Numbers

Whole = npt.NDArray[np.int64]

MILLIONTHS = 1_000_000
# A frozen picture must not fire on noise.
_DEVIATION_MIN = 1000
_N_KNOWN_MIN = 8
GAP_S = 30.0
"""Where nothing is known for so long, what was before says nothing of what comes."""


def previous(times_s: Numbers, vectors: Vectors) -> Numbers:
    """1 - cosine to the sample before, shape (n,); 0 for the first and behind a gap."""
    if len(times_s) < 2:
        return np.zeros(len(times_s))
    likeness = np.einsum("ij,ij->i", vectors[1:], vectors[:-1], dtype=np.float64)
    return np.append(0.0, np.where(np.diff(times_s) > GAP_S, 0.0, 1 - likeness))


def vector_sums(vectors: Vectors) -> Numbers:
    """Sums of the first 0 to n vectors, shape (n + 1, d), in millionths."""
    sums = np.zeros((len(vectors) + 1, vectors.shape[1]))
    # Whole numbers, which a float holds exactly up to 2 to the 53rd: nine thousand million of them.
    np.cumsum(np.rint(vectors * np.float32(MILLIONTHS)), axis=0, dtype=np.float64, out=sums[1:])
    return sums


def mean_before(times_s: Numbers, sums: Numbers, window_s: float) -> Numbers:
    """1 - cosine to the sum of the ``window_s`` before, shape (n,): the causal choice."""
    first = np.searchsorted(times_s, times_s - window_s)
    return _unlike(sums[:-1] - sums[first], np.diff(sums, axis=0))


def contrast(times_s: Numbers, sums: Numbers, window_s: float, at_s: Numbers | None = None) -> Numbers:
    """1 - cosine between the sums of ``window_s`` before and after moments ``at_s``, or all samples.

    A sample right at a moment counts as after it. 0 where one side is empty.
    """
    moments_s = times_s if at_s is None else at_s
    first, place, last = (
        np.searchsorted(times_s, moments_s + offset_s) for offset_s in (-window_s, 0.0, window_s)
    )
    return _unlike(sums[place] - sums[first], sums[last] - sums[place])


def stands_out(times_s: Numbers, scores: Numbers, settings: SegmentationSettings) -> npt.NDArray[np.bool_]:
    """Where a score is over the mean of the ``memory_s`` before by ``gamma`` deviations (EM-LLM, eq. 1).

    With fewer than eight samples before it, and whatever came before, it has to reach ``min_contrast``.
    """
    whole = np.rint(scores * MILLIONTHS).astype(np.int64)
    sums, squares = _prefix(whole), _prefix(whole * whole)
    place = np.arange(len(whole))
    first = np.maximum(np.searchsorted(times_s, times_s - settings.memory_s), _run_starts(times_s))
    n = np.maximum(place - first, 1)
    total, square = sums[place] - sums[first], squares[place] - squares[first]
    variance = np.maximum(square - total * (total / n), 0.0) / np.maximum(n - 1, 1)
    limit = total / n + settings.gamma * np.maximum(np.sqrt(variance), _DEVIATION_MIN)
    is_usual = (place - first >= _N_KNOWN_MIN) & (whole <= limit)
    return np.asarray(~is_usual & (whole >= round(settings.min_contrast * MILLIONTHS)))


def peaks(times_s: Numbers, scores: Numbers, chosen: npt.NDArray[np.bool_], spacing_s: float) -> list[int]:
    """The chosen samples than which no other chosen one within ``spacing_s`` is higher; of equals the first."""
    kept = []
    places = np.flatnonzero(chosen)
    for i, place in enumerate(places):
        first = int(np.searchsorted(times_s, times_s[place] - spacing_s, "right"))
        last = int(np.searchsorted(times_s, times_s[place] + spacing_s))
        near = places[np.searchsorted(places, first) : np.searchsorted(places, last)]
        if near[int(np.argmax(scores[near]))] == places[i]:
            kept.append(int(place))
    return kept


def _prefix(values: Whole) -> Whole:
    return np.append(np.int64(0), np.cumsum(values))


def _run_starts(times_s: Numbers) -> Whole:
    """For each sample the first one of its run, which a gap begins."""
    begins = np.append(True, np.diff(times_s) > GAP_S) if len(times_s) else np.zeros(0, bool)
    return np.maximum.accumulate(np.where(begins, np.arange(len(times_s)), 0))


def _unlike(before: Numbers, after: Numbers) -> Numbers:
    scale = _lengths(before) * _lengths(after)
    cosine = np.einsum("ij,ij->i", before, after) / np.maximum(scale, 1e-12)
    return np.where(scale > 0, 1 - cosine, 0.0)


def _lengths(rows: Numbers) -> Numbers:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)))

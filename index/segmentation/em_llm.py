"""EM-LLM's segmentation as its reference computes it, defects included: for comparison, not for use.

The method is that of arXiv 2407.09450 (eq. 1 and 3 to 5). What differs from ours: a proposal is not among
the places it may move to, spacing is held against proposals that were dropped, and a threshold holds for a
whole chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...tools.roles import Vectors
from .refinement import Metric, quality
from .signals import Numbers


def adjusted(
    vectors: Vectors | Numbers,
    proposals: Sequence[int],
    n_min: int,
    offset: int = 0,
    metric: Metric = "modularity",
) -> list[int]:
    """Proposals moved to where they divide best, for vectors (n, d) of which ``offset`` are of the past.

    Proposals and results are counted from ``offset``; events have at least ``n_min`` samples. Raises
    ``ValueError`` where a proposal lies nearer to the beginning than that.
    """
    moved, previous = [], 0
    for place in _spaced([offset + p for p in proposals], n_min, offset):
        found = place
        if place - previous > n_min and place - offset > n_min:
            found = _best(vectors, place, previous, n_min, offset, metric)
        elif place - previous < n_min and offset:
            raise ValueError(f"the proposal at {place - offset} is nearer than {n_min} to the one before")
        moved.append(found - offset)
        previous = found
    return moved


def _spaced(places: Sequence[int], n_min: int, offset: int) -> list[int]:
    """Those with room before them; measured against the one before whether that was kept or not."""
    kept = [places[0]] if places and (places[0] >= n_min or offset == 0) else []
    return kept + [b for a, b in pairwise(places) if b - a >= n_min]


def _best(
    vectors: Vectors | Numbers, place: int, previous: int, n_min: int, offset: int, metric: Metric
) -> int:
    half = (place - previous) // 2
    first, last = max(0, previous - half), min(len(vectors), place + half)
    low, high = max(offset - first, previous - first) + n_min, place - first
    found = quality(vectors[first:last], metric)[low - 1 : high - 1]
    return first + low + int(np.argmax(found)) if len(found) else place


def surprising(
    surprise: npt.NDArray[np.float32], n_local: int, n_chunk: int, n_init: int, gamma: float
) -> list[int]:
    """Places over the threshold of their chunk, which earlier values set: mean and ``gamma`` deviations."""
    places: list[int] = []
    for start in range(0, len(surprise), n_chunk):
        end = min(start + n_chunk, len(surprise))
        first, last = max(end - n_local, 0), max(end - (end - start), n_init)
        before = surprise[first:last]
        limit = before.mean() + gamma * before.std(ddof=1)
        places += [start + int(i) for i in np.flatnonzero(surprise[start:end] > limit)]
    return places


def blocks(boundaries: Sequence[int], first: int, last: int, n_min: int, n_max: int) -> list[tuple[int, int]]:
    """Half-open blocks from ``first`` on: cut at boundaries that leave ``n_min``, chopped at ``n_max``.

    What follows the last boundary before ``last`` waits, unless it is longer than a block.
    """
    cut, start = [], first
    for boundary in [*boundaries, last]:
        while boundary - start >= n_max:
            cut.append((start, start + n_max))
            start += n_max
        if boundary != last and boundary - start >= n_min:
            cut.append((start, boundary))
            start = boundary
    return cut

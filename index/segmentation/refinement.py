"""Moving a cut to where it divides its surroundings best, in one pass over prefix sums.

For vectors x_i in a window, u the sum up to a cut, R the sum of all and S = R·R, the modularity of the
division is |u - (u·R / S) R|² / S: the best cut is where the sum strays farthest from the straight line to
the total. Conductance and the ratio of likeness inside and across follow from the same sums, so no
matrix is needed (EM-LLM, arXiv 2407.09450, eq. 3 to 5, for similarities that are dot products).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from ...tools.roles import Vectors
from .signals import Numbers

Metric = Literal["modularity", "conductance"]

# What differs by less is rounding, which must not decide where a picture stands still.
_DECIMALS = 12


def quality(vectors: Vectors | Numbers, metric: Metric = "modularity") -> Numbers:
    """How good the cut before each of the samples 1 to n - 1 is, shape (n - 1,); higher is better.

    Conductance is given with its sign turned. Empty where the total weight is not positive.
    """
    u = _running_sums(vectors)
    total = u[-1]
    weight = float(total @ total)
    if weight <= 0 or len(u) < 2:
        return np.zeros(0)
    u = u[:-1]
    along, inside = u @ total, np.einsum("ij,ij->i", u, u)
    if metric == "modularity":
        return np.asarray(np.round((inside - along**2 / weight) / weight, _DECIMALS))
    cut = along - inside
    rest = weight - 2 * along + inside
    return -_conductance(cut, inside, rest, weight)


def _running_sums(vectors: Vectors | Numbers) -> Numbers:
    """Sums of the first 1 to n vectors, shape (n, d)."""
    sums = np.array(vectors, np.float64)
    # Row by row, as cumsum walks down one column at a time, which takes several times as long.
    for before, row in pairwise(sums):
        np.add(before, row, out=row)
    return sums


def _conductance(cut: Numbers, inside: Numbers, rest: Numbers, weight: float) -> Numbers:
    def ratio(own: Numbers) -> Numbers:
        smaller = np.minimum(own, weight - own)
        return np.divide(cut, smaller, out=np.full_like(cut, np.inf), where=smaller != 0)

    return np.minimum(ratio(inside), ratio(rest))


def refine(
    vectors: Vectors,
    place: int,
    first: int,
    last: int,
    metric: Metric = "modularity",
    within: tuple[int, int] | None = None,
) -> int:
    """The cut that best divides the samples from ``first`` to before ``last``, ``place`` itself among equals.

    It lies strictly inside, and from the one to the other of ``within`` where that is given.
    """
    found = quality(vectors[first:last], metric)
    low, high = within or (first, last)
    low, high = max(low, first + 1), min(high, last - 1)
    if not len(found) or low > high:
        return place
    best = low + int(np.argmax(found[low - first - 1 : high - first]))
    is_inside = low <= place <= high
    return place if is_inside and found[place - first - 1] >= found[best - first - 1] else best

"""Samples that suit a query and differ from each other: a determinantal point process, greedily.

The kernel is that of TimeSearch-R (arXiv 2511.05489), the greedy search is that of Chen, Zhang and Zhou,
"Fast Greedy MAP Inference for Determinantal Point Process" (arXiv 1709.05135).
"""

from __future__ import annotations

from math import inf

import numpy as np
import numpy.typing as npt

from ...tools.errors import ModelError, RequestError
from .baselines import Numbers, Places, finite

_ROUNDING = 1e-9
"""A share of a vector outside of the span of those picked, and a share between two gains, that is rounding."""


def dpp(
    vectors: npt.ArrayLike,
    scores: npt.ArrayLike,
    n: int,
    *,
    theta: float | None = None,
    epsilon: float = 1e-6,
    same_at: float = 0.999,
) -> Places:
    """Places of ``n`` samples, in the order of picking, from ``vectors`` (rows, d) and ``scores`` (rows,).

    Each pick adds most to the determinant of the kernel r_i · cos(v_i, v_j) · r_j. The relevance r is the
    scores moved to the range from about 0 to 1, to which ``epsilon`` is added so that equal scores are all
    relevant; with ``theta`` in [0, 1) it is exp(θ / (2 (1 − θ)) · r), and more of it means more relevance
    and less difference. Of equal gains the earlier row counts.

    A row whose cosine with a picked one reaches ``same_at`` shows the same and is never picked, so there may
    be fewer than ``n``; a value above 1 keeps such rows. When d or fewer picks span all that is left, the
    rest is picked as if anew.

    Only the kernel's rows of the picks are ever computed: the cost is n · rows · (d + n).

    Raises:
        RequestError: vectors and scores do not fit each other, or a number is out of its range.
        ModelError: a score or a vector is not finite, or a vector is zero.
    """
    values = finite(np.asarray(scores, np.float64), "scores")
    rows = _rows(vectors)
    if values.shape != rows.shape[:1]:
        raise RequestError(f"{len(rows)} vectors with scores of shape {values.shape}")
    if n < 0:
        raise RequestError(f"{n} samples wanted: there can be 0 or more")
    if not same_at > 0:
        raise RequestError(f"a cosine of {same_at} for the same: it must be more than 0")
    greedy = _Greedy(rows, 2 * _log_relevance(values, theta, epsilon), same_at)
    return np.array(greedy.picks(min(n, len(rows))), np.intp)


def _rows(vectors: npt.ArrayLike) -> Numbers:
    rows = np.asarray(vectors, np.float64)
    if rows.ndim != 2:
        raise RequestError(f"vectors of shape {rows.shape}: one row is needed for each sample")
    return rows


def _lengths(rows: Numbers) -> Numbers:
    lengths = finite(np.sqrt(np.einsum("nd,nd->n", rows, rows)), "vectors")
    if not lengths.all():
        raise ModelError("a vector is zero: the model that made it failed")
    return lengths


def _log_relevance(scores: Numbers, theta: float | None, epsilon: float) -> Numbers:
    """Logarithms, less a constant, which changes no pick: near a theta of 1 relevance itself overflows."""
    if not 0 < epsilon < inf:
        raise RequestError(f"an epsilon of {epsilon}: it must be more than 0")
    if theta is not None and not 0 <= theta < 1:
        raise RequestError(f"a theta of {theta}: it must be 0 or more and less than 1")
    if not len(scores):
        return scores
    relevance = (scores - scores.min() + epsilon) / (np.ptp(scores) + epsilon)
    return np.asarray(np.log(relevance) if theta is None else theta / (2 * (1 - theta)) * relevance)


class _Greedy:
    """Picks one row after the other.

    ``_new`` is the share of each row that lies outside of the span of those picked. What a row multiplies the
    determinant by is this share times its squared relevance, a factor of its row and column alone.
    """

    def __init__(self, rows: Numbers, log_weights: Numbers, same_at: float) -> None:
        self._rows, self._lengths = rows, _lengths(rows)
        self._log_weights, self._same_at = log_weights, same_at
        self._open = np.ones(len(rows), bool)

    def picks(self, n: int) -> list[int]:
        self._parts = np.empty((n, len(self._rows)))
        self._begin()
        picked: list[int] = []
        while len(picked) < n and self._open.any():
            if not (self._open & (self._new > _ROUNDING)).any():
                self._begin()
            picked.append(self._best())
            self._take(picked[-1])
        return picked

    def _begin(self) -> None:
        self._new = np.ones(len(self._rows))
        self._n_parts = 0

    def _best(self) -> int:
        gains = self._log_weights + np.log(np.maximum(self._new, _ROUNDING))
        gains[~self._open | (self._new <= _ROUNDING)] = -inf
        # Equal rows can come out of one product unequal in their last bits.
        return int(np.argmax(gains >= gains.max() - _ROUNDING))

    def _take(self, row: int) -> None:
        # A product with one vector waits for memory; the threads of a linear algebra library only delay it.
        likeness = np.einsum("nd,d->n", self._rows, self._rows[row]) / (self._lengths * self._lengths[row])
        before = self._parts[: self._n_parts]
        part = (likeness - np.einsum("p,pn->n", before[:, row], before)) / np.sqrt(self._new[row])
        self._parts[self._n_parts] = part
        self._n_parts += 1
        self._new -= part**2
        self._open &= likeness < self._same_at
        self._open[row] = False

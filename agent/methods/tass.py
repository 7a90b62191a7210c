"""TASS, the sampling of DATE (arXiv 2509.09263): the best samples by score, spaced as widely as they allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...tools.errors import RequestError
from .baselines import Numbers, Places, apart, best_first, checked, once, uniform

Threshold = Callable[[Numbers], float]


def mean_score(scores: Numbers) -> float:
    """The mean of scores (rows,)."""
    return float(scores.mean())


@dataclass(frozen=True)
class _Rules:
    spacing_s: float
    decay: float
    candidates_per_pick: int
    threshold: Threshold

    def __post_init__(self) -> None:
        if not 0 <= self.spacing_s < inf:
            raise RequestError(f"a spacing of {self.spacing_s} s: it must be 0 or more")
        if not 0 < self.decay < 1:
            raise RequestError(f"a decay of {self.decay}: it must lie between 0 and 1")
        if self.candidates_per_pick < 1:
            raise RequestError(
                f"{self.candidates_per_pick} candidates for each pick: there must be 1 or more"
            )

    def n_candidates(self, scores: Numbers, n: int) -> int:
        """How many of the best scores are candidates for ``n`` picks."""
        return min(int((scores > self.threshold(scores)).sum()), self.candidates_per_pick * n)


def tass(
    times_s: npt.ArrayLike,
    scores: npt.ArrayLike,
    n: int,
    *,
    spacing_s: float = 20.0,
    decay: float = 0.5,
    candidates_per_pick: int = 4,
    threshold: Threshold = mean_score,
    compat: Literal["date"] | None = None,
) -> Places:
    """Places of ``n`` samples, in the order of picking; ``times_s`` in seconds and ``scores`` are (rows,).

    Candidates are the best scores above ``threshold``, at most ``candidates_per_pick`` for each pick. The
    best that stands ``spacing_s`` from all picked is picked next; when none does, the spacing is multiplied
    by ``decay``. Of equal scores the earlier counts.

    There are ``n`` picks wherever there are so many different times. Candidates that do not suffice are
    all picked, and the next best scores follow with the same spacing. In a short video the spacing begins
    at the n-th part of the time that the samples span. Where all scores are equal, ``uniform`` picks.

    ``compat="date"`` picks as DATE's code does: without the three mends, so there may be fewer picks or none.

    Raises:
        RequestError: times and scores do not fit each other, or a number is out of its range.
        ModelError: a score is not finite.
    """
    rules = _Rules(spacing_s, decay, candidates_per_pick, threshold)
    seconds, values = checked(times_s, scores, n)
    if n == 0 or not len(seconds):
        return np.array([], np.intp)
    ranked = best_first(seconds, values)
    if compat == "date":
        return _as_date(rules, seconds, ranked[: rules.n_candidates(values, n)], n)
    if values[ranked[0]] == values[ranked[-1]]:
        return uniform(seconds, n)
    # A sum depends on its order; ranked scores make the mean the same however samples are ordered.
    return _mended(rules, seconds, once(seconds, ranked), rules.n_candidates(values[ranked], n), n)


def _as_date(rules: _Rules, times_s: Numbers, candidates: Places, n: int) -> Places:
    if len(candidates) <= n:
        return candidates
    return candidates[apart(times_s[candidates], n, rules.spacing_s, decay=rules.decay)]


def _mended(rules: _Rules, times_s: Numbers, ranked: Places, n_candidates: int, n: int) -> Places:
    spacing_s = min(rules.spacing_s, float(np.ptp(times_s)) / n)
    candidates, rest = ranked[:n_candidates], ranked[n_candidates:]
    picked = candidates[apart(times_s[candidates], n, spacing_s, decay=rules.decay)]
    n_wanting = n - len(picked)
    if n_wanting == 0:
        return picked
    filling = apart(times_s[rest], n_wanting, spacing_s, decay=rules.decay, near_s=times_s[picked])
    return np.concatenate([picked, rest[filling]])

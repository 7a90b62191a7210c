"""What a search has to beat: samples picked evenly, or the best by score with a least gap between them.

All pickers give places, which are rows of the samples given, in the order of picking. They pick a second
once at most, and go by true seconds alone, however irregular these are.
"""

from __future__ import annotations

from math import inf

import numpy as np
import numpy.typing as npt

from ...tools.errors import ModelError, RequestError

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


def uniform(times_s: npt.ArrayLike, n: int) -> Places:
    """Places of ``n`` samples spread evenly over the time that ``times_s`` (rows,) spans, the earliest first.

    The span is divided into ``n`` equal parts and the sample nearest to the middle of each is picked; where
    several parts have the same one, its neighbours follow. Of two that are equally near, the earlier counts.

    Raises:
        RequestError: a time is not finite, or ``n`` is less than 0.
    """
    distinct_s, places = np.unique(checked_times(times_s, n), return_index=True)
    n = min(n, len(places))
    if n == 0:
        return places[:0]
    ahead = np.arange(n)
    middles_s = distinct_s[0] + (ahead + 0.5) / n * (distinct_s[-1] - distinct_s[0])
    rising = np.maximum.accumulate(_nearest(distinct_s, middles_s) - ahead) + ahead
    return places[np.minimum(rising, len(places) - n + ahead)]


def topk(times_s: npt.ArrayLike, scores: npt.ArrayLike, n: int, *, gap_s: float = 0.0) -> Places:
    """Places of the ``n`` best samples that stand at least ``gap_s`` seconds apart, the best first.

    ``times_s`` and ``scores`` are (rows,). A sample is passed over where it stands too near to a better one;
    so there may be fewer than ``n``. Of equal scores the earlier counts.

    Raises:
        RequestError: times and scores do not fit each other, or a number is out of its range.
        ModelError: a score is not finite.
    """
    seconds, values = checked(times_s, scores, n)
    if not 0 <= gap_s < inf:
        raise RequestError(f"a gap of {gap_s} s: it must be 0 or more")
    ranked = once(seconds, best_first(seconds, values))
    return ranked[apart(seconds[ranked], n, gap_s)]


def checked_times(times_s: npt.ArrayLike, n: int) -> Numbers:
    """Times as numbers (rows,), of which ``n`` are wanted."""
    seconds = np.asarray(times_s, np.float64)
    if n < 0:
        raise RequestError(f"{n} samples wanted: there can be 0 or more")
    if seconds.ndim != 1 or not np.isfinite(seconds).all():
        raise RequestError("times have to be one row of finite seconds")
    return seconds


def checked(times_s: npt.ArrayLike, scores: npt.ArrayLike, n: int) -> tuple[Numbers, Numbers]:
    """Times and scores as numbers (rows,), of which ``n`` are wanted."""
    seconds, values = checked_times(times_s, n), np.asarray(scores, np.float64)
    if values.shape != seconds.shape:
        raise RequestError(f"{len(seconds)} times with scores of shape {values.shape}")
    return seconds, finite(values, "scores")


def finite(numbers: Numbers, name: str) -> Numbers:
    """The same numbers, where a model made them all finite."""
    if not np.isfinite(numbers).all():
        raise ModelError(f"{name} are not all finite: the model that made them failed")
    return numbers


def best_first(times_s: Numbers, scores: Numbers) -> Places:
    """All places, the highest score first; of equal scores the earlier time first."""
    return np.lexsort((times_s, -scores))


def once(times_s: Numbers, ranked: Places) -> Places:
    """The same places without those whose time an earlier one of them has."""
    # Times in order need no second sorting.
    if (np.diff(times_s) > 0).all():
        return ranked
    _, first = np.unique(times_s[ranked], return_index=True)
    return ranked[np.sort(first)]


def apart(
    times_s: Numbers, n: int, spacing_s: float, *, decay: float | None = None, near_s: Numbers | None = None
) -> list[int]:
    """Rows of ``times_s``, which stand in order of preference, that are picked greedily with a spacing.

    A row is picked if it stands ``spacing_s`` or more from all picked before and from ``near_s``. When no
    row does and fewer than ``n`` are picked, the spacing is multiplied by ``decay``, or it is the end.
    """
    away_s = _away(times_s, near_s)
    picked: list[int] = []
    while len(picked) < min(n, len(times_s)):
        row = int(np.argmax(away_s >= spacing_s))
        if away_s[row] < spacing_s:
            if decay is None:
                break
            spacing_s = _loosened(spacing_s, decay, float(away_s.max()))
            continue
        picked.append(row)
        np.minimum(away_s, np.abs(times_s - times_s[row]), out=away_s)
        away_s[row] = -inf
    return picked


def _loosened(spacing_s: float, decay: float, furthest_s: float) -> float:
    """The spacing multiplied by ``decay`` until the row that stands furthest from all picks can be picked."""
    while spacing_s > furthest_s:
        spacing_s *= decay
    return spacing_s


def _away(times_s: Numbers, near_s: Numbers | None) -> Numbers:
    """Seconds from each time to the nearest of ``near_s``; infinite where there is none."""
    if near_s is None or not len(near_s):
        return np.full(len(times_s), inf)
    ordered_s = np.sort(near_s)
    return np.abs(times_s - ordered_s[_nearest(ordered_s, times_s)])


def _nearest(ordered_s: Numbers, wanted_s: Numbers) -> Places:
    """Places in ``ordered_s`` of what is nearest to each wanted time; of two, the earlier."""
    after = np.clip(np.searchsorted(ordered_s, wanted_s), 1, max(len(ordered_s) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(ordered_s) - 1)
    later = ordered_s[after] - wanted_s < wanted_s - ordered_s[before]
    return np.where(later, after, before)

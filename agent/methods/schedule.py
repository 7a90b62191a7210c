"""The order in which the seconds of a video are looked at: even coverage, and the surroundings of what stood out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_WORTH_MIN = 0.1


def coverage_order(times_s: Seconds) -> Places:
    """Every place of ``times_s`` (n,) once, so that the first k are spread evenly over the time, for any k.

    Points of van der Corput's sequence in base 2 (the bits of k reversed) are laid over the time and stand for
    the sample nearest to each. Samples that lie too close together to be nearest to a point come last.
    """
    n = len(times_s)
    shares = _reversed_bits(max(n - 1, 0).bit_length())
    points_s = times_s[0] + shares * (times_s[-1] - times_s[0])
    nearest = _nearest(times_s, points_s)
    by_place = np.minimum((shares * n).astype(np.int64), n - 1)
    return _once(np.concatenate([nearest, by_place, np.arange(n)]))


def _reversed_bits(n_bits: int) -> Numbers:
    shares = np.zeros(1)
    for bit in range(n_bits):
        shares = np.concatenate([shares, shares + 0.5 ** (bit + 1)])
    return shares


def _nearest(times_s: Seconds, points_s: Seconds) -> Places:
    right = np.clip(np.searchsorted(times_s, points_s), 1, max(len(times_s) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(times_s) - 1)
    return np.where(points_s - times_s[left] <= times_s[right] - points_s, left, right).astype(np.int64)


def _once(places: Places) -> Places:
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)]


def gaps_s(times_s: Seconds, is_seen: Mask) -> Seconds:
    """Seconds (n,) from each sample to the nearest one that has been seen; infinity where none has."""
    seen_s = np.concatenate([[-np.inf], times_s[is_seen], [np.inf]])
    after = np.searchsorted(seen_s, times_s)
    return np.asarray(np.minimum(times_s - seen_s[after - 1], seen_s[after] - times_s))


def nearness(times_s: Seconds, strengths: Numbers, reach_s: float) -> Numbers:
    """``max_i strengths_i · exp(-|t_i - t_j| / reach_s)`` for each sample j, (n,), in one pass each way."""
    with np.errstate(divide="ignore"):
        logs, along = np.log(strengths), times_s / reach_s
    forwards = np.maximum.accumulate(logs + along) - along
    backwards = np.maximum.accumulate((logs - along)[::-1])[::-1] + along
    return np.asarray(np.exp(np.maximum(forwards, backwards)))


def exploitation(
    times_s: Seconds, is_seen: Mask, strengths: Numbers, n_max: int, reach_s: float, damp_s: float
) -> Places:
    """Up to ``n_max`` places worth a look for being near to something strong and far from what has been seen.

    The next is ``argmax_j max_i S_i · exp(-|t_i - t_j| / τ) · min(gap_j, τ) / τ`` over what is unseen, the
    earliest of equals, with τ = ``reach_s``; what lies within ``damp_s`` of one is left out for the others.
    Nothing is worth a look whose value is under a tenth of the greatest strength.
    """
    near, gap_s = nearness(times_s, strengths, reach_s), gaps_s(times_s, is_seen)
    worth_min, is_open = _WORTH_MIN * strengths.max(initial=0.0), ~is_seen
    chosen: list[int] = []
    while len(chosen) < n_max:
        worth = np.where(is_open, near * np.minimum(gap_s, reach_s) / reach_s, 0.0)
        best = int(np.argmax(worth))
        if worth[best] <= worth_min:
            break
        chosen.append(best)
        away_s = np.abs(times_s - times_s[best])
        gap_s, is_open = np.minimum(gap_s, away_s), is_open & (away_s > damp_s)
    return np.array(chosen, np.int64)

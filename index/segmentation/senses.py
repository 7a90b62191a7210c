"""Changes that come at once: in the picture against its own unrest, and in how loud it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .signals import Numbers, Signals
from .surprise import MILLIONTHS

_AROUND_S = 6.0
_OVER_UNREST, _UNREST_MIN, _CHANGE_MIN = 6.0, 0.002, 0.03
_OVER_OTHERS, _N_OTHERS_MIN = 4.0, 8
_HEARD_S, _AT_ONCE_S = 4.0, 0.2
_N_LEVELS_MIN = 5
SOUND_CHANGE_DB = 12.0
"""A cut with a larger step in how loud it is than that is more than another camera."""


def cuts(times_s: Numbers, changes: Numbers) -> npt.NDArray[np.bool_]:
    """Where the change to the sample before stands out from the unrest of the seconds around, shape (n,)."""
    found = np.zeros(len(times_s), bool)
    first = np.searchsorted(times_s, times_s - _AROUND_S)
    last = np.searchsorted(times_s, times_s + _AROUND_S)
    whole = np.rint(changes * MILLIONTHS)
    sums = np.append(0.0, np.cumsum(whole))
    around = (sums[last] - sums[first] - whole) / np.maximum(1, last - first - 1) / MILLIONTHS
    # What hardly stands out from the mean is no cut, and quickly said; the median forgives a second cut.
    for place in np.flatnonzero((changes >= _CHANGE_MIN) & (changes >= 1.5 * around)):
        near = changes[first[place] : last[place]]
        unrest = float(np.median(np.delete(near, place - first[place]))) if len(near) > 1 else 0.0
        found[place] = changes[place] >= _OVER_UNREST * max(_UNREST_MIN, unrest)
    return found


def is_lone(times_s: Numbers, changes: Numbers, place: int) -> bool:
    """Whether a change is several times as large as any other in the seconds around.

    Between two steady pictures it is another scene; among changes of its like, another camera. Where too
    few others are known, nothing is lone.
    """
    first, last = np.searchsorted(times_s, [times_s[place] - _AROUND_S, times_s[place] + _AROUND_S])
    others = np.delete(changes[first:last], place - first)
    highest = max(_UNREST_MIN, others.max(initial=0.0))
    return len(others) >= _N_OTHERS_MIN and bool(changes[place] >= _OVER_OTHERS * highest)


def sound_change_db(signals: Signals, time_s: float) -> float:
    """By how many dB the quiet, the usual or the loud differ before and after a moment; 0.0 where nothing is known."""
    times_s, levels_db = signals.loudness
    edges_s = (time_s - _AT_ONCE_S - _HEARD_S, time_s - _AT_ONCE_S, time_s, time_s + _HEARD_S)
    first, last, then, until = np.searchsorted(times_s, edges_s)
    before, after = levels_db[first:last], levels_db[then:until]
    if min(len(before), len(after)) < _N_LEVELS_MIN:
        return 0.0
    shares = [10, 50, 90]
    return float(np.abs(np.percentile(before, shares) - np.percentile(after, shares)).max())

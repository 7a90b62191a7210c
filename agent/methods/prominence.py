"""How far scores stand out from the noise that a scorer gives everywhere else."""

from __future__ import annotations

import numpy as np

from .schedule import Numbers, Seconds

_QUARTILE_OF_NORMAL = 0.6745
N_SPREADS = 3.0


def noise(scores: Numbers) -> tuple[Numbers, Numbers]:
    """Level and spread (k,) of scores (n, k): the median, and the standard deviation that the third quartile tells.

    The upper half is measured, because a detector that mostly sees nothing gives zeros below.
    """
    level, quartile = np.quantile(scores, [0.5, 0.75], axis=0)
    return level, (quartile - level) / _QUARTILE_OF_NORMAL


def prominences(
    times_s: Seconds, scores: Numbers, level: Numbers, spread: Numbers, reach_s: float
) -> Numbers:
    """How far each of ``scores`` (n, k) and its neighbours in time lie above the noise, 0 where not clearly: (n, k).

    A score counts together with the two looks on each side of it, by exp(-distance / reach): one that its
    neighbours do not confirm was chance.
    """
    excess = scores - level
    total, weight, square = excess.copy(), np.ones(len(excess)), np.ones(len(excess))
    for step in (1, 2):
        w = np.exp(-(times_s[step:] - times_s[:-step]) / reach_s)
        total[step:] += w[:, None] * excess[:-step]
        total[:-step] += w[:, None] * excess[step:]
        for side in (slice(step, None), slice(None, -step)):
            weight[side] += w
            square[side] += w * w
    mean = total / weight[:, None]
    error = spread * np.sqrt(square)[:, None] / weight[:, None]
    return np.where(mean > N_SPREADS * error, mean, 0.0)

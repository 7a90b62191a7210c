"""How far values stand out among their own kind."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

ROUNDING = 1e-3
"""Half floats round a dot product of unit vectors by about this much."""

# A normal distribution's standard deviation, as a multiple of its median absolute deviation.
_OF_DEVIATION = 1.4826
# Fewer values do not tell how wide they lie.
_N_LEAST = 6


def chances_of_no_accident(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """For each of n values how unlikely it is that any of n that mean nothing would be as large: (n,) in [0, 1].

    Values that mean nothing are taken for normal, about the median of all and as wide as their median absolute
    deviation tells, which the few that do stand out change little; so most have to mean nothing. The chance of
    one is corrected for there being n of them: Šidák 1967, "Rectangular Confidence Regions for the Means of
    Multivariate Normal Distributions". All 0 where there are too few to tell.
    """
    if len(values) < _N_LEAST:
        return np.zeros(len(values))
    centre = float(np.median(values))
    deviation = max(ROUNDING, _OF_DEVIATION * float(np.median(np.abs(values - centre))))
    below = [0.5 * math.erfc((centre - value) / deviation / math.sqrt(2)) for value in values.tolist()]
    return np.array(below) ** len(below)

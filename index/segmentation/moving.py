"""Moving proposals of a surprise that knows only what was before to where they divide their surroundings best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...tools.roles import Vectors
from .refinement import refine
from .settings import SegmentationSettings
from .signals import Numbers


def refined(
    times_s: Numbers,
    vectors: Vectors,
    places: Sequence[int],
    sudden: npt.NDArray[np.bool_],
    settings: SegmentationSettings,
) -> list[int]:
    """Each of ``places`` (m,) that is not sudden, moved half the way to its neighbours at most; shape (m,).

    Neighbours are taken as they were proposed, and none from farther away than ``reach_s``: a place then
    depends on nothing before that, while in EM-LLM each depends on all that were moved before it.
    """
    if settings.refinement == "none" or not places:
        return list(places)
    first = np.searchsorted(times_s, times_s[places] - settings.reach_s).tolist()
    last = np.searchsorted(times_s, times_s[places] + settings.reach_s).tolist()
    low = [p - (p - max(a, b)) // 2 for a, b, p in zip([0, *places], first, places, strict=False)]
    high = [
        p + (min(a, b) - p) // 2 for a, b, p in zip([*places[1:], len(times_s)], last, places, strict=True)
    ]
    return [
        p if sudden[p] else refine(vectors, p, a, b, settings.refinement, (c, d))
        for p, a, b, c, d in zip(places, first, last, low, high, strict=True)
    ]

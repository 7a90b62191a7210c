"""What stands for an event: the mean of its pictures, and a few that are least alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..tools.roles import Vectors

Mean = npt.NDArray[np.float16]
"""A unit mean (d,) as it is stored."""

KEYS_MAX = 4
KEY_COSINE_MAX = 0.9
"""A picture that is more like one that was chosen adds nothing."""


def mean_of(vectors: Vectors) -> Vectors:
    """The unit mean (d,) of unit vectors (n, d); zeros where they cancel out or there are none."""
    total = vectors.astype(np.float64).sum(axis=0)
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length else total, np.float32)


def keys_of(vectors: Vectors, cosine_max: float = KEY_COSINE_MAX) -> list[int]:
    """Places of up to ``KEYS_MAX`` vectors of (n, d), by farthest-point sampling.

    The first is the one nearest to the mean, each other one the least like all before it (Gonzalez 1985),
    until that is still more alike than ``cosine_max``. A single mean loses what was seen only briefly.
    """
    if not len(vectors):
        return []
    chosen = [int(np.argmax(vectors @ mean_of(vectors)))]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < min(KEYS_MAX, len(vectors)):
        place = int(np.argmin(nearest))
        if nearest[place] > cosine_max:
            break
        chosen.append(place)
        nearest = np.maximum(nearest, vectors @ vectors[place])
    return chosen

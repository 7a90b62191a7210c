"""What tells how much of each thing sought is seen at a second: a detector on tiles, image-text likeness, an LLM."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...tools.errors import ModelError
from .schedule import Numbers, Seconds

_ROUNDING = 1e-6


class Scorer(Protocol):
    """Looks at pictures of a video; it was made for the things sought and knows their order."""

    def scores(self, times_s: Seconds) -> Numbers:
        """How surely each thing is seen at each of ``times_s`` (n,), a batch in ascending order.

        Returns (n, k) in [0, 1]: a column for each target, then one for each cue. How pictures are put
        together for a model, as tiles of one picture or as a stack, is the scorer's own affair.
        """
        ...


def scored(scorer: Scorer, times_s: Seconds, n_names: int) -> Numbers:
    """The scores (n, n_names) of a batch.

    Raises:
        ModelError: the scorer gave another shape, or values that are not numbers in [0, 1].
    """
    scores = np.asarray(scorer.scores(times_s), np.float64)
    if scores.shape != (len(times_s), n_names):
        raise ModelError(
            f"the scorer gave scores of shape {scores.shape} where {(len(times_s), n_names)} was due"
        )
    # Written so that NaN is refused too.
    if not np.all((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING)):
        raise ModelError("the scorer gave a score that is not a number from 0 to 1")
    return np.clip(scores, 0.0, 1.0)

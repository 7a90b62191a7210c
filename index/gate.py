"""Whether what came up first will do, or a closer look is needed: a probability from measured features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

FAST_FROM = 0.75
"""From this probability on the fast path is taken (HippoMM, arXiv 2504.10739)."""
# Fitted by `python bench/memory_recall.py --fit`.
BIAS = -2.11
WEIGHTS = (0.54, 0.16, 5.84, -1.85)
_Z_MAX = 5.0


@dataclass(frozen=True)
class Features:
    """``top`` and ``margin`` are in standard deviations of the query's own scores, the others in [0, 1].

    ``agreement`` is whether words and vectors lead to the same event, ``coverage`` how far the video was
    looked at.
    """

    top: float
    margin: float
    agreement: float
    coverage: float

    @classmethod
    def of(
        cls, scores: Sequence[float], by_words: Sequence[int], by_vector: Sequence[int], coverage: float
    ) -> Features:
        """Features of the scores of one way of searching, best first, and of what both ways ranked."""
        if not scores:
            return cls(0.0, 0.0, 0.0, coverage)
        spread = float(np.std(scores)) or 1.0
        second = scores[1] if len(scores) > 1 else 0.0
        top = min(_Z_MAX, (scores[0] - float(np.mean(scores))) / spread)
        margin = min(_Z_MAX, (scores[0] - second) / spread)
        return cls(top, margin, _agreement(by_words, by_vector), coverage)


def probability(features: Features) -> float:
    """How likely the first hit is the right one, in (0, 1): a logistic regression on the features."""
    score = BIAS + sum(w * x for w, x in zip(WEIGHTS, astuple(features), strict=True))
    return 1 / (1 + math.exp(-score))


def is_enough(features: Features) -> bool:
    """Whether the fast path will do."""
    return probability(features) >= FAST_FROM


def _agreement(by_words: Sequence[int], by_vector: Sequence[int]) -> float:
    """1 where both ways lead to the same first item, less the lower the first of one stands in the other."""
    if not by_words or not by_vector or by_words[0] not in by_vector:
        return 0.0
    return 1 / (1 + by_vector.index(by_words[0]))

"""Whether what came up first will do, or a closer look is needed: a probability from measured features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FAST_FROM = 0.75
"""From this probability on the fast path is taken (HippoMM, arXiv 2504.10739)."""
# Fitted by `python bench/gate.py`.
BIAS = -4.57
WEIGHTS = (4.69, 7.68, 0.88)


@dataclass(frozen=True)
class Features:
    """``first`` and ``margin`` are how well the first hit fits and what the second one lacks of that, in [0, 1].

    ``agreement`` in [-1, 1] is whether words and meaning lead to the same event, 0 where only one of them has
    anything to say. ``coverage`` in [0, 1] is how far the video was looked at.
    """

    first: float
    margin: float
    agreement: float
    coverage: float

    @property
    def of_hits(self) -> tuple[float, float, float]:
        """What is known of the hits themselves."""
        return self.first, self.margin, self.agreement

    @classmethod
    def of(
        cls, fits: Sequence[float], by_words: Sequence[int], by_meaning: Sequence[int], coverage: float
    ) -> Features:
        """Features of how well hits fit, best first, and of the events that both ways lead to, in their order."""
        if not fits:
            return cls(0.0, 0.0, 0.0, coverage)
        second = fits[1] if len(fits) > 1 else 0.0
        margin = 1 - second / fits[0] if fits[0] > 0 else 0.0
        return cls(fits[0], margin, _agreement(by_words, by_meaning), coverage)


def probability(features: Features) -> float:
    """How likely the first hit is the right one, in [0, 1].

    A logistic regression on how hits fit and agree, times ``coverage``: what nobody looked at may hold a better one.
    """
    score = BIAS + sum(w * x for w, x in zip(WEIGHTS, features.of_hits, strict=True))
    return features.coverage / (1 + math.exp(-score))


def _agreement(by_words: Sequence[int], by_meaning: Sequence[int]) -> float:
    """1 where both lead to the same first event, less the lower it stands by meaning, -1 where it does not."""
    if not by_words or not by_meaning:
        return 0.0
    return 1 / (1 + by_meaning.index(by_words[0])) if by_words[0] in by_meaning else -1.0

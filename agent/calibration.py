"""How likely an answer is right: what a reader tells of how sure it is, as a probability that was fitted and tested.

A reader's confidence says how well evidence fits, which is not yet how often such answers are right. The extractive
reader's is mapped for each kind of question by a logistic function (Platt 1999); a video LLM's has a temperature of
its own by then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

# Fitted by `python bench/calibration.py` to 1104 answers about 21 videos. On the 1034 about 21 others that are counted
# here the calibration error is 0.024 and the Brier score 0.092; those of what the reader tells are 0.060 and 0.107.
_MAPS = {
    "choice": (2.34, 2.36),
    "count": (-1.07, 1.47),
    "duration": (-0.66, 1.47),
    "order": (0.65, 1.47),
    "what": (0.87, 1.47),
    "when": (2.71, 1.47),
    "yesno": (-0.36, 1.47),
}
_OTHER_KINDS = (0.64, 1.47)
_COUNTS = (
    (0.0, 0.25, 79, 8),
    (0.25, 0.5, 59, 20),
    (0.5, 0.7, 70, 36),
    (0.7, 0.8, 88, 58),
    (0.8, 0.9, 101, 90),
    (0.9, 0.95, 290, 269),
    (0.95, 1.0, 347, 341),
)
SURE_MAX = 0.98
"""The surest answers are wrong at times, by a question that was misunderstood or a label that is wrong."""
_EXTRACTIVE = "extractive"
_NEVER_QUITE, _TINY = 0.01, 1e-12


@dataclass(frozen=True)
class Bin:
    """How many answers had a probability in [``low``, ``high``), and how many of them were right; 1 is in the last."""

    low: float
    high: float
    n: int
    n_right: int


@dataclass(frozen=True)
class Calibration:
    """What became of answers to questions that nothing was fitted to; ``bins`` tile [0, 1] from below."""

    bins: tuple[Bin, ...]

    @classmethod
    def of(
        cls, probabilities: Sequence[float], truths: Sequence[bool], edges: Sequence[float]
    ) -> Calibration:
        """Counts of answers by how sure they were; ``edges`` rise from 0 to 1."""
        empty = cls(tuple(Bin(low, high, 0, 0) for low, high in pairwise(edges)))
        bins = {each.low: each for each in empty.bins}
        for probability, is_right in zip(probabilities, truths, strict=True):
            low = empty.as_sure(probability).low
            bins[low] = replace(bins[low], n=bins[low].n + 1, n_right=bins[low].n_right + is_right)
        return cls(tuple(bins.values()))

    def as_sure(self, probability: float) -> Bin:
        """The answers that were about as sure; raises ``ValueError`` for what is no probability."""
        if not 0 <= probability <= 1:
            raise ValueError(f"{probability} is no probability")
        return next(b for b in reversed(self.bins) if b.low <= probability)


def calibrated(confidence: float, kind: str, reader: str) -> float:
    """How likely an answer is right, in [0, ``SURE_MAX``]: more for a more confident one of the same ``kind``.

    ``kind`` is that of an answer, "choice" where there were options. What nothing supports stays 0, and another
    ``reader`` than the extractive one is taken at its word, up to 1.
    """
    if reader != _EXTRACTIVE or confidence <= 0:
        return confidence
    bias, slope = _MAPS.get(kind, _OTHER_KINDS)
    return SURE_MAX * _sigmoid(bias + slope * log_odds(confidence))


def uncalibrated(probability: float, kind: str, reader: str) -> float:
    """What a reader told before ``calibrated`` made it this probability, as near to 0 and 1 as that can tell apart."""
    if reader != _EXTRACTIVE or probability <= 0:
        return probability
    bias, slope = _MAPS.get(kind, _OTHER_KINDS)
    return _sigmoid((_logit(probability / SURE_MAX) - bias) / slope)


def calibration_of(reader: str) -> Calibration | None:
    """What is known of answers of a reader; None where none were counted."""
    return _HELD_OUT if reader == _EXTRACTIVE else None


def log_odds(probability: float) -> float:
    """The logarithm of p : 1 - p; nothing is quite certain."""
    return _logit(min(max(probability, _NEVER_QUITE), 1 - _NEVER_QUITE))


def _logit(probability: float) -> float:
    p = min(max(probability, _TINY), 1 - _TINY)
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))


_HELD_OUT = Calibration(tuple(Bin(*counts) for counts in _COUNTS))

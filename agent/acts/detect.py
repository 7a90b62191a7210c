"""Detecting: things that are named in words, found in the pictures of a stretch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...index.memory import Memory
from ...tools.clock import Span
from ...tools.roles import Detector
from ..evidence import Evidence, best_first
from ..showing import spread
from ..zoom import DetectorScorer
from .act import Observation, Order, n_moments

N_LOOKS = 32
# Open-vocabulary detectors score what they find far lower than others.
_FOUND_FROM = 0.3
_TRUST = 0.6


@dataclass(frozen=True)
class Detect:
    """Looks for named things in pictures that are spread over the stretches, each by itself."""

    memory: Memory
    detector: Detector
    name: str = "detect"
    about: str = "finds things in the pictures of a stretch; needs words, each a thing, and from and to"
    n_looks: int = N_LOOKS

    def do(self, order: Order) -> Observation:
        """The pictures in which each thing was found, the surest first."""
        within = order.spans or (self.memory.video.span,)
        times_s = np.array(spread(within, self.n_looks))
        scores = DetectorScorer(self.memory, self.detector, order.words, n_columns=1).scores(times_s)
        found = best_first([*self._found(order.words, times_s, scores)])
        return Observation(f"found in {n_moments(len(found))} of {len(times_s)} looked at", tuple(found))

    def _found(self, words: tuple[str, ...], times_s: np.ndarray, scores: np.ndarray) -> Iterator[Evidence]:
        ends_s = [*times_s[1:], self.memory.video.span.end_s]
        for row, column in zip(*np.nonzero(scores >= _FOUND_FROM), strict=True):
            start_s = float(times_s[row])
            span = Span(start_s, max(start_s, min(float(ends_s[row]), start_s + 1.0)))
            fit = round(math.sqrt(float(scores[row, column])), 4)
            yield Evidence(span, "picture", f"it shows: {words[column]}", fit, _TRUST)

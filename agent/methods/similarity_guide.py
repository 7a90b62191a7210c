"""A guide of a spotlight that asks no model: it goes by how much the samples of a video are like the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...tools.clock import Span
from .guide import Price
from .runs_of_similarity import Seconds, Similarities, runs_of_similarity

_FREE = Price()
# The samples that say how sure a span is: a span is cut in four, so its best part may be as good as these.
_BEST_SHARE = 0.25


@dataclass(frozen=True)
class SimilarityGuide:
    """Proposes runs of similarity, and is as sure of a span as the best quarter of its pictures is likely.

    ``similarities`` and ``likelihoods`` have a number for each sample at ``times_s``, shape (n,), ascending: how
    like the question a picture is, and the same as a calibrated likelihood in [0, 1], which an ``ImageTextEmbedder``
    gives. Both are in memory by then, so that looking costs nothing. Raises ``ValueError`` where the lengths
    differ or the seconds do not ascend.
    """

    times_s: Seconds
    similarities: Similarities
    likelihoods: Similarities
    n_frames: int = 64

    def __post_init__(self) -> None:
        if not len(self.times_s) == len(self.similarities) == len(self.likelihoods):
            raise ValueError("times, similarities and likelihoods are of different lengths")
        if np.any(np.diff(self.times_s) < 0):
            raise ValueError("the seconds of the samples do not ascend")

    def price_of_proposing(self) -> Price:
        """Nothing."""
        return _FREE

    def price_of_reflecting(self, n_spans: int) -> Price:
        """Nothing."""
        return _FREE

    def proposes(self, span: Span) -> list[Span]:
        """Where the samples inside a span are more like the question than the others in it, the best first."""
        inside = self._inside(span)
        return [run.span for run in runs_of_similarity(self.times_s[inside], self.similarities[inside])]

    def reflects(self, spans: Sequence[Span]) -> list[float]:
        """The mean likelihood of the best quarter of the samples in each span; 0.0 where there are none."""
        return [self._share(self.likelihoods[self._inside(span)]) for span in spans]

    def _inside(self, span: Span) -> slice:
        first, last = np.searchsorted(self.times_s, [span.start_s, span.end_s])
        return slice(int(first), int(last))

    @staticmethod
    def _share(likelihoods: Similarities) -> float:
        known = np.sort(likelihoods[np.isfinite(likelihoods)])
        n_best = int(np.ceil(len(known) * _BEST_SHARE))
        return float(known[len(known) - n_best :].mean(dtype=float)) if n_best else 0.0

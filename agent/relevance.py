"""How much each picture of a video has to do with a question, as far as the memory can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..index.memory import Memory
from ..tools.appearance import AppearanceEmbedder
from ..tools.clock import Span
from ..tools.roles import Vectors
from .evidence import Evidence
from .question import Question

Numbers = npt.NDArray[np.float64]
# What proves a moment often stands beside it: the words before the deed, the sign after the door.
_FADES_S = 5.0
_GONE = 0.02


@dataclass(frozen=True)
class Relevance:
    """Pictures at ``times_s`` (n,), ascending seconds, with ``scores`` (n,) in [0, 1] and unit ``vectors`` (n, d).

    ``span`` is the stretch of the video that they come from.
    """

    span: Span
    times_s: Numbers
    scores: Numbers
    vectors: Vectors

    @property
    def peak(self) -> float:
        """The highest score, 0.0 where nothing is remembered."""
        return float(self.scores.max(initial=0.0))

    def inside(self, spans: Sequence[Span]) -> Relevance:
        """The pictures that lie in any of the spans."""
        held = np.zeros(len(self.times_s), bool)
        for span in spans:
            held |= (self.times_s >= span.start_s) & (self.times_s < span.end_s)
        return Relevance(self.span, self.times_s[held], self.scores[held], self.vectors[held])


def relevance(memory: Memory, question: Question, hints: Sequence[Evidence], pictures: str = "") -> Relevance:
    """The pictures of the stretch that a question is about, each as relevant as what was found beside it.

    ``hints`` are all that was found, sure or not; a hint counts less the farther away it is, by a factor of e for
    each ``_FADES_S`` seconds. ``pictures`` names the model that knows the pictures best, where one has looked.
    """
    span = question.window or memory.video.span
    times_s, vectors = memory.samples(pictures) if pictures else memory.samples(AppearanceEmbedder.name)
    if not len(times_s):
        times_s, vectors = memory.samples(AppearanceEmbedder.name)
    inside = slice(*np.searchsorted(times_s, [span.start_s, span.end_s]))
    return Relevance(span, times_s[inside], _scores(times_s[inside], hints), _unit(vectors[inside]))


def _scores(times_s: Numbers, hints: Sequence[Evidence]) -> Numbers:
    scores = np.zeros(len(times_s))
    reach_s = -_FADES_S * np.log(_GONE)
    for hint in hints:
        near = slice(*np.searchsorted(times_s, [hint.span.start_s - reach_s, hint.span.end_s + reach_s]))
        away_s = np.maximum(
            np.maximum(hint.span.start_s - times_s[near], times_s[near] - hint.span.end_s), 0.0
        )
        scores[near] = np.maximum(scores[near], hint.confidence * np.exp(-away_s / _FADES_S))
    return scores


def _unit(vectors: Vectors) -> Vectors:
    if not vectors.size:
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), np.float32)

"""Recalling: what the memory holds of a description."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...tools.clock import Span
from ..evidence import Evidence, best_first
from ..finder import Finder
from ..temporal import Occurrence
from .act import Observation, Order, n_moments

_N_FOUND = 6


@dataclass(frozen=True)
class Recall:
    """Finds moments by what was said, written, seen or heard then, as the memory has it."""

    finder: Finder
    name: str = "recall"
    about: str = "finds moments in the memory; needs words, each a description of what to find"
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """The likeliest moments of each description, in the stretches or in all of the video."""
        within = order.spans or (self.finder.memory.video.span,)
        found = best_first([e for words in order.words for span in within for e in self._found(words, span)])
        return Observation(f"{n_moments(len(found))} came up", tuple(found[: _N_FOUND * len(order.words)]))

    def _found(self, words: str, span: Span) -> list[Evidence]:
        occurrences = replace(self.finder, within=span).find(words).occurrences
        return [best_of(each) for each in occurrences]


def best_of(occurrence: Occurrence) -> Evidence:
    """The surest evidence of an occurrence."""
    return best_first(list(occurrence.evidence))[0]

"""Comparing two moments: their pictures side by side, how alike they look, and which words only one of them has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...index.memory import Memory
from ...index.records import Sense, Text
from ...tools.appearance import AppearanceEmbedder
from ...tools.clock import Span
from ..showing import frames_at
from .act import Observation, Order

_AROUND_S = 2.0
_N_TEXTS = 10
_ALIKE_FROM = 0.9
_WORDED: tuple[Sense, ...] = ("speech", "screen")


@dataclass(frozen=True)
class Compare:
    """Shows two moments and what differs between them."""

    memory: Memory
    name: str = "compare"
    about: str = "shows two moments and tells what differs; needs two stretches"
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """The picture in the middle of each stretch, and the words that only one of them has."""
        one, other = (order.spans * 2)[:2]
        texts = [self._texts(span) for span in (one, other)]
        bodies = [{text.body for text in side} for side in texts]
        only = [t for side, rest in ((0, 1), (1, 0)) for t in texts[side] if t.body not in bodies[rest]]
        frames = tuple(frames_at(self.memory, sorted({one.middle_s, other.middle_s})))
        said = f"{self._likeness(one, other)}; {len(only)} lines of words that only one of them has"
        return Observation(said, texts=tuple(only[: 2 * _N_TEXTS]), frames=frames)

    def _texts(self, span: Span) -> list[Text]:
        return [t for sense in _WORDED for t in self.memory.texts_near(span, sense, _AROUND_S)][:_N_TEXTS]

    def _likeness(self, one: Span, other: Span) -> str:
        """How alike the pictures are by the vectors that the memory keeps of them."""
        times_s, vectors = self.memory.samples(AppearanceEmbedder().name)
        if not len(times_s):
            return "no picture is remembered"
        a, b = (vectors[int(np.abs(times_s - span.middle_s).argmin())] for span in (one, other))
        size = float(np.linalg.norm(a) * np.linalg.norm(b))
        cosine = float(a @ b) / size if size else 0.0
        return (
            f"the pictures look {'alike' if cosine >= _ALIKE_FROM else 'different'} (likeness {cosine:.2f})"
        )

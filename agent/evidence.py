"""Evidence: a stretch of video that supports something, with what it says and how well it fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..index.records import Sense
from ..tools.clock import Span

# Nothing is quite certain.
_SURE_MAX = 0.97


@dataclass(frozen=True)
class Evidence:
    """One stretch that may answer a question.

    ``fit`` in [0, 1] is how much of what was asked for it holds; ``trust`` in [0, 1] how far its
    source may be believed. ``quote`` is what was said or read there, or what the picture shows.
    """

    span: Span
    sense: Sense
    quote: str
    fit: float
    trust: float
    text_ids: tuple[int, ...] = field(default=())

    @property
    def confidence(self) -> float:
        """How likely the evidence is what was asked for, in [0, 1)."""
        return round(_SURE_MAX * self.fit**2 * self._belief, 4)

    @property
    def _belief(self) -> float:
        return 0.45 + 0.55 * self.trust

    def supported(self, others: Sequence[Evidence]) -> Evidence:
        """The evidence, worth more by others that speak for the same independently of it.

        That none of them is right is as likely as the product of their doubts (noisy-or, Pearl 1988); it never
        gets surer than its own trust allows.
        """
        doubt = 1 - self.confidence
        for other in others:
            doubt *= 1 - other.confidence
        return replace(self, fit=round(min(1.0, math.sqrt((1 - doubt) / (_SURE_MAX * self._belief))), 4))


def best_first(found: list[Evidence]) -> list[Evidence]:
    """Evidence by confidence; the earlier one first among equals."""
    return sorted(found, key=lambda e: (-e.confidence, e.span))

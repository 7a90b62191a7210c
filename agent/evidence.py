"""Evidence: a stretch of video that supports something, with what it says and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..index.records import Sense
from ..tools.clock import Span


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
        return round(0.97 * self.fit**2 * (0.45 + 0.55 * self.trust), 4)


def best_first(found: list[Evidence]) -> list[Evidence]:
    """Evidence by confidence; the earlier one first among equals."""
    return sorted(found, key=lambda e: (-e.confidence, e.span))

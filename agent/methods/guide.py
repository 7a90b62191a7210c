"""What guides a spotlight, and what it costs to ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...tools.clock import Span


@dataclass(frozen=True)
class Price:
    """The most that something takes: calls of a model, pictures in them, tokens that it writes."""

    calls: int = 0
    frames: int = 0
    tokens: int = 0

    def __add__(self, other: Price) -> Price:
        return Price(self.calls + other.calls, self.frames + other.frames, self.tokens + other.tokens)


class Guide(Protocol):
    """Says where to look closer. What it says is clipped and bounded by the search, whatever it is.

    Raises ``ModelError`` where a model behind it fails.
    """

    @property
    def n_frames(self) -> int:
        """How many pictures it looks at in a span: one that has a second or less for each is seen closely."""
        ...

    def price_of_proposing(self) -> Price:
        """The most that ``proposes`` takes."""
        ...

    def price_of_reflecting(self, n_spans: int) -> Price:
        """The most that ``reflects`` takes for so many spans."""
        ...

    def proposes(self, span: Span) -> Iterable[Span]:
        """Where inside a span the answer may lie, the likeliest first; nothing where it cannot tell."""
        ...

    def reflects(self, spans: Sequence[Span]) -> Sequence[float]:
        """How surely each span answers the question, in [0, 1]; all the spans of one expansion come at once."""
        ...

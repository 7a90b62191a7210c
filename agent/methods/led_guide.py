"""A guide that is led: what is known of a video already is proposed first, and another guide judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...tools.clock import Span
from .guide import Guide, Price


@dataclass(frozen=True)
class LedGuide:
    """Proposes what ``leader`` proposes, and what ``judge`` proposes only where that is nothing; ``judge`` judges.

    A leader that goes by the memory costs nothing, so that the calls of a model go into judging.
    """

    leader: Guide
    judge: Guide

    @property
    def n_frames(self) -> int:
        """As many pictures as the judge looks at."""
        return self.judge.n_frames

    def price_of_proposing(self) -> Price:
        """As if both were asked."""
        return self.leader.price_of_proposing() + self.judge.price_of_proposing()

    def price_of_reflecting(self, n_spans: int) -> Price:
        """What the judge takes."""
        return self.judge.price_of_reflecting(n_spans)

    def proposes(self, span: Span) -> list[Span]:
        """Where the leader would look, else where the judge would."""
        return list(self.leader.proposes(span)) or list(self.judge.proposes(span))

    def reflects(self, spans: Sequence[Span]) -> Sequence[float]:
        """How sure the judge is."""
        return self.judge.reflects(spans)

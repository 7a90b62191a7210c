"""Counting: how often something occurs, as far as the memory can tell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..finder import Finder
from .act import Observation, Order
from .recall import best_of

_LEAST = 0.25
_N_FOUND = 24


@dataclass(frozen=True)
class Count:
    """Counts the moments that fit a description."""

    finder: Finder
    name: str = "count"
    about: str = "counts moments in the memory; needs one description in words"
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """How many moments there are; "at least" where not everything was looked at."""
        within = order.spans or (self.finder.memory.video.span,)
        findings = [replace(self.finder, within=span).find(order.words[0], _LEAST) for span in within]
        found = [best_of(each) for finding in findings for each in finding.occurrences]
        is_all = all(finding.is_absent_from([span]) for finding, span in zip(findings, within, strict=True))
        number = f"{len(found)} times" if is_all else f"at least {len(found)} times"
        return Observation(f"it occurs {number}", tuple(found[:_N_FOUND]))

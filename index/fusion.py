"""Joining what was found in several ways: by rank, and by what has to come before or after what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..tools.clock import Span

_DAMPING = 60


def fused(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """A score for everything ranked, higher is better.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) with their constant of 60.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking):
            scores[item] = scores.get(item, 0.0) + 1 / (_DAMPING + rank + 1)
    return scores


def related(
    found: Sequence[Span], anchors: Sequence[Span], relation: Literal["before", "after"]
) -> list[Span]:
    """The spans that end before the best anchor begins, or begin after it ended; the nearest first.

    ``anchors`` are best first; without one nothing is before or after it.
    """
    if not anchors:
        return []
    anchor = anchors[0]
    if relation == "after":
        fitting = [span for span in found if span.start_s >= anchor.end_s]
    else:
        fitting = [span for span in found if span.end_s <= anchor.start_s]
    return sorted(fitting, key=lambda span: (span.gap_s(anchor), span))

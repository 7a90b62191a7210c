"""Places for boundaries: where any signal says that something changes, and how sure it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .pictures import seen
from .senses import SOUND_CHANGE_DB, sound_change_db
from .settings import SegmentationSettings
from .signals import Mark, Proposal, Signals
from .snapping import snapped
from .surprise import contrast, vector_sums

_TICKER_S = 60.0


def proposals(signals: Signals, until_s: float, settings: SegmentationSettings) -> list[Proposal]:
    """Everything before ``until_s`` that any signal proposes (HippoMM's OR), in order."""
    n = int(np.searchsorted(signals.times_s, until_s))
    times_s, vectors = signals.times_s[:n], signals.vectors[:n]
    sums = vector_sums(vectors)
    found = seen(times_s, vectors, sums, settings)
    found = [replace(p, is_barrier=p.is_barrier or _is_heard(p, signals)) for p in found]
    marks = _telling(signals.marks, settings)
    far = contrast(times_s, sums, settings.long_window_s, np.array([mark.time_s for mark in marks]))
    for mark, long_score in zip(marks, far, strict=True):
        _add_mark(found, Proposal(mark.time_s, mark.origin, mark.strength, float(long_score), True), settings)
    return sorted((snapped(p, signals) for p in found), key=lambda p: p.time_s)


def _is_heard(proposal: Proposal, signals: Signals) -> bool:
    """Whether a cut can be heard as well."""
    return proposal.is_sudden and sound_change_db(signals, proposal.time_s) >= SOUND_CHANGE_DB


def _telling(marks: Sequence[Mark], settings: SegmentationSettings) -> list[Mark]:
    """Marks that say something: chapters, and news that are not those of a ticker."""
    recent: deque[float] = deque()
    telling = []
    for mark in marks:
        if mark.origin != "text":
            telling.append(mark)
            continue
        while recent and recent[0] < mark.time_s - _TICKER_S:
            recent.popleft()
        if mark.strength >= settings.text_share_min:
            if len(recent) < settings.n_news_max:
                telling.append(mark)
            recent.append(mark.time_s)
    return telling


def _add_mark(found: list[Proposal], mark: Proposal, settings: SegmentationSettings) -> None:
    """Add a mark in its place, or make the picture that changes at the same time a barrier: it knows better when."""
    first = bisect_right(found, mark.time_s - settings.spacing_s, key=lambda p: p.time_s)
    last = bisect_left(found, mark.time_s + settings.spacing_s, key=lambda p: p.time_s)
    near = found[first:last]
    if mark.origin == "chapter" or not near:
        chapters = [p for p in near if p.origin == "chapter"]
        found[first:last] = sorted([*chapters, mark], key=lambda p: p.time_s)
        return
    best = max(near, key=lambda p: (p.is_barrier, p.score, -p.time_s))
    found[found.index(best, first)] = replace(best, is_barrier=True)

"""Places for boundaries: where any signal says that something changes, and how sure it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .senses import SOUND_CHANGE_DB, cuts, is_lone, sound_change_db
from .settings import SegmentationSettings
from .signals import Mark, Numbers, Signals
from .surprise import contrast, peaks, previous, stands_out, vector_sums

_SNAP_S = 1.0
_TICKER_S = 60.0


@dataclass(frozen=True)
class Proposal:
    """A place for a boundary; a barrier is never merged over, and known by what comes until ``known_s``.

    ``score`` and ``long_score`` are the contrasts over the short and the long window. One that is sudden
    stands exactly where the picture changes, and a lone one is the only such change for seconds.
    """

    time_s: float
    origin: str
    score: float = 0.0
    long_score: float = 0.0
    is_barrier: bool = False
    is_sudden: bool = True
    is_lone: bool = False
    known_s: float = 0.0


def proposals(signals: Signals, until_s: float, settings: SegmentationSettings) -> list[Proposal]:
    """Everything before ``until_s`` that any signal proposes (HippoMM's OR), in order."""
    n = int(np.searchsorted(signals.times_s, until_s))
    times_s, vectors = signals.times_s[:n], signals.vectors[:n]
    sums = vector_sums(vectors)
    found = _seen(times_s, sums, previous(times_s, vectors), settings)
    found = [replace(p, is_barrier=p.is_barrier or _is_heard(p, signals)) for p in found]
    marks = _telling(signals.marks, settings)
    far = contrast(times_s, sums, settings.long_window_s, np.array([mark.time_s for mark in marks]))
    for mark, long_score in zip(marks, far, strict=True):
        _add_mark(found, Proposal(mark.time_s, mark.origin, mark.strength, float(long_score), True), settings)
    return sorted((_snapped(p, signals) for p in found), key=lambda p: p.time_s)


def _is_heard(proposal: Proposal, signals: Signals) -> bool:
    """Whether a cut can be heard as well."""
    return proposal.is_sudden and sound_change_db(signals, proposal.time_s) >= SOUND_CHANGE_DB


def _seen(
    times_s: Numbers, sums: Numbers, changes: Numbers, settings: SegmentationSettings
) -> list[Proposal]:
    """Where the pictures change, by contrast over the usual window, and suddenly rather than slowly."""
    scores, sudden = contrast(times_s, sums, settings.window_s), cuts(times_s, changes)
    chosen = stands_out(times_s, scores, settings) | (sudden & (scores >= settings.min_contrast))
    places = peaks(times_s, scores + np.where(sudden, changes, 0.0), chosen, settings.spacing_s)
    far = contrast(times_s, sums, settings.long_window_s, times_s[places])
    lone = [bool(sudden[i]) and is_lone(times_s, changes, i) for i in places]
    return [
        Proposal(
            float(times_s[i]), "picture", float(scores[i]), float(long_score),
            alone or _divides(float(scores[i]), float(long_score), settings), bool(sudden[i]), alone,
        )
        for i, long_score, alone in zip(places, far, lone, strict=True)
    ]  # fmt: skip


def _divides(score: float, long_score: float, settings: SegmentationSettings) -> bool:
    """Whether a change is a barrier: strong at once, and not undone within a while, as between two cameras."""
    return score >= settings.barrier_at and long_score >= settings.event_at


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


def _snapped(proposal: Proposal, signals: Signals) -> Proposal:
    """A change that has no place of its own, moved to the quietest tenth of a second near."""
    times_s, levels_db = signals.loudness
    first, last = np.searchsorted(times_s, [proposal.time_s - _SNAP_S, proposal.time_s + _SNAP_S])
    if proposal.is_sudden or first == last:
        return proposal
    near = levels_db[first:last]
    quiet = np.flatnonzero(near == near.min()) + first
    best = quiet[int(np.argmin(np.abs(times_s[quiet] - proposal.time_s)))]
    return replace(proposal, time_s=float(times_s[best]))

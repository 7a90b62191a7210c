"""Cutting a timeline of vectors into events: surprise, refinement, merging.

Two-sided contrast proposes boundaries (as EM-LLM's surprise does for tokens, arXiv 2407.09450 eq. 1),
modularity refines them through prefix sums, and neighbours that look alike are merged again, as
HippoMM's consolidation does (arXiv 2504.10739). All times are seconds, all vectors unit vectors.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.roles import Vectors

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SegmentationSettings:
    """How finely a timeline is cut; every number is in seconds unless it says otherwise."""

    window_s: float = 8.0
    memory_s: float = 300.0
    gamma: float = 1.0
    spacing_s: float = 5.0
    min_event_s: float = 5.0
    max_event_s: float = 120.0
    merge_below: float = 0.05
    barrier_at: float = 0.065
    min_contrast: float = 0.015


@dataclass(frozen=True)
class Cut:
    """A boundary at ``time_s``; ``height`` is how unlike its two sides are (1 - cosine)."""

    time_s: float
    height: float


def segment(
    times_s: Numbers, vectors: Vectors, duration_s: float, settings: SegmentationSettings, pauses: list[Span]
) -> list[Cut]:
    """Boundaries inside a video, in order, from its vectors (n, d) sampled at ``times_s`` (n,).

    ``pauses`` are stretches without speech; an event longer than the maximum is divided at one.
    """
    cuts: list[Cut] = []
    if len(times_s) > 2:
        proposals = propose(times_s, vectors, settings)
        refined = [refine(vectors, place, bounds) for place, bounds in _windows(proposals, len(times_s))]
        cuts = merge(times_s, vectors, sorted(set(refined)), settings)
    return _divided(_spaced(cuts, duration_s, settings), duration_s, settings, pauses)


def contrast(times_s: Numbers, vectors: Vectors, window_s: float) -> Numbers:
    """1 - cosine between the sums of the ``window_s`` before and after each sample, shape (n,)."""
    sums = _prefix(vectors)
    places = np.arange(len(times_s))
    first = np.searchsorted(times_s, times_s - window_s)
    last = np.searchsorted(times_s, times_s + window_s)
    before, after = sums[places] - sums[first], sums[last] - sums[places]
    scale = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.where(scale > 0, 1 - (before * after).sum(1) / np.maximum(scale, 1e-12), 0.0)


def propose(times_s: Numbers, vectors: Vectors, settings: SegmentationSettings) -> list[int]:
    """Samples whose contrast stands out from the minutes before and from everything near."""
    scores = contrast(times_s, vectors, settings.window_s)
    threshold = _running_threshold(times_s, scores, settings)
    chosen = []
    for place in np.flatnonzero((scores > threshold) & (scores >= settings.min_contrast)):
        near = slice(
            np.searchsorted(times_s, times_s[place] - settings.spacing_s),
            np.searchsorted(times_s, times_s[place] + settings.spacing_s, "right"),
        )
        # Among equals the earlier one wins, which argmax does by itself.
        if near.start + int(np.argmax(scores[near])) == place:
            chosen.append(int(place))
    return chosen


def _running_threshold(times_s: Numbers, scores: Numbers, settings: SegmentationSettings) -> Numbers:
    sums, squares = np.append(0, np.cumsum(scores)), np.append(0, np.cumsum(scores**2))
    first, place = np.searchsorted(times_s, times_s - settings.memory_s), np.arange(len(scores))
    n = np.maximum(place - first, 1)
    mean = (sums[place] - sums[first]) / n
    variance = np.maximum((squares[place] - squares[first]) / n - mean**2, 0)
    enough = (place - first) >= 8
    return np.where(enough, mean + settings.gamma * np.sqrt(variance), settings.min_contrast)


def _windows(proposals: list[int], n: int) -> list[tuple[int, tuple[int, int]]]:
    """Each proposal with half a gap to either side, in which it may move."""
    edges = [0, *proposals, n]
    return [
        (place, ((edges[i] + place) // 2, (place + edges[i + 2] + 1) // 2))
        for i, place in enumerate(proposals)
    ]


def refine(vectors: Vectors, place: int, bounds: tuple[int, int]) -> int:
    """The cut in ``bounds`` with the highest modularity, ``place`` itself among equals.

    With prefix sums u and their total R, Q(t) = |u - (u·R / R·R) R|² / R·R: the point where the sum
    strays farthest from the straight line to the total.
    """
    start, end = bounds
    u = np.cumsum(vectors[start:end].astype(np.float64), axis=0)
    total = u[-1]
    weight = float(total @ total)
    if weight <= 0 or len(u) < 2:
        return place
    stray = u - np.outer(u @ total / weight, total)
    quality = (stray**2).sum(1)[:-1]
    best = int(np.argmax(quality))
    held = place - start - 1
    if 0 <= held < len(quality) and quality[held] >= quality[best]:
        best = held
    return start + best + 1


def merge(times_s: Numbers, vectors: Vectors, places: list[int], settings: SegmentationSettings) -> list[Cut]:
    """Cuts left after neighbours that look alike were joined, weakest first, never across a barrier."""
    sums = _prefix(vectors)
    barrier = contrast(times_s, vectors, settings.window_s) >= settings.barrier_at
    edges = [0, *places, len(times_s)]
    alive = dict.fromkeys(places, 0.0)
    heap: list[tuple[float, int]] = []
    for i, place in enumerate(places, start=1):
        alive[place] = _unlikeness(sums, edges[i - 1], place, edges[i + 1])
        heapq.heappush(heap, (alive[place], place))
    while heap:
        height, place = heapq.heappop(heap)
        if alive.get(place) != height or height >= settings.merge_below or barrier[place]:
            continue
        del alive[place]
        for other in _beside(alive, place):
            left, right = _around(alive, other, len(times_s))
            alive[other] = _unlikeness(sums, left, other, right)
            heapq.heappush(heap, (alive[other], other))
    return [Cut(float(times_s[place]), height) for place, height in sorted(alive.items())]


def _beside(alive: dict[int, float], place: int) -> list[int]:
    left, right = (
        max((p for p in alive if p < place), default=None),
        min((p for p in alive if p > place), default=None),
    )
    return [p for p in (left, right) if p is not None]


def _around(alive: dict[int, float], place: int, n: int) -> tuple[int, int]:
    return max((p for p in alive if p < place), default=0), min((p for p in alive if p > place), default=n)


def _unlikeness(sums: Numbers, left: int, middle: int, right: int) -> float:
    before, after = sums[middle] - sums[left], sums[right] - sums[middle]
    scale = float(np.linalg.norm(before) * np.linalg.norm(after))
    return 1 - float(before @ after) / scale if scale > 0 else 1.0


def _prefix(vectors: Vectors) -> Numbers:
    return np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors.astype(np.float64), axis=0)])


def _spaced(cuts: list[Cut], duration_s: float, settings: SegmentationSettings) -> list[Cut]:
    """Cuts that leave every event its minimum length; of two that stand too close the stronger stays."""
    kept: list[Cut] = []
    for cut in sorted(cuts, key=lambda c: (-c.height, c.time_s)):
        edges = [0.0, duration_s, *(k.time_s for k in kept)]
        if all(abs(cut.time_s - edge) >= settings.min_event_s for edge in edges):
            kept.append(cut)
    return sorted(kept, key=lambda c: c.time_s)


def _divided(
    cuts: list[Cut], duration_s: float, settings: SegmentationSettings, pauses: list[Span]
) -> list[Cut]:
    """Cuts with events over the maximum divided, at the longest pause in the middle half if there is one."""
    edges = [0.0, *(c.time_s for c in cuts), duration_s]
    added: list[Cut] = []
    stack = [(a, b) for a, b in pairwise(edges)]
    while stack:
        start_s, end_s = stack.pop()
        if end_s - start_s > settings.max_event_s:
            middle_s = _quiet_point(start_s, end_s, pauses)
            added.append(Cut(middle_s, 0.0))
            stack += [(start_s, middle_s), (middle_s, end_s)]
    return sorted([*cuts, *added], key=lambda c: c.time_s)


def _quiet_point(start_s: float, end_s: float, pauses: list[Span]) -> float:
    quarter_s = (end_s - start_s) / 4
    inside = [p for p in pauses if start_s + quarter_s <= p.middle_s <= end_s - quarter_s]
    return max(inside, key=lambda p: (p.duration_s, -p.start_s)).middle_s if inside else (start_s + end_s) / 2

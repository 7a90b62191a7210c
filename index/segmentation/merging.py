"""Joining neighbours that look alike: each cut gets the height at which it is joined over."""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np

from .signals import Numbers


def merge_heights(sums: list[Numbers]) -> list[float]:
    """For the sums (d,) of neighbouring pieces, at which height each cut between them falls, in order.

    Always the cut whose two sides differ least, 1 - cosine of their sums, falls next, the first among
    equals; no cut is lower than one that fell before it, so that the cuts of each height lie among those
    of any lower one (an ultrametric; HippoMM's consolidation of neighbours, arXiv 2504.10739).
    """
    pieces: list[Numbers] = list(sums)
    n = len(pieces)
    left, right = list(range(-1, n - 1)), list(range(1, n + 1))
    heights, version = [0.0] * max(0, n - 1), [0] * n
    heap = [(_unlike(a, b), place, 0, 0) for place, (a, b) in enumerate(pairwise(pieces))]
    heapq.heapify(heap)
    reached = 0.0
    while heap:
        height, place, own, others = heapq.heappop(heap)
        other = right[place] if version[place] >= 0 else n
        if other >= n or (version[place], version[other]) != (own, others):
            continue
        reached = max(reached, height)
        heights[other - 1] = reached
        pieces[place] = pieces[place] + pieces[other]
        version[place], version[other] = version[place] + 1, -1
        right[place] = right[other]
        if right[place] < n:
            left[right[place]] = place
        for first, second in ((left[place], place), (place, right[place])):
            if first >= 0 and second < n:
                pair = _unlike(pieces[first], pieces[second])
                heapq.heappush(heap, (pair, first, version[first], version[second]))
    return heights


def _unlike(one: Numbers, other: Numbers) -> float:
    scale = float(np.linalg.norm(one) * np.linalg.norm(other))
    return 1 - float(one @ other) / scale if scale > 0 else 1.0

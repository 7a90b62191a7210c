"""Cutting a timeline into events, all at once or as it grows, with the same result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

import numpy as np

from ...tools.clock import Span
from .barriers import standing
from .division import divided
from .merging import merge_heights
from .proposals import proposals
from .settings import SegmentationSettings
from .signals import Boundary, Proposal, Segmentation, Signals


def segment(
    signals: Signals,
    until_s: float,
    settings: SegmentationSettings,
    *,
    since_s: float = 0.0,
    is_over: bool = True,
) -> Segmentation:
    """The boundaries between ``since_s`` and ``until_s``, each with the height that says at which levels it stands.

    Two-sided contrast proposes (any signal may: HippoMM's OR), barriers divide, and between two barriers
    neighbours that look alike are merged. What lies at or before the last barrier that is settled does not
    change any more, whatever comes: a call with that as ``since_s``, all marks of chapters, and the other
    signals from ``lookback_s`` before it on, gives bit for bit what one call for all gives behind it.
    ``is_over`` settles all.
    """
    kept = standing(proposals(signals, until_s, settings), since_s, until_s, settings)
    found: list[Boundary] = []
    start_s, between = since_s, list[Proposal]()
    for proposal in kept:
        if proposal.is_barrier:
            found += _between(signals, Span(start_s, proposal.time_s), between, settings)
            found.append(_barrier(proposal, settings))
            start_s, between = proposal.time_s, []
        else:
            between.append(proposal)
    found += _between(signals, Span(start_s, until_s), between, settings)
    settled_s = until_s if is_over else _settled_s(kept, since_s, until_s - settings.lookahead_s)
    return Segmentation(_below_chapters(found, signals, settings), settled_s)


def _settled_s(kept: Sequence[Proposal], since_s: float, known_s: float) -> float:
    barriers = (p for p in kept if p.is_barrier)
    settled = takewhile(lambda p: max(p.time_s, p.known_s) <= known_s, barriers)
    return max((p.time_s for p in settled), default=since_s)


def _between(
    signals: Signals, span: Span, kept: Sequence[Proposal], settings: SegmentationSettings
) -> list[Boundary]:
    """The boundaries between two barriers, with the heights at which they are merged over.

    Only barriers begin chapters: what differs from its neighbours alone may be a shot of a few seconds.
    """
    edges_s = [span.start_s, *(p.time_s for p in kept), span.end_s]
    places = np.searchsorted(signals.times_s, edges_s)
    sums = [signals.vectors[a:b].sum(axis=0, dtype=np.float64) for a, b in pairwise(places)]
    heights = np.minimum(merge_heights(sums), math.nextafter(settings.chapter_at, 0.0)).tolist()
    found = [Boundary(p.time_s, h, p.origin) for p, h in zip(kept, heights, strict=True)]
    standing_s = [span.start_s, *(b.time_s for b in found if b.height >= settings.event_at), span.end_s]
    return _joined(found, divided(signals, standing_s, settings))


def _joined(found: Sequence[Boundary], added: Sequence[Boundary]) -> list[Boundary]:
    """Both in order; what was found and stands where one is added becomes as high."""
    heights = {b.time_s: b.height for b in added}
    raised = [replace(b, height=max(b.height, heights.pop(b.time_s, 0.0))) for b in found]
    return sorted([*raised, *(b for b in added if b.time_s in heights)], key=lambda b: b.time_s)


def _barrier(barrier: Proposal, settings: SegmentationSettings) -> Boundary:
    """A barrier at the height of the difference over a longer while; a lone cut begins a chapter."""
    height = max(settings.event_at, barrier.long_score)
    if barrier.origin == "chapter":
        height = max(1.0, settings.chapter_at)
    elif barrier.is_lone:
        height = max(height, settings.chapter_at)
    return Boundary(barrier.time_s, height, barrier.origin)


def _below_chapters(
    found: list[Boundary], signals: Signals, settings: SegmentationSettings
) -> list[Boundary]:
    """Where the author has set chapters there are no others."""
    if all(mark.origin != "chapter" for mark in signals.marks):
        return found
    highest = math.nextafter(settings.chapter_at, 0.0)
    return [b if b.origin == "chapter" else replace(b, height=min(b.height, highest)) for b in found]

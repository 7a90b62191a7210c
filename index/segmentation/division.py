"""Dividing what is too long for one event."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...tools.clock import Span
from .refinement import quality
from .settings import SegmentationSettings
from .signals import Boundary, Signals


def divided(signals: Signals, edges_s: Sequence[float], settings: SegmentationSettings) -> list[Boundary]:
    """Boundaries that leave no event between two of ``edges_s`` longer than the maximum, in order.

    Each stands in the longest pause of the middle half, or else where the pictures on both sides differ
    most, or else in the middle; and nowhere nearer to an end than the shortest event is long.
    """
    added: list[Boundary] = []
    waiting = [Span(a, b) for a, b in pairwise(edges_s)]
    while waiting:
        span = waiting.pop()
        if span.duration_s > settings.max_event_s:
            place_s = _place_s(signals, span, settings.min_event_s)
            added.append(Boundary(place_s, settings.event_at, "length"))
            waiting += [Span(span.start_s, place_s), Span(place_s, span.end_s)]
    return sorted(added, key=lambda boundary: boundary.time_s)


def _place_s(signals: Signals, span: Span, min_event_s: float) -> float:
    quarter_s = span.duration_s / 4
    margin_s = min(max(quarter_s, min_event_s), span.duration_s / 2)
    middle = Span(span.start_s + margin_s, span.end_s - margin_s)
    # Only what lies inside counts, as what lies outside may not be known yet.
    pauses = [_common(pause, middle) for pause in signals.pauses if pause.overlap_s(middle) > 0]
    short = [pause for pause in pauses if pause.duration_s < quarter_s]
    if short:
        return max(short, key=lambda pause: (pause.duration_s, -pause.start_s)).middle_s
    return _strayed_s(signals, span, middle)


def _common(one: Span, other: Span) -> Span:
    return Span(max(one.start_s, other.start_s), min(one.end_s, other.end_s))


def _strayed_s(signals: Signals, span: Span, middle: Span) -> float:
    first, last = np.searchsorted(signals.times_s, [span.start_s, span.end_s])
    times_s = signals.times_s[first:last]
    found = quality(signals.vectors[first:last]) if last - first > 2 else np.zeros(0)
    inside = np.flatnonzero((times_s[1:] >= middle.start_s) & (times_s[1:] < middle.end_s))
    if not len(found) or not len(inside) or found[inside].max() <= 0:
        return span.middle_s
    return float(times_s[1:][inside[int(np.argmax(found[inside]))]])

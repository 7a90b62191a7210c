"""Intervals of a search: cut into equal parts, and read leniently where a guide proposes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from ...tools.clock import Span

N_WINDOWS_MAX = 5
_N_READ_MAX = 64
_LEAST_S = 4.0
_LEAST_SHARE = 1 / 64
_SAME_FROM = 0.5
# A window that leaves out less of its node than this narrows nothing down, and could be proposed for ever.
_NARROWER_BY = 0.1


def parts_of(span: Span, n_parts: int) -> list[Span]:
    """A span cut into so many equal parts that meet exactly and end where it ends."""
    cuts_s = [span.start_s + span.duration_s * k / n_parts for k in range(n_parts)]
    return [Span(start_s, end_s) for start_s, end_s in pairwise([*cuts_s, span.end_s])]


def rest_of(node: Span, windows: Iterable[Span]) -> list[Span]:
    """What of a node lies in none of the windows, in order."""
    rest, from_s = [], node.start_s
    for window in [*sorted(windows), Span(node.end_s, node.end_s)]:
        if window.start_s > from_s:
            rest.append(Span(from_s, window.start_s))
        from_s = max(from_s, window.end_s)
    return rest


def iou(one: Span, other: Span) -> float:
    """Seconds that two spans share, as a share of the seconds that either has; 0.0 where neither has any."""
    shared_s = one.overlap_s(other)
    either_s = one.duration_s + other.duration_s - shared_s
    return shared_s / either_s if either_s else 0.0


def is_same(one: Span, other: Span) -> bool:
    """Whether two spans are one find: more than half of what either has is shared."""
    return iou(one, other) > _SAME_FROM


def windows_within(node: Span, proposed: Iterable[Span], n_windows_max: int = N_WINDOWS_MAX) -> list[Span]:
    """What a guide proposes as windows that lie inside a node, in the order proposed, at most so many.

    Each is clipped to the node and lengthened to 4 s or a 64th of the node, whichever is more; those that share
    more than half of their seconds become one. What lies outside, or is about as long as the node, is left out.
    """
    inside = (_inside(node, span) for span in islice(proposed, _N_READ_MAX) if _touches(node, span))
    merged = _merged(inside)
    longest_s = node.duration_s * (1 - _NARROWER_BY)
    return [window for window in merged if window.duration_s <= longest_s][:n_windows_max]


def _touches(node: Span, span: Span) -> bool:
    return span.start_s < node.end_s and span.end_s >= node.start_s


def _inside(node: Span, span: Span) -> Span:
    """A span clipped to a node, and lengthened about its middle as far as the node allows."""
    start_s, end_s = max(span.start_s, node.start_s), min(span.end_s, node.end_s)
    least_s = min(node.duration_s, max(_LEAST_S, node.duration_s * _LEAST_SHARE))
    if end_s - start_s >= least_s:
        return Span(start_s, end_s)
    start_s = min(max((start_s + end_s - least_s) / 2, node.start_s), node.end_s - least_s)
    return Span(max(start_s, node.start_s), min(start_s + least_s, node.end_s))


def _merged(windows: Iterable[Span]) -> list[Span]:
    """Windows of which no two are the same; a joined one stands where the first of it stood."""
    kept: list[Span] = []
    for window in windows:
        place, joined = len(kept), window
        while (twin := next(_twins(kept, joined), None)) is not None:
            place = min(place, twin)
            joined = joined.hull(kept.pop(twin))
        kept.insert(place, joined)
    return kept


def _twins(kept: list[Span], window: Span) -> Iterator[int]:
    return (place for place, other in enumerate(kept) if is_same(other, window))

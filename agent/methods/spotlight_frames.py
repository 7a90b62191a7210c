"""How the pictures of an answer are shared out among the windows of a spotlight."""

from __future__ import annotations

from collections.abc import Sequence

from ...tools.clock import Span
from .spotlight import Window

_GLOBAL_SHARE = 8
_N_GLOBAL_MAX = 8
N_EACH_MIN = 8
"""So many pictures are needed of a window, where there are as many."""


def frames_for(windows: Sequence[Window], n_frames: int, whole: Span | None = None) -> list[float]:
    """At most ``n_frames`` different seconds at which to look, in order.

    An eighth of them, at most 8, are spread over ``whole`` where it is given; the rest lie inside the windows, more
    in the surer ones and at least 8 in each, so that with few pictures only the surest windows are shown. The
    picture shown at a second, with its own timestamp, is what a seeker finds there. Source: TimeSearch.
    """
    n_global = min(_N_GLOBAL_MAX, n_frames // _GLOBAL_SHARE) if windows else n_frames
    wide = _spread(whole, n_global) if whole else []
    surest = sorted(windows, key=lambda w: (-w.confidence, w.depth, w.span))
    shown = surest[: max(1, (n_frames - len(wide)) // N_EACH_MIN)]
    counts = shared_out(n_frames - len(wide), [window.confidence for window in shown], N_EACH_MIN)
    close = [t for window, n in zip(shown, counts, strict=True) for t in _spread(window.span, n)]
    return sorted({*wide, *close})


def shared_out(n: int, weights: Sequence[float], n_each_min: int) -> list[int]:
    """A number as one whole number for each weight, which sum to it.

    Each is in proportion to its weight but at least ``n_each_min``, where the number is large enough for that. By
    highest averages: of equals the first gets more.
    """
    if not weights:
        return []
    counts = [min(n_each_min, n // len(weights))] * len(weights)
    shares = weights if sum(weights) > 0 else [1.0] * len(weights)
    for _ in range(n - sum(counts)):
        neediest = max(range(len(shares)), key=lambda k: (shares[k] / (counts[k] + 0.5), -k))
        counts[neediest] += 1
    return counts


def _spread(span: Span, n_times: int) -> list[float]:
    """So many seconds inside a span, at the middle of its equal parts."""
    return [span.start_s + span.duration_s * (k + 0.5) / n_times for k in range(n_times)]

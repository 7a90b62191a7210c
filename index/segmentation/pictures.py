"""Where the pictures change: by the chosen surprise, refined if wanted, and suddenly rather than slowly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...tools.roles import Vectors
from .moving import refined
from .senses import cuts, is_lone
from .settings import SegmentationSettings
from .signals import Numbers, Proposal
from .surprise import contrast, mean_before, peaks, previous, stands_out

_Flags = npt.NDArray[np.bool_]


def seen(times_s: Numbers, vectors: Vectors, sums: Numbers, settings: SegmentationSettings) -> list[Proposal]:
    """The proposals of the pictures at ``times_s`` (n,), with ``vectors`` (n, d) and their ``sums``, in order."""
    changes = previous(times_s, vectors)
    sudden = cuts(times_s, changes)
    scores = contrast(times_s, sums, settings.window_s)
    found = _surprise(times_s, sums, changes, scores, settings)
    chosen = stands_out(times_s, found, settings) | (sudden & (scores >= settings.min_contrast))
    places = peaks(times_s, found + np.where(sudden, changes, 0.0), chosen, settings.spacing_s)
    if settings.refinement != "none":
        places = refined(times_s, vectors, places, sudden, settings)
        places = _apart(times_s, scores, places, sudden, settings.window_s)
    far = contrast(times_s, sums, settings.long_window_s, times_s[places])
    lone = [bool(sudden[i]) and is_lone(times_s, changes, i) for i in places]
    return [
        Proposal(
            float(times_s[i]), "picture", float(scores[i]), float(long_score),
            alone or _divides(float(scores[i]), float(long_score), settings), bool(sudden[i]), alone,
        )
        for i, long_score, alone in zip(places, far, lone, strict=True)
    ]  # fmt: skip


def _apart(
    times_s: Numbers, scores: Numbers, places: list[int], sudden: _Flags, window_s: float
) -> list[int]:
    """Those that stay: two that were moved to the same change would leave a piece of it between them."""
    chosen = np.zeros(len(times_s), bool)
    chosen[places] = True
    kept = set(peaks(times_s, scores, chosen, window_s))
    return [place for place in np.flatnonzero(chosen).tolist() if sudden[place] or place in kept]


def _surprise(
    times_s: Numbers, sums: Numbers, changes: Numbers, scores: Numbers, settings: SegmentationSettings
) -> Numbers:
    if settings.surprise == "previous":
        return changes
    return scores if settings.surprise == "contrast" else mean_before(times_s, sums, settings.window_s)


def _divides(score: float, long_score: float, settings: SegmentationSettings) -> bool:
    """Whether a change is a barrier: strong at once, and not undone within a while, as between two cameras."""
    return score >= settings.barrier_at and long_score >= settings.event_at

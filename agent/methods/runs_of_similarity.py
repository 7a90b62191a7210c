"""Stretches in which the pictures of a video are more like a question than the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...tools.clock import Span

Seconds = npt.NDArray[np.float64]
Similarities = npt.NDArray[np.floating]

_BEGINS, _LASTS = 1.0, 0.5
# A picture stands for the time up to the next one, but not across a gap: no longer than so many usual distances.
_GAP = 3.0


@dataclass(frozen=True)
class Run:
    """A stretch with the highest similarity in it."""

    span: Span
    peak: float


def runs_of_similarity(times_s: Seconds, similarities: Similarities) -> list[Run]:
    """Runs of samples (n,) at ascending seconds (n,), the one with the highest peak first, the earlier of equals.

    A run holds a similarity more than one standard deviation above the mean, and lasts while they are more than
    half of one above it, so that flicker does not divide it. Where all are alike there is none, and what is no
    number is in none. Source: TimeSearch (arXiv 2504.01407) without a model; hysteresis is Schmitt's trigger.
    """
    known = np.isfinite(similarities)
    if not known.any():
        return []
    values = np.where(known, similarities, -np.inf)
    mean, sigma = float(similarities[known].mean(dtype=float)), float(similarities[known].std(dtype=float))
    ends_s = _ends(times_s)
    found = []
    for first, last in _stretches(values > mean + _LASTS * sigma, times_s, ends_s):
        peak = float(values[first:last].max())
        if peak > mean + _BEGINS * sigma:
            found.append(Run(Span(float(times_s[first]), float(ends_s[last - 1])), peak))
    return sorted(found, key=lambda run: (-run.peak, run.span))


def _ends(times_s: Seconds) -> Seconds:
    """Until when the picture at each second stands for what is shown."""
    steps_s = np.diff(times_s)
    usual_s = float(np.median(steps_s)) if len(steps_s) else 0.0
    ends_s: Seconds = times_s + np.append(np.minimum(steps_s, _GAP * usual_s), usual_s)
    return ends_s


def _stretches(is_high: npt.NDArray[np.bool_], times_s: Seconds, ends_s: Seconds) -> list[tuple[int, int]]:
    """Half-open runs of high samples that follow each other without a gap."""
    is_first = is_high & ~_follows(is_high, times_s, ends_s)
    cuts = [*np.flatnonzero(is_first).tolist(), len(is_high)]
    return [(a, a + int(is_high[a:b].sum())) for a, b in pairwise(cuts)]


def _follows(is_high: npt.NDArray[np.bool_], times_s: Seconds, ends_s: Seconds) -> npt.NDArray[np.bool_]:
    """Whether the sample before each is high too and lasts until it."""
    return np.append(False, is_high[:-1] & (ends_s[:-1] >= times_s[1:]))

"""Which pictures of a video are wanted, told by the seconds during which each is shown."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .clock import Span, merge_spans

# Far below any tick of a container's clock, far above what is lost in adding seconds.
HAIR_S = 1e-7
_BEFORE_ALL_S = float("-inf")


class Selection(Protocol):
    """A rule that picks pictures; asked about each one in order of time, it never looks at pixels."""

    def wants(self, before_s: float, start_s: float, end_s: float) -> bool:
        """Whether the picture shown in [start_s, end_s) is wanted; the one before it began at ``before_s``."""
        ...

    def next_s(self, start_s: float, end_s: float) -> float:
        """The first second behind the picture shown in [start_s, end_s) at which one is wanted again.

        Infinite where there is none.
        """
        ...


class Steps:
    """Even steps along a timeline: tells which moments are the first at or after one.

    Steps are counted from the first moment, or from ``first_s``, and do not drift, whatever moments come.
    """

    def __init__(self, every_s: float, first_s: float | None = None) -> None:
        self._every_s = every_s
        self._first_s = first_s
        self._due_s = _BEFORE_ALL_S

    def meets(self, time_s: float) -> bool:
        """Whether a moment, given in order of time, is the first at or after a step."""
        if self._first_s is None:
            self._first_s = time_s
        if time_s < self._due_s - HAIR_S:
            return False
        self._due_s = self.last_step_s(time_s) + self._every_s
        return True

    def last_step_s(self, time_s: float) -> float:
        """The last step at or before a moment."""
        first_s = time_s if self._first_s is None else self._first_s
        return first_s + _n_steps(time_s - first_s, self._every_s) * self._every_s


@dataclass
class EveryStep:
    """The first picture at or after each step of ``every_s`` seconds, counted from the first picture.

    A picture that stays for longer than a step is never passed over, wherever it begins.
    """

    every_s: float
    _first_s: float | None = field(default=None, init=False)

    def wants(self, before_s: float, start_s: float, end_s: float) -> bool:
        """See ``Selection``."""
        if self._first_s is None:
            self._first_s = start_s
        stays = end_s - start_s > self.every_s + HAIR_S
        return stays or before_s == _BEFORE_ALL_S or self._n(start_s) > self._n(before_s)

    def next_s(self, start_s: float, end_s: float) -> float:
        """See ``Selection``."""
        return (self._first_s or 0.0) + (self._n(start_s) + 1) * self.every_s

    def _n(self, time_s: float) -> int:
        return _n_steps(time_s - (self._first_s or 0.0), self.every_s)


class EveryStepWithin:
    """In each span the picture shown at its start, then the first one at or after each step inside it.

    A picture that stays for longer than a step is never passed over, wherever it begins.
    """

    def __init__(self, every_s: float, spans: Sequence[Span]) -> None:
        self._every_s = every_s
        self._spans = [span for span in merge_spans(list(spans)) if span.duration_s > 0]
        self._ends_s = [span.end_s for span in self._spans]

    def wants(self, before_s: float, start_s: float, end_s: float) -> bool:
        """See ``Selection``."""
        return any(
            self._meets(span.start_s, before_s, start_s, end_s) for span in self._touched(start_s, end_s)
        )

    def next_s(self, start_s: float, end_s: float) -> float:
        """See ``Selection``."""
        place = bisect_right(self._ends_s, end_s)
        return max(end_s, self._spans[place].start_s) if place < len(self._spans) else math.inf

    def _touched(self, start_s: float, end_s: float) -> list[Span]:
        touched = []
        for span in self._spans[bisect_right(self._ends_s, start_s) :]:
            if span.start_s >= end_s:
                break
            touched.append(span)
        return touched

    def _meets(self, from_s: float, before_s: float, start_s: float, end_s: float) -> bool:
        stays = end_s - start_s > self._every_s + HAIR_S
        if stays or start_s <= from_s or before_s == _BEFORE_ALL_S:
            return end_s > from_s
        # The picture before this one was shown until now, so it was shown at the span's start too.
        n_before = _n_steps(max(before_s, from_s) - from_s, self._every_s)
        return _n_steps(start_s - from_s, self._every_s) > n_before


class ShownAt:
    """The pictures that are shown at given moments, each once."""

    def __init__(self, times_s: Sequence[float]) -> None:
        # Moments that a user copied from a printed time may miss the picture's start by a rounding.
        self._times_s = sorted(time_s + HAIR_S for time_s in times_s)

    def wants(self, before_s: float, start_s: float, end_s: float) -> bool:
        """See ``Selection``."""
        return bisect_left(self._times_s, start_s) < bisect_left(self._times_s, end_s)

    def next_s(self, start_s: float, end_s: float) -> float:
        """See ``Selection``."""
        place = bisect_left(self._times_s, end_s)
        return self._times_s[place] if place < len(self._times_s) else math.inf


def _n_steps(passed_s: float, every_s: float) -> int:
    return math.floor((passed_s + HAIR_S) / every_s)

"""Moments of descriptions in order of time, and sequences in which one follows the other within some seconds."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..index.records import Sense, to_us
from ..tools.clock import Span, merge_spans
from .evidence import Evidence, best_first

# No moment begins so late, in microseconds.
_NEVER_US = np.iinfo(np.int64).max
# The last digit of a confidence, which rounding may move.
_ROUNDING = 1e-4

Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Occurrence:
    """A stretch in which something occurs, the evidence for it, best first, and how likely that is, in [0, 1)."""

    span: Span
    evidence: tuple[Evidence, ...]
    confidence: float

    @classmethod
    def of(cls, span: Span, evidence: Sequence[Evidence]) -> Occurrence:
        """The occurrence that some evidence, at least one piece, speaks for.

        What one sense says twice is not said independently, so of each sense the surest evidence counts;
        see ``Evidence.supported``.
        """
        best, *others = best_first(list(evidence))
        surest = {e.sense: e for e in reversed(others) if e.sense != best.sense}
        confidence = best.supported(list(surest.values())).confidence
        return cls(span, (best, *others), max(best.confidence, confidence))

    @property
    def senses(self) -> tuple[Sense, ...]:
        """By which senses it is known, the surest first."""
        return tuple(dict.fromkeys(e.sense for e in self.evidence))

    @property
    def quotes(self) -> tuple[str, ...]:
        """What was said, read, seen or heard there, each once, the surest first."""
        return tuple(dict.fromkeys(e.quote for e in self.evidence))


@dataclass(frozen=True)
class Chain:
    """Occurrences of several things, each of which follows the one before."""

    parts: tuple[Occurrence, ...]

    @property
    def span(self) -> Span:
        """From the beginning of the first to the end of the last that ends."""
        return Span(self.parts[0].span.start_s, max(part.span.end_s for part in self.parts))

    @property
    def confidence(self) -> float:
        """How likely all of it is, in [0, 1): the product, as the evidence for the parts is independent."""
        return round(math.prod(part.confidence for part in self.parts), 4)

    @property
    def gaps(self) -> list[Span]:
        """The stretches between the end of one and the beginning of the next, where there are any."""
        sides = [(one.span.end_s, other.span.start_s) for one, other in pairwise(self.parts)]
        return [Span(end_s, start_s) for end_s, start_s in sides if end_s < start_s]


def occurrences(found: Sequence[Evidence], least: float = 0.0) -> list[Occurrence]:
    """What is at least so likely to occur, in order of time; evidence that touches speaks for the same.

    Evidence that is not likely enough makes what it touches likelier, and no longer.
    """
    firm = _Groups([e for e in found if e.confidence >= least])
    faint = _Groups([e for e in found if e.confidence < least and not firm.take(e)])
    made = [Occurrence.of(*group) for groups in (firm, faint) for group in groups.each()]
    return sorted((o for o in made if o.confidence >= least), key=lambda o: o.span)


def chains(
    parts: Sequence[Sequence[Occurrence]],
    within_s: float,
    without: Sequence[Span] = (),
    least: float = 0.0,
) -> Iterator[Chain]:
    """All sequences of one occurrence of each part, in order of the first, then the second, and so on.

    One follows another where it begins later, and at most ``within_s`` seconds after the other's end; it may begin
    before that end. Nothing of ``without`` lies in the gap between them. Times are compared as whole
    microseconds. Sequences that are less likely than ``least`` are left out. None is built in vain: it takes time by
    what is found, and by the pairs of occurrences of neighbouring parts that follow each other.
    """
    if not parts:
        return iter(())
    ordered = [sorted(part, key=lambda o: o.span) for part in parts]
    barred = merge_spans(list(without))
    following = [_following(one, other, within_s, barred) for one, other in pairwise(ordered)]
    plan = _Plan(ordered, following, _hopes(ordered, following), least)
    every = (Chain(found) for found in plan.grown(0, range(len(ordered[0])), 1.0))
    return (chain for chain in every if chain.confidence >= least)


class _Groups:
    """Evidence that overlaps or touches, together."""

    def __init__(self, found: Sequence[Evidence]) -> None:
        self._spans = merge_spans([e.span for e in found])
        self._starts = [span.start_s for span in self._spans]
        self._ends = [span.end_s for span in self._spans]
        self._members: list[list[Evidence]] = [[] for _ in self._spans]
        for evidence in found:
            self.take(evidence)

    def take(self, evidence: Evidence) -> bool:
        """Add evidence to all groups that it touches; whether there are any."""
        first = bisect_left(self._ends, evidence.span.start_s)
        last = bisect_right(self._starts, evidence.span.end_s)
        for members in self._members[first:last]:
            members.append(evidence)
        return first < last

    def each(self) -> Iterator[tuple[Span, list[Evidence]]]:
        """The groups in order, each with its span."""
        return zip(self._spans, self._members, strict=True)


@dataclass(frozen=True)
class _Plan:
    """What follows each occurrence: ranges of places in the next part, and the likeliest way on."""

    parts: Sequence[Sequence[Occurrence]]
    following: Sequence[tuple[Places, Places]]
    hopes: Sequence[Numbers]
    least: float

    def grown(self, depth: int, places: range, so_far: float) -> Iterator[tuple[Occurrence, ...]]:
        """All ways on from some places of a part, after a beginning that is ``so_far`` likely."""
        hopes = self.hopes[depth]
        for place in places:
            if hopes[place] < 0 or so_far * hopes[place] < self.least - _ROUNDING:
                continue
            part = self.parts[depth][place]
            for rest in self._after(depth, place, so_far * part.confidence):
                yield (part, *rest)

    def _after(self, depth: int, place: int, so_far: float) -> Iterator[tuple[Occurrence, ...]]:
        if depth == len(self.following):
            return iter([()])
        first, last = self.following[depth]
        return self.grown(depth + 1, range(first[place], last[place]), so_far)


def _following(
    earlier: Sequence[Occurrence], later: Sequence[Occurrence], within_s: float, barred: Sequence[Span]
) -> tuple[Places, Places]:
    """For each earlier occurrence the half-open range of the later ones, in order, that follow it."""
    starts_us = _us([o.span.start_s for o in later])
    ends_us = _us([o.span.end_s for o in earlier])
    # What is barred lies in every gap that reaches beyond its beginning.
    bars_us = np.append(_us([span.start_s for span in barred]), _NEVER_US)
    next_bar_us = bars_us[np.searchsorted(_us([span.end_s for span in barred]), ends_us, "right")]
    reach_us = np.minimum(ends_us + to_us(within_s), np.maximum(next_bar_us, ends_us))
    first = np.searchsorted(starts_us, _us([o.span.start_s for o in earlier]), "right")
    return first, np.searchsorted(starts_us, reach_us, "right")


def _hopes(
    parts: Sequence[Sequence[Occurrence]], following: Sequence[tuple[Places, Places]]
) -> list[Numbers]:
    """For each occurrence how likely the likeliest sequence is that goes on from it; below 0 where none does."""
    own = [np.array([o.confidence for o in part], np.float64) for part in parts]
    hopes = own[-1:]
    for confidence, (first, last) in zip(own[-2::-1], following[::-1], strict=True):
        onward = [hopes[0][a:b].max(initial=-1.0) for a, b in zip(first, last, strict=True)]
        best = np.array(onward, np.float64)
        hopes.insert(0, np.where(best < 0, -1.0, confidence * best))
    return hopes


def _us(seconds: Sequence[float]) -> Places:
    return np.array([to_us(s) for s in seconds], np.int64)

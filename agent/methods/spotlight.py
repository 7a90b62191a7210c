"""Spotlight: the few windows of a long video in which a question is answered, searched best first.

A guide proposes windows inside an interval and says of each how surely it answers; what looks best is looked into
first, coarse to fine. Source: TimeSearch (arXiv 2504.01407), spotlight and reflection; the equal parts beside
what is proposed are those of TS-BFS (arXiv 2507.02946), so that no part of a video depends on a guide to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import isfinite
from typing import Literal

from ...tools.clock import Span
from ..trace import UNTRACED, Trace
from .guide import Guide, Price
from .intervals import is_same, parts_of, rest_of, windows_within
from .spending import Budget, Ending, Purse

LIMITS = Budget(calls=16, frames=1024)
"""What a search may spend where nothing else is said."""
_N_PARTS = 4
_UNIFORM_FROM_S = 8.0
# A guide that costs nothing reaches no budget.
_EXPANSIONS_MAX = 512

Act = Literal["expanded", "accepted", "repeated"]
Key = tuple[float, int, float, int]


@dataclass(frozen=True)
class Rules:
    """When a window is accepted, and when to stop.

    A window's priority is its confidence times ``decay`` (gamma) to the power of its depth. Raises ``ValueError``
    where no window is wanted.
    """

    decay: float = 1.0
    accept_from: float = 0.8
    n_accepted: int = 3
    settle_below: float = 0.3
    """Stop when the best that is left is worse by more than this than the best that was accepted."""

    def __post_init__(self) -> None:
        if self.n_accepted < 1:
            raise ValueError(f"a search is for one window or more, not for {self.n_accepted}")


RULES = Rules()


@dataclass(frozen=True)
class Window:
    """A stretch of the video, how surely it answers, in [0, 1], and how many cuts lead to it."""

    span: Span
    confidence: float
    depth: int
    is_accepted: bool = False


@dataclass(frozen=True)
class Step:
    """What was done with the best window that was left, and what was cut out of it."""

    act: Act
    window: Window
    children: tuple[Window, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The step as plain values, seconds rounded to the microsecond."""
        return {"act": self.act, **_row(self.window), "children": [_row(child) for child in self.children]}


@dataclass(frozen=True)
class Spotlight:
    """What a search came to.

    ``windows`` are the accepted ones, the surest first, and where none was accepted the best of those that were
    judged. ``left`` is what was not looked into any further: what was worse, what nobody judged, and what a guide
    passed over.
    """

    windows: tuple[Window, ...]
    ending: Ending
    left: tuple[Span, ...]
    steps: tuple[Step, ...]


def spotlight(
    span: Span, guide: Guide, purse: Purse | None = None, rules: Rules = RULES, trace: Trace = UNTRACED
) -> Spotlight:
    """The windows of a span that a guide is surest of, within what the purse holds; the same for the same guide.

    A window is accepted when it is sure enough or is seen closely, else it is cut up: into what the guide proposes,
    and into four equal parts where it is longer than 8 s for each picture or nothing is proposed. Of equals the one
    with the lesser depth comes first, then the earlier. Raises ``ModelError`` where the guide's model fails.
    """
    return _Search(guide, purse or Purse(LIMITS), rules, trace).over(span)


@dataclass
class _Search:
    guide: Guide
    purse: Purse
    rules: Rules
    trace: Trace
    heap: list[tuple[Key, Window]] = field(default_factory=list)
    unjudged: list[Span] = field(default_factory=list)
    passed_over: list[Span] = field(default_factory=list)
    accepted: list[Window] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    seen: set[Span] = field(default_factory=set)
    n_expansions: int = 0

    def over(self, span: Span) -> Spotlight:
        if span.duration_s <= 0:
            return Spotlight((), Ending.SEEN, (), ())
        self._begin(span)
        ending = self._ending()
        while ending is None:
            self._step(heappop(self.heap)[1])
            ending = self._ending()
        self.trace.note("spotlight", ending=ending.value, n_accepted=len(self.accepted))
        left = (*(window.span for _, window in sorted(self.heap)), *self.unjudged, *self.passed_over)
        return Spotlight(self._windows(), ending, left, tuple(self.steps))

    def _begin(self, span: Span) -> None:
        if self._is_close(span):
            self._judge([span], 0)
        else:
            # The whole holds the answer if anything does, so it is not asked about.
            self._push(Window(span, 0.0, 0))

    def _ending(self) -> Ending | None:
        """Why to stop now, None where the best window that is left is to be taken up."""
        if len(self.accepted) >= self.rules.n_accepted:
            is_found = self._surest() >= self.rules.accept_from
            return Ending.FOUND if is_found else Ending.SETTLED
        if not self.heap:
            return Ending.SPENT if self.unjudged else Ending.SEEN
        if self.accepted and -self.heap[0][0][0] < self._surest() - self.rules.settle_below:
            return Ending.SETTLED
        return None if self._is_free(self.heap[0][1]) or self._can_expand() else Ending.SPENT

    def _step(self, window: Window) -> None:
        if self._is_repeated(window):
            self._note(Step("repeated", window))
        elif self._is_acceptable(window):
            self.accepted.append(Window(window.span, window.confidence, window.depth, is_accepted=True))
            self._note(Step("accepted", self.accepted[-1]))
        else:
            self._note(Step("expanded", window, self._expanded(window)))

    def _expanded(self, window: Window) -> tuple[Window, ...]:
        """The judged children of a window; those for which the purse is too small stay unjudged."""
        self.n_expansions += 1
        self._spend(self.guide.price_of_proposing())
        children = windows_within(window.span, self.guide.proposes(window.span))
        if not children or window.span.duration_s > self.guide.n_frames * _UNIFORM_FROM_S:
            children += parts_of(window.span, _N_PARTS)
        self.passed_over += rest_of(window.span, children)
        fresh = [child for child in dict.fromkeys(children) if child not in self.seen]
        return self._judge(fresh, window.depth + 1)

    def _judge(self, spans: Sequence[Span], depth: int) -> tuple[Window, ...]:
        n_spans = self._n_affordable(len(spans))
        self.unjudged += spans[n_spans:]
        if not n_spans:
            return ()
        self._spend(self.guide.price_of_reflecting(n_spans))
        confidences = self.guide.reflects(spans[:n_spans])
        judged = [Window(s, _bounded(c), depth) for s, c in zip(spans[:n_spans], confidences, strict=True)]
        for window in judged:
            self._push(window)
        return tuple(judged)

    def _push(self, window: Window) -> None:
        priority = window.confidence * self.rules.decay**window.depth
        heappush(self.heap, ((-priority, window.depth, window.span.start_s, len(self.seen)), window))
        self.seen.add(window.span)

    def _n_affordable(self, n_spans: int) -> int:
        while n_spans and not self._affords(self.guide.price_of_reflecting(n_spans)):
            n_spans -= 1
        return n_spans

    def _can_expand(self) -> bool:
        price = self.guide.price_of_proposing() + self.guide.price_of_reflecting(1)
        return self.n_expansions < _EXPANSIONS_MAX and self._affords(price)

    def _affords(self, price: Price) -> bool:
        return self.purse.affords(calls=price.calls, frames=price.frames, tokens=price.tokens)

    def _spend(self, price: Price) -> None:
        self.purse.spend(calls=price.calls, frames=price.frames, tokens=price.tokens)

    def _is_free(self, window: Window) -> bool:
        """Whether taking up a window costs nothing."""
        return self._is_acceptable(window) or self._is_repeated(window)

    def _is_acceptable(self, window: Window) -> bool:
        return window.confidence >= self.rules.accept_from or self._is_close(window.span)

    def _is_repeated(self, window: Window) -> bool:
        return any(is_same(window.span, other.span) for other in self.accepted)

    def _is_close(self, span: Span) -> bool:
        return span.duration_s <= self.guide.n_frames

    def _surest(self) -> float:
        return max(window.confidence for window in self.accepted)

    def _windows(self) -> tuple[Window, ...]:
        judged = [window for _, window in sorted(self.heap) if window.depth]
        best = self.accepted or judged[: self.rules.n_accepted]
        return tuple(sorted(best, key=lambda w: (-w.confidence, w.depth, w.span)))

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self.trace.note("spotlight", **step.to_json())


def _bounded(confidence: float) -> float:
    """A confidence in [0, 1]; 0.0 for what is no number."""
    return min(1.0, max(0.0, float(confidence))) if isfinite(confidence) else 0.0


def _row(window: Window) -> dict[str, object]:
    return {
        "start_s": round(window.span.start_s, 6),
        "end_s": round(window.span.end_s, 6),
        "confidence": round(window.confidence, 6),
        "depth": window.depth,
    }

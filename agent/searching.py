"""How pictures are found for a video LLM: by which strategy, with what to look, and for how much."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from math import inf, isinf
from time import monotonic

from ..index.memory import Memory
from ..tools.errors import RequestError
from ..tools.roles import Detector, FrameBudget, VideoModel
from .methods.model_guide import ModelGuide, looking
from .methods.spending import Budget, Ending, Purse
from .methods.spotlight import LIMITS, RULES, Rules
from .question import Question
from .relevance import Relevance
from .showing import N_FRAMES_MAX
from .strategy import AUTO, STRATEGIES, Means, Picked, pick
from .trace import UNTRACED, Trace
from .verification import N_CHECKS_MAX, N_FRAMES_EACH
from .viewing import N_ANSWER_TOKENS
from .zoom import DetectorScorer, targets_of

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?(k?) ?(s|sec|frames?|pictures?|tok|tokens?|calls?|looks?)")
_UNITS = {"s": "seconds", "f": "frames", "p": "frames", "t": "tokens", "c": "calls", "l": "looks"}
# What a search may go on for, after a first answer that is not sure: a dozen acts at most.
_FURTHER = Budget(looks=96, calls=8, frames=128, tokens=4000)
_FIRST_SHARE = 0.6
# An answer, and how surely what was shown supports it.
_N_ANSWER_CALLS = 2
# Everything is looked into, however sure the search is by then.
_EXHAUSTIVE = Rules(accept_from=1.1, n_accepted=1_000_000, settle_below=inf)


def budget_in(text: str) -> Budget:
    """A budget as a user writes it: ``30s``, ``64frames``, ``20ktok``, or several with commas between them.

    Raises ``RequestError`` for anything else.
    """
    limits: dict[str, float] = {}
    for part in text.lower().split(","):
        found = _AMOUNT.fullmatch(part.strip())
        if not found:
            raise RequestError(
                f"{part.strip() or text!r}: no budget; write for example 30s, 64frames or 20ktok"
            )
        limits[_UNITS[found[3][0]]] = float(found[1]) * (1000 if found[2] else 1)
    return replace(LIMITS, **limits)


@dataclass(frozen=True)
class Searching:
    """A ``strategy`` by name, the ``budget`` of one question, and a ``detector`` where there is one.

    The model is shown ``n_frames_max`` pictures for its answer, fewer where the budget or its own says so. A search
    that ``is_exhaustive`` looks into every part of the video, whatever it has found already. Raises ``RequestError``
    for a strategy that is none.
    """

    strategy: str = AUTO
    budget: Budget = LIMITS
    n_frames_max: int = N_FRAMES_MAX
    detector: Detector | None = None
    is_exhaustive: bool = False
    clock: Callable[[], float] = monotonic

    def __post_init__(self) -> None:
        known = (AUTO, *STRATEGIES)
        if self.strategy not in known:
            raise RequestError(f"{self.strategy}: no strategy; there are {', '.join(known)}")

    def of(
        self,
        memory: Memory,
        question: Question,
        model: VideoModel,
        budget: FrameBudget,
        trace: Trace = UNTRACED,
    ) -> Search:
        """The search for one question to one memory, for a model that is shown so much at once."""
        return Search(self, memory, question, model, budget, trace)


def _without_limits(budget: Budget) -> Budget:
    """The budget without the usual limits; what a user has set holds."""
    calls = inf if budget.calls == LIMITS.calls else budget.calls
    return replace(budget, calls=calls, frames=inf if budget.frames == LIMITS.frames else budget.frames)


SEARCHING = Searching()
"""By what suits the question, within the usual limits."""


@dataclass(frozen=True)
class Search:
    """The search for one question; what it spends is counted in its ``purse``."""

    how: Searching
    memory: Memory
    question: Question
    model: VideoModel
    shows: FrameBudget
    trace: Trace

    @cached_property
    def n_frames(self) -> int:
        """How many pictures the model is shown for its answer: half of a user's budget is for finding them."""
        limit = self.how.budget.frames
        least = limit if limit == LIMITS.frames else max(min(1, limit), limit // 2)
        return int(min(self.shows.n_frames, self.how.n_frames_max, least))

    @cached_property
    def purse(self) -> Purse:
        """What there is to spend before the answer, whose own pictures, call and checks are put aside."""
        budget = _without_limits(self.how.budget) if self.how.is_exhaustive else self.how.budget
        left = replace(
            budget,
            calls=max(0, budget.calls - 1 - self.checks.budget.calls),
            frames=max(0, budget.frames - self.n_frames - self.checks.budget.frames),
            tokens=max(0, budget.tokens - N_ANSWER_TOKENS),
        )
        return Purse(self._first_share(left), clock=self.how.clock)

    def _first_share(self, budget: Budget) -> Budget:
        """What of a user's budget the first search may have; the rest is for going on where that is not enough."""
        if not self._may_go_on or self.how.budget == LIMITS:
            return budget
        return Budget(*(limit if isinf(limit) else limit * _FIRST_SHARE for limit in astuple(budget)))

    @property
    def _may_go_on(self) -> bool:
        return self.how.strategy == AUTO and not self.how.is_exhaustive

    @cached_property
    def checks(self) -> Purse:
        """What there is to spend on checking what the answer cites."""
        budget, n_frames = self.how.budget, min(N_FRAMES_EACH, self.shows.n_frames)
        rest = max(0, budget.frames - self.n_frames)
        n = min(N_CHECKS_MAX, (budget.calls - 1) // 4, rest // (2 * n_frames))
        return Purse(
            Budget(calls=max(0, n), frames=max(0, n) * n_frames, seconds=budget.seconds), clock=self.how.clock
        )

    def further(self) -> Purse | None:
        """What there is to spend on going on after an answer that is not sure, besides the next answer itself.

        None where a strategy was asked for by name, or too little of the user's budget is left.
        """
        if not self._may_go_on:
            return None
        if self.how.budget == LIMITS:
            return Purse(_FURTHER, clock=self.how.clock)
        spent, limit = self.purse, self.how.budget
        checks = self.checks.budget
        left = Budget(
            limit.looks - spent.looks,
            limit.calls - spent.calls - checks.calls - 2 * _N_ANSWER_CALLS,
            limit.frames - spent.frames - checks.frames - 2 * self.n_frames,
            limit.tokens - spent.tokens - 2 * N_ANSWER_TOKENS,
            limit.seconds - spent.seconds,
        )
        return Purse(left, clock=self.how.clock) if min(left.calls, left.frames, left.tokens) > 0 else None

    def pick(self, what: Relevance) -> Picked:
        """The pictures to show, by the strategy that was asked for. Raises ``ModelError`` where a model fails."""
        name = "spotlight" if self.how.is_exhaustive else self.how.strategy
        return pick(what, self.question, self.n_frames, self._means, name)

    @cached_property
    def _means(self) -> Means:
        targets = targets_of(self.question)
        detector = self.how.detector
        return Means(
            guide=ModelGuide(
                self.model, self.question, looking(self.memory, self.question), trace=self.trace
            ),
            scorer=DetectorScorer(self.memory, detector, targets) if detector and targets else None,
            verifier=DetectorScorer(self.memory, detector, targets, 1) if detector and targets else None,
            targets=targets,
            purse=self.purse,
            rules=_EXHAUSTIVE if self.how.is_exhaustive else RULES,
            trace=self.trace,
        )

    def is_cut_short(self, picked: Picked | None) -> bool:
        """Whether the budget that a user has set ended the search."""
        return self.how.budget != LIMITS and picked is not None and picked.ending is Ending.SPENT

    def notes(self, picked: Picked | None) -> list[str]:
        """What a reader of the answer ought to know of the search."""
        if picked is None or picked.ending is not Ending.SPENT:
            return []
        purse = self.purse
        spent = f"{purse.calls} calls, {purse.frames} pictures in them, {purse.looks} looks and {purse.seconds:.0f} s"
        return [f"the search by {picked.strategy} ended at its budget, after {spent}"]

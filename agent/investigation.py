"""The loop of a search that goes on step by step: choose an act, do it, observe, until it is enough or too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..index.records import Text
from ..tools.errors import RequestError
from ..tools.roles import StampedFrame
from .acts.act import Act, Observation, Order
from .evidence import Evidence
from .methods.guide import Price
from .methods.spending import Ending, Purse
from .orders import ANSWER
from .showing import spread
from .trace import UNTRACED, Trace

_NEEDS_WORDS = frozenset(("recall", "count", "detect", "listen"))
_NEEDS_SPANS = frozenset(("look", "hear", "read", "compare"))


@dataclass(frozen=True)
class Limits:
    """What ends a search besides its purse: steps in all, orders that were none, and orders that were given before."""

    n_steps: int = 8
    n_misformed: int = 3
    n_repeated: int = 2


LIMITS = Limits()


@dataclass(frozen=True)
class Step:
    """An order with what it came to; None stands for a reply that was no order."""

    order: Order | None
    observation: Observation


class Chooser(Protocol):
    """Says what to do next. Raises ``ModelError`` where a model behind it fails."""

    def price(self, steps: Sequence[Step]) -> Price:
        """The most that ``next`` takes."""
        ...

    def next(self, steps: Sequence[Step]) -> Order | None:
        """The next order, or ``ANSWER``; None for a reply that is none."""
        ...


@dataclass
class Investigation:
    """What a search has done so far, and why it ended; the first ``n_begun`` steps were done before it."""

    steps: list[Step] = field(default_factory=list)
    n_begun: int = 0
    ending: Ending | None = None

    @property
    def found(self) -> list[Evidence]:
        """Moments that may answer the question, those of the last step first, each once."""
        return list(dict.fromkeys(e for step in reversed(self.steps) for e in step.observation.found))

    @property
    def texts(self) -> list[Text]:
        """Words that the memory lacks, as they were read or heard, each once."""
        new = (t for step in self.steps for t in step.observation.texts if not t.id)
        return list({(t.span, t.body): t for t in new}.values())

    @property
    def frames(self) -> list[StampedFrame]:
        """Pictures that were shown on the way, in order of time, each once."""
        seen = {frame.time_s: frame for step in self.steps for frame in step.observation.frames}
        return [seen[time_s] for time_s in sorted(seen)]

    def worth_showing(self, n: int) -> list[float]:
        """At most ``n`` seconds of pictures to answer from, in order: half of them of moments that were found, where
        there are so many, and of what was looked at last as many as there is room for.
        """
        spans = list(dict.fromkeys(e.span for e in self.found))
        seen = [f.time_s for step in reversed(self.steps[self.n_begun :]) for f in step.observation.frames]
        looked = list(dict.fromkeys(seen))
        n_found = min(len(spans), max(n - len(looked), n // 2))
        return sorted({*spread(spans[:n_found], n_found), *looked[: n - n_found]})


def investigate(
    chooser: Chooser,
    acts: Sequence[Act],
    purse: Purse,
    limits: Limits = LIMITS,
    begun: Sequence[Step] = (),
    trace: Trace = UNTRACED,
) -> Investigation:
    """Do what a chooser orders until it has enough, or a limit is reached; ``begun`` is what was done before.

    Nothing but ``acts`` is ever done, and no order is done twice. The purse pays for the chooser before it is asked,
    and for pictures that models look at; an act that it cannot pay for is not done. Raises ``ModelError`` and
    ``CapabilityError`` where a model fails or cannot be had.
    """
    run = _Run(chooser, {act.name: act for act in acts}, purse, limits, tuple(begun), trace)
    done = run.done()
    trace.note("investigated", n_steps=len(done.steps) - len(begun), ending=done.ending)
    return done


@dataclass
class _Run:
    chooser: Chooser
    acts: Mapping[str, Act]
    purse: Purse
    limits: Limits
    begun: tuple[Step, ...]
    trace: Trace
    n_misformed: int = 0
    n_repeated: int = 0
    given: set[Order] = field(default_factory=set)

    def done(self) -> Investigation:
        """Everything that was done, with its ending."""
        so_far = Investigation(list(self.begun), len(self.begun))
        while so_far.ending is None:
            so_far.ending = self._step(so_far.steps)
        return so_far

    def _step(self, steps: list[Step]) -> Ending | None:
        """One step more; why there is none."""
        price = self.chooser.price(steps)
        costs = {"calls": price.calls, "frames": price.frames, "tokens": price.tokens}
        if len(steps) - len(self.begun) >= self.limits.n_steps or not self.purse.affords(**costs):
            return Ending.SPENT
        self.purse.spend(**costs)
        order = self.chooser.next(steps)
        if order is not None and order.act == ANSWER:
            return Ending.FOUND
        steps.append(Step(order, self._observed(order)))
        self._note(steps[-1])
        if self.n_misformed >= self.limits.n_misformed or self.n_repeated >= self.limits.n_repeated:
            return Ending.SETTLED
        return None

    def _observed(self, order: Order | None) -> Observation:
        if order is None or order.act not in self.acts:
            self.n_misformed += 1
            return Observation("that was no order; reply with one object of JSON as described")
        if lack := _lack(order):
            self.n_misformed += 1
            return Observation(lack)
        if order in self.given:
            self.n_repeated += 1
            return Observation("that was done before and comes to the same; do something else, or answer")
        self.given.add(order)
        act = self.acts[order.act]
        if not self.purse.affords(looks=act.n_looks):
            return Observation("the budget has no room for that")
        self.purse.spend(looks=act.n_looks)
        try:
            return act.do(order)
        except RequestError as error:
            # What cannot be looked for, such as a phrase of one syllable, ends nothing.
            return Observation(f"that cannot be done: {error}")

    def _note(self, step: Step) -> None:
        order, observation = step.order, step.observation
        self.trace.note(
            "act",
            act=order.act if order else None,
            words=list(order.words) if order else [],
            spans=[[span.start_s, span.end_s] for span in order.spans] if order else [],
            said=observation.said,
            found=[[e.span.start_s, e.span.end_s, e.sense, e.quote] for e in observation.found],
            texts=[[t.span.start_s, t.span.end_s, t.sense, t.body] for t in observation.texts],
            times_s=[round(frame.time_s, 6) for frame in observation.frames],
        )


def _lack(order: Order) -> str:
    """What an order lacks for its act, in one sentence; empty where it lacks nothing."""
    if order.act in _NEEDS_WORDS and not order.words:
        return f"{order.act} needs words"
    if order.act in _NEEDS_SPANS and not order.spans:
        return f"{order.act} needs from and to, inside the video"
    if order.act == "compare" and len(order.spans) < 2:
        return "compare needs two stretches, as a list of two objects with from and to"
    return ""

"""A search that goes on step by step ends, whatever its chooser does, and does nothing but its acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tapes import Tape

from vidagent.agent.acts.act import Observation, Order
from vidagent.agent.evidence import Evidence
from vidagent.agent.investigation import Investigation, Limits, Step, investigate
from vidagent.agent.methods.guide import Price
from vidagent.agent.methods.spending import Budget, Ending, Purse
from vidagent.agent.orders import ANSWER
from vidagent.tools.clock import Span
from vidagent.tools.errors import ModelError, RequestError
from vidagent.tools.roles import StampedFrame

HERE, THERE = Span(1.0, 2.0), Span(5.0, 6.0)


@dataclass
class Scripted:
    """Gives orders one after the other, and then again from the first."""

    orders: Sequence[Order | None]
    costs: Price = field(default_factory=Price)
    n_asked: int = 0

    def price(self, steps: Sequence[Step]) -> Price:
        return self.costs

    def next(self, steps: Sequence[Step]) -> Order | None:
        self.n_asked += 1
        return self.orders[(self.n_asked - 1) % len(self.orders)]


@dataclass
class Noting:
    """An act that takes note of what it was ordered to do."""

    name: str = "look"
    about: str = ""
    n_looks: int = 0
    done: list[Order] = field(default_factory=list)

    def do(self, order: Order) -> Observation:
        self.done.append(order)
        found = tuple(Evidence(span, "picture", self.name, 0.9, 1.0) for span in order.spans)
        return Observation("done", found)


def look(*spans: Span) -> Order:
    return Order("look", (), spans)


def test_it_ends_when_there_is_enough() -> None:
    act = Noting()
    done = investigate(Scripted([look(HERE), look(THERE), Order(ANSWER)]), [act], Purse(Budget()))
    assert done.ending is Ending.FOUND and act.done == [look(HERE), look(THERE)]
    assert [e.span for e in done.found] == [THERE, HERE] and done.worth_showing(4) == [1.5, 5.5]


@pytest.mark.parametrize(
    ("orders", "ending", "n_done"),
    [
        ([look(HERE)], Ending.SETTLED, 1),  # it repeats itself
        ([look(HERE), look(THERE)], Ending.SETTLED, 2),  # it goes round in a circle
        ([None], Ending.SETTLED, 0),  # it never gives an order
        ([Order("format", ("c:",), (HERE,))], Ending.SETTLED, 0),  # it wants what is no act
        ([Order("look")], Ending.SETTLED, 0),  # it never says where
        ([None, look(HERE), None, look(THERE), None], Ending.SETTLED, 2),
        ([look(Span(i, i + 1)) for i in range(100)], Ending.SPENT, 8),  # it is never satisfied
    ],
)
def test_a_chooser_that_never_ends_is_ended(
    orders: Sequence[Order | None], ending: Ending, n_done: int
) -> None:
    act, tape = Noting(), Tape()
    done = investigate(Scripted(orders), [act], Purse(Budget()), trace=tape)
    assert (done.ending, len(act.done)) == (ending, n_done)
    assert tape.rows[-1][0] == "investigated" and len(tape.rows) == len(done.steps) + 1


@pytest.mark.parametrize(
    ("budget", "n_asked"),
    [
        (Budget(calls=3), 3), (Budget(calls=0), 0), (Budget(tokens=250), 2), (Budget(frames=11), 2),
        (Budget(seconds=0), 0),
    ],
)  # fmt: skip
def test_the_chooser_is_paid_for_before_it_is_asked(budget: Budget, n_asked: int) -> None:
    chooser = Scripted([look(Span(i, i + 1)) for i in range(100)], Price(1, 5, 100))
    purse = Purse(budget)
    assert investigate(chooser, [Noting()], purse).ending is Ending.SPENT
    assert chooser.n_asked == n_asked == purse.calls


def test_an_act_beyond_the_budget_is_not_done() -> None:
    act = Noting("read", n_looks=5)
    orders = [Order("read", (), (Span(i, i + 1),)) for i in range(4)]
    done = investigate(Scripted([*orders, Order(ANSWER)]), [act], purse := Purse(Budget(looks=12)))
    assert len(act.done) == 2 and purse.looks == 10
    assert ["no room" in step.observation.said for step in done.steps] == [False, False, True, True]


def test_what_cannot_be_looked_for_ends_nothing() -> None:
    class Refusing(Noting):
        def do(self, order: Order) -> Observation:
            raise RequestError("too short a phrase")

    done = investigate(Scripted([look(HERE), Order(ANSWER)]), [Refusing()], Purse(Budget()))
    assert done.ending is Ending.FOUND and "too short" in done.steps[0].observation.said


def test_a_model_that_fails_is_an_error() -> None:
    class Failing(Noting):
        def do(self, order: Order) -> Observation:
            raise ModelError("out of memory")

    with pytest.raises(ModelError):
        investigate(Scripted([look(HERE)]), [Failing()], Purse(Budget()))


def test_what_was_done_before_is_no_step_of_it() -> None:
    begun = Step(look(HERE), Observation("shown", (Evidence(HERE, "picture", "shown", 0.9, 1.0),)))
    orders = [look(Span(10 + i, 11 + i)) for i in range(100)]
    done = investigate(Scripted(orders), [Noting()], Purse(Budget()), Limits(n_steps=2), [begun])
    assert len(done.steps) == 3 and done.steps[0] is begun and HERE in [e.span for e in done.found]


def test_of_what_was_found_and_looked_at_something_of_both_is_shown() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    frames = tuple(StampedFrame(float(second), picture) for second in range(30, 36))
    found = tuple(Evidence(Span(s, s + 1.0), "speech", "x", 0.9, 1.0) for s in (100.0, 110.0, 120.0))
    steps = [Step(look(HERE), Observation("", found)), Step(look(THERE), Observation("", frames=frames))]
    assert Investigation(steps).worth_showing(4) == [30.0, 31.0, 100.5, 110.5]
    assert Investigation(steps).worth_showing(20) == [*range(30, 36), 100.5, 110.5, 120.5]
    assert Investigation(steps[1:]).worth_showing(2) == [30.0, 31.0]
    # What was shown before it began gave no answer.
    assert Investigation(steps[1:], n_begun=1).worth_showing(8) == []
    assert Investigation(steps).worth_showing(0) == []


spans = st.builds(lambda a, b: Span(a, a + b), st.floats(0, 50), st.floats(0, 9))
orders = st.none() | st.builds(
    Order,
    st.sampled_from(["look", "recall", "compare", "delete", ANSWER]),
    st.lists(st.text(max_size=5), max_size=2).map(tuple),
    st.lists(spans, max_size=3).map(tuple),
)
budgets = st.builds(Budget, st.integers(0, 20), st.integers(0, 12), st.integers(0, 60), st.integers(0, 900))


@given(st.lists(orders, min_size=1, max_size=12), budgets, st.integers(0, 6))
def test_limits_hold_whatever_is_ordered(given_: list[Order | None], budget: Budget, n_steps: int) -> None:
    chooser, purse = Scripted(given_, Price(1, 5, 100)), Purse(budget)
    acts = [Noting("look", n_looks=3), Noting("recall"), Noting("compare")]
    done = investigate(chooser, acts, purse, Limits(n_steps=n_steps))
    assert done.ending is not None and len(done.steps) <= n_steps
    assert purse.calls <= budget.calls and purse.frames <= budget.frames
    assert purse.looks <= budget.looks and purse.tokens <= budget.tokens
    for act in acts:
        assert len(set(act.done)) == len(act.done)
        assert all(order.act == act.name for order in act.done)


def test_the_same_orders_come_to_the_same() -> None:
    def run() -> Iterator[object]:
        tape = Tape()
        given_ = [look(HERE), None, Order("recall", ("x",)), look(THERE), Order(ANSWER)]
        yield investigate(Scripted(given_), [Noting(), Noting("recall")], Purse(Budget()), trace=tape)
        yield tape.rows

    assert list(run()) == list(run())

"""Words that the memory lacks are read and heard once more where they may stand, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from memories import MIDDLE, memory_of
from tapes import Tape

from vidagent.agent.acts.act import Observation, Order
from vidagent.agent.evidence import Evidence
from vidagent.agent.methods.spending import Ending
from vidagent.agent.question import understand
from vidagent.agent.second_look import BUDGET, orders_for, second_look
from vidagent.index.memory import Memory
from vidagent.index.records import Text
from vidagent.tools.clock import Span

NEAR = Evidence(Span(40.0, 42.0), "picture", "it shows: a platform", 0.7, 1.0)
FAR = Evidence(Span(200.0, 202.0), "speech", "platform", 0.2, 0.3)


@dataclass
class Reader:
    """An act that reads given words wherever it is sent."""

    words: str
    name: str = "read"
    sense: str = "screen"
    about: str = ""
    n_looks: int = 6
    orders: list[Order] = field(default_factory=list)

    def do(self, order: Order) -> Observation:
        self.orders.append(order)
        texts = tuple(Text(0, self.sense, span, self.words, 0.9, MIDDLE) for span in order.spans)
        return Observation("read", texts=texts)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return memory_of(
        tmp_path / "library.db", speech=[(10.0, 14.0, "we walk to the station", 0.4)], duration_s=600.0
    )


def ask(text: str) -> object:
    return understand(text, 600.0)


SIGN = 'When does "PLATFORM NINE" appear on screen?'


def test_what_stands_near_a_hint_answers(memory: Memory) -> None:
    act = Reader("PLATFORM NINE")
    found, draft = second_look(memory, ask(SIGN), [NEAR, FAR], [act])
    assert [order.spans for order in act.orders] == [(Span(38.0, 44.0),)]
    assert found[0].span == Span(38.0, 44.0) and draft.support == (found[0],) and draft.is_sure(0.25)
    assert draft.text == str(Span(38.0, 44.0))


@pytest.mark.parametrize("words", ["PLATFORM EIGHT", "NINE PLATES", "", "ENIN MROFTALP"])
def test_other_words_answer_nothing(memory: Memory, words: str) -> None:
    found, draft = second_look(memory, ask(SIGN), [NEAR], [Reader(words)])
    assert found == [] and not draft.text


@pytest.mark.parametrize(
    "text",
    [
        "Why does he leave?",  # no words to read answer it
        'How many times does he say "platform"?',  # it would have to read everything
        'When does "PLATFORM NINE" appear on screen? A) 1:00 B) 2:00',
        "When is the sea calm?",  # neither on screen nor said
    ],
)
def test_nothing_is_done_where_it_helps_nothing(memory: Memory, text: str) -> None:
    act = Reader("platform nine")
    assert second_look(memory, ask(text), [NEAR], [act])[0] == [] and act.orders == []


def test_without_a_hint_only_a_short_window_is_read(memory: Memory) -> None:
    assert orders_for(memory, ask(SIGN), [], {"read"}) == ()
    within = understand(SIGN, 600.0).within(Span(100.0, 130.0))
    assert orders_for(memory, within, [], {"read"}) == (Order("read", (), (Span(100.0, 130.0),)),)


def test_speech_of_low_trust_is_heard_again_and_of_high_trust_not(memory: Memory, tmp_path: Path) -> None:
    question = ask('When does he say "platform nine"?')
    act = Reader("they say it is on platform nine", "hear", "speech")
    assert second_look(memory, question, [NEAR], [act])[1].is_sure(0.25)
    trusted = memory_of(
        tmp_path / "trusted.db", speech=[(10.0, 14.0, "we walk", 1.0)], duration_s=600.0, title="trusted"
    )
    assert orders_for(trusted, question, [NEAR], {"hear", "read"}) == ()


def test_a_yes_needs_the_words(memory: Memory) -> None:
    question = ask('Does "PLATFORM NINE" appear on screen?')
    assert second_look(memory, question, [NEAR], [Reader("PLATFORM NINE")])[1].text == "yes"
    assert second_look(memory, question, [NEAR], [Reader("PLATFORM TWO")])[1].text == ""


def test_it_costs_no_more_than_its_budget(memory: Memory) -> None:
    near = [Evidence(Span(s, s + 1.0), "picture", "x", 0.9, 1.0) for s in range(50, 500, 50)]
    tape = Tape()
    act = Reader("nothing", n_looks=10)
    second_look(memory, ask(SIGN), near, [act], tape)
    assert len(act.orders) * act.n_looks <= BUDGET.looks and [
        row["ending"] for row in tape.named("investigated")
    ] == [Ending.FOUND]

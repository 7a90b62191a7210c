"""What lies before, after or during another moment is looked for there, and a follow-up beside the last answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from memories import island_of

from vidagent.agent.answer import Answer
from vidagent.agent.placing import placed
from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.session import Session
from vidagent.tools.clock import Span


@pytest.fixture
def island(tmp_path: Path) -> Iterator[Memory]:
    memory = island_of(tmp_path / "library.db")
    yield memory
    memory.library.close()


def starts(answer: Answer) -> list[float]:
    return [moment.span.start_s for moment in answer.moments]


def test_the_same_words_are_found_on_the_side_that_is_asked_for(island: Memory) -> None:
    assert starts(ask(island, "When is NORTH HARBOR shown before the storm is coming?")) == [62.0]
    assert starts(ask(island, "When is NORTH HARBOR shown after the storm is coming?")) == [190.0]


def test_what_is_said_beside_a_moment_needs_no_words(island: Memory) -> None:
    assert ask(island, "What is said after the ferry leaves?").text == "Three boats are out in the morning."
    assert ask(island, "What is said right before the ferry leaves?").text == "The dog is called Captain."
    assert ask(island, "What is on screen while lightning hit the tower?").abstained
    assert ask(island, "What is on screen during the sentence 'Three boats are out'?").text == "12 June"


def test_a_moment_that_is_not_found_limits_nothing(island: Memory) -> None:
    question = understand("What is said after the helicopter lands?", 240.0)
    assert placed(island, question, None) is question


def test_the_answer_may_stand_in_the_sentence_of_the_moment(island: Memory) -> None:
    answer = ask(island, "What do they find after they open the box?")
    assert answer.text == "They open the box and find gold coins."


def test_a_named_stretch_and_a_moment_limit_both(island: Memory) -> None:
    answer = ask(island, "What is said after the ferry leaves?", within=Span(60.0, 100.0))
    assert answer.abstained or min(starts(answer)) >= 60.0


def test_a_follow_up_goes_on_from_the_last_answer(island: Memory) -> None:
    session = Session(island.library, "a")
    assert ask(island, "Who keeps the lighthouse?", session=session).moments[0].span.start_s == 2.0
    assert ask(island, "And what is said after that?", session=session).moments[0].span.start_s == 10.0
    assert ask(island, "And after that?", session=session).moments[0].span.start_s == 18.0
    assert ask(island, "What is said before that?", session=session).moments[0].span.start_s == 10.0


def test_a_follow_up_survives_the_process_and_an_answer_that_was_not_found(
    island: Memory, tmp_path: Path
) -> None:
    ask(island, "When does the ferry leave?", session=Session(island.library, "a"))
    with Library(tmp_path / "library.db") as library:
        memory, session = Memory(library, island.video), Session(library, "a")
        assert ask(memory, "When does the helicopter land?", session=session).abstained
        assert starts(ask(memory, "What is said next?", session=session))[0] == 50.0


def test_without_a_last_answer_nothing_follows_it(island: Memory) -> None:
    session = Session(island.library, "a")
    assert session.last(island.video) is None
    assert ask(island, "And after that?", session=session).abstained
    assert ask(island, "And after that?").abstained


def test_the_last_answer_goes_with_its_video(island: Memory) -> None:
    session = Session(island.library, "a")
    ask(island, "When does the ferry leave?", session=session)
    assert session.last(island.video) == Span(30.0, 34.0)
    island.library.remove(island.video)
    assert session.last(island.video) is None


def test_what_lies_between_two_moments(island: Memory) -> None:
    between = ask(island, "What is said between the ferry leaves and she climbs two hundred steps?")
    assert between.text == "Three boats are out in the morning."
    assert starts(between)[0] == 50.0
    turned = understand("What is said between 'two hundred steps' and 'the ferry leaves'?", 240.0)
    placed_ = placed(island, turned, None)
    assert placed_.window == Span(34.0, 70.0)
    assert placed_.beside == ("after", Span(30.0, 34.0))


def test_between_a_moment_and_one_that_is_not_found_limits_nothing(island: Memory) -> None:
    for text in (
        "What is said between the ferry leaves and the helicopter lands?",
        "What is said between the helicopter lands and the ferry leaves?",
        "What is said between the ferry leaves and the ferry leaves?",
    ):
        question = understand(text, 240.0)
        assert question.relation is not None
        assert placed(island, question, None) is question


@pytest.mark.parametrize(
    "text",
    [
        "How long does she speak after the ferry leaves?",
        "Who speaks after the ferry leaves? A) Mary B) Tom",
        "Summarize what happens after the ferry leaves.",
    ],
)
def test_lengths_summaries_and_choices_are_not_limited(island: Memory, text: str) -> None:
    question = understand(text, 240.0)
    assert question.relation is not None
    assert placed(island, question, None) is question


def test_a_moment_named_in_another_language_is_found_without_its_small_words(island: Memory) -> None:
    question = understand("Was wird nach dem Satz 'Three boats are out' gesagt?", 240.0)
    assert placed(island, question, None).window == Span(54.0, 240.0)

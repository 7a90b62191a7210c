"""An answer's confidence is a probability, and what others as sure came to stands beside it."""

from __future__ import annotations

import pytest
from memories import island_of

from vidagent.agent.answer import Answer
from vidagent.agent.calibration import SURE_MAX, calibrated, calibration_of
from vidagent.agent.planner import ABSTAIN_BELOW, ask
from vidagent.agent.question import understand
from vidagent.agent.reading import NAME
from vidagent.agent.search import search
from vidagent.cli.rendering import answer_lines
from vidagent.index.memory import Memory
from vidagent.tools.models.scripted import ScriptedModel


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("confidence") / "library.db")


def told(memory: Memory, text: str) -> float:
    """How sure the reader of the memory tells to be."""
    question = understand(text, memory.video.duration_s)
    return search(memory, question, ABSTAIN_BELOW, None, None).draft.confidence


@pytest.mark.parametrize(
    "text", ["When does the ferry leave?", "Who keeps the lighthouse?", "Does anybody mention a whale?"]
)
def test_what_the_reader_tells_is_made_a_probability(island: Memory, text: str) -> None:
    answer = ask(island, text)
    assert not answer.abstained
    assert answer.confidence == round(calibrated(told(island, text), answer.kind, NAME), 4) <= SURE_MAX


def test_what_is_not_given_is_no_surer_than_the_reader(island: Memory) -> None:
    text = "When does the helicopter land?"
    answer = ask(island, text)
    assert answer.abstained and answer.confidence <= told(island, text) < ABSTAIN_BELOW


def test_a_least_confidence_is_held_against_the_probability(island: Memory) -> None:
    text = "When does the ferry leave?"
    sure = ask(island, text).confidence
    assert not ask(island, text, min_confidence=sure - 0.01).abstained
    unsure = ask(island, text, min_confidence=min(1.0, sure + 0.01))
    assert unsure.abstained and unsure.confidence == sure


def lines(answer: Answer) -> list[str]:
    return [line for line in answer_lines(answer) if line.startswith("confidence")]


def test_what_others_as_sure_came_to_is_said(island: Memory) -> None:
    answer = ask(island, "When does the ferry leave?")
    calibration = calibration_of(NAME)
    assert calibration is not None
    others = calibration.as_sure(answer.confidence)
    expected = f"(of {others.n} test answers as sure, {others.n_right} were right)"
    assert lines(answer) == [f"confidence {answer.confidence:.2f} {expected}"] and others.n > 20


def test_of_a_video_llm_and_of_what_was_not_found_nothing_was_counted(island: Memory) -> None:
    assert calibration_of(ScriptedModel(lambda prompt: "").name) is None
    absent = ask(island, "When does the helicopter land?")
    assert lines(absent) == [f"confidence {absent.confidence:.2f}"]


@pytest.mark.parametrize("text", ["When is nobody speaking?", "Summarise the video."])
def test_of_what_goes_by_more_than_a_few_words_nothing_was_counted(island: Memory, text: str) -> None:
    answer = ask(island, text)
    assert not answer.abstained and answer.as_sure is None
    assert answer.confidence == pytest.approx(told(island, text), abs=1e-4)
    assert lines(answer) == [f"confidence {answer.confidence:.2f}"]

"""Multiple choice: the option that the evidence speaks of, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.agent.planner import ask
from vidagent.index.memory import Memory


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("choice") / "library.db")


@pytest.mark.parametrize(
    ("question", "options", "letter", "start_s"),
    [
        ("At what time does the ferry leave?", ["at seven", "at eight", "at nine", "at ten"], "C", 30.0),
        ("What colour is the bottle?", ["blue", "green", "brown", "clear"], "B", 96.0),
        ("Who is the director?", ["Ann Other", "Ada Lorenz", "Tom Field"], "B", 222.0),
        ("What hit the tower?", ["lightning", "a ship", "a whale"], "A", 124.0),
        ("Where did the storm come from?", ["the south", "the north"], "B", 112.0),
        ("Which pier is given for Port Ellen?", ["Pier 5", "Pier 2"], "B", 84.0),
        ("What did they find in the box?", ["silver spoons", "letters", "gold coins"], "C", 214.0),
    ],
)
def test_the_option_that_the_video_speaks_of(
    island: Memory, question: str, options: list[str], letter: str, start_s: float
) -> None:
    draft = drafted(island, question, *options)
    assert (draft.option, draft.text) == (letter, options[ord(letter) - ord("A")])
    assert draft.support[0].span.start_s == start_s
    assert draft.confidence > 0.5


@pytest.mark.parametrize("place", range(4))
def test_the_place_of_the_right_option_does_not_matter(island: Memory, place: int) -> None:
    options = ["at seven", "at eight", "at ten"]
    options.insert(place, "at nine")
    assert drafted(island, "At what time does the ferry leave?", *options).option == "ABCD"[place]


def test_options_in_the_text_are_the_same(island: Memory) -> None:
    given = drafted(island, "What hit the tower?", "a ship", "lightning")
    assert drafted(island, "What hit the tower? A) a ship B) lightning") == given


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("What does she drink?", ["tea", "milk"]),
        ("What does the whale eat?", ["fish", "plankton"]),
        ("Which?", ["?", "!"]),
    ],
)
def test_no_option_where_none_is_spoken_of(island: Memory, question: str, options: list[str]) -> None:
    assert drafted(island, question, *options) == NOT_FOUND
    answer = ask(island, question, tuple(options))
    assert (answer.option, answer.abstained, answer.kind) == (None, True, "choice")


def test_an_option_that_is_only_said_elsewhere_is_not_chosen_surely(island: Memory) -> None:
    assert drafted(island, "What does the whale eat?", "copper wire", "plankton").confidence < 0.5


def test_an_answer_in_the_next_sentence_counts(tmp_path: Path) -> None:
    speech = [(0.0, 3.0, "What does the whale eat?", 1.0), (3.0, 6.0, "Plankton, mostly.", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech)
    assert drafted(memory, "What does the whale eat?", "seals", "plankton").option == "B"


def test_a_question_that_is_asked_aloud_is_answered_by_its_neighbour(tmp_path: Path) -> None:
    question = "What does the large blue whale eat all winter?"
    memory = memory_of(
        tmp_path / "a.db", speech=[(0.0, 3.0, question, 1.0), (3.0, 6.0, "Plankton, mostly.", 1.0)]
    )
    draft = drafted(memory, question, "seals", "plankton")
    assert (draft.option, draft.support[0].quote) == ("B", question)


def test_seconds_that_are_named_limit_the_options_too(tmp_path: Path) -> None:
    screen = [(2.0, 6.0, "Winner: Ann", MIDDLE), (30.0, 36.0, "Winner: Bob", MIDDLE)]
    memory = memory_of(tmp_path / "a.db", screen=screen)
    assert drafted(memory, "Who is the winner after 0:20?", "Ann", "Bob").option == "B"
    assert drafted(memory, "Who is the winner before 0:20?", "Ann", "Bob").option == "A"

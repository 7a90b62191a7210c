"""Which comes first: each thing is found, and their seconds are compared."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.index.memory import Memory


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("order") / "library.db")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which comes first: the storm or the ferry?", "the ferry"),
        ("Which comes first: the ferry or the storm?", "the ferry"),
        ("Which comes first, the gold coins or the red screen?", "the red screen"),
        ("What is mentioned first: the copper wire or the green bottle?", "the green bottle"),
        ("What is said earlier: 'gold coins' or 'copper wire'?", "'copper wire'"),
        ("Which comes last: the storm or the ferry?", "the storm"),
        ("Which came later, the storm or the ferry?", "the storm"),
        ("Which is mentioned last: the ferry or the storm?", "the storm"),
        ("Which of these happened later: the ferry or the storm?", "the storm"),
        ("Which of these appeared last: the ferry or the storm?", "the storm"),
        ("Is the red screen before or after the words LIFEBOAT LAUNCH?", "after"),
        ("Is 'LIFEBOAT LAUNCH' before or after the red screen?", "before"),
        ("Is NORTH HARBOR after or before LIFEBOAT LAUNCH?", "before"),
        ("Did the storm come before or after the ferry?", "after"),
        (
            "In which order are the copper wire, the green bottle and the ferry shown?",
            "the ferry shown, then the green bottle, then the copper wire",
        ),
    ],
)
def test_the_order_of_things(island: Memory, question: str, text: str) -> None:
    draft = drafted(island, question)
    assert draft.text == text
    spans = [e.span for e in draft.support]
    assert spans == sorted(spans)
    assert draft.confidence == min(e.confidence for e in draft.support)


@pytest.mark.parametrize(
    "question",
    [
        "Which comes first: the whale or the storm?",
        "Is the storm before or after the helicopter?",
        "Which comes first: the green screen or the storm?",
        "Which comes first?",
        "In which order are the lectures shown?",
    ],
)
def test_no_order_where_one_thing_is_missing(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


@pytest.mark.parametrize(
    "question",
    ["Is the lightning before or after the dark lamp?", "Which comes first: Mary Baker or Gull Island?"],
)
def test_no_order_of_what_comes_in_one_breath(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


def test_the_first_of_several_mentions_counts(tmp_path: Path) -> None:
    speech = [(2.0, 4.0, "a goose", 1.0), (20.0, 22.0, "a horse", 1.0), (40.0, 42.0, "a goose", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech)
    draft = drafted(memory, "Which comes first: the horse or the goose?")
    assert draft.text == "the goose"
    assert [e.span.start_s for e in draft.support] == [2.0, 20.0]


@pytest.mark.parametrize("order", list(permutations(["ALPHA LINE", "BETA LINE", "GAMMA LINE"])))
def test_three_things_in_any_order(tmp_path: Path, order: tuple[str, str, str]) -> None:
    screen = [(10.0 * n, 10.0 * n + 5.0, name, MIDDLE) for n, name in enumerate(order)]
    memory = memory_of(tmp_path / "a.db", screen=screen)
    draft = drafted(memory, "In which order are 'ALPHA LINE', 'BETA LINE' and 'GAMMA LINE' seen?")
    assert draft.text.replace(" seen", "") == ", then ".join(f"'{name}'" for name in order)

"""How long: measured where it was seen or read, else as long as somebody says."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import drafted, island_of, levels, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.index.memory import Memory


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("duration") / "library.db")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How long does the screen stay red?", "10.0 s"),
        ("For how many seconds is the screen red?", "10.0 s"),
        ("How many seconds does the screen stay red?", "10.0 s"),
        ("How long is 'LIFEBOAT LAUNCH' on screen?", "6.0 s"),
        ("For how long can we read LIFEBOAT LAUNCH?", "6.0 s"),
        ("How long is NORTH HARBOR on screen?", "14.0 s in all: 6.0 s, 8.0 s"),
        ("How long is NORTH HARBOR on screen after 1:30?", "8.0 s"),
        ("How long does the first black stretch take?", "4.0 s"),
        ("How long does the second black stretch take?", "8.2 s"),
        ("How long is the longest silence?", "7.0 s"),
        ("What is the length of the silence?", "7.0 s"),
        ("How long did the storm last?", "5 hours"),
        ("For how many hours did the storm last?", "5 hours"),
    ],
)
def test_a_length_of_time(island: Memory, question: str, text: str) -> None:
    draft = drafted(island, question)
    assert draft.text == text
    assert draft.confidence > 0.5
    assert draft.support


@pytest.mark.parametrize(
    "question",
    [
        "How long did the war last?",
        "How long is 'abandon ship' on screen?",
        "How long is the screen green?",
        "How long does the third black stretch take?",
        "How long is LIFEBOAT LAUNCH on screen after 3:00?",
        "How long did she repair the lamp?",
    ],
)
def test_no_length_of_what_never_came(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


def test_the_proof_of_a_measured_length_is_as_long(island: Memory) -> None:
    (evidence,) = drafted(island, "How long is 'LIFEBOAT LAUNCH' on screen?").support
    assert evidence.span.duration_s == 6.0


@pytest.mark.parametrize("first_s", [5.0, 30.0])
def test_the_longest_of_several_silences_is_one(tmp_path: Path, first_s: float) -> None:
    loudness = levels(60.0, [(first_s, first_s + 7.0), (50.0, 56.0)])
    memory = memory_of(tmp_path / "a.db", loudness=loudness)
    assert drafted(memory, "How long is the longest silence?").text == "7.0 s"


def test_a_video_that_is_silent_all_through(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", loudness=levels(60.0, [(0.0, 60.0)]))
    assert drafted(memory, "How long is it silent?").text == "60.0 s"

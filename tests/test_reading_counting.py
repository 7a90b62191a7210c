"""How many, how often: counted moments, or the number that is stated; a lower bound where not all was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("counting") / "library.db")


@pytest.mark.parametrize(
    ("question", "text", "n_moments"),
    [
        ("How many boats are out in the morning?", "3", 1),
        ("How many steps does she climb?", "200", 1),
        ("How many sailors were saved?", "2", 1),
        ("Count the boats.", "3", 1),
        ("How many times does NORTH HARBOR appear?", "2 times", 2),
        ("How many times does LIFEBOAT LAUNCH appear?", "once", 1),
        ("How many times does the screen turn black?", "2 times", 2),
        ("How many times does the screen turn red?", "once", 1),
        ("How often does the narrator say 'storm'?", "2 times", 2),
        ("How many times is the word 'captain' spoken?", "3 times", 2),
        ("How many times does NORTH HARBOR appear after 1:30?", "once", 1),
        ("How many times is there no sound?", "2 times", 2),
    ],
)
def test_a_number_with_its_moments(island: Memory, question: str, text: str, n_moments: int) -> None:
    draft = drafted(island, question)
    assert (draft.text, len(draft.support)) == (text, n_moments)
    assert list(draft.support) == sorted(draft.support, key=lambda e: e.span)


@pytest.mark.parametrize(
    "question",
    [
        "How many whales are there?",
        "How many lamps does she have?",
        "How many boats are out after 3:00?",
        "How many times does 'abandon ship' appear?",
        "How many times does the screen turn green?",
        "How often does he say 'helicopter'?",
    ],
)
def test_no_number_for_what_never_came(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


def test_a_line_that_flickers_counts_once(tmp_path: Path) -> None:
    screen = [
        (2.0, 4.0, "SEA ROSE", MIDDLE),
        (5.0, 8.0, "SEA ROSE", MIDDLE),
        (20.0, 24.0, "SEA ROSE", MIDDLE),
    ]
    memory = memory_of(tmp_path / "a.db", screen=screen)
    assert drafted(memory, "How many times does SEA ROSE appear?").text == "2 times"


def test_a_sentence_that_says_a_phrase_twice_counts_twice(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(2.0, 4.0, "Sea rose, oh sea rose, my sea.", 1.0)])
    draft = drafted(memory, "How many times does he say 'sea rose'?")
    assert (draft.text, draft.support[0].span) == ("2 times", Span(2.0, 4.0))


def said_twice(path: Path, trust: float = 1.0, share: float = 1.0) -> Memory:
    speech = [(2.0, 4.0, "the captain comes", trust), (30.0, 32.0, "the captain goes", trust)]
    return memory_of(path / f"{trust} {share}.db", speech=speech, shares={"speech": share})


@pytest.mark.parametrize(
    ("trust", "share", "text"),
    [(1.0, 1.0, "2 times"), (0.4, 1.0, "at least 2 times"), (1.0, 0.5, "at least 2 times")],
)
def test_what_was_not_heard_well_is_a_lower_bound(
    tmp_path: Path, trust: float, share: float, text: str
) -> None:
    assert drafted(said_twice(tmp_path, trust, share), "How often does he say 'captain'?").text == text


def test_less_trust_makes_less_sure(tmp_path: Path) -> None:
    question = "How often does he say 'captain'?"
    sure, unsure = (drafted(said_twice(tmp_path, trust), question).confidence for trust in (1.0, 0.4))
    assert sure > unsure > 0


def test_colours_are_counted_as_far_as_pictures_were_seen(tmp_path: Path) -> None:
    rows = [(10.0, 12.0, "red"), (20.0, 22.0, "red"), (30.0, 32.0, "red")]
    memory = memory_of(tmp_path / "a.db", colours=rows, shares={"picture": 0.6})
    assert drafted(memory, "How many times does the screen turn red?").text == "at least 3 times"


def test_silences_of_any_length_are_counted(tmp_path: Path) -> None:
    loudness = [-90 if 50 <= n < 70 or 200 <= n < 290 else -20 for n in range(600)]
    memory = memory_of(tmp_path / "a.db", loudness=loudness)
    assert drafted(memory, "How many times is it silent?").text == "2 times"


def test_what_was_only_told_of_may_have_happened_more_often(tmp_path: Path) -> None:
    speech = [(2.0, 4.0, "She climbs the tower.", 1.0), (30.0, 32.0, "Again she climbs the tower.", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech)
    assert drafted(memory, "How many times does she climb the tower?").text == "at least 2 times"
    assert drafted(memory, "How often does she say 'tower'?").text == "2 times"


@pytest.mark.parametrize(
    ("shares", "text"),
    [({}, "once"), ({"screen": 0.5}, "at least once"), ({"speech": 0.5}, "at least once")],
)
def test_every_sense_that_was_asked_for_has_to_have_looked(
    tmp_path: Path, shares: dict[str, float], text: str
) -> None:
    speech = [(2.0, 4.0, "the captain comes", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech, shares=shares)
    assert drafted(memory, "How often does the word 'captain' come up?").text == text


def test_one_sentence_that_is_trusted_does_not_make_the_rest_trusted(tmp_path: Path) -> None:
    speech = [(2.0, 4.0, "the captain comes", 1.0), (8.0, 9.0, "mumble mumble", 0.3)]
    memory = memory_of(tmp_path / "a.db", speech=speech, trust=0.6)
    assert drafted(memory, "How often does he say 'captain'?").text == "at least once"


@pytest.mark.parametrize(("n", "text"), [(59, "59 times"), (61, "at least 60 times")])
def test_more_than_are_weighed_are_a_lower_bound(tmp_path: Path, n: int, text: str) -> None:
    speech = [(10.0 * i, 10.0 * i + 3.0, f"the captain waits, {i}", 1.0) for i in range(n)]
    memory = memory_of(tmp_path / "a.db", speech=speech, duration_s=10.0 * n)
    assert drafted(memory, "How often does he say 'captain'?").text == text


def test_a_video_that_is_still_being_read_may_hold_more(tmp_path: Path) -> None:
    memory = said_twice(tmp_path)
    memory.video = replace(memory.video, is_whole=False)
    assert drafted(memory, "How often does he say 'captain'?").text == "at least 2 times"


@pytest.mark.parametrize(
    "question",
    [
        "How frequently does he say 'captain'?",
        "How many mentions of 'captain' are spoken?",
        "Wie oft sagt er 'captain'?",
    ],
)
def test_how_often_is_asked_in_many_words(tmp_path: Path, question: str) -> None:
    assert drafted(said_twice(tmp_path), question).text == "2 times"


def test_a_number_of_things_is_the_one_that_is_stated(island: Memory) -> None:
    assert drafted(island, "What is the number of boats in the morning?").text == "3"

"""A question may name its seconds by another moment; what only sounds like that is left alone."""

from __future__ import annotations

import time

import pytest

from vidagent.agent.relation import Relation, relation_in


@pytest.mark.parametrize(
    ("text", "side", "anchor", "rest"),
    [
        ("What does she say after the storm?", "after", "the storm", "What does she say"),
        ("What does she say before the break?", "before", "the break", "What does she say"),
        (
            "When does he sit down until the music stops?",
            "before",
            "the music stops",
            "When does he sit down",
        ),
        ("After the title, what is said?", "after", "the title", "what is said?"),
        ("Before she leaves, who comes in?", "before", "she leaves", "who comes in?"),
        ("What is said while the screen is red?", "during", "the screen is red", "What is said"),
        ("What is shown during the countdown?", "during", "the countdown", "What is shown"),
        ("When does it rain following the speech?", "after", "the speech", "When does it rain"),
        ("What is said after 'before dawn'?", "after", "'before dawn'", "What is said"),
    ],
)
def test_a_moment_named_by_another(text: str, side: str, anchor: str, rest: str) -> None:
    found = relation_in(text)
    assert found is not None
    assert (found.side, found.anchor, found.rest, found.is_close) == (side, anchor, rest, False)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("And after that?", "after"),
        ("What happens next?", "after"),
        ("What does he say then?", "after"),
        ("And before this?", "before"),
        ("What is said before?", "before"),
        ("What is on screen at that moment?", "during"),
    ],
)
def test_a_follow_up_names_the_last_answer(text: str, side: str) -> None:
    found = relation_in(text)
    assert found is not None
    assert (found.side, found.anchor) == (side, "")


@pytest.mark.parametrize("word", ["just", "right", "shortly", "immediately"])
def test_what_is_asked_for_closely(word: str) -> None:
    assert relation_in(f"What is said {word} after the storm?") == Relation(
        "after", "the storm", "What is said", True
    )


@pytest.mark.parametrize(
    "text",
    [
        "When does the ferry leave?",
        "When is the word 'before' spoken?",
        "How many boats are there?",
        "Is there a dog?",
        "Then, who is the director?",
        "What is the afternoon like?",
        "What comes after the?",
        "",
    ],
)
def test_what_states_no_relation(text: str) -> None:
    assert relation_in(text) is None


@pytest.mark.parametrize("text", ["after " * 5_000, "what " + " " * 50_000 + "after x", "next " * 9_000])
def test_a_long_text_takes_no_time(text: str) -> None:
    begun_s = time.process_time()
    relation_in(text)
    assert time.process_time() - begun_s < 4.0


@pytest.mark.parametrize(
    ("text", "anchor", "until", "rest"),
    [
        ("What is said between the storm and the race?", "the storm", "the race", "What is said"),
        ("Between the storm and the race, who speaks?", "the storm", "the race", "who speaks?"),
        (
            "What is shown from the title until the first song?",
            "the title",
            "the first song",
            "What is shown",
        ),
        ("What happens between 'salt and oil' and the race?", "'salt and oil'", "the race", "What happens"),
    ],
)
def test_a_stretch_between_two_moments(text: str, anchor: str, until: str, rest: str) -> None:
    assert relation_in(text) == Relation("after", anchor, rest, until=until)


@pytest.mark.parametrize(
    "text",
    [
        "What is the difference between the cat and the dog?",
        "Who sits between Anna and Tom?",
        "Who looks after the dog?",
        "What is the man following?",
        "Who is next to the door?",
        "What is the following step?",
        "Was he still there?",
        "Who is named after a king?",
        "What is between the and a?",
    ],
)
def test_words_of_time_that_say_nothing_of_time(text: str) -> None:
    assert relation_in(text) is None


@pytest.mark.parametrize(
    ("text", "side", "anchor", "is_close"),
    [
        ("As soon as the music stops, who leaves?", "after", "the music stops", True),
        ("Once the music stops, who leaves?", "after", "the music stops", False),
        ("When the music stops, who leaves?", "during", "the music stops", False),
        ("Who leaves by the time the music stops?", "before", "the music stops", False),
        ("Who leaves in the middle of the song?", "during", "the song", False),
    ],
)
def test_other_words_for_a_side(text: str, side: str, anchor: str, is_close: bool) -> None:
    found = relation_in(text)
    assert found is not None
    assert (found.side, found.anchor, found.is_close) == (side, anchor, is_close)

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
    begun_s = time.perf_counter()
    relation_in(text)
    assert time.perf_counter() - begun_s < 0.5

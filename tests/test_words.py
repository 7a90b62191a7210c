"""Which words of a question carry content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.agent.words import content_words, is_carrier, is_light
from vidagent.index.stemming import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("When does the ferry leave?", ["ferry", "leave"]),
        ("Who keeps the lighthouse, and why?", ["keeps", "lighthouse"]),
        ("What is the name of Mary's dog?", ["mary", "dog"]),
        ("Is there anything on screen about a whale?", ["whale"]),
        ("How many times is it mentioned in the video?", []),
        ("the dog, the DOG and the Dog", ["dog"]),
        ("flight 815 to x and y", ["flight", "815"]),
        ("gate 7", ["gate", "7"]),
        ("Why didn't she come?", ["come"]),
        ("What doesn't the keeper like?", ["keeper", "like"]),
        ("Wasn't it he who'd won?", ["won"]),
        ("Wo ist das Café?", ["wo", "ist", "das", "café"]),
        ("", []),
        ("?!", []),
    ],
)
def test_content_is_what_evidence_should_hold(text: str, words: list[str]) -> None:
    assert content_words(text) == words


@given(st.text(max_size=300))
def test_content_words_are_words_of_the_text_each_once(text: str) -> None:
    words = content_words(text)
    assert len(words) == len(set(words))
    assert set(words) <= set(words_of(text))


@pytest.mark.parametrize("word", ["sign", "board", "slide", "credits", "letter"])
def test_what_words_stand_on(word: str) -> None:
    assert is_carrier(word)
    assert not is_light(word)


@pytest.mark.parametrize("word", ["come", "went", "put", "standing"])
def test_verbs_that_mean_little(word: str) -> None:
    assert is_light(word)
    assert not is_carrier(word)


@pytest.mark.parametrize("word", ["storm", "climb", "lamp", ""])
def test_words_that_mean_much(word: str) -> None:
    assert not is_light(word)
    assert not is_carrier(word)

"""A question is understood in the language that it is asked in; without rules for that, by its words and times."""

from __future__ import annotations

from dataclasses import fields

import pytest

from vidagent.agent.languages.choice import LANGUAGES, PLAIN, by_code, language_of
from vidagent.agent.question import understand
from vidagent.tools.clock import Span

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("When does the ferry leave?", "en"),
        ("Who won?", "en"),
        ("Summarize!", "en"),
        ("lighthouse", "en"),
        ("SEA ROSE", "en"),
        ("Wann legt die Fähre ab?", "de"),
        ("Wer gewinnt?", "de"),
        ("Quand est-ce que le bateau part ?", "und"),
        ("¿Cuándo dice algo el capitán?", "und"),
        ("什么时候说话", "und"),
        ("Что говорит капитан?", "und"),
    ],
)
def test_the_language_of_a_question(text: str, code: str) -> None:
    assert language_of(text).code == code
    assert understand(text, HOUR_S).language == code


@pytest.mark.parametrize(
    ("text", "window", "words"),
    [
        ("Que dit le capitaine à 12:30 ?", Span(745, 755), {"que", "dit", "le", "capitaine"}),
        ("¿Qué pasa entre 1:00 y 2:00?", Span(60, 120), {"qué", "pasa", "entre"}),
        ("什么时候说话 12:30-13:00", Span(750, 780), {"什么时候说话"}),
        ("Что говорит капитан?", None, {"что", "говорит", "капитан"}),
        ("Que dit le capitaine à 9:99 ?", None, {"que", "dit", "le", "capitaine", "9:99"}),
    ],
)
def test_a_language_without_rules_is_understood_by_words_and_times(
    text: str, window: Span | None, words: set[str]
) -> None:
    question = understand(text, HOUR_S)
    assert (question.kind, question.language, question.window) == ("what", "und", window)
    assert set(question.words) == words
    assert question.relation is None
    assert not question.senses


def test_what_is_quoted_in_any_language_is_a_phrase() -> None:
    assert understand("¿Cuándo dice «hola mundo» el capitán?", HOUR_S).phrases == ("hola mundo",)
    assert understand("Wann erscheint „Zehn Jahre später“?", HOUR_S).phrases == ("Zehn Jahre später",)


def test_a_language_may_be_given() -> None:
    question = understand("after the storm", HOUR_S, language=PLAIN)
    assert (question.language, question.words) == ("und", ("after", "the", "storm"))


def test_a_language_is_known_by_its_code() -> None:
    assert [by_code(language.code) for language in LANGUAGES] == list(LANGUAGES)
    assert by_code("xx") is PLAIN


@pytest.mark.parametrize("language", LANGUAGES, ids=[language.code for language in LANGUAGES])
def test_a_language_with_rules_leaves_out_nothing_that_decides(language: object) -> None:
    optional = {"colours", "clause", "order_ending"}
    left_out = {f.name for f in fields(PLAIN) if getattr(language, f.name) == getattr(PLAIN, f.name)}
    assert left_out <= optional

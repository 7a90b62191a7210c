"""Questions as people ask them, each with what a person understands by it; the rules understand the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vidagent.agent.languages.choice import LANGUAGES
from vidagent.agent.question import Question, understand
from vidagent.agent.words import content_words

HOUR_S = 3600.0
Row = dict[str, Any]
# What a row leaves out is not so; these alone it may leave open.
_OPEN = ("words", "senses")
_USUAL: Row = {
    "kind": "what", "options": [], "phrases": [], "window_s": None, "ordinal": None, "relation": None, "items": [],
    "colours": "", "is_negated": False, "is_every": False, "counts_moments": False, "is_follow_up": False,
    "language": "en",
}  # fmt: skip
_NO_RELATION: Row = {"until": "", "is_close": False}


def rows_of(name: str) -> list[Row]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


ROWS = rows_of("question_set.jsonl")
HELD_OUT = rows_of("question_set_held_out.jsonl")
GERMAN = rows_of("question_set_german.jsonl")
ALL = [*ROWS, *HELD_OUT, *GERMAN]


def words(text: str, question: Question) -> set[str]:
    language = next(each for each in LANGUAGES if each.code == question.language)
    return set(content_words(text, language))


def understood(question: Question) -> Row:
    """What was understood, as a row would say it."""
    relation, window = question.relation, question.window
    return {
        "kind": question.kind,
        "options": list(question.options),
        "phrases": list(question.phrases),
        "words": {*question.words, *question.asides},
        "senses": set(question.modalities),
        "window_s": [round(window.start_s, 3), round(window.end_s, 3)] if window else None,
        "ordinal": question.ordinal,
        "relation": relation
        and {
            "side": relation.side,
            "anchor": words(relation.anchor, question),
            "until": words(relation.until, question),
            "is_close": relation.is_close,
        },
        "items": list(question.items),
        "colours": " ".join(question.colours),
        "is_negated": question.is_negated,
        "is_every": question.is_every,
        "counts_moments": question.counts_moments,
        "is_follow_up": question.is_follow_up,
        "language": question.language,
    }


def expected(row: Row) -> Row:
    """The row with what it leaves out, words as sets."""
    whole: Row = {**_USUAL, **{key: value for key, value in row.items() if key != "question"}}
    whole |= {key: set(whole[key].split()) for key in _OPEN if key in whole}
    if whole["relation"]:
        whole["relation"] = {**_NO_RELATION, **whole["relation"]}
        for moment in ("anchor", "until"):
            whole["relation"][moment] = set(whole["relation"][moment].split())
    return whole


@pytest.mark.parametrize("row", ALL, ids=[row["question"][:60] for row in ALL])
def test_the_rules_understand_what_a_person_understands(row: Row) -> None:
    found = understood(understand(row["question"], HOUR_S))
    wanted = expected(row)
    assert {key: found[key] for key in wanted} == wanted


def test_the_set_is_large_and_varied() -> None:
    english = [row["question"] for row in (*ROWS, *HELD_OUT)]
    assert len(set(english)) >= 160
    assert len(set(english)) == len(english)
    assert {row["kind"] for row in (*ROWS, *HELD_OUT)} == {
        "when", "what", "count", "duration", "order", "yesno", "summary",
    }  # fmt: skip
    assert len({row["question"] for row in GERMAN}) >= 20


def test_a_wrong_expectation_would_be_noticed() -> None:
    row = {**ROWS[0], "is_negated": True}
    found = understood(understand(row["question"], HOUR_S))
    assert {key: found[key] for key in expected(row)} != expected(row)

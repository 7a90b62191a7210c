"""An answer is right or wrong by the question's own row, and so are its seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidagent.agent.answer import Answer, Moment, Recall
from vidagent.agent.grading import Grade, grade
from vidagent.index.records import Video
from vidagent.tools.clock import Span

VIDEO = Video(1, "ab" * 32, Path("film.mp4"), "film", 1, 1, "", "", "{}", 600.0, 640, 360, ())
FAST = Recall("fast", 0.9, ())
FAR = (500.0, 510.0)


def answer(
    text: str,
    kind: str = "what",
    *moments: tuple[float, float],
    option: str | None = None,
    abstained: bool = False,
) -> Answer:
    shown = tuple(Moment(Span(*moment), 0.9, "speech", text, 1.0) for moment in moments)
    confidence = 0.0 if abstained else 0.9
    return Answer(VIDEO, "?", kind, text, option, abstained, confidence, shown, (), "extractive", FAST, 0.1)


def row(gold: str, *evidence: tuple[float, float], options: list[str] | None = None) -> dict[str, object]:
    made: dict[str, object] = {"answer": gold, "evidence_s": [list(pair) for pair in evidence]}
    return made | ({"options": options} if options else {})


@pytest.mark.parametrize(
    ("kind", "gold", "right", "wrong"),
    [
        ("what", "gold coins", "they found gold coins in it", "they found a letter"),
        ("what", "Ada Lorenz", "Director  Ada Lorenz", "Director  Tom Field"),
        ("what", "thirty meters", "30 meters", "13 meters"),
        ("what", "under the old bridge", "the key lies under the old bridge", "behind the old mill"),
        ("count", "2", "2 times", "3 times"),
        ("count", "1", "once", "2 times"),
        ("count", "3", "three", "thirteen"),
        ("count", "200", "two hundred", "20"),
        ("count", "6", "at least 6 times", "at least 4 times"),
        ("duration", "10 seconds", "10.5 s", "12.0 s"),
        ("duration", "22 seconds", "21.2 s", "2.2 s"),
        ("duration", "five hours", "five hours", "five days"),
        ("order", "the boat SEA ROSE", "the boat SEA ROSE", "the departure board"),
        ("order", "before", "before", "after"),
        ("yesno", "no", "no", "yes"),
        ("yesno", "Yes, twice", "yes", "no"),
        (
            "summary",
            "a keeper finds a letter in a bottle",
            "The keeper finds a bottle with a letter.",
            "Rain.",
        ),
    ],
)
def test_right_and_wrong_words(kind: str, gold: str, right: str, wrong: str) -> None:
    assert grade(row(gold), answer(right, kind)) == Grade(True, None)
    assert grade(row(gold), answer(wrong, kind)) == Grade(False, None)


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ((10.0, 20.0), True),
        ((12.0, 13.0), True),
        ((5.0, 60.0), True),
        ((15.0, 24.0), True),
        ((16.0, 30.0), False),
        ((0.0, 9.0), False),
        ((20.45, 20.65), False),
        (FAR, False),
    ],
)
def test_a_moment_holds_where_half_of_the_shorter_is_shared(moment: tuple[float, float], holds: bool) -> None:
    assert grade(row("4:46", (10.0, 20.0)), answer("00:10.0", "when", moment)) == Grade(holds, holds)


@pytest.mark.parametrize("moment", [FAR[:1] * 2, (0.0, 0.0)])
def test_a_moment_without_length_holds_nothing_elsewhere(moment: tuple[float, float]) -> None:
    assert grade(row("0:10", (10.0, 20.0)), answer("0:10", "when", moment)) == Grade(False, False)


def test_when_needs_no_words_but_true_seconds() -> None:
    assert grade(row("0:10", (10.0, 20.0)), answer("0:10", "when")) == Grade(False, False)


def test_only_the_best_moment_counts_against_any_evidence() -> None:
    known = row("2", (10.0, 20.0), (40.0, 50.0))
    assert grade(known, answer("2 times", "count", (41.0, 49.0), FAR)) == Grade(True, True)
    assert grade(known, answer("2 times", "count", FAR, (41.0, 49.0))) == Grade(True, False)


def test_right_words_with_wrong_seconds_are_told_apart() -> None:
    assert grade(row("gold coins", (10.0, 20.0)), answer("gold coins", "what", FAR)) == Grade(True, False)


def test_a_choice_is_its_letter() -> None:
    known = row("C", (10.0, 20.0), options=["at seven", "at eight", "at nine"])
    assert grade(known, answer("at nine", "choice", (10.0, 20.0), option="C")) == Grade(True, True)
    assert grade(known, answer("at nine", "choice", (10.0, 20.0), option="B")) == Grade(False, True)
    assert not grade(known, answer("C", "choice", (10.0, 20.0))).is_right


def test_abstaining_is_right_only_where_there_is_nothing() -> None:
    silent = answer("not found: nothing", "what", FAR, abstained=True)
    assert grade(row("not found"), silent) == Grade(True, None)
    assert grade(row("not found"), answer("a train", "what", FAR)) == Grade(False, None)
    assert grade(row("gold coins", (10.0, 20.0)), silent) == Grade(False, False)
    assert grade(row("no"), silent) == Grade(False, None)


def test_no_number_is_no_count() -> None:
    assert not grade(row("2"), answer("often", "count")).is_right


def test_a_number_within_words_is_not_the_number() -> None:
    assert not grade(row("2"), answer("at least 12 times", "count")).is_right

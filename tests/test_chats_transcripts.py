"""A saved conversation: what a video says never becomes a link, a picture, a tag or a control sequence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Rememberer

from vidagent.agent.answer import Answer
from vidagent.agent.planner import ask
from vidagent.cli.chats.rendering import turn_lines
from vidagent.cli.chats.transcripts import escaped, json_lines, markdown_lines, write
from vidagent.cli.chats.turns import Failure, Turn
from vidagent.tools.errors import ModelError, RequestError

BAD = "\x1b[2J![x](http://evil/a.png) <img src=x> # ```"


@pytest.fixture
def turns(remember: Rememberer) -> list[Turn]:
    """A question to a film that says bad things and to one that has nothing to say of it."""
    bad = remember(title="bad\x1b[2J ![x] <b>", texts=[(1.0, 2.0, f"The ferry leaves at nine. {BAD}")])
    answers = [answer_of(memory) for memory in (remember(title="island", texts=[(1.0, 2.0, "Hello.")]), bad)]
    return [Turn.of("When does the\nferry leave?", answers, [Failure("third", ModelError("it failed"))])]


def answer_of(memory: object) -> Answer:
    return ask(memory, "When does the ferry leave?")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, 02:46.4–02:52.3", "plain words, 02:46.4–02:52.3"),
        ("![a](b) <i>", r"\!\[a\](b) \<i\>"),
        ("# a", r"\# a"),
        ("- a", r"\- a"),
        ("  + a - b", r"  \+ a - b"),
        ("1. a", r"1\. a"),
        ("1999 was", "1999 was"),
        ("a\n# b", r"a \# b"),
        ("\x1b[2Ja_b", r"a\_b"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_markdown_holds_the_turn_and_nothing_that_acts(turns: list[Turn]) -> None:
    text = "\n".join(markdown_lines(turns))
    assert "## When does the ferry leave?" in text
    assert r"\[island\] not found" in text and r"\[bad \!\[x\] \<b\>\] 00:01.0–00:02.0" in text
    assert r"- \[third\] it failed" in text
    for sign in ("\x1b", "![", "](", "<img", "```"):
        assert sign not in text.replace(f"\\{sign[0]}", "")


def test_json_lines_hold_the_documented_answers(turns: list[Turn]) -> None:
    (line,) = json_lines(turns)
    row = json.loads(line)
    assert row["answers"] == [answer.to_json() for answer in turns[0].answers]
    assert row["failures"] == [{"video": "third", "error": "it failed"}]
    assert "\x1b" not in line


@pytest.mark.parametrize("name", ["talk", "talk.txt", "talk.mp4"])
def test_another_ending_is_refused(turns: list[Turn], name: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has to end in"):
        write(turns, tmp_path / name, is_forced=True)
    assert not (tmp_path / name).exists()


def test_what_was_found_stands_before_what_was_not(remember: Rememberer) -> None:
    nothing = [answer_of(remember(title=title, texts=[(1.0, 2.0, "Hello.")])) for title in ("a", "b")]
    absent = [replace(answer, confidence=1.0) for answer in nothing]
    found = answer_of(remember(title="c", texts=[(1.0, 2.0, "The ferry leaves at nine.")]))
    turn = Turn.of("?", [*absent, found])
    assert [answer.video.title for answer in turn.answers] == ["c", "a", "b"]
    lines = [line for line, _ in turn_lines(turn, names_video=True)]
    assert (lines[0], lines[-1]) == ("[c] 00:01.0–00:02.0", "not found in: [a], [b]")
    assert [answer for _, answer in turn_lines(turn, True) if answer] == [found]
    with pytest.raises(RequestError, match="no moment"):
        assert Turn.of("?", absent).moment

"""``vidagent search`` finds words across all remembered videos, whatever the words are."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from commands import Commands
from memories import island_of, memory_of

HOSTILE = "{{7*7}} \x1b[2J lighthouse NEAR(col:*)"


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    """Commands on a library that remembers a film and two talks."""
    path = tmp_path / "library.db"
    island_of(path).library.close()
    memory_of(
        path,
        speech=[(1, 4, "The harbour is calm tonight.", 1.0), (5, 9, "A storm sank the boat.", 0.5)],
        screen=[(2, 6, "STORM WARNING", (0.1, 0.1, 0.9, 0.2))],
        title="weather",
    ).library.close()
    memory_of(path, speech=[(3, 8, HOSTILE, 1.0)], title="odd").library.close()
    return Commands(monkeypatch, capsys, path)


def test_a_hit_is_a_line_with_video_span_words_and_sense(vidagent: Commands) -> None:
    done = vidagent("search", "calm harbour")
    assert (done.code, done.complaint) == (0, "")
    assert re.fullmatch(
        r"[0-9a-f]{8} weather  00:01.0–00:04.0  “The harbour is calm tonight\.” \(speech\)", done.lines[0]
    )


def test_hits_of_one_video_stand_together(vidagent: Commands) -> None:
    names = [line.split("  ")[0] for line in vidagent("search", "storm harbor boat box").lines]
    assert len(set(names)) == 2
    assert len(names) > 3
    changes = sum(a != b for a, b in pairwise(names))
    assert changes == 1


def test_json_has_exact_seconds_and_the_whole_text(vidagent: Commands) -> None:
    rows = vidagent("search", "storm", "--video", "weather", "--json").value
    assert {(row["sense"], row["start_s"], row["end_s"], row["text"]) for row in rows} == {
        ("speech", 5.0, 9.0, "A storm sank the boat."),
        ("screen", 2.0, 6.0, "STORM WARNING"),
    }
    assert {row["title"] for row in rows} == {"weather"}
    assert [row["trust"] for row in rows if row["sense"] == "speech"] == [0.5]
    assert rows == sorted(rows, key=lambda row: -row["score"])


def test_a_search_can_be_limited(vidagent: Commands) -> None:
    senses = vidagent("search", "storm", "--video", "weather", "--sense", "screen", "--json").value
    assert [row["text"] for row in senses] == ["STORM WARNING"]
    assert len(vidagent("search", "storm box boat harbor", "--limit", "2").lines) == 2
    both = vidagent("search", "harbour box", "--video", "weather", "--video", "island", "--json").value
    assert {row["title"] for row in both} == {"weather", "island"}


def test_words_in_quotes_have_to_stand_as_written(vidagent: Commands) -> None:
    assert len(vidagent("search", '"calm tonight"', "--json").value) == 1
    assert vidagent("search", '"tonight calm"').lines == ["nothing found"]


@pytest.mark.parametrize("words", ["walrus", "???", '"', "", "☎", "\0"])
def test_nothing_found_is_a_result(vidagent: Commands, words: str) -> None:
    done = vidagent("search", words)
    assert (done.code, done.out, done.complaint) == (0, "nothing found\n", "")
    assert vidagent("search", words, "--json").value == []


@pytest.mark.parametrize(
    "words",
    ['"lighthouse', "lighthouse NEAR", "NEAR(lighthouse, 3)", "stems:lighthouse", "col: lighthouse*", "(lighthouse",
     "lighthouse AND", "x -lighthouse", "^lighthouse", "lighthouse'", "{lighthouse} : x", "{{7*7}}"],
)  # fmt: skip
def test_no_word_is_a_command(vidagent: Commands, words: str) -> None:
    rows = vidagent("search", words, "--video", "odd", "--json")
    assert (rows.code, rows.complaint) == (0, "")
    assert [row["title"] for row in rows.value] == ["odd"]


def test_words_come_back_as_they_were_but_cannot_write_to_the_terminal(vidagent: Commands) -> None:
    done = vidagent("search", "{{7*7}}")
    assert "{{7*7}}  lighthouse NEAR(col:*)" in done.out
    assert "\x1b" not in done.out
    assert vidagent("search", "{{7*7}}", "--json").value[0]["text"] == HOSTILE


def test_an_empty_library_has_nothing(vidagent: Commands, tmp_path: Path) -> None:
    assert vidagent("search", "storm", library=tmp_path / "new.db").lines == ["nothing found"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [(("storm", "--video", "walrus"), 5, "walrus"), (("storm", "--limit", "0"), 2, "limit"),
     (("storm", "--sense", "smell"), 2, "sense"), ((), 2, "WORDS")],
)  # fmt: skip
def test_errors_are_clear(vidagent: Commands, words: tuple[str, ...], code: int, told: str) -> None:
    done = vidagent("search", *words)
    assert (done.code, done.out) == (code, "")
    assert told in done.complaint

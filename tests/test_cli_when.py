"""``vidagent when`` lists all moments of a description, and all sequences of several, as a table and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from commands import Commands
from memories import MIDDLE, memory_of

SPEECH = [
    (10.0, 12.0, "What a goal by the captain!", 1.0),
    (15.0, 18.0, "The crowd rises to its feet.", 1.0),
    (40.0, 42.0, "There is a foul in the middle.", 1.0),
    (50.0, 52.0, "Another goal!", 1.0),
    (55.0, 56.0, "But there was a foul before.", 1.0),
    (60.0, 63.0, "The crowd rises again.", 1.0),
    (90.0, 92.0, "The goal stands.", 1.0),
]
HEAD = ["start_s", "end_s", "time", "confidence"]


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    """Commands on a library that remembers a match, a match that was half heard, and an odd film."""
    path = tmp_path / "library.db"
    screen = [(50.5, 54.0, "GOAL", MIDDLE)]
    memory_of(path, speech=SPEECH, screen=screen, duration_s=120.0, title="match").library.close()
    half = {"speech": 0.5, "screen": 0.5}
    memory_of(path, speech=SPEECH, duration_s=120.0, shares=half, title="half").library.close()
    odd = [(2.0, 4.0, '=SUM(1) "storm", they say\x1b[2J', 1.0), (6.0, 8.0, "+1 storm\nand more", 1.0)]
    memory_of(path, speech=odd, title="odd").library.close()
    return Commands(monkeypatch, capsys, path)


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def starts_of(vidagent: Commands, *words: str) -> list[list[float]]:
    rows = vidagent("when", "match", *words, "--json").value
    return [[part["start_s"] for part in row["parts"]] for row in rows]


def test_moments_of_a_description_are_lines_in_order_of_time(vidagent: Commands) -> None:
    done = vidagent("when", "match", "goal")
    assert done.code == 0
    assert [line.split("  ")[0] for line in done.lines] == [
        "00:10.0–00:12.0",
        "00:50.0–00:54.0",
        "01:30.0–01:32.0",
    ]
    assert done.lines[0].startswith("00:10.0–00:12.0  “What a goal by the captain!” (speech)  confidence 0.9")
    assert "speech, words on screen" in done.lines[1] or "words on screen, speech" in done.lines[1]
    assert "looked at: picture 100% (made picture)" in done.complaint


def test_sequences_are_those_that_follow_soon_enough(vidagent: Commands) -> None:
    then = ("goal", "--then", "crowd rises")
    assert starts_of(vidagent, *then, "--within", "20s") == [[10.0, 15.0], [50.0, 60.0]]
    assert starts_of(vidagent, *then, "--within", "3s") == [[10.0, 15.0]]
    assert starts_of(vidagent, *then, "--within", "2.9s") == []
    assert starts_of(vidagent, *then) == [[10.0, 15.0], [10.0, 60.0], [50.0, 60.0]]


def test_a_third_follows_the_second(vidagent: Commands) -> None:
    done = vidagent("when", "match", "goal", "--then", "foul", "--then", "crowd rises", "--within", "10s")
    assert len(done.lines) == 1 and done.lines[0].count("  then  ") == 2
    (row,) = vidagent(
        "when", "match", "goal", "--then", "foul", "--then", "crowd rises", "--within", "10s", "--json"
    ).value
    assert [part["description"] for part in row["parts"]] == ["goal", "foul", "crowd rises"]
    assert (row["start_s"], row["end_s"]) == (50.0, 63.0)
    product = 1.0
    for part in row["parts"]:
        product *= part["confidence"]
    assert row["confidence"] == pytest.approx(product, abs=1e-4)


def test_what_has_something_between_is_left_out(vidagent: Commands) -> None:
    words = ("goal", "--then", "crowd rises", "--within", "20s", "--without", "foul")
    assert starts_of(vidagent, *words) == [[10.0, 15.0]]
    done = vidagent("when", "match", *words)
    assert done.lines[0].endswith("without “foul”: looked for in words on screen, speech")
    (row,) = vidagent("when", "match", *words, "--json").value
    assert row["without"] == {"description": "foul", "sure": True, "looked_for_in": ["screen", "speech"]}


def test_where_too_little_was_looked_at_absence_is_no_more_than_that(vidagent: Commands) -> None:
    words = ("goal", "--then", "crowd rises", "--within", "20s", "--without", "foul")
    done = vidagent("when", "half", *words)
    assert done.lines[0].endswith("without “foul”: as far as was looked")
    (row,) = vidagent("when", "half", *words, "--json").value
    assert row["without"] == {"description": "foul", "sure": False, "looked_for_in": []}
    assert table_of(vidagent("when", "half", *words, "--csv").out)[0]["without"] == "as far as was looked"


def test_csv_has_seconds_a_readable_time_and_cells_for_each_part(vidagent: Commands) -> None:
    done = vidagent("when", "match", "goal", "--then", "crowd rises", "--within", "3s", "--csv")
    (row,) = table_of(done.out)
    parts = [f"part_{place}_{name}" for place in (1, 2) for name in (*HEAD, "senses", "quotes")]
    assert list(row) == [*HEAD, *parts]
    assert (row["start_s"], row["end_s"], row["time"]) == ("10.000", "18.000", "00:10.0–00:18.0")
    assert (row["part_2_start_s"], row["part_2_senses"]) == ("15.000", "speech")
    assert row["part_2_quotes"] == "The crowd rises to its feet."


def test_no_cell_is_a_formula_whatever_was_said(vidagent: Commands) -> None:
    done = vidagent("when", "odd", "storm", "--csv")
    rows = table_of(done.out)
    assert [row["quotes"] for row in rows] == ['\'=SUM(1) "storm", they say', "'+1 storm and more"]
    assert '"\'=SUM(1) ""storm"", they say"' in done.out
    assert all(
        cell.isprintable() and not cell.startswith(("=", "+", "-", "@")) for r in rows for cell in r.values()
    )
    assert [row["parts"][0]["quotes"][0][0] for row in vidagent("when", "odd", "storm", "--json").value] == [
        "=",
        "+",
    ]


@pytest.mark.parametrize(
    ("words", "header"),
    [
        ((), [*HEAD, "senses", "quotes"]),
        (
            ("--then", "goal", "--without", "foul"),
            [*HEAD, "without", *(f"part_{i}_{name}" for i in (1, 2) for name in (*HEAD, "senses", "quotes"))],
        ),
    ],
    ids=["moments", "sequences"],
)
def test_nothing_found_is_an_answer_that_says_what_was_looked_at(
    vidagent: Commands, words: tuple[str, ...], header: list[str]
) -> None:
    text = vidagent("when", "match", "helicopter", *words)
    assert (text.code, text.out) == (0, "")
    assert "“helicopter” 0 times" in text.complaint
    assert "looked at: picture 100% (made picture); words on screen 100%" in text.complaint
    table = vidagent("when", "match", "helicopter", *words, "--csv")
    assert (table.code, table.out) == (0, ",".join(header) + "\r\n")
    assert "looked at: " in table.complaint
    assert vidagent("when", "match", "helicopter", *words, "--json").value == []


def test_the_first_rows_are_printed_and_it_is_said_that_there_are_more(vidagent: Commands) -> None:
    done = vidagent("when", "match", "goal", "--limit", "2")
    assert len(done.lines) == 2 and "more than these 2 rows" in done.complaint
    all_of_them = vidagent("when", "match", "goal", "--limit", "3")
    assert len(all_of_them.lines) == 3 and "more than" not in all_of_them.complaint


def test_rows_below_a_confidence_are_left_out(vidagent: Commands) -> None:
    words = ("goal by the captain", "--min-confidence")
    assert starts_of(vidagent, *words, "0") == [[10.0], [50.0], [90.0]]
    assert starts_of(vidagent, *words, "0.5") == [[10.0]]
    assert starts_of(vidagent, words[0]) == [[10.0]]
    assert vidagent("when", "match", "huge captain bird").lines == []
    assert "faint signs of it (1) are left out" in vidagent("when", "match", "huge captain bird").complaint
    both = ("goal", "--then", "crowd rises", "--within", "20s")
    assert starts_of(vidagent, *both, "--min-confidence", "0.95") == []


def test_only_a_stretch_is_looked_at(vidagent: Commands) -> None:
    done = vidagent("when", "match", "goal", "--from", "0:30", "--to", "1:00")
    assert [line.split("  ")[0] for line in done.lines] == ["00:50.0–00:54.0"]
    assert "looked only at 00:30.0–01:00.0" in done.complaint


def test_a_video_not_met_before_is_remembered_first(vidagent: Commands, tmp_path: Path) -> None:
    talk = tmp_path / "talk.vtt"
    talk.write_text("WEBVTT\n\n00:00:03.000 --> 00:00:05.000\nThe ferry leaves at nine.\n")
    (row,) = vidagent("when", talk, "ferry", "--json").value
    assert (row["start_s"], row["end_s"]) == (3.0, 5.0)


def test_the_same_words_get_the_same_bytes(vidagent: Commands) -> None:
    one, other = (vidagent("when", "match", "goal", "--then", "crowd", "--csv") for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("goal", "--within", "20s"), "--then"),
        (("goal", "--without", "foul"), "--then"),
        (("goal", "--then", "crowd", "--within", "soon"), "--within: not a time"),
        (("goal", "--then", "crowd", "--within", "-5s"), "--within: not a length"),
        (("goal", "--then", "crowd", "--within", "10%"), "--within: not a length"),
        (("?!",), "has no word"),
        (("goal", "--then", " "), "has no word"),
        (("goal", "--then", "crowd", "--without", ""), "has no word"),
        (("goal", "--csv", "--json"), "choose one"),
        (("goal", "--limit", "0"), "limit"),
        (("goal", "--min-confidence", "2"), "min-confidence"),
    ],
)
def test_a_slip_is_told_before_a_video_is_read(vidagent: Commands, words: tuple[str, ...], told: str) -> None:
    done = vidagent("when", "not there.mp4", *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.complaint


def test_an_unknown_video_is_told(vidagent: Commands) -> None:
    assert vidagent("when", "walrus", "goal").code == 5

"""``vidagent events``: the timeline in every form, at every level, and cut anew without a model."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from clips import make_clip, solid, steady
from commands import Commands, Done
from conftest import Rememberer

from vidagent.index.library import Library
from vidagent.index.records import Event
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span

RED, BLUE, BLACK = (230, 10, 10), (10, 10, 220), (0, 0, 0)
FIELDS = ["level", "start_s", "end_s", "gist", "height", "salience", "final", "duplicate_of_s"]
HOSTILE = [
    "=HYPERLINK(1)", "+1", "-1 --> 2", "@sum", "<b>bold</b> & co", "two\nlines\x1b[31m\u2028\x00", "",
    "NOTE 00:00.000 --> 00:01.000", 'said "so", they say',
]  # fmt: skip
THIRD_S = 20.0 / 3


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.sqlite")


@pytest.fixture
def hostile(vidagent: Commands, library: Library, remember: Rememberer) -> Commands:
    """Commands on a library with a video "talk" whose gists are up to no good; the last event is not final."""
    events = [Event(Span(THIRD_S * i, THIRD_S * (i + 1)), 0.5, gist) for i, gist in enumerate(HOSTILE)]
    remember(events=events, duration_s=60.0)
    with library.transaction() as connection:
        connection.execute("UPDATE event SET is_final = 0 WHERE end_us = 60000000")
        connection.execute("UPDATE event SET duplicate_of = 2 WHERE id = 5")
    return vidagent


def test_json_has_a_row_for_each_event_with_its_gist_as_it_is(hostile: Commands) -> None:
    rows = hostile("events", "talk", "--json").value
    assert [list(row) for row in rows] == [FIELDS] * len(HOSTILE)
    assert [row["gist"] for row in rows] == HOSTILE
    assert {row["level"] for row in rows} == {"event"}
    assert [row["final"] for row in rows] == [True] * (len(HOSTILE) - 1) + [False]


def test_a_repeated_event_names_the_second_at_which_the_first_one_begins(hostile: Commands) -> None:
    rows = hostile("events", "talk", "--json").value
    assert [row["duplicate_of_s"] for row in rows if row["duplicate_of_s"] is not None] == [6.667]
    assert rows[4]["duplicate_of_s"] == rows[1]["start_s"]
    assert "looks like 00:06.7" in hostile("events", "talk").lines[4]


@pytest.mark.parametrize("level", ["moments", "events", "chapters"])
def test_times_are_whole_milliseconds_and_tile_the_video(hostile: Commands, level: str) -> None:
    rows = hostile("events", "talk", "--level", level, "--json").value
    edges = [(row["start_s"], row["end_s"]) for row in rows]
    assert (edges[0][0], edges[-1][1]) == (0.0, 60.0)
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert all(round(edge, 3) == edge for pair in edges for edge in pair)
    assert {row["level"] for row in rows} == {level.removesuffix("s")}


def test_no_cell_of_csv_is_a_formula_and_none_is_lost(hostile: Commands) -> None:
    header, *rows = csv.reader(io.StringIO(hostile("events", "talk", "--csv").out, newline=""))
    assert header == FIELDS
    gists = [row[FIELDS.index("gist")] for row in rows]
    assert gists[:4] == ["'=HYPERLINK(1)", "'+1", "'-1 --> 2", "'@sum"]
    assert gists[8] == HOSTILE[8]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    assert all(cell.isprintable() for row in rows for cell in row)
    assert [row[FIELDS.index("final")] for row in rows] == ["true"] * 8 + ["false"]


def cues_of(text: str) -> list[tuple[float, float, str]]:
    """Cues as the WebVTT parser of the W3C takes them apart: blocks between blank lines."""
    head, *blocks = re.split(r"\n\n+", text.strip("\n"))
    assert head == "WEBVTT"
    return [cue_of(block.split("\n")) for block in blocks]


def cue_of(lines: Sequence[str]) -> tuple[float, float, str]:
    clock = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"
    found = re.fullmatch(f"{clock} --> {clock}", lines[0])
    assert found and len(lines) == 2 and "-->" not in lines[1]
    numbers = [int(number) for number in found.groups()]
    start_s, end_s = (
        h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (tuple(numbers[:4]), tuple(numbers[4:]))
    )
    return start_s, end_s, lines[1]


def test_webvtt_is_valid_whatever_the_gists_are(hostile: Commands) -> None:
    cues = cues_of(hostile("events", "talk", "--vtt").out)
    assert len(cues) == len(HOSTILE)
    assert [end for _, end, _ in cues[:-1]] == [start for start, _, _ in cues[1:]]
    assert cues[4][2] == "&lt;b&gt;bold&lt;/b&gt; &amp; co"
    assert all(text.isprintable() and "<" not in text for _, _, text in cues)
    assert [text.startswith("(provisional) ") for _, _, text in cues] == [False] * 8 + [True]


def test_a_timeline_of_days_has_hours_of_any_length(vidagent: Commands, remember: Rememberer) -> None:
    events = [Event(Span(0.0, 360_000.5), 1.0, "a"), Event(Span(360_000.5, 514_000.0), 0.5, "b")]
    remember(events=events, duration_s=514_000.0)
    assert "100:00:00.500 --> 142:46:40.000" in vidagent("events", "talk", "--vtt").out
    assert [row[1] for row in cues_of(vidagent("events", "talk", "--vtt").out)] == [360_000.5, 514_000.0]


def test_lines_for_a_person_say_what_may_still_change(hostile: Commands) -> None:
    lines = hostile("events", "talk").lines
    assert len(lines) == len(HOSTILE)
    assert [line.endswith("(provisional)") for line in lines] == [False] * 8 + [True]
    assert all(line.isprintable() for line in lines)


def test_a_stretch_is_chosen_in_every_form(hostile: Commands) -> None:
    limits = ("--from", "7", "--to", "20")
    assert len(hostile("events", "talk", *limits).lines) == 2
    assert [row["gist"] for row in hostile("events", "talk", *limits, "--json").value] == HOSTILE[1:3]
    assert len(cues_of(hostile("events", "talk", *limits, "--vtt").out)) == 2


@pytest.mark.parametrize(
    "form", [(), ("--json",), ("--csv",), ("--vtt",)], ids=["text", "json", "csv", "vtt"]
)
def test_a_file_gets_what_would_be_printed(hostile: Commands, tmp_path: Path, form: tuple[str, ...]) -> None:
    target = tmp_path / "timeline"
    target.write_text("what was there before")
    done = hostile("events", "talk", *form, "-o", target)
    assert (done.code, done.out) == (0, "")
    assert target.read_bytes().decode() == hostile("events", "talk", *form).out
    assert not list(tmp_path.glob(".timeline*"))


def test_a_file_that_cannot_be_written_is_one_line_and_changes_nothing(
    hostile: Commands, tmp_path: Path
) -> None:
    done = hostile("events", "talk", "-o", tmp_path / "missing" / "timeline.csv")
    assert (done.code, done.out) == (2, "")
    assert done.complaint.count("\n") == 1


def test_two_forms_at_once_are_refused(hostile: Commands) -> None:
    done = hostile("events", "talk", "--json", "--csv")
    assert done.code == 2
    assert "choose one" in done.complaint


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Half a minute of three colours, ten seconds each."""
    shades = (BLACK, RED, BLUE)
    return make_clip(
        tmp_path / "colours.mp4", steady(150, step_s=0.2), lambda i: solid(shades[i // 50], (160, 96))(i)
    )


def starts_of(done: Done) -> list[float]:
    return [row["start_s"] for row in done.value]


def test_a_video_is_cut_anew_without_looking_at_it_again(
    vidagent: Commands, colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vidagent("events", colours, "--json").value
    assert [row["start_s"] for row in first] == pytest.approx([0.0, 10.0, 20.0], abs=0.3)

    def look(*_: object) -> None:
        raise AssertionError("no model may be asked")

    monkeypatch.setattr(AppearanceEmbedder, "embed_images", look)
    monkeypatch.setattr("vidagent.index.ingest.guarded_probe", look)
    finer = vidagent("events", colours, "--cut-anew", "finer", "--json")
    assert len(finer.value) >= len(first)
    assert vidagent("events", colours, "--cut-anew", "usual", "--json").value == first
    assert json.loads(vidagent("events", colours, "--json").out) == first


@pytest.mark.parametrize(
    ("words", "expected_s"),
    [
        (("--min-event", "15"), [0.0]),
        (("--max-event", "6"), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]),
        (("--surprise", "previous"), [0.0, 10.0, 20.0]),
        (("--cut-anew", "coarser", "--surprise", "mean"), [0.0, 10.0, 20.0]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_how_it_was_cut_lasts_until_it_is_cut_anew(
    vidagent: Commands, colours: Path, words: tuple[str, ...], expected_s: list[float]
) -> None:
    usual = vidagent("events", colours, "--json").value
    cut = vidagent("events", colours, *words, "--json")
    assert starts_of(cut) == pytest.approx(expected_s, abs=0.5)
    assert vidagent("ingest", colours).code == 0
    assert vidagent("events", colours, "--json").value == cut.value
    assert vidagent("events", colours, "--cut-anew", "usual", "--json").value == usual


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--min-event", "0"), "longer than 0"),
        (("--min-event", "-1"), "longer than 0"),
        (("--min-event", "nan"), "longer than 0"),
        (("--max-event", "0.5"), "1 second or longer"),
        (("--max-event", "inf"), "1 second or longer"),
        (("--min-event", "40", "--max-event", "60"), "twice the shortest of 40"),
    ],
)
def test_lengths_that_cannot_be_are_refused_before_a_video_is_read(
    vidagent: Commands, tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = vidagent("events", tmp_path / "not there.mp4", *words)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.complaint
    assert done.complaint.count("\n") == 1


def test_subtitles_are_cut_anew_to_other_lengths(vidagent: Commands, tmp_path: Path) -> None:
    said = [
        f"00:{i // 60:02}:{i % 60:02}.000 --> 00:{i // 60:02}:{i % 60 + 8:02}.000" for i in range(0, 600, 10)
    ]
    talk = tmp_path / "talk.vtt"
    talk.write_text(
        "WEBVTT\n\n" + "\n\n".join(f"{cue}\nwords about {i} things" for i, cue in enumerate(said))
    )
    usual = starts_of(vidagent("events", talk, "--json"))
    cut = starts_of(vidagent("events", talk, "--max-event", "60", "--json"))
    assert len(cut) > len(usual)
    assert max(b - a for a, b in pairwise([*cut, 598.0])) <= 60.0
    assert starts_of(vidagent("events", talk, "--json")) == cut

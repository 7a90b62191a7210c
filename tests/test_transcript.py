"""A subtitle file can be remembered by itself: a timeline of words, without picture and sound."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from clips import make_clip, solid, steady

from vidagent.agent.planner import ask
from vidagent.index.ingest import Ingested, IngestSettings
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.search import search_library
from vidagent.index.transcript import ingest_transcript
from vidagent.index.upkeep import check
from vidagent.index.videos import known, remember, remembered
from vidagent.tools.clock import Span
from vidagent.tools.errors import MediaError, RequestError, UnknownVideoError
from vidagent.tools.tracks import Tracks

APOLLO = Path(__file__).parents[2] / "shared" / "media" / "subs" / "apollo13_tecatg.vtt"
with_apollo = pytest.mark.skipif(not APOLLO.exists(), reason="shared media are not there")

VTT = """WEBVTT

00:00:01.000 --> 00:00:04.000
<v Ann>The lighthouse burns.

00:10:00.000 --> 00:10:03.500
Nobody came to help.
"""
SRT = (
    "1\n00:00:01,000 --> 00:00:04,000\nThe lighthouse burns.\n\n"
    "2\n00:10:00,000 --> 00:10:03,500\nNobody came to help.\n"
)
ASS = """[Script Info]
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,The lighthouse burns.
Dialogue: 0,0:10:00.00,0:10:03.50,Default,,0,0,0,,Nobody came to help.
"""


def written(path: Path, text: str = VTT) -> Path:
    path.write_text(text)
    return path


def taken_in(library: Library, path: Path) -> Memory:
    done = ingest_transcript(library, path, IngestSettings())
    assert done is not None
    return Memory(library, done.video)


@pytest.mark.parametrize(
    ("name", "text"), [("talk.vtt", VTT), ("talk.srt", SRT), ("talk.ass", ASS), ("TALK.SSA", ASS)]
)
def test_each_kind_of_subtitle_file_is_a_timeline(
    library: Library, tmp_path: Path, name: str, text: str
) -> None:
    memory = taken_in(library, written(tmp_path / name, text))
    assert [(t.body.removeprefix("Ann: "), t.span) for t in memory.texts("speech")] == [
        ("The lighthouse burns.", Span(1.0, 4.0)),
        ("Nobody came to help.", Span(600.0, 603.5)),
    ]
    assert memory.video.duration_s == 603.5
    assert memory.texts("screen") == []
    assert memory.samples("appearance-1")[0].tolist() == []


def test_its_events_tile_it_and_hold_its_words(library: Library, tmp_path: Path) -> None:
    memory = taken_in(library, written(tmp_path / "talk.vtt"))
    events = memory.events()
    assert (events[0].span.start_s, events[-1].span.end_s) == (0.0, 603.5)
    assert all(a.span.end_s == b.span.start_s for a, b in pairwise(events))
    assert "The lighthouse burns." in events[0].gist
    assert "Nobody came to help." in events[-1].gist
    library.close()
    assert check(library.path) == []


def test_what_was_not_there_is_said(library: Library, tmp_path: Path) -> None:
    memory = taken_in(library, written(tmp_path / "talk.vtt"))
    assert [(row.sense, row.engine, row.share) for row in memory.coverage()] == [
        ("speech", "transcript talk.vtt", 1.0)
    ]
    assert memory.video.notes == ("a transcript only: there was no picture to see and no sound to hear",)
    assert ask(memory, "When does the screen turn red?").abstained
    (moment,) = ask(memory, "When does he say 'nobody came'?").moments
    assert moment.span == Span(600.0, 603.5)


def test_lines_that_cannot_be_read_are_counted(library: Library, tmp_path: Path) -> None:
    broken = VTT + "\n00:20:00.000 --> 00:19:00.000\nBackwards.\n"
    memory = taken_in(library, written(tmp_path / "talk.vtt", broken))
    assert memory.video.notes[1:] == ("one line of the transcript could not be read",)


def test_a_transcript_is_remembered_once_also_when_it_moves(library: Library, tmp_path: Path) -> None:
    path = written(tmp_path / "talk.vtt")
    first = remember(library, path, IngestSettings())
    assert (first.is_new, remember(library, path, IngestSettings()).is_new) == (True, False)
    moved = path.rename(tmp_path / "speech.vtt")
    again = remember(library, moved, IngestSettings())
    assert (again.is_new, again.video.id, again.video.title) == (False, first.video.id, "speech")
    assert known(library, str(moved), Tracks()).id == first.video.id
    assert remembered(library, str(moved)).id == first.video.id
    assert remember(library, moved, IngestSettings(), afresh=True).is_new
    assert len(library.videos()) == 1


def test_a_transcript_beside_another_is_its_own(library: Library, tmp_path: Path) -> None:
    for name, text in (("talk.vtt", VTT), ("talk.srt", SRT), ("talk.en.srt", SRT + "\n")):
        remember(library, written(tmp_path / name, text), IngestSettings())
    assert len(library.videos()) == 3
    for name in ("talk.vtt", "talk.srt", "talk.en.srt"):
        assert known(library, str(tmp_path / name), Tracks()).path.name == name


def test_a_video_under_the_name_of_a_transcript_is_read_as_a_video(library: Library, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", steady(10, step_s=0.2), solid((230, 10, 10)))
    done = remember(library, clip.rename(tmp_path / "clip.vtt"), IngestSettings())
    assert (done.is_new, done.video.width) == (True, 160)


@pytest.mark.parametrize("text", ["this is no transcript\n" * 9, "WEBVTT\n\nNOTE nothing\n", "\0" * 99])
def test_a_file_that_is_neither_is_refused_in_one_line(library: Library, tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "talk.vtt", text)
    with pytest.raises(MediaError, match=r"talk\.vtt") as refused:
        remember(library, path, IngestSettings())
    assert len(str(refused.value).splitlines()) == 1
    assert library.videos() == []


def test_a_clock_that_cannot_be_believed_is_refused(library: Library, tmp_path: Path) -> None:
    far = written(tmp_path / "far.vtt", "WEBVTT\n\n900:00:00.000 --> 900:00:01.000\nFar away.\n")
    with pytest.raises(MediaError, match="38 days"):
        ingest_transcript(library, far, IngestSettings())
    assert library.videos() == []


def test_a_missing_file_and_tracks_that_it_cannot_have_are_named(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UnknownVideoError, match=r"none\.vtt"):
        ingest_transcript(library, tmp_path / "none.vtt", IngestSettings())
    with pytest.raises(RequestError, match="no tracks"):
        ingest_transcript(library, written(tmp_path / "talk.vtt"), IngestSettings(tracks=Tracks(sound=1)))


def test_another_name_is_none_of_a_transcript(library: Library, tmp_path: Path) -> None:
    assert ingest_transcript(library, written(tmp_path / "talk.txt"), IngestSettings()) is None


@pytest.mark.parametrize(
    "words", ["{{7*7}}", "{% include 'x' %}", "${HOME}", "%s %n", "'; DROP TABLE text; --"]
)
def test_words_that_mean_something_to_a_program_come_back_as_they_are(
    library: Library, tmp_path: Path, words: str
) -> None:
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\nHe said {words} twice.\n"
    memory = taken_in(library, written(tmp_path / "talk.vtt", text))
    assert [t.body for t in memory.texts("speech")] == [f"He said {words} twice."]
    assert words in memory.events()[0].gist


@pytest.fixture(scope="module")
def apollo(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    library = Library(tmp_path_factory.mktemp("apollo") / "library.db")
    done = ingest_transcript(library, APOLLO, IngestSettings())
    assert isinstance(done, Ingested)
    return Memory(library, done.video)


@with_apollo
def test_six_days_of_speech_are_remembered_whole(apollo: Memory) -> None:
    assert apollo.video.duration_s == pytest.approx(142.9 * 3600, abs=360)
    (row,) = apollo.coverage()
    assert (row.share, row.n_looks) == (1.0, 10_875)
    assert len(apollo.video.notes) == 1
    assert check(apollo.library.path) == []


@with_apollo
def test_a_famous_line_is_found_in_six_days_of_speech(apollo: Memory) -> None:
    first = search_library(apollo.library, '"Houston, we\'ve had a problem"')[0]
    assert first.text.span == Span(201_335.0, 201_342.0)
    answer = ask(apollo, 'When does he say "Houston, we\'ve had a problem"?')
    assert answer.moments[0].span == Span(201_335.0, 201_342.0)
    assert "MAIN B BUS UNDERVOLT" in answer.moments[0].quote


@with_apollo
def test_no_event_of_six_days_of_speech_is_without_bounds(apollo: Memory) -> None:
    events = apollo.events()
    assert (events[0].span.start_s, events[-1].span.end_s) == (0.0, apollo.video.duration_s)
    assert all(a.span.end_s == b.span.start_s for a, b in pairwise(events))
    (event,) = [e for e in events if e.span.start_s <= 201_335.0 < e.span.end_s]
    assert event.span.duration_s <= 1200

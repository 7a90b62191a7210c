"""Edit lists, playlists and tables say to their readers what was meant, whatever a title holds."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from vidagent.agent.runs.past import Run, Step
from vidagent.cli.exports.edl import edl_text
from vidagent.cli.exports.marks import Mark, citation_marks, event_marks
from vidagent.cli.exports.otio import otio_text
from vidagent.cli.exports.playlists import m3u_text, mpv_text
from vidagent.cli.exports.source import Source
from vidagent.cli.exports.tables import COLUMNS, csv_text, vtt_text
from vidagent.index.records import Event
from vidagent.tools.clock import Span
from vidagent.tools.errors import RequestError

# OpenTimelineIO has no wheels for later versions of Python yet.
if sys.version_info >= (3, 14):
    otio = pytest.importorskip("opentimelineio")
else:
    import opentimelineio as otio

PATH = Path('/films/#1, "it\'s" a; 100% b\nfile=c.mp4')
SOURCE = Source(PATH, "the\x1b[31m film\n", 60.0, 1.4, Fraction(25), has_picture=True, has_sound=True)
GISTS = [
    "two\nlines\x1b]0;x\x07\u202e", "00:01 --> 00:02", "# a, b; c=%5%d", '"said", he\r\n\r\nNOTE', "=1+1",
    "Bach - Air", "#EXT-X-VERSION:3", "* FROM CLIP NAME: other.mp4", "-v", "", "grün 山 😀",
]  # fmt: skip
WITHIN = Span(0.0, 60.0)
MARKS = event_marks(
    [Event(Span(5.0 * i, 5.0 * (i + 1)), 1.0, gist) for i, gist in enumerate(GISTS)], "event", WITHIN
)
TITLES = [mark.title for mark in MARKS]


def test_titles_are_one_line_of_characters_to_be_seen() -> None:
    assert TITLES[:3] == ["two lines", "00:01 --> 00:02", "# a, b; c=%5%d"]
    assert TITLES[GISTS.index("")] == "…"
    assert all(title.isprintable() for title in TITLES)


def test_marks_are_cut_where_the_limits_are() -> None:
    events = [
        Event(Span(0.0, 10.0), 1.0, "a"),
        Event(Span(10.0, 20.0), 1.0, "b"),
        Event(Span(20.0, 30.0), 1.0, "c"),
    ]
    made = event_marks(events, "chapter", Span(10.0, 25.0))
    assert [(mark.span, mark.title, mark.source) for mark in made] == [
        (Span(10.0, 20.0), "b", "chapter"), (Span(20.0, 25.0), "c", "chapter"),
    ]  # fmt: skip


def cited(*rows: object) -> Run:
    return Run("20200101-101112-abcdef", (Step(1, "answer", 0.0, {"citations": list(rows)}),))


def test_citations_are_in_order_of_time_and_words_of_the_video_in_quotes() -> None:
    rows = [
        {"start_s": 30, "end_s": 31.5, "quote": "hello\nyou", "source": "speech"},
        {"start_s": 3, "end_s": 3, "quote": "a red wall", "source": "picture"},
        {"start_s": 60, "end_s": 60, "quote": "END", "source": "screen"},
    ]
    assert [(mark.span, mark.title, mark.source) for mark in citation_marks(cited(*rows), WITHIN)] == [
        (Span(3.0, 3.001), "a red wall", "picture"),
        (Span(30.0, 31.5), "“hello you”", "speech"),
        (Span(59.999, 60.0), "“END”", "screen"),
    ]


@pytest.mark.parametrize(
    "row",
    [None, 3, "x", {}, {"start_s": -1, "end_s": 2}, {"start_s": 5, "end_s": 4}, {"end_s": 4, "quote": "x"}],
)
def test_what_is_no_moment_of_a_trace_is_left_out(row: object) -> None:
    good = {"start_s": 1, "end_s": 2, "quote": 7, "source": None}
    assert [mark.span for mark in citation_marks(cited(row, good), WITHIN)] == [Span(1.0, 2.0)]
    with pytest.raises(RequestError, match="cites no moment"):
        citation_marks(cited(row), WITHIN)


def path_of(uri: str) -> Path:
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("file", "", "", "")
    return Path(unquote(parts.path))


def segments_of(text: str) -> list[dict[str, str]]:
    """An edit list as mpv takes it apart: values up to a ``,`` or line break, or of so many bytes."""
    head, rest = text.encode().split(b"\n", 1)
    assert head == b"# mpv EDL v0"
    found: list[dict[str, str]] = []
    while rest:
        segment: dict[str, str] = {}
        while True:
            name, rest = re.fullmatch(rb"([a-z]+)=(.*)", rest, re.S).groups()  # type: ignore[union-attr]
            counted = re.match(rb"%(\d+)%", rest)
            begin = counted.end() if counted else 0
            plain_end = re.search(rb"[,;\n]", rest)
            assert counted or plain_end
            end = begin + int(counted[1]) if counted else plain_end.start()
            segment[name.decode()] = rest[begin:end].decode()
            separator, rest = rest[end : end + 1], rest[end + 1 :]
            if separator == b"\n":
                break
            assert separator == b","
        found.append(segment)
    return found


def test_mpv_reads_titles_and_the_seconds_of_the_file_itself() -> None:
    segments = segments_of(mpv_text(MARKS, SOURCE))
    assert [segment["title"] for segment in segments] == TITLES
    assert {path_of(segment["file"]) for segment in segments} == {PATH}
    assert [float(segment["start"]) for segment in segments[:3]] == pytest.approx([1.4, 6.4, 11.4])
    assert {float(segment["length"]) for segment in segments} == {5.0}


def test_more_than_mpv_reads_is_refused() -> None:
    with pytest.raises(RequestError, match="megabyte"):
        mpv_text(MARKS * 2000, SOURCE)


def test_vlc_reads_titles_stretches_and_no_other_option() -> None:
    head, *lines = m3u_text(MARKS, SOURCE).splitlines()
    assert head == "#EXTM3U"
    entries = [lines[at : at + 4] for at in range(0, len(lines), 4)]
    assert len(entries) == len(MARKS)
    for mark, (name, start, stop, uri) in zip(MARKS, entries, strict=True):
        # VLC takes what stands before " - " or before a comma for the artist, unless there is nothing.
        title = name.removeprefix("#EXTINF:5,,")
        assert " - " not in title and title.replace(" – ", " - ") == mark.title.replace("#EXT-X", "EXT-X")
        assert start == f"#EXTVLCOPT:start-time={mark.span.start_s:.3f}"
        assert stop == f"#EXTVLCOPT:stop-time={mark.span.end_s:.3f}"
        assert path_of(uri) == PATH
    assert "#EXT-X-" not in "\n".join(lines)


def test_an_editing_program_reads_every_clip_of_a_cmx_3600_list() -> None:
    text = edl_text(MARKS, SOURCE, "10:00:00:00")
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=25)
    assert timeline.name == "the film"
    video, *sound = timeline.tracks
    assert len(sound) == 2
    for track in timeline.tracks:
        clips = list(track.find_clips())
        assert [clip.name for clip in clips] == ['#1, "it\'s" a; 100% b file=c.mp4'] * len(MARKS)
        starts = [clip.source_range.start_time.to_timecode() for clip in clips]
        assert starts[:3] == ["10:00:00:00", "10:00:05:00", "10:00:10:00"]
        assert [clip.source_range.duration.to_seconds() for clip in clips] == [5.0] * len(MARKS)
    assert video.range_of_child_at_index(2).start_time.to_seconds() == 10.0
    comments = re.findall(r"^\* COMMENT: (.*)$", text, re.M)
    assert comments == TITLES


def test_a_list_of_drop_frame_says_so_and_a_silent_file_has_pictures_only() -> None:
    silent = replace(SOURCE, rate_hz=Fraction(30000, 1001), has_sound=False)
    lines = edl_text(MARKS[:1], silent, "00:59:59;28").splitlines()
    assert lines[1] == "FCM: DROP FRAME"
    assert lines[3] == "001  AX       V     C        00:59:59;28 01:00:04;28 00:00:00;00 00:00:05;00"


def test_every_clip_is_a_frame_long_at_least_and_the_record_has_no_gap() -> None:
    marks = [Mark(Span(1.0, 1.001), "a", "speech"), Mark(Span(1.0, 2.0), "b", "speech")]
    rows = [line.split()[4:] for line in edl_text(marks, SOURCE).splitlines() if line[:1] == "0"]
    assert rows == [
        ["00:00:01:00", "00:00:01:01", "00:00:00:00", "00:00:00:01"],
        ["00:00:01:00", "00:00:02:00", "00:00:00:01", "00:00:01:01"],
    ]


def test_open_timeline_io_reads_clips_their_file_and_true_seconds() -> None:
    timeline = otio.adapters.read_from_string(otio_text(MARKS, SOURCE, "01:00:00:00"), "otio_json")
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    clips = list(timeline.tracks[0])
    assert [clip.name for clip in clips] == TITLES
    assert {path_of(clip.media_reference.target_url) for clip in clips} == {PATH}
    assert clips[2].source_range.start_time.to_timecode() == "01:00:10:00"
    assert clips[2].available_range().duration.to_seconds() == 60.0
    assert dict(clips[2].metadata["vidagent"]) == {"start_s": 10.0, "end_s": 15.0, "source": "event"}
    assert timeline.duration().to_seconds() == 55.0


def test_what_the_library_itself_writes_of_our_timeline_says_the_same() -> None:
    text = otio_text(MARKS, SOURCE)
    again = json.loads(otio.adapters.read_from_string(text, "otio_json").to_json_string())
    for clip in (c for track in again["tracks"]["children"] for c in track["children"]):
        clip.pop("color", None)
    for thing in (again["tracks"], *again["tracks"]["children"]):
        thing.pop("color", None)
    assert again == json.loads(text)


@pytest.mark.parametrize("to_text", [edl_text, otio_text])
def test_a_file_without_pictures_has_no_timecode(to_text: object) -> None:
    with pytest.raises(RequestError, match="no rate of pictures"):
        to_text(MARKS, replace(SOURCE, rate_hz=None, has_picture=False))  # type: ignore[operator]


def test_tables_have_no_formula_and_cues_no_arrow() -> None:
    header, *rows = csv.reader(io.StringIO(csv_text(MARKS), newline=""))
    assert tuple(header) == COLUMNS
    assert [row[3].removeprefix("'") for row in rows] == TITLES
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    cues = vtt_text(MARKS).split("\n\n")[1:]
    assert len(cues) == len(MARKS)
    assert all(cue.strip().count("\n") == 1 and cue.count("-->") == 1 for cue in cues)

"""``vidagent show``: picture, event and words of one moment, harmless whatever the video says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from clips import make_clip, numbered, steady
from commands import Commands
from conftest import Rememberer

from vidagent.index.records import Event
from vidagent.tools.clock import Span

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e"
EVENTS = [Event(Span(0.0, 2.0), 1.0, "first"), Event(Span(2.0, 4.0), 1.0, f"second{HOSTILE}")]
SAID = [(0.5, 1.5, "Good morning."), (1.5, 2.5, f"Here it is.{HOSTILE}"), (2.5, 3.0, "Good night.")]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered pictures, ten a second, and a last one up to 4.0."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_clip(path, [*steady(40, step_s=0.1), 3.96], numbered())


@pytest.fixture
def vidagent(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    remember: Rememberer,
    film: Path,
) -> Commands:
    """Commands on a library with the film, as "film", which says bad things."""
    remember(path=film, duration_s=4.0, events=EVENTS, texts=SAID, shown=[(1.0, 3.0, f"EXIT{HOSTILE}")])
    return Commands(monkeypatch, capsys, tmp_path / "library.sqlite")


def test_a_moment_is_told_with_its_picture_its_event_and_its_words(vidagent: Commands) -> None:
    done = vidagent("show", "film", "2.25")
    assert (done.code, done.complaint) == (0, "")
    assert done.lines == [
        "film at 00:02.2 (picture of 00:02.200)",
        "  chapter: 00:02.0–00:04.0  second",
        "  event: 00:02.0–00:04.0  second",
        "  speech: 00:01.5–00:02.5  “Here it is.”",
        "  words on screen: 00:01.0–00:03.0  “EXIT”",
    ]


def test_json_holds_what_the_text_says(vidagent: Commands) -> None:
    value = vidagent("show", "film", "-1.75s", "--json").value
    speech, screen = value.pop("speech"), value.pop("screen")
    assert value.pop("id")
    assert value == {
        "title": "film",
        "time_s": 2.25,
        "picture_s": 2.2,
        "event": {"start_s": 2.0, "end_s": 4.0, "gist": EVENTS[1].gist},
        "chapter": {"start_s": 2.0, "end_s": 4.0, "gist": EVENTS[1].gist},
    }
    assert speech == [{"start_s": 1.5, "end_s": 2.5, "text": SAID[1][2], "trust": 1.0}]
    assert [row["text"] for row in screen] == [f"EXIT{HOSTILE}"]


def test_spans_are_half_open_and_the_end_is_the_last_moment(vidagent: Commands) -> None:
    at_edge = vidagent("show", "film", "1.5", "--json").value
    assert [row["text"] for row in at_edge["speech"]] == [SAID[1][2]]
    last = vidagent("show", "film", "100%", "--json").value
    assert (last["picture_s"], last["event"]["start_s"], last["speech"]) == (3.96, 2.0, [])


@pytest.mark.parametrize("time", ["4.2", "1:00", "soon", "-5s", "1-2", ""])
def test_what_is_no_moment_of_the_video_is_refused_in_one_line(vidagent: Commands, time: str) -> None:
    done = vidagent("show", "film", time)
    assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)


def test_a_gone_file_still_has_its_words(vidagent: Commands, remember: Rememberer, tmp_path: Path) -> None:
    gone = remember(title=f"gone{HOSTILE}", duration_s=4.0, events=EVENTS, texts=SAID).video
    gone.path.unlink()
    done = vidagent("show", gone.short_id, "1")
    assert (done.code, done.lines[-1]) == (0, "  speech: 00:00.5–00:01.5  “Good morning.”")
    assert "no picture" in done.complaint
    assert "\x1b" not in done.out + done.complaint
    assert vidagent("show", gone.short_id, "1", "--json").value["picture_s"] is None


def test_a_transcript_is_shown_without_a_picture(vidagent: Commands, tmp_path: Path) -> None:
    talk = tmp_path / "talk.vtt"
    talk.write_text(f"WEBVTT\n\n00:01.000 --> 00:03.000\nHello {HOSTILE}you.\n")
    done = vidagent("show", talk, "2")
    assert done.lines[-1] == "  speech: 00:01.0–00:03.0  “Hello you.”"
    assert done.complaint == "vidagent: talk: has no picture\n"


@pytest.mark.parametrize(
    ("words", "no_colour", "is_drawn"),
    [([], "", True), ([], "1", False), (["--plain"], "", False), (["--json"], "", False)],
)
def test_a_picture_is_drawn_only_where_it_is_wanted(
    vidagent: Commands, monkeypatch: pytest.MonkeyPatch, words: list[str], no_colour: str, is_drawn: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = vidagent("show", "film", "2.25", *words)
    assert (done.code, "\x1b_G" in done.out, "\x1b" in done.out) == (0, is_drawn, is_drawn)

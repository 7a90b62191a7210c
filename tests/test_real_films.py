"""Real recordings, where they lie beside the project: what is found in them and at which seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import cut

from vidagent.agent.answer import Answer
from vidagent.agent.planner import ask
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span
from vidagent.tools.engines import embedded

FILMS = Path(__file__).parents[2] / "shared" / "media" / "video"
BUNNY = FILMS / "bbb_full_512x288.mp4"
pytestmark = pytest.mark.skipif(not FILMS.is_dir(), reason="no real films beside the project")


SINTEL_S, CREDITS_S = 42 + 7 / 12, 480.0
"""Where the stretches of the trailer and of the credits begin."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def library(folder: Path) -> Library:
    """One library for all films of this module."""
    return Library(folder / "library.db")


@pytest.fixture(scope="module")
def beginning(folder: Path) -> Path:
    """The first seconds of a film, with its titles."""
    return cut(BUNNY, folder / "beginning.mp4", 38.4)


@pytest.fixture(scope="module")
def ending(folder: Path) -> Path:
    """Some of the names at the end of the same film."""
    return cut(BUNNY, folder / "ending.mp4", 497.0, CREDITS_S)


def asked(
    library: Library,
    film: Path,
    question: str,
    min_confidence: float | None = None,
    read_text: bool = True,
) -> Answer:
    """The answer to a question about a film, which is read at its first question."""
    video = ingest(library, film, embedded(read_text)).video
    return ask(Memory(library, video), question, (), min_confidence)


def assert_within(answer: Answer, start_s: float, end_s: float) -> None:
    """The first moment lies within a stretch."""
    span = answer.moments[0].span
    assert Span(start_s, end_s).overlap_s(span) == pytest.approx(span.duration_s)


def test_words_that_stand_for_a_second(library: Library, folder: Path) -> None:
    trailer = cut(FILMS / "sintel_trailer_854x480.mp4", folder / "trailer.mp4", 60.0, SINTEL_S)
    answer = asked(library, trailer, "When does COMING SOON appear on screen?")
    assert_within(answer, 47.0 - SINTEL_S, 49.0 - SINTEL_S)


def test_a_title_with_both_its_ends(library: Library, beginning: Path) -> None:
    question = "When does 'The Peach Open Movie Project presents' appear?"
    moment = asked(library, beginning, question).moments[0]
    assert moment.span.start_s == pytest.approx(20.6, abs=0.5)
    assert moment.span.end_s == pytest.approx(23.0, abs=0.5)


def test_a_title_is_not_its_web_address(library: Library, beginning: Path) -> None:
    question = 'When is the film title "Big Buck BUNNY" readable on screen?'
    moment = asked(library, beginning, question).moments[0]
    assert moment.span.start_s == pytest.approx(25.2, abs=0.5)
    assert moment.span.end_s == pytest.approx(29.6, abs=0.5)


def test_the_name_beside_the_role(library: Library, ending: Path) -> None:
    answer = asked(library, ending, "Who is named as director in the team list?")
    assert "SACHA GOEDEGEBURE" in answer.text.upper()
    assert_within(answer, 490.0 - CREDITS_S, 494.5 - CREDITS_S)


def test_a_film_with_music_and_no_speech(library: Library, folder: Path, beginning: Path) -> None:
    """All of its ten minutes are heard, and some of them seen, with words on the screen."""
    sound = cut(BUNNY, folder / "sound.m4a", 600.0, kinds=("audio",))
    for film, duration_s in ((sound, 596.5), (beginning, 38.4)):
        answer = asked(library, film, "Does anybody speak in this film?")
        assert answer.text == "no"
        assert answer.video.duration_s == pytest.approx(duration_s, abs=0.5)


def test_nothing_is_invented(library: Library, beginning: Path, ending: Path) -> None:
    for film in (beginning, ending):
        answer = asked(library, film, "When does the submarine surface?", 0.5)
        assert answer.abstained
        assert answer.text.startswith("not found")
        assert answer.to_json()["citations"] == []


def test_subtitles_beside_the_film_are_quoted(library: Library) -> None:
    question = "What would happen if he did not give it zero speed?"
    answer = asked(library, FILMS / "physics_lecture_slide.mp4", question, read_text=False)
    assert "this will be my last lecture" in answer.text
    assert_within(answer, 166.0, 173.0)
    assert answer.moments[0].trust == 1.0


def test_without_its_subtitles_a_copy_is_of_low_trust(library: Library, tmp_path: Path) -> None:
    copy = cut(FILMS / "physics_lecture_slide.mp4", tmp_path / "copy.mp4", 10.0)
    answer = asked(library, copy, "When does he mention kinetic energy?", read_text=False)
    assert any("low trust" in note for note in answer.video.notes)
    assert all(entry.row.trust < 0.7 for entry in answer.coverage if entry.row.sense == "speech")


def test_a_text_track_inside_the_film_is_read(library: Library) -> None:
    question = "Where does the narrator say the cleanroom is?"
    answer = asked(library, FILMS / "nasa_webb_13s.mp4", question, read_text=False)
    assert "Greenbelt, Maryland" in answer.text
    assert answer.moments[0].span.overlap_s(Span(8.35, 12.47)) > 4.0


def test_clips_in_a_row_are_chapters(library: Library) -> None:
    film = FILMS / "long_mix_24min.mp4"
    clips = json.loads(film.with_suffix(".timeline.json").read_text())
    video = ingest(library, film, embedded(read_text=False, hear_speech=False)).video
    begins_s = [chapter.span.start_s for chapter in Memory(library, video).events("chapter")[1:]]
    true_s = [float(clip["start"]) for clip in clips[1:]]
    assert [true for true in true_s if all(abs(begin - true) > 1.0 for begin in begins_s)] == []
    n_false = sum(all(abs(begin - true) > 1.0 for true in true_s) for begin in begins_s)
    assert n_false <= len(true_s) // 2

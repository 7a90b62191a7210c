"""Every question about the sample film is answered rightly, with its true seconds, by what every installation has."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from commands import Commands

from vidagent.agent.grading import grade
from vidagent.agent.planner import ask
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.engines import embedded

SAMPLES = Path(__file__).parents[1] / "samples"
sys.path.append(str(SAMPLES.parent / "docs"))
import make_recording  # noqa: E402

ROWS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    """The sample film, read once for all questions."""
    library = Library(tmp_path_factory.mktemp("sample") / "library.db")
    return Memory(library, ingest(library, SAMPLES / "gull_island.mp4", embedded()).video)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_question_is_answered_with_its_seconds(film: Memory, row: dict[str, object]) -> None:
    options = row.get("options") or []
    assert isinstance(options, list)
    answer = ask(film, str(row["question"]), tuple(options))
    graded = grade(row, answer)
    assert graded.is_right, answer.text
    assert graded.has_seconds is not False, [str(moment.span) for moment in answer.moments]


def test_the_recording_shows_what_the_film_answers(
    film: Memory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(SAMPLES.parent)
    vidagent = Commands(monkeypatch, capsys, film.library.path)
    for scene in make_recording.scenes_in(make_recording.TARGET.read_text(encoding="utf-8")):
        done = vidagent(*shlex.split(scene.command)[1:])
        told = [line for line in [*done.lines, *done.complaint.splitlines()] if "looked at: " not in line]
        assert told == [line for line in scene.lines if "looked at: " not in line]


def test_questions_cover_every_kind_and_sense() -> None:
    assert {row["kind"] for row in ROWS} >= {
        "when", "what", "who", "count", "duration", "order", "yesno", "choice", "summary", "negative",
    }  # fmt: skip
    assert {row["sense"] for row in ROWS} == {"speech", "screen", "picture", "sound"}


def test_a_wrong_answer_would_fail(film: Memory) -> None:
    answer = ask(film, "When does the screen turn red?")
    assert not grade({"answer": "0:10", "evidence_s": [[10, 20]]}, answer).is_right


def test_the_film_has_a_dozen_events_that_tile_it(film: Memory) -> None:
    events = film.events()
    assert len(events) >= 12
    assert [e.span.start_s for e in events[1:]] == [e.span.end_s for e in events[:-1]]
    assert (events[0].span.start_s, events[-1].span.end_s) == (0.0, film.video.duration_s)

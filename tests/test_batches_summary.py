"""What a batch comes to, and how it looks while it goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from vidagent.cli.batches.progress import BatchLine, batch_line
from vidagent.cli.batches.summary import Summary, refuse_other, write_summary
from vidagent.tools.errors import RequestError


def row(**values: object) -> dict[str, object]:
    return {"asked": "x", "abstained": False, **values}


def test_rows_are_counted_by_how_they_ended() -> None:
    summary = Summary()
    for each in (
        row(grade={"is_right": True, "has_seconds": True}),
        row(grade={"is_right": False, "has_seconds": False}),
        row(abstained=True, grade={"is_right": True, "has_seconds": None}),
        row(),
        {"asked": "x", "error": {"message": "broken", "exit_code": 3}},
    ):
        summary.count(each)
    assert str(summary) == (
        "5 questions: 3 answered, 1 not found, 1 failed; 2 of 3 right, 1 of 2 with the right seconds"
    )
    assert summary.to_json()["accuracy"] == pytest.approx(2 / 3)


def test_without_known_answers_nothing_is_right_or_wrong() -> None:
    summary = Summary()
    summary.count(row())
    assert str(summary) == "1 question: 1 answered, 0 not found, 0 failed"
    assert summary.to_json()["accuracy"] is None


def test_a_summary_takes_the_place_of_a_summary_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "summary.json", tmp_path / "other.json"
    write_summary(path, Summary(), False)
    refuse_other(path, False)
    write_summary(path, Summary(n_questions=7), False)
    assert json.loads(path.read_text())["n_questions"] == 7
    for content in ('{"n_questions": 1}', "[]", "notes", '"' + "x" * 100_000 + '"'):
        other.write_text(content)
        with pytest.raises(RequestError, match="is there already"):
            refuse_other(other, False)
        with pytest.raises(RequestError, match="is there already"):
            write_summary(other, Summary(), False)
        assert other.read_text() == content
    write_summary(other, Summary(), True)
    refuse_other(other, False)


def test_the_line_counts_and_tells_how_long_the_rest_takes() -> None:
    drawn: list[str] = []
    line = BatchLine(drawn.append)
    line.begin("answering", 3)
    time.sleep(0.05)
    line.advance()
    assert drawn[0] == "answering 1 of 3"
    assert drawn[1].startswith("answering 2 of 3 · 00:0") and drawn[1].endswith(" left")


def test_the_line_tells_what_is_being_read() -> None:
    line = BatchLine()
    line.begin("reading", 2)
    with line.watch("film.mp4") as report:
        report("pictures", 5.0, 10.0)
    assert str(line).startswith("reading 1 of 2 · film.mp4: pictures 50%")
    line.begin("answering", 9)
    assert str(line) == "answering 1 of 9"


def test_off_a_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with batch_line(True) as line:
        line.begin("answering", 3)
        line.advance()
    assert capsys.readouterr() == ("", "")

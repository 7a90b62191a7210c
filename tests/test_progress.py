"""Progress as a person reads it: the slowest stage, a rate, and what is left."""

from __future__ import annotations

import json
import time

import pytest

from vidagent.cli.progress import Form, StageLine, is_told, progress, shown_as


def test_nothing_is_known_before_the_first_note() -> None:
    assert str(StageLine()) == "opening"


def test_the_slowest_stage_says_how_far_it_is() -> None:
    line = StageLine()
    time.sleep(0.05)
    line.note("pictures", 90.0, 100.0)
    line.note("text", 25.0, 100.0)
    assert str(line).startswith("text 25% · ")
    assert "left" in str(line)


def test_without_a_known_length_there_is_no_share() -> None:
    line = StageLine()
    line.note("sound", 61.0, None)
    assert str(line).startswith("sound 01:01.0 · ")
    assert "%" not in str(line)


def test_a_length_that_was_claimed_too_short_is_no_fault() -> None:
    line = StageLine()
    line.note("sound", 120.0, 100.0)
    assert str(line).startswith("sound 100%")
    assert str(line).endswith("nearly done")


def test_texts_are_counted() -> None:
    line = StageLine()
    line.note("texts", 5120, 20000)
    assert str(line) == "5,120 done"
    row = line.to_json("library")
    assert (row["n_done"], row["n_total"], row["done_s"], row["total_s"]) == (5120, 20000, None, None)


def test_a_row_tells_what_the_line_tells() -> None:
    line = StageLine()
    assert line.to_json("film")["stage"] == "opening"
    time.sleep(0.05)
    line.note("pictures", 90.0, 100.0)
    line.note("text", 25.0, 100.0)
    row = line.to_json("film")
    assert (row["title"], row["stage"], row["done_s"], row["total_s"]) == ("film", "text", 25.0, 100.0)
    assert isinstance(row["eta_s"], float) and 0.1 < row["eta_s"] < 10.0


def test_what_is_left_is_unknown_without_a_length_and_nothing_at_the_end() -> None:
    line = StageLine()
    line.note("sound", 61.0, None)
    assert line.to_json("film")["eta_s"] is None
    line.note("sound", 0.0, 100.0)
    assert line.to_json("film")["eta_s"] is None
    line.note("sound", 120.0, 100.0)
    assert line.to_json("film")["eta_s"] == 0.0


@pytest.mark.parametrize("form", [Form.auto, Form.none])
def test_off_a_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str], form: Form) -> None:
    with shown_as(form, "ingest"), progress("film.mp4") as report:
        report("pictures", 1.0, 2.0)
    assert capsys.readouterr() == ("", "")


def test_lines_come_one_a_second_at_most(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    with shown_as(Form.json), progress("film") as report:
        for tenth in range(1, 31):
            now_s[0] = tenth / 10
            report("pictures", tenth / 10, 30.0)
    rows = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [row["done_s"] for row in rows] == [None, 1.0, 2.0, 3.0]


def test_a_form_holds_while_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_as(Form.json):
        assert is_told()
        with shown_as(Form.none):
            assert not is_told()
        assert is_told()
    assert not is_told()
    assert capsys.readouterr() == ("", "")

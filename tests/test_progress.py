"""Progress as a person reads it: the slowest stage, a rate, and what is left."""

from __future__ import annotations

import time

import pytest

from vidagent.cli.progress import StageLine, progress


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


def test_off_a_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("film.mp4") as report:
        report("pictures", 1.0, 2.0)
    assert capsys.readouterr() == ("", "")

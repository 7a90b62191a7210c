"""Seconds become timecode as SMPTE ST 12-1 counts it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.cli.exports.timecode import Timecode
from vidagent.tools.errors import RequestError

NTSC, FILM, FAST = Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("rate_hz", "time_s", "label"),
    [
        (Fraction(25), 0.0, "00:00:00:00"),
        (Fraction(25), 3661.48, "01:01:01:12"),
        (Fraction(24), 86399.99 - 0.04, "23:59:59:23"),
        # An hour of NTSC has 108 pictures less than 30 a second would make.
        (NTSC, 3600.0, "00:59:56:12"),
        (FILM, 3600.0, "00:59:56:10"),
        # Rates that lie near no whole one read as the clock does.
        (Fraction("12.5"), 30.0, "00:00:30:00"),
        (Fraction("27.31"), 600.5, "00:10:00:14"),
    ],
)
def test_seconds_become_frames_and_frames_are_numbered(rate_hz: Fraction, time_s: float, label: str) -> None:
    code = Timecode(rate_hz)
    assert code.label(code.frame(time_s)) == label


@pytest.mark.parametrize(
    ("count", "label"),
    [
        (1799, "00:00:59;29"), (1800, "00:01:00;02"), (17981, "00:09:59;29"), (17982, "00:10:00;00"),
        (19781, "00:10:59;29"), (19782, "00:11:00;02"), (107892, "01:00:00;00"),
    ],
)  # fmt: skip
def test_drop_frame_leaves_out_two_numbers_a_minute_but_not_every_tenth(count: int, label: str) -> None:
    assert Timecode(NTSC, "00:00:00;00").label(count) == label
    assert Timecode(NTSC, label).first == count


def test_drop_frame_keeps_up_with_the_clock_for_a_day() -> None:
    for rate_hz in (NTSC, FAST):
        code = Timecode(rate_hz, "00:00:00;00")
        assert code.label(code.frame(86_000.4)).startswith("23:53:20;")
        assert Timecode(rate_hz).label(code.frame(86_000.4)).startswith("23:51:54:")


@given(st.integers(0, 2_589_000))
def test_a_label_names_its_frame_and_no_other(count: int) -> None:
    for rate_hz, mark in ((NTSC, ";"), (NTSC, ":")):
        label = Timecode(rate_hz, f"00:00:00{mark}00").label(count)
        assert Timecode(rate_hz, label).first == count


@pytest.mark.parametrize(
    ("rate_hz", "start"),
    [
        (Fraction(25), "00:00:00:25"), (Fraction(25), "24:00:00:00"), (Fraction(25), "1:00:00:00"),
        (Fraction(25), "00:60:00:00"), (Fraction(25), "00:00:00;00"), (NTSC, "00:01:00;00"), (NTSC, "noon"),
        (Fraction(25), "٠٠:00:00:00"), (Fraction(25), "00:00:00:00\n"),
    ],
)  # fmt: skip
def test_what_is_no_timecode_at_the_rate_is_refused(rate_hz: Fraction, start: str) -> None:
    with pytest.raises(RequestError, match="--start-timecode"):
        Timecode(rate_hz, start)


def test_timecode_does_not_go_round_after_a_day() -> None:
    code = Timecode(Fraction(25), "23:00:00:00")
    assert code.label(code.first + code.frame(3599.96)) == "23:59:59:24"
    with pytest.raises(RequestError, match="24 hours"):
        code.label(code.first + code.frame(3600.0))

"""Seconds, spans and their written form."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.clock import TIME_FORMS, Instant, Span, format_time, merge_spans, parse_time
from vidagent.tools.errors import RequestError

MOMENTS_S = st.floats(0, 400_000, allow_nan=False)
SPANS = st.tuples(st.integers(0, 60), st.integers(0, 15)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        (" 90.25 ", 90.25),
        ("1:30", 90.0),
        ("1:30.5", 90.5),
        ("01:30.5s", 90.5),
        ("00:01:30.500", 90.5),
        ("1:00:00", 3600.0),
        ("100:00:01", 360_001.0),
        ("0", 0.0),
        ("90.5", 90.5),
        ("90:00", 5400.0),
        ("59:59", 3599.0),
        ("0:59.999", 59.999),
        ("999999999", 999_999_999.0),
        ("2m", 120.0),
        ("90m", 5400.0),
        ("1.5m", 90.0),
        ("1h", 3600.0),
        ("1h2m3s", 3723.0),
        ("1h02m", 3720.0),
        ("1h3s", 3603.0),
        ("1h2.5m", 3750.0),
        ("1m30.5s", 90.5),
        ("0m", 0.0),
    ],
)
def test_a_written_time_is_so_many_seconds(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds
    assert parse_time(text, duration_s=1e6) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0%", 0.0),
        ("10%", 20.0),
        ("12.5 %", 25.0),
        ("100%", 200.0),
        ("-30s", 170.0),
        ("-1:30", 110.0),
        ("-0", 200.0),
        ("-3m20s", 0.0),
        ("-1m30.5s", 109.5),
    ],
)
def test_a_time_may_be_measured_by_the_length_of_the_video(text: str, seconds: float) -> None:
    assert parse_time(text, duration_s=200.0) == seconds


@pytest.mark.parametrize("text", ["10%", "-30s", "-1:30"])
def test_a_share_or_a_time_from_the_end_needs_a_known_length(text: str) -> None:
    with pytest.raises(RequestError, match="length"):
        parse_time(text)


NO_TIMES = """
    soon s - % 1:2:3:4 :30 1: 1::30 1.5:30 --30 +5 1e3 1,5 0x10 1:100:00 12:34:56:78
    nan inf nan% inf% -1% 101% half% abc 1:75 1:60 0:60:00 1:00:60 1:59:99 0:75 -0:75
    h m hms 1h75m 1h60.5m 1m75s 0m60s 1.5h20m 1h1.5m2s 3s2m 2m1h 1h1h 1h30 1:30m 1h:30 1:2h m5 1_0
    1e1% 1_0% ٣% ٣ ١:٣٠ ٢m 1½ 1234567890 1:1234567890 1234567890% 0.1234567890 1234567890m 1. .5 01:30,5
""".split()


@pytest.mark.parametrize("text", ["", " ", "1:30\n2:00", "1: 30", *NO_TIMES])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_time(text, duration_s=200.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no time is given"),
        ("01:30,5", "a point where there is a comma"),
        ("1:75", "more than 59"),
        ("1m75s", "more than 59"),
        ("abc", "write 90, 1:30, 1:30.5"),
        ("-1h", "outside the video"),
    ],
)
def test_a_refused_time_is_told_how_to_write_it(text: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        parse_time(text, duration_s=200.0)


def test_every_form_that_is_named_is_a_time() -> None:
    *forms, last = TIME_FORMS.removesuffix(" from the end").split(", ")
    for form in [*forms, *last.split(" or ")]:
        assert 0 < parse_time(form, duration_s=200.0) < 4000


def test_more_than_the_whole_video_from_the_end_is_refused() -> None:
    with pytest.raises(RequestError):
        parse_time("-30s", duration_s=10.0)


@pytest.mark.parametrize("n_digits", [400, 5000])
@pytest.mark.parametrize("rest", ["", ":00", ":00:00"])
def test_a_number_without_end_is_refused(n_digits: int, rest: str) -> None:
    with pytest.raises(RequestError):
        parse_time("9" * n_digits + rest)


@given(st.text(st.sampled_from("0123456789:.%-hms \n٣½²"), max_size=12) | st.text(max_size=8))
def test_any_text_is_a_finite_time_or_a_refused_request(text: str) -> None:
    with suppress(RequestError):
        assert math.isfinite(parse_time(text, duration_s=200.0))


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "00:00.0"),
        (0.04, "00:00.0"),
        (-0.04, "00:00.0"),
        (59.94, "00:59.9"),
        (59.96, "01:00.0"),
        (61.25, "01:01.2"),
        (3599.96, "1:00:00.0"),
        (3725.96, "1:02:06.0"),
        (360_000.0, "100:00:00.0"),
        (-61.5, "-01:01.5"),
    ],
)
def test_a_time_is_written_as_a_clock(seconds: float, written: str) -> None:
    assert format_time(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "decimals", "written"),
    [
        (61.25, 0, "01:01"),
        (59.6, 0, "01:00"),
        (3599.9996, 3, "1:00:00.000"),
        (61.25, 2, "01:01.25"),
        (0.0004, 3, "00:00.000"),
        (-0.4, 0, "00:00"),
        (-0.005, 3, "-00:00.005"),
    ],
)
def test_a_time_is_written_with_as_many_decimals_as_wanted(
    seconds: float, decimals: int, written: str
) -> None:
    assert format_time(seconds, decimals) == written


@pytest.mark.parametrize("decimals", [-1, 4])
def test_more_decimals_than_a_clock_has_are_refused(decimals: int) -> None:
    with pytest.raises(ValueError, match="decimals"):
        format_time(1.0, decimals)


@given(MOMENTS_S, st.integers(0, 3))
def test_a_written_time_reads_back_to_its_last_digit(seconds: float, decimals: int) -> None:
    written = format_time(seconds, decimals)
    assert parse_time(written) == pytest.approx(seconds, abs=0.5001 / 10**decimals)
    assert format_time(parse_time(written), decimals) == written
    assert parse_time(written) == parse_time(f"{parse_time(written):.3f}s")


@given(MOMENTS_S, MOMENTS_S, st.integers(0, 3))
def test_a_later_time_is_never_written_as_an_earlier_one(one_s: float, other_s: float, decimals: int) -> None:
    early, late = sorted([one_s, other_s])
    assert parse_time(format_time(early, decimals)) <= parse_time(format_time(late, decimals))


@given(MOMENTS_S)
def test_an_instant_reads_back_as_it_is_printed(seconds: float) -> None:
    instant = Instant(seconds)
    assert Instant.parse(str(instant)).s == pytest.approx(seconds, abs=0.0501)
    assert str(Instant.parse(str(instant))) == str(instant)


def test_an_instant_is_a_second_that_can_be_compared() -> None:
    assert Instant.parse("1:30") == Instant(90.0) < Instant.parse("-30s", duration_s=200.0)
    assert str(Instant.parse("1h2m3s")) == "1:02:03.0"
    assert sorted([Instant(3.0), Instant(-1.0)]) == [Instant(-1.0), Instant(3.0)]
    with pytest.raises(AttributeError):
        Instant(1.0).s = 2.0  # type: ignore[misc]


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_an_instant_without_end_is_none(seconds: float) -> None:
    with pytest.raises(ValueError, match="not an instant"):
        Instant(seconds)


def test_what_is_no_time_is_no_instant() -> None:
    with pytest.raises(RequestError, match="not a time"):
        Instant.parse("1:75")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("1:00-2:00", (60, 120)),
        ("1:00–2:00", (60, 120)),
        ("1:00..2:00", (60, 120)),
        (" 1:00 - 2:00 ", (60, 120)),
        ("90.5..95.5", (90.5, 95.5)),
        ("1m-1m30s", (60, 90)),
        ("10%-20%", (20, 40)),
        ("-60s..-30s", (140, 170)),
        ("1:00..-30s", (60, 170)),
        ("1:00-", (60, 200)),
        ("1:00–", (60, 200)),
        ("1:00..", (60, 200)),
        ("-30s..", (170, 200)),
        ("0..1", (0, 1)),
    ],
)
def test_a_written_span_is_so_many_seconds(text: str, bounds: tuple[float, float]) -> None:
    assert Span.parse(text, duration_s=200.0) == Span(*bounds)


NO_SPANS = """
    1:00 -60s -60s--30s 1:00--30s 1:00–-30s -60s–-30s .. - – ..2:00 -2:00 2:00-1:00 1:00-1:00 1:00..1:00
    1:00...2 1:00-2:00-3:00 1:00..2:00..3:00 soon-1:00 1:00-soon 1:00-1:75 200.. 1:00-300%
    -30s..-60s 1:00—2:00 1:00,2:00
""".split()


@pytest.mark.parametrize("text", ["", " ", *NO_SPANS])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        Span.parse(text, duration_s=200.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["1:00-", "1:00..", "10%-20%", "1:00..-30s"])
def test_a_span_up_to_the_end_needs_a_known_length(text: str) -> None:
    assert Span.parse("1:00-2:00") == Span(60, 120)
    with pytest.raises(RequestError, match="length"):
        Span.parse(text)


@given(SPANS.filter(lambda span: span.duration_s > 0))
def test_a_span_reads_back_as_it_is_printed(span: Span) -> None:
    assert Span.parse(str(span)) == span


@given(st.text(st.sampled_from("0123456789:.%-–hms"), max_size=12) | st.text(max_size=8))
def test_any_text_is_a_span_or_a_refused_request(text: str) -> None:
    with suppress(RequestError):
        assert Span.parse(text, duration_s=200.0).duration_s > 0


@pytest.mark.parametrize(
    "bounds",
    [(2.0, 1.0), (math.nan, 1.0), (0.0, math.nan), (0.0, math.inf), (-math.inf, 0.0), (math.inf, math.inf)],
)
def test_bounds_in_the_wrong_order_or_without_end_are_no_span(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(*bounds)


def test_a_span_measures_itself() -> None:
    span = Span(10.0, 14.0)
    assert (span.duration_s, span.middle_s, str(span)) == (4.0, 12.0, "00:10.0–00:14.0")
    assert span.widened(2.0) == Span(8.0, 16.0)
    assert span.widened(60.0) == Span(0.0, 74.0)
    assert Span(3.0, 3.0).duration_s == 0.0


@pytest.mark.parametrize(
    ("other", "overlap_s", "gap_s", "hull"),
    [
        (Span(0, 5), 0.0, 5.0, Span(0, 20)),
        (Span(0, 10), 0.0, 0.0, Span(0, 20)),
        (Span(5, 12), 2.0, 0.0, Span(5, 20)),
        (Span(12, 13), 1.0, 0.0, Span(10, 20)),
        (Span(0, 30), 10.0, 0.0, Span(0, 30)),
        (Span(25, 30), 0.0, 5.0, Span(10, 30)),
        (Span(15, 15), 0.0, 0.0, Span(10, 20)),
    ],
)
def test_two_spans_are_compared(other: Span, overlap_s: float, gap_s: float, hull: Span) -> None:
    span = Span(10, 20)
    assert (span.overlap_s(other), span.gap_s(other), span.hull(other)) == (overlap_s, gap_s, hull)
    assert (other.overlap_s(span), other.gap_s(span), other.hull(span)) == (overlap_s, gap_s, hull)


@pytest.mark.parametrize(
    ("spans", "gap_s", "merged"),
    [
        ([], 0.0, []),
        ([Span(3, 4), Span(0, 1)], 0.0, [Span(0, 1), Span(3, 4)]),
        ([Span(0, 1), Span(1, 2)], 0.0, [Span(0, 2)]),
        ([Span(0, 9), Span(1, 2), Span(8, 10)], 0.0, [Span(0, 10)]),
        ([Span(0, 1), Span(3, 4)], 2.0, [Span(0, 4)]),
        ([Span(0, 1), Span(3.5, 4)], 2.0, [Span(0, 1), Span(3.5, 4)]),
    ],
)
def test_spans_are_merged(spans: list[Span], gap_s: float, merged: list[Span]) -> None:
    assert merge_spans(spans, gap_s) == merged


def seconds_of(spans: list[Span]) -> set[int]:
    return {s for span in spans for s in range(int(span.start_s), int(span.end_s))}


@given(st.lists(SPANS, max_size=12))
def test_merging_keeps_every_second_and_adds_none(spans: list[Span]) -> None:
    assert seconds_of(merge_spans(spans)) == seconds_of(spans)


@given(st.lists(SPANS, max_size=12), st.integers(0, 5))
def test_merged_spans_stand_in_order_farther_apart_than_the_gap(spans: list[Span], gap_s: int) -> None:
    merged = merge_spans(spans, gap_s)
    assert all(b.start_s - a.end_s > gap_s for a, b in pairwise(merged))
    assert all(any(m.hull(span) == m for m in merged) for span in spans)
    assert merge_spans(merged, gap_s) == merged

"""The clock: moments in seconds of the container, half-open spans, and their written form.

A second is a presentation timestamp as the user's player shows it. Nothing here, and nothing that
uses this module, computes a time from a frame number and a frame rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import NoReturn

from .errors import RequestError

TIME_FORMS = "90, 1:30, 1:30.5, 00:01:30.500, 2m, 1h2m3s, 10% or -30s from the end"
"""The writings of a time, for help texts and messages."""

_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_CLOCK = re.compile(rf"(?:(?:(\d{{1,9}}):)?(\d{{1,9}}):)?({_NUMBER})s?", re.A)
# Only the last number may have a fraction: 1h2.5m, but not 1.5h20m.
_UNITS = re.compile(rf"(?!.*\.\d+[hm]\d)(?:({_NUMBER})h)?(?:({_NUMBER})m)?(?:({_NUMBER})s)?", re.A)
_SHARE = re.compile(rf"({_NUMBER}) ?%", re.A)
_DECIMALS_MAX = 3


@dataclass(frozen=True, order=True)
class Instant:
    """A moment in seconds of the container. Raises ``ValueError`` where it is not finite."""

    s: float

    def __post_init__(self) -> None:
        if not isfinite(self.s):
            raise ValueError(f"not an instant: {self.s}")

    @classmethod
    def parse(cls, text: str, duration_s: float | None = None) -> Instant:
        """The moment that a text names, as ``parse_time`` reads it. Raises ``RequestError`` like it."""
        return cls(parse_time(text, duration_s))

    def __str__(self) -> str:
        return format_time(self.s)


@dataclass(frozen=True, order=True)
class Span:
    """A half-open stretch of time ``[start_s, end_s)`` in seconds of the container.

    Raises ``ValueError`` where the end lies before the start or a bound is not finite.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (abs(self.start_s) < float("inf") and self.start_s <= self.end_s < float("inf")):
            raise ValueError(f"not a span: [{self.start_s}, {self.end_s})")

    @classmethod
    def parse(cls, text: str, duration_s: float | None = None) -> Span:
        """The span that a text names: ``1:00-2:00``, ``1:00–2:00``, ``1:00..2:00`` or ``1:00-`` to the end.

        Each side is written as for ``parse_time``; times from the end need dots: ``-60s..-30s``. Raises
        ``RequestError`` for anything else, and where the end is not after the start.
        """
        start, end = _sides(text)
        start_s = parse_time(start, duration_s)
        end_s = parse_time(end, duration_s) if end else _known(text, duration_s)
        if end_s <= start_s:
            raise RequestError(f"not a stretch of time: {text!r} does not end after it begins")
        return cls(start_s, end_s)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        """The moment half way."""
        return (self.start_s + self.end_s) / 2

    def overlap_s(self, other: Span) -> float:
        """Seconds shared with another span, 0.0 where they do not meet."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def gap_s(self, other: Span) -> float:
        """Seconds between two spans, 0.0 where they touch or overlap."""
        return max(0.0, max(self.start_s, other.start_s) - min(self.end_s, other.end_s))

    def widened(self, by_s: float) -> Span:
        """The span with ``by_s`` seconds added at both ends, never before zero."""
        return Span(max(0.0, self.start_s - by_s), self.end_s + by_s)

    def inside(self, whole: Span) -> Span:
        """The part of the span that lies in a whole one; a moment at the nearer end of it where there is none."""
        start_s = min(max(self.start_s, whole.start_s), whole.end_s)
        return Span(start_s, max(start_s, min(self.end_s, whole.end_s)))

    def hull(self, other: Span) -> Span:
        """The shortest span that holds both."""
        return Span(min(self.start_s, other.start_s), max(self.end_s, other.end_s))

    def __str__(self) -> str:
        return f"{format_time(self.start_s)}–{format_time(self.end_s)}"


def merge_spans(spans: list[Span], gap_s: float = 0.0) -> list[Span]:
    """Spans in order, joined wherever they overlap or lie at most ``gap_s`` apart."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s <= merged[-1].end_s + gap_s:
            merged[-1] = merged[-1].hull(span)
        else:
            merged.append(span)
    return merged


def gaps_between(spans: list[Span], whole: Span) -> list[Span]:
    """What of a stretch lies in none of some spans, in order."""
    inside = [span.inside(whole) for span in merge_spans(spans) if span.overlap_s(whole) > 0]
    ends = [whole.start_s, *(span.end_s for span in inside)]
    starts = [*(span.start_s for span in inside), whole.end_s]
    return [Span(a, b) for a, b in zip(ends, starts, strict=True) if b > a]


def format_time(seconds: float, decimals: int = 1) -> str:
    """``mm:ss.s``, or ``h:mm:ss.s`` from one hour on, with 0 to 3 decimals of a second.

    >>> format_time(61.25), format_time(3725.96), format_time(61.25, 3), format_time(59.6, 0)
    ('01:01.2', '1:02:06.0', '01:01.250', '01:00')
    """
    if not 0 <= decimals <= _DECIMALS_MAX:
        raise ValueError(f"a time is written with 0 to {_DECIMALS_MAX} decimals, not {decimals}")
    per_second = 10**decimals
    ticks = round(abs(seconds) * per_second)
    sign = "-" if seconds < 0 and ticks else ""
    whole, rest = divmod(ticks, per_second)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{whole:02d}" + (f".{rest:0{decimals}d}" if decimals else "")
    return f"{sign}{hours}:{clock}" if hours else sign + clock


def parse_time(text: str, duration_s: float | None = None) -> float:
    """Seconds from a written time: see ``TIME_FORMS``.

    Raises ``RequestError`` for anything else, for ``10%`` and a time from the end without a duration,
    and for a time from the end that lies before the beginning.
    """
    word = text.strip()
    share = _SHARE.fullmatch(word)
    if share:
        return _share_of_video(text, float(share[1]) / 100, duration_s)
    value_s = _seconds(text, word.removeprefix("-"))
    if not word.startswith("-"):
        return value_s
    if value_s > _known(text, duration_s):
        raise RequestError(f"not a time: {text!r} lies outside the video")
    return _known(text, duration_s) - value_s


def _seconds(text: str, word: str) -> float:
    match = _CLOCK.fullmatch(word) or _UNITS.fullmatch(word)
    if not match or not any(match.groups()):
        _refuse(text)
    hours, minutes, seconds = match.groups()
    if (hours and float(minutes or 0) >= 60) or ((hours or minutes) and float(seconds or 0) >= 60):
        raise RequestError(f"not a time: {text!r} has more than 59 where a larger unit stands before it")
    return float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds or 0)


def _refuse(text: str) -> NoReturn:
    if not text.strip():
        raise RequestError(f"no time is given (write {TIME_FORMS})")
    if "," in text:
        raise RequestError(f"not a time: {text!r} (write a point where there is a comma)")
    raise RequestError(f"not a time: {text!r} (write {TIME_FORMS})")


def _share_of_video(text: str, share: float, duration_s: float | None) -> float:
    if share > 1:
        raise RequestError(f"not a time: {text!r} lies outside the video")
    return share * _known(text, duration_s)


def _known(text: str, duration_s: float | None) -> float:
    if duration_s is None:
        raise RequestError(f"{text!r} needs a video whose length is known")
    return duration_s


def _sides(text: str) -> tuple[str, str]:
    """Start and end as written; the end is empty where it is that of the video."""
    word = text.strip()
    mark = next((mark for mark in ("..", "–", "-") if mark in word), "")
    start, _, end = (side.strip() for side in word.partition(mark)) if mark else ("", "", "")
    if not start or (mark != ".." and end.startswith("-")):
        raise RequestError(f"not a stretch of time: {text!r} (write 1:00-2:00, 1:00.. or -60s..-30s)")
    return start, end

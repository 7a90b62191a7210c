"""The clock: moments in seconds of the container, half-open spans, and their written form.

A second is a presentation timestamp as the user's player shows it. Nothing here, and nothing that
uses this module, computes a time from a frame number and a frame rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RequestError

_CLOCK = re.compile(r"(?:(?:(\d{1,6}):)?(\d{1,2}):)?(\d{1,9}(?:\.\d{1,9})?)")


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


def format_time(seconds: float) -> str:
    """``mm:ss.s``, or ``h:mm:ss.s`` from one hour on.

    >>> format_time(61.25), format_time(3725.96)
    ('01:01.2', '1:02:06.0')
    """
    tenths = round(abs(seconds) * 10)
    sign = "-" if seconds < 0 and tenths else ""
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{sign}{hours}:{clock}" if hours else sign + clock


def parse_time(text: str, duration_s: float | None = None) -> float:
    """Seconds from ``90``, ``1:30``, ``1:30.5``, ``00:01:30.500``, ``10%`` or ``-30s`` (from the end).

    Raises ``RequestError`` for anything else, and for ``10%`` or a negative time without a duration.
    """
    word = text.strip().removesuffix("s")
    if word.endswith("%"):
        return _percent(text, word[:-1], duration_s)
    from_end = word.startswith("-")
    match = _CLOCK.fullmatch(word.removeprefix("-"))
    if not match:
        raise RequestError(f"not a time: {text!r} (write 90, 1:30, 1:30.5, 00:01:30.500, 10% or -30s)")
    hours, minutes, seconds = match.groups()
    value = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
    if not from_end:
        return value
    if value > _known(text, duration_s):
        raise RequestError(f"not a time: {text!r} lies outside the video")
    return _known(text, duration_s) - value


def _percent(text: str, number: str, duration_s: float | None) -> float:
    try:
        share = float(number) / 100
    except ValueError:
        raise RequestError(f"not a time: {text!r}") from None
    if not 0 <= share <= 1:
        raise RequestError(f"not a time: {text!r} lies outside the video")
    return share * _known(text, duration_s)


def _known(text: str, duration_s: float | None) -> float:
    if duration_s is None:
        raise RequestError(f"{text!r} needs a video whose length is known")
    return duration_s

"""A timeline in a few lines of text: where events begin, where something was found, and what was looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..tools.clock import Span, format_time, merge_spans

_RESET = "\x1b[0m"
_EVENTS, _HITS, _SEEN, _PARTLY, _GAP = "\x1b[36m", "\x1b[1;32m", "\x1b[2m", "\x1b[33m", "\x1b[1;31m"
_LABELS = ("events", "found", "looked")
_LABEL_COLUMNS = max(map(len, _LABELS)) + 1
_COLUMNS_MIN = 10
_MOMENT_S = _ROUNDING = 1e-6


class _Marks(NamedTuple):
    """The characters of a strip: where an event begins and goes on, a hit, and what was seen, in part, or not."""

    begins: str
    goes_on: str
    hit: str
    seen: str
    partly: str
    gap: str


_UNICODE, _ASCII = _Marks("├", "─", "▲", "█", "▒", "·"), _Marks("|", "-", "^", "#", "+", ".")


def strip_lines(
    duration_s: float,
    events: Sequence[Span],
    hits: Sequence[Span],
    gaps: Sequence[Span],
    n_columns: int,
    has_colour: bool = False,
    is_unicode: bool = True,
) -> list[str]:
    """A video of ``duration_s`` as lines of ``n_columns`` characters, the label in front included.

    ``events`` begin where they are marked, ``hits`` are what was found, ``gaps`` what nobody looked at.
    Each column stands for an equal part of the video, and is marked by whatever touches it; what lies
    outside the video is left out. Lines of which nothing is known are not drawn, but that of what was
    looked at always is. Nothing at all for a video without length.
    """
    if duration_s <= 0:
        return []
    scale = _Scale(duration_s, max(_COLUMNS_MIN, n_columns - _LABEL_COLUMNS))
    marks, pens = _UNICODE if is_unicode else _ASCII, _Pens(has_colour)
    rows = []
    if events:
        rows.append((_LABELS[0], pens.drawn(_begun(scale, marks, events), dict.fromkeys(marks[:2], _EVENTS))))
    if hits:
        line = "".join(marks.hit if is_hit else " " for is_hit in scale.touched(hits))
        rows.append((_LABELS[1], pens.drawn(line, {marks.hit: _HITS})))
    line = "".join(_looked(marks, share) for share in scale.covered(gaps))
    rows.append((_LABELS[2], pens.drawn(line, {marks.seen: _SEEN, marks.partly: _PARTLY, marks.gap: _GAP})))
    return [f"{label:<{_LABEL_COLUMNS}}{line}" for label, line in (*rows, ("", scale.axis()))]


@dataclass(frozen=True)
class _Scale:
    """So many columns for a video of this length."""

    duration_s: float
    n: int

    def column(self, time_s: float) -> int:
        """The column that a moment of the video lies in."""
        return min(self.n - 1, int(time_s * self.n / self.duration_s))

    def touched(self, spans: Sequence[Span]) -> list[bool]:
        """For each column whether something lies in it, be it a mere moment."""
        columns = [False] * self.n
        for span in spans:
            if span.start_s < self.duration_s and max(span.end_s, span.start_s + _MOMENT_S) > 0:
                first = self.column(max(0.0, span.start_s))
                end = math.ceil(min(span.end_s, self.duration_s) * self.n / self.duration_s)
                columns[first : max(first + 1, end)] = [True] * (max(first + 1, end) - first)
        return columns

    def covered(self, spans: Sequence[Span]) -> list[float]:
        """The share of each column that spans fill."""
        step_s, merged = self.duration_s / self.n, merge_spans(list(spans))
        columns = [Span(place * step_s, (place + 1) * step_s) for place in range(self.n)]
        return [sum(column.overlap_s(span) for span in merged) / step_s for column in columns]

    def axis(self) -> str:
        """The first and the last second under their ends."""
        first, last = format_time(0.0, 0), format_time(self.duration_s, 0)
        return first + last.rjust(self.n - len(first))


def _begun(scale: _Scale, marks: _Marks, events: Sequence[Span]) -> str:
    begins = {scale.column(event.start_s) for event in events if 0 <= event.start_s < scale.duration_s}
    return "".join(marks.begins if column in begins else marks.goes_on for column in range(scale.n))


def _looked(marks: _Marks, gap_share: float) -> str:
    if gap_share < _ROUNDING:
        return marks.seen
    return marks.gap if gap_share > 1 - _ROUNDING else marks.partly


@dataclass(frozen=True)
class _Pens:
    """Colours for characters, where there are colours."""

    has_colour: bool

    def drawn(self, line: str, colours: dict[str, str]) -> str:
        """The line, each run of characters in its colour, and none left on at its end."""
        return "".join(self._runs(line, colours)) if self.has_colour else line

    def _runs(self, line: str, colours: dict[str, str]) -> Iterator[str]:
        now = ""
        for character in line:
            wanted = colours.get(character, "")
            if wanted != now:
                yield (_RESET if now else "") + wanted
                now = wanted
            yield character
        yield _RESET if now else ""

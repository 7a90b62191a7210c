"""Chapters as players take them: in order, one at a time, each until the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from .clock import Span
from .media_info import Chapter

if TYPE_CHECKING:
    from av.container.core import Chapter as Written

NAMELESS = "…"
"""The title of what has none."""

_TICK = Fraction(1, 1000)
_AND = " · "


def tiled(chapters: Sequence[Chapter], duration_s: float) -> list[Chapter]:
    """The chapters without overlap or gap from 0 to ``duration_s``, in whole milliseconds.

    A chapter ends at the latest where the next one begins; of those that begin together one is made, which
    lasts as long as the longest and bears all titles. What lies between is ``NAMELESS``: mp4 stores no end
    of a chapter, and would make a gap a part of the chapter before it, or of the first one.
    """
    end = round(duration_s / _TICK)
    rows = sorted((_ticks(chapter.span, end), chapter.title or NAMELESS) for chapter in chapters)
    joined = [_joined(list(group)) for _, group in groupby(rows, key=lambda row: row[0][0])]
    return [
        Chapter(Span(float(first * _TICK), float(last * _TICK)), title)
        for first, last, title in _filled([row for row in joined if row[0] < row[1]], end)
    ]


def written(chapters: Sequence[Chapter]) -> list[Written]:
    """The chapters as ``set_chapters`` of PyAV takes them."""
    return [
        {
            "id": number,
            "start": round(chapter.span.start_s / _TICK),
            "end": round(chapter.span.end_s / _TICK),
            "time_base": _TICK,
            "metadata": {"title": chapter.title or NAMELESS},
        }
        for number, chapter in enumerate(chapters, 1)
    ]


def _ticks(span: Span, end: int) -> tuple[int, int]:
    return min(round(span.start_s / _TICK), end), min(round(span.end_s / _TICK), end)


def _joined(rows: Sequence[tuple[tuple[int, int], str]]) -> tuple[int, int, str]:
    titles = dict.fromkeys(title for _, title in rows)
    return rows[0][0][0], max(ticks[1] for ticks, _ in rows), _AND.join(titles)


def _filled(rows: Sequence[tuple[int, int, str]], end: int) -> Iterator[tuple[int, int, str]]:
    if rows and rows[0][0] > 0:
        yield 0, rows[0][0], NAMELESS
    for number, (first, last, title) in enumerate(rows, 1):
        following = rows[number][0] if number < len(rows) else end
        yield first, min(last, following), title
        if last < following:
            yield last, following, NAMELESS

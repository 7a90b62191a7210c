"""The title of a stretch of video: of all lines on screen the one that stands out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..tools.clock import Span
from ..tools.roles import Box
from .records import Text

TITLE_CHARACTERS = 48
"""A longer one is cut where something else has to be told as well."""

TITLE_AREA = 0.02
"""A line that fills less of the picture stands there for something else than to be read."""

LEGIBLE_AREA = 0.003
"""A smaller one tells nothing even where there is no other."""

_SMALL: Box = (0.0, 0.0, 0.5, 0.01)
_LONG_S = 10.0
_TITLE_HEIGHT = 0.08
_LINES_MAX = 3


def headline(shown: Sequence[Text], span: Span, area_min: float = 0.0) -> str:
    """The line that stands largest for longest within a span, the first among equals.

    A title of several lines is given whole unless that is too long. Empty where no line has letters and
    fills ``area_min`` of the picture.
    """
    lines = [line for line in shown if area(line) >= area_min and any(c.isalpha() for c in line.body)]
    if not lines:
        return ""
    best = max(lines, key=lambda line: _weight(line, span))
    title = [line for line in lines if line is best or _go_together(best, line)]
    nearest = sorted(title, key=lambda line: abs(_box(line)[1] - _box(best)[1]))[:_LINES_MAX]
    whole = " ".join(line.body for line in sorted(nearest, key=lambda line: _box(line)[1]))
    return whole if len(whole) <= TITLE_CHARACTERS else best.body


def area(line: Text) -> float:
    """The share of the picture that a line fills."""
    left, top, right, bottom = _box(line)
    return (right - left) * (bottom - top)


def _box(line: Text) -> Box:
    return line.box or _SMALL


def _weight(line: Text, span: Span) -> float:
    return area(line) * line.trust * math.sqrt(min(_LONG_S, line.span.overlap_s(span)))


def _go_together(one: Text, other: Text) -> bool:
    """Whether two large lines stand above each other, nearly as long, in letters of nearly one size."""
    (left, top, right, bottom), (left_b, top_b, right_b, bottom_b) = _box(one), _box(other)
    height, height_b = bottom - top, bottom_b - top_b
    beside = min(right, right_b) - max(left, left_b) >= 0.5 * min(right - left, right_b - left_b)
    near = max(top, top_b) - min(bottom, bottom_b) <= 0.5 * height
    at_once = one.span.overlap_s(other.span) >= 0.5 * one.span.duration_s
    alike = 0.6 <= height_b / max(height, 1e-9) <= 1.7
    return min(height, height_b) >= _TITLE_HEIGHT and beside and near and at_once and alike

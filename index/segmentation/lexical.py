"""Timelines of words: sentences as vectors, so that a change of topic is a change like any other."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from ...tools.clock import Span
from ...tools.roles import Vectors
from ..stemming import stems
from .signals import Mark, Numbers

DIMENSION = 256
LONG_PAUSE_S = 60.0
"""Who speaks again after so long begins something."""


def lexical_samples(said: Sequence[tuple[Span, str]]) -> tuple[Numbers, Vectors]:
    """Seconds (n,) and unit vectors (n, ``DIMENSION``) of sentences in order of time.

    Stems are hashed into signed places (Weinberger et al. 2009), so that sentences which share words are
    alike, and windows of them are compared as in TextTiling (Hearst 1997). A sentence without words is left out.
    """
    times_s, rows, last_s = [], [], float("-inf")
    for span, body in said:
        row = _hashed(stems(body))
        if row is not None and span.start_s > last_s:
            times_s.append(span.start_s)
            rows.append(row)
            last_s = span.start_s
    return np.array(times_s), np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)


def speech_marks(said: Sequence[tuple[Span, str]]) -> tuple[Mark, ...]:
    """Where somebody speaks again after a long pause."""
    marks, end_s = [], None
    for span, _ in said:
        if end_s is not None and span.start_s - end_s >= LONG_PAUSE_S:
            marks.append(Mark(span.start_s, "speech"))
        end_s = span.end_s if end_s is None else max(end_s, span.end_s)
    return tuple(marks)


def _hashed(words: Sequence[str]) -> Vectors | None:
    row = np.zeros(DIMENSION, np.float32)
    for word in words:
        # Short words are nearly always those that tell nothing.
        if len(word) > 3:
            code = zlib.crc32(word.encode())
            row[code % DIMENSION] += 1.0 if code >> 16 & 1 else -1.0
    length = float(np.linalg.norm(row))
    return row / length if length else None

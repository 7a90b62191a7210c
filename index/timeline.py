"""What is stored of a stretch of video, read back for cutting it into events and telling what they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tools.appearance import AppearanceEmbedder
from ..tools.clock import Span, merge_spans
from ..tools.roles import Vectors
from .gist import Content
from .library import Library
from .records import Sense, Text, Video, to_span, to_us
from .segmentation import Mark, Signals, lexical_samples, speech_marks

# The model that a video is cut by; vectors of others may stand beside its own, for finding, those of sound too.
CUT_BY = (
    "SELECT model.id FROM model WHERE EXISTS (SELECT 1 FROM sample WHERE sample.media_id = {media_id}"
    " AND model_id = model.id) AND EXISTS (SELECT 1 FROM media AS seen WHERE seen.id = {media_id} AND seen.width > 0)"
    f" ORDER BY name <> '{AppearanceEmbedder.name}', model.id LIMIT 1"
)
_QUIET_S = 1.0
# No text and no loudness row that is stored is longer, but for lines that stand for minutes.
_ROW_S = 3600.0


@dataclass(frozen=True)
class Samples:
    """Pictures of a stretch: ids (n,), seconds (n,) and unit vectors (n, d), in order of time."""

    ids: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    vectors: Vectors

    def inside(self, span: Span) -> Samples:
        """Those that lie in a span."""
        first, last = np.searchsorted(self.times_s, [span.start_s, span.end_s])
        return Samples(self.ids[first:last], self.times_s[first:last], self.vectors[first:last])


NO_SAMPLES = Samples(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 1), np.float32))


class Timeline:
    """The rows of one video, seen by one model, through an open connection."""

    def __init__(self, connection: sqlite3.Connection, media_id: int, model_id: int | None) -> None:
        self._connection, self.media_id, self.model_id = connection, media_id, model_id

    @classmethod
    def of(cls, library: Library, video: Video) -> Timeline:
        """The rows of a remembered video, seen by the model that it is cut by."""
        rows = library.rows(CUT_BY.format(media_id="?1"), video.id)
        return cls(library.database.conn, video.id, int(str(rows[0][0])) if rows else None)

    @cached_property
    def model(self) -> str:
        """The name of the model; empty where nobody looked."""
        rows = self._connection.execute("SELECT name FROM model WHERE id = ?", (self.model_id,)).fetchall()
        return str(rows[0][0]) if rows else ""

    def content(self, span: Span, samples: Samples) -> Content:
        """What a span holds; a sentence belongs to the span that its middle lies in."""
        said = [t for t in self.texts("speech", span) if span.start_s <= t.span.middle_s < span.end_s]
        return Content(
            span, said, self.texts("screen", span), samples.vectors, self.model == AppearanceEmbedder.name
        )

    def signals(self, stretch: Span) -> Signals:
        """Everything in a stretch that speaks for or against a boundary."""
        samples, said = self.samples(stretch), self.texts("speech", stretch)
        marks = [*self._chapters(), *self._news(stretch)]
        times_s, vectors = samples.times_s, samples.vectors
        if self.model_id is None:
            spoken = [(text.span, text.body) for text in said]
            times_s, vectors = lexical_samples(spoken)
            marks += speech_marks(spoken)
        return Signals(
            times_s=times_s,
            vectors=vectors,
            marks=tuple(sorted(marks, key=lambda mark: (mark.time_s, mark.origin))),
            pauses=tuple(self._pauses(stretch, said)),
            loudness=self.loudness(stretch),
        )

    def samples(self, stretch: Span) -> Samples:
        """The pictures of a stretch."""
        rows = self._rows(
            "SELECT id, t_us, vec FROM sample WHERE media_id = ? AND model_id = ? AND t_us >= ? AND t_us < ?"
            " ORDER BY t_us",
            self.model_id, *_us(stretch),
        )  # fmt: skip
        if not rows:
            return NO_SAMPLES
        vectors = np.frombuffer(b"".join(row[2] for row in rows), np.float16).reshape(len(rows), -1)
        ids, times_us = np.array([row[:2] for row in rows], np.int64).T
        return Samples(ids, times_us / 1e6, vectors.astype(np.float32))

    def texts(self, sense: Sense, stretch: Span) -> list[Text]:
        """What was said, or stood on screen, and lies in a stretch in part at least; in order."""
        start_us, end_us = _us(stretch)
        rows = self._rows(
            "SELECT id, sense, start_us, end_us, body, trust, box FROM text WHERE media_id = ? AND sense = ?"
            " AND start_us >= ? AND start_us < ? AND end_us > ? ORDER BY start_us, id",
            sense, start_us - to_us(_ROW_S), end_us, start_us,
        )  # fmt: skip
        return [Text.of(row) for row in rows]

    def loudness(self, stretch: Span) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """Seconds (m,) and loudness in dB below full scale (m,) of a stretch."""
        start_us, end_us = _us(stretch)
        rows = self._rows(
            "SELECT start_us, hop_us, levels_db FROM loudness WHERE media_id = ? AND start_us >= ? AND start_us < ?"
            " ORDER BY start_us",
            start_us - to_us(_ROW_S), end_us,
        )  # fmt: skip
        levels = [np.frombuffer(row[2], np.int8).astype(np.float32) for row in rows]
        times = [(row[0] + row[1] * np.arange(len(lev))) / 1e6 for row, lev in zip(rows, levels, strict=True)]
        times_s, levels_db = (
            np.concatenate([np.zeros(0), *times]),
            np.concatenate([np.zeros(0, np.float32), *levels]),
        )
        first, last = np.searchsorted(times_s, [stretch.start_s, stretch.end_s])
        return times_s[first:last], levels_db[first:last]

    def _chapters(self) -> list[Mark]:
        # All of them, since one anywhere outranks what we would call a chapter.
        rows = self._rows("SELECT start_us FROM mark WHERE media_id = ? ORDER BY start_us")
        return [Mark(row[0] / 1e6, "chapter", 1.0) for row in rows]

    def _news(self, stretch: Span) -> list[Mark]:
        rows = self._rows(
            "SELECT t_us, value FROM signal WHERE media_id = ? AND name = 'text' AND t_us >= ? AND t_us < ?"
            " ORDER BY t_us",
            *_us(stretch),
        )
        return [Mark(row[0] / 1e6, "text", row[1]) for row in rows]

    def _pauses(self, stretch: Span, said: Iterable[Text]) -> list[Span]:
        """Parts of a stretch in which nobody speaks for at least a second."""
        start_us, end_us = _us(stretch)
        rows = self._rows(
            "SELECT start_us, end_us FROM voice WHERE media_id = ? AND start_us >= ? AND start_us < ?",
            start_us - to_us(_ROW_S), end_us,
        )  # fmt: skip
        spoken = merge_spans([*(text.span for text in said), *(to_span(*row) for row in rows)])
        edges_s = [stretch.start_s, *(t for s in spoken for t in (s.start_s, s.end_s)), stretch.end_s]
        gaps = zip(edges_s[::2], edges_s[1::2], strict=True)
        return [Span(a, b) for a, b in gaps if b - a >= _QUIET_S]

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(sql, (self.media_id, *values)))


def _us(span: Span) -> tuple[int, int]:
    return to_us(span.start_s), to_us(span.end_s)

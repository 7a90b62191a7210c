"""Events of a video, cut from what is stored of it and written in place of those that were not final."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..tools.clock import Span
from .episodes import episode_of
from .gist import GistMaker
from .records import to_us
from .repetition import Repetition, mark_repetitions
from .representatives import keys_of, mean_of
from .segmentation import Segmentation, SegmentationSettings, segment
from .timeline import Samples, Timeline

_Sides = tuple[float | None, float | None]
_STAGE = "events"


def update_events(
    connection: sqlite3.Connection,
    media_id: int,
    model_id: int | None,
    until_s: float,
    is_over: bool,
    settings: SegmentationSettings,
    gist: GistMaker | None = None,
) -> None:
    """Cut what is stored up to ``until_s`` into events, from the last place on that is settled.

    Events at or before a settled barrier are final and stay as they are; all others are made anew. What is
    cut and written does not depend on how long the video was before. ``is_over`` settles all. A ``gist`` is
    asked for final events only, and not for one that repeats an earlier one. The caller holds the transaction.
    """
    since_s = _since_s(connection, media_id)
    timeline = Timeline(connection, media_id, model_id)
    if until_s > since_s:
        signals = timeline.signals(Span(max(0.0, since_s - settings.lookback_s), until_s))
        cut = segment(signals, until_s, settings, since_s=since_s, is_over=is_over)
        cut = replace(cut, settled_s=until_s) if is_over else cut
        _Writer(connection, media_id, timeline, settings, gist).write(cut, since_s, until_s)
    if is_over and not gist:
        # Comparing with all events before is for the end, or the next minute would cost the more the longer a video is.
        mark_repetitions(connection, timeline)


def _since_s(connection: sqlite3.Connection, media_id: int) -> float:
    row = connection.execute(
        "SELECT cursor_us FROM progress WHERE media_id = ? AND stage = ?", (media_id, _STAGE)
    ).fetchone()
    return float(row[0]) / 1e6 if row else 0.0


class _Writer:
    """Writes boundaries and events of one video behind a certain second."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        media_id: int,
        timeline: Timeline,
        settings: SegmentationSettings,
        gist: GistMaker | None,
    ) -> None:
        self._connection, self._media_id, self._timeline = connection, media_id, timeline
        self._settings, self._gist = settings, gist

    def write(self, cut: Segmentation, since_s: float, until_s: float) -> None:
        """Replace what lies behind ``since_s``."""
        since_us = to_us(since_s)
        for table, column in (("boundary", "t_us > ?"), ("event", "start_us >= ?")):
            self._connection.execute(
                f"DELETE FROM {table} WHERE media_id = ? AND {column}", (self._media_id, since_us)
            )
        self._connection.execute(
            "UPDATE media SET segmentation = ? WHERE id = ?", (self._settings.to_json(), self._media_id)
        )
        self._write_boundaries(cut)
        self._write_events(cut, since_s, until_s)
        self._connection.execute(
            "INSERT OR REPLACE INTO progress(media_id, stage, cursor_us, is_done, state) VALUES (?, ?, ?, 0, x'')",
            (self._media_id, _STAGE, to_us(cut.settled_s)),
        )

    def _write_boundaries(self, cut: Segmentation) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO boundary(media_id, t_us, height, origin, is_final) VALUES (?, ?, ?, ?, ?)",
            [
                (self._media_id, to_us(b.time_s), b.height, b.origin, b.time_s <= cut.settled_s)
                for b in cut.boundaries
            ],
        )

    def _write_events(self, cut: Segmentation, since_s: float, until_s: float) -> None:
        edges = [b for b in cut.boundaries if b.height >= self._settings.event_at]
        edges_s = [since_s, *(b.time_s for b in edges), until_s]
        heights = [self._height_at(since_s), *(b.height for b in edges), None]
        samples = self._timeline.samples(Span(since_s, until_s))
        repeats = self._repetition(samples) if self._gist and cut.settled_s > since_s else None
        for (start_s, end_s), sides in zip(pairwise(edges_s), pairwise(heights), strict=True):
            span = Span(start_s, end_s)
            is_final = end_s <= cut.settled_s
            self._write_event(span, sides, samples.inside(span), repeats if is_final else None, is_final)

    def _height_at(self, time_s: float) -> float | None:
        row = self._connection.execute(
            "SELECT height FROM boundary WHERE media_id = ? AND t_us = ?", (self._media_id, to_us(time_s))
        ).fetchone()
        return float(row[0]) if row else None

    def _repetition(self, samples: Samples) -> Repetition:
        return Repetition.going_on(self._connection, self._timeline, samples.vectors.shape[1])

    def _write_event(
        self, span: Span, sides: _Sides, samples: Samples, repeats: Repetition | None, is_final: bool
    ) -> None:
        content = self._timeline.content(span, samples)
        mean = mean_of(samples.vectors).astype(np.float16) if len(samples.ids) else None
        twin = repeats.twin(content, mean) if repeats else None
        gist = self._gist if is_final and twin is None else None
        _, levels_db = self._timeline.loudness(span)
        episode = episode_of(content, levels_db, self._contrast(sides), gist)
        height = 1.0 if sides[0] is None else sides[0]
        row = self._connection.execute(
            "INSERT INTO event(media_id, start_us, end_us, merge_height, gist, salience, mean, is_final,"
            " duplicate_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._media_id, to_us(span.start_s), to_us(span.end_s), height, episode.gist,
                episode.salience, None if mean is None else mean.tobytes(), is_final, twin,
            ),
        )  # fmt: skip
        event_id = int(row.lastrowid or 0)
        self._connection.executemany(
            "INSERT INTO event_key(event_id, rank, sample_id) VALUES (?, ?, ?)",
            [
                (event_id, rank, int(samples.ids[place]))
                for rank, place in enumerate(keys_of(samples.vectors))
            ],
        )
        if repeats and mean is not None and twin is None:
            repeats.keep(event_id, mean)

    def _contrast(self, sides: _Sides) -> float:
        """How much it differs from its neighbours, as a share of what a chapter does."""
        inner = [height for height in sides if height is not None]
        mean = sum(inner) / max(1, len(inner))
        return min(1.0, mean / self._settings.chapter_at)

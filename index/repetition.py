"""Events that repeat an earlier one of their video: they look the same, and say nothing of their own."""

from __future__ import annotations

import sqlite3

import numpy as np

from .consolidation import Consolidation, gamma_for
from .gist import Content, repeats_words
from .records import to_span
from .representatives import Mean
from .timeline import NO_SAMPLES, Timeline


class Repetition:
    """Compares the events of one video, in order of time, with those that repeated none before them."""

    def __init__(self, connection: sqlite3.Connection, timeline: Timeline, kept: Consolidation) -> None:
        self._connection, self._timeline, self._kept = connection, timeline, kept

    @classmethod
    def going_on(cls, connection: sqlite3.Connection, timeline: Timeline, dimension: int) -> Repetition:
        """Goes on behind the final events that are stored, for means of this dimension."""
        gamma = gamma_for(timeline.model)
        return cls(connection, timeline, Consolidation.of(connection, timeline.media_id, gamma, dimension))

    def twin(self, content: Content, mean: Mean | None) -> int | None:
        """The id of the earlier event that this one repeats."""
        twin = None if mean is None else self._kept.twin(mean.astype(np.float32))
        if twin is None or not content.has_words:
            return twin
        row = self._connection.execute("SELECT start_us, end_us FROM event WHERE id = ?", (twin,)).fetchone()
        return twin if repeats_words(content, self._timeline.content(to_span(*row), NO_SAMPLES)) else None

    def keep(self, event_id: int, mean: Mean) -> None:
        """Take an event that repeats none."""
        self._kept.keep(event_id, mean.astype(np.float32))


def mark_repetitions(connection: sqlite3.Connection, timeline: Timeline) -> None:
    """Note for each event of a video the one that it repeats; the caller holds the transaction."""
    rows = connection.execute(
        "SELECT id, start_us, end_us, mean FROM event WHERE media_id = ? AND mean IS NOT NULL ORDER BY start_us",
        (timeline.media_id,),
    ).fetchall()
    kept = Consolidation(gamma_for(timeline.model), [], np.zeros((0, 1), np.float32))
    repetition, twins = Repetition(connection, timeline, kept), []
    for event_id, start_us, end_us, blob in rows:
        mean = np.frombuffer(blob, np.float16)
        twin = repetition.twin(timeline.content(to_span(start_us, end_us), NO_SAMPLES), mean)
        twins.append((twin, event_id))
        if twin is None:
            repetition.keep(event_id, mean)
    connection.executemany("UPDATE event SET duplicate_of = ? WHERE id = ?", twins)

"""What is remembered of one video: its events, texts, sounds, pictures, and what was looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.roles import Vectors
from .levels import events_at
from .library import Library
from .records import TEXT_COLUMNS, Coverage, Event, Level, Sense, Text, Video, to_span, to_us

_TEXT = f"SELECT {TEXT_COLUMNS} FROM text"


class Memory:
    """A read-only view of one video in a library."""

    def __init__(self, library: Library, video: Video) -> None:
        self.library = library
        self.video = video
        self._longest: dict[Sense, int] = {}
        self._text_ids: tuple[int, int, int] | None = None

    def events(self, level: Level = "event") -> list[Event]:
        """The video's stretches at one level, in order; they tile it as far as it was read."""
        return events_at(self.library, self.video, level)

    def event_at(self, time_s: float) -> Event | None:
        """The event that a moment lies in; None outside the video."""
        return self._event("start_us <= ? AND end_us > ?", to_us(time_s), to_us(time_s))

    def event_before(self, event: Event) -> Event | None:
        """The event that ends where this one begins; None before the first."""
        return self._event("start_us < ? ORDER BY start_us DESC", to_us(event.span.start_s))

    def event_after(self, event: Event) -> Event | None:
        """The event that begins where this one ends; None after the last."""
        return self._event("start_us > ? ORDER BY start_us", to_us(event.span.start_s))

    def _event(self, condition: str, *values: object) -> Event | None:
        rows = self.library.rows(
            f"{Event.SELECT} WHERE media_id = ? AND {condition} LIMIT 1", self.video.id, *values
        )
        return Event.from_row(rows[0]) if rows else None

    def texts(self, sense: Sense) -> list[Text]:
        """All that was said, or all that stood on screen, in order."""
        rows = self.library.rows(
            f"{_TEXT} WHERE media_id = ? AND sense = ? ORDER BY start_us, id", self.video.id, sense
        )
        return [Text.of(row) for row in rows]

    def lost(self, sense: Literal["picture", "sound"]) -> list[Span]:
        """Stretches that damage hid, in order of time."""
        rows = self.library.rows(
            "SELECT start_us, end_us FROM lost WHERE media_id = ? AND sense = ? ORDER BY start_us",
            self.video.id,
            sense,
        )
        return [to_span(*row) for row in rows]

    def n_texts(self) -> int:
        """How many sentences and lines are remembered in all."""
        return self.text_ids()[2]

    def text_ids(self) -> tuple[int, int, int]:
        """The first and the last id of a text, and how many there are; those of other videos may lie between."""
        if self._text_ids is None or not self.video.is_whole:
            rows = self.library.rows(
                "SELECT coalesce(min(id), 0), coalesce(max(id), 0), count(*) FROM text WHERE media_id = ?",
                self.video.id,
            )
            first, last, n = (int(str(value)) for value in rows[0])
            self._text_ids = first, last, n
        return self._text_ids

    def texts_by_id(self, ids: list[int]) -> list[Text]:
        """The texts with these ids, in order of time."""
        marks = ",".join("?" * len(ids))
        rows = self.library.rows(f"{_TEXT} WHERE id IN ({marks}) ORDER BY start_us, id", *ids)
        return [Text.of(row) for row in rows]

    def texts_near(self, span: Span, sense: Sense, within_s: float) -> list[Text]:
        """Texts of one sense that lie at most ``within_s`` from a span, in order."""
        return self.texts_near_each([span], sense, within_s)[0]

    def texts_near_each(self, spans: Sequence[Span], sense: Sense, within_s: float) -> list[list[Text]]:
        """For each of the spans the texts of one sense that lie at most ``within_s`` from it, in order."""
        ends_us = [(to_us(span.start_s - within_s), to_us(span.end_s + within_s)) for span in spans]
        rows = self.library.rows(
            f"SELECT place.key, {TEXT_COLUMNS} FROM json_each(?) AS place CROSS JOIN text"
            " WHERE media_id = ? AND sense = ? AND end_us >= json_extract(place.value, '$[0]')"
            " AND start_us BETWEEN json_extract(place.value, '$[0]') - ?"
            " AND json_extract(place.value, '$[1]') ORDER BY place.key, start_us, text.id",
            json.dumps(ends_us), self.video.id, sense, self._longest_us(sense),
        )  # fmt: skip
        found: list[list[Text]] = [[] for _ in spans]
        for place, *columns in rows:
            found[int(str(place))].append(Text.of(tuple(columns)))
        return found

    def _longest_us(self, sense: Sense) -> int:
        """How long the longest text of a sense is, so that no others need be looked at; while a video is read, now."""
        if sense not in self._longest or not self.video.is_whole:
            rows = self.library.rows(
                "SELECT coalesce(max(end_us - start_us), 0) FROM text WHERE media_id = ? AND sense = ?",
                self.video.id,
                sense,
            )
            self._longest[sense] = int(str(rows[0][0]))
        return self._longest[sense]

    def parts(self, text: Text) -> list[tuple[Span, str]]:
        """The shorter pieces of a sentence with their own times, in order."""
        return self.parts_each([text.id])[0]

    def parts_each(self, text_ids: Sequence[int]) -> list[list[tuple[Span, str]]]:
        """For each of the sentences its shorter pieces with their own times, in order."""
        rows = self.library.rows(
            "SELECT place.key, start_us, end_us, body FROM json_each(?) AS place"
            " CROSS JOIN text_part ON text_id = place.value ORDER BY place.key, start_us",
            json.dumps(list(text_ids)),
        )
        found: list[list[tuple[Span, str]]] = [[] for _ in text_ids]
        for place, start_us, end_us, body in rows:
            found[int(str(place))].append((to_span(start_us, end_us), str(body)))
        return found

    def samples(self, model: str) -> tuple[npt.NDArray[np.float64], Vectors]:
        """Seconds (n,) and vectors (n, d) of every remembered picture, as one model saw it."""
        rows = self.library.rows(
            "SELECT t_us, vec FROM sample JOIN model ON model.id = model_id"
            " WHERE media_id = ? AND model.name = ? ORDER BY t_us",
            self.video.id, model,
        )  # fmt: skip
        if not rows:
            return np.zeros(0), np.zeros((0, 0), np.float32)
        times_s = np.array([row[0] for row in rows], np.float64) / 1e6
        data = b"".join(row[1] for row in rows)  # type: ignore[misc]
        return times_s, np.frombuffer(data, np.float16).reshape(len(rows), -1).astype(np.float32)

    def voice(self) -> list[Span]:
        """Stretches in which a voice was heard, in order."""
        rows = self.library.rows(
            "SELECT start_us, end_us FROM voice WHERE media_id = ? ORDER BY start_us", self.video.id
        )
        return [to_span(*row) for row in rows]

    def loudness(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """Seconds (n,) and loudness in dB below full scale (n,), one value per hop, in order."""
        rows = self.library.rows(
            "SELECT start_us, hop_us, levels_db FROM loudness WHERE media_id = ? ORDER BY start_us",
            self.video.id,
        )
        levels = [np.frombuffer(row[2], np.int8).astype(np.float32) for row in rows]  # type: ignore[call-overload]
        times = [
            (int(str(row[0])) + int(str(row[1])) * np.arange(len(level))) / 1e6
            for row, level in zip(rows, levels, strict=True)
        ]
        return np.concatenate([np.zeros(0), *times]), np.concatenate([np.zeros(0, np.float32), *levels])

    def coverage(self) -> list[Coverage]:
        """How far each sense was looked at when the video was remembered."""
        rows = self.library.rows(
            "SELECT sense, engine, share, n_looks, trust FROM coverage WHERE media_id = ? ORDER BY rowid",
            self.video.id,
        )
        return [
            Coverage(str(r[0]), str(r[1]), float(str(r[2])), int(str(r[3])), float(str(r[4]))) for r in rows
        ]

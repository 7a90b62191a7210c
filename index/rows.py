"""Rows of what was found in a video, written in a transaction that the caller holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..tools.clock import Span
from ..tools.media_info import Chapter
from ..tools.passages import Passage
from ..tools.roles import Embedder, Vectors
from .folding import folded
from .listening import HOP_S, LoudnessRow
from .records import ContentKey, Coverage, to_stored, to_title, to_us
from .stemming import stems
from .text_tracks import TextSighting


def write_media(
    connection: sqlite3.Connection,
    path: Path,
    key: ContentKey,
    settings: str,
    size: tuple[int, int],
    state: str,
) -> int:
    """A row for a video of which nothing is known yet; its id."""
    status = path.stat()
    row = connection.execute(
        "INSERT INTO media(sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,"
        " duration_us, width, height, notes, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '[]', ?)",
        (
            key.sha256, to_stored(path), to_title(path), status.st_size, status.st_mtime_ns,
            key.sidecar_sha256, key.tracks, settings, *size, state,
        ),
    )  # fmt: skip
    return int(row.lastrowid or 0)


def delete_media(connection: sqlite3.Connection, path: Path, key: ContentKey, state: str) -> None:
    """Forget what was read of this content in this way, with these subtitles or at this place."""
    for condition, value in (("sidecar_sha256", key.sidecar_sha256), ("path", to_stored(path))):
        connection.execute(
            f"DELETE FROM media WHERE sha256 = ? AND tracks = ? AND state = ? AND {condition} = ?",
            (key.sha256, key.tracks, state, value),
        )


def write_length(
    connection: sqlite3.Connection, media_id: int, duration_s: float, notes: Sequence[str]
) -> None:
    """How long the video is, as far as it was read, and what a reader ought to know of it."""
    connection.execute(
        "UPDATE media SET duration_us = ?, notes = ? WHERE id = ?",
        (to_us(duration_s), json.dumps(list(notes)), media_id),
    )


def model_row(connection: sqlite3.Connection, embedder: Embedder) -> int:
    """The id of a model, noted where it is met for the first time."""
    connection.execute(
        "INSERT OR IGNORE INTO model(name, dimension) VALUES (?, ?)", (embedder.name, embedder.dimension)
    )
    (model_id,) = connection.execute("SELECT id FROM model WHERE name = ?", (embedder.name,)).fetchone()
    return int(model_id)


def write_samples(
    connection: sqlite3.Connection,
    media_id: int,
    model_id: int,
    times_s: Iterable[float],
    vectors: Iterable[Vectors],
) -> None:
    """Vectors of pictures with their seconds; of two that share a microsecond the first stays."""
    connection.executemany(
        "INSERT OR IGNORE INTO sample(media_id, model_id, t_us, vec) VALUES (?, ?, ?, ?)",
        (
            (media_id, model_id, to_us(float(time_s)), vector.astype(np.float16).tobytes())
            for time_s, vector in zip(times_s, vectors, strict=True)
        ),
    )


def write_passages(connection: sqlite3.Connection, media_id: int, passages: Iterable[Passage]) -> None:
    """Sentences that were said, with their parts."""
    for passage in passages:
        text_id = _write_text(connection, media_id, "speech", passage.span, passage.text, passage.trust, None)
        connection.executemany(
            "INSERT INTO text_part(text_id, start_us, end_us, body) VALUES (?, ?, ?, ?)",
            [(text_id, *_us(part.span), part.text) for part in passage.parts],
        )


def write_sightings(connection: sqlite3.Connection, media_id: int, sightings: Iterable[TextSighting]) -> None:
    """Lines that stood on screen."""
    for line in sightings:
        box = json.dumps(line.box)
        _write_text(connection, media_id, "screen", line.span, line.text, line.confidence, box)


def _write_text(
    connection: sqlite3.Connection,
    media_id: int,
    sense: str,
    span: Span,
    body: str,
    trust: float,
    box: str | None,
) -> int:
    row = connection.execute(
        "INSERT INTO text(media_id, sense, start_us, end_us, body, stems, folded, trust, box)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (media_id, sense, *_us(span), body, " ".join(stems(body)), folded(body), trust, box),
    )
    return int(row.lastrowid or 0)


def write_sound(
    connection: sqlite3.Connection, media_id: int, voice: Iterable[Span], loudness: Iterable[LoudnessRow]
) -> None:
    """Where a voice was heard, and how loud it was."""
    connection.executemany(
        "INSERT INTO voice(media_id, start_us, end_us) VALUES (?, ?, ?)",
        [(media_id, *_us(span)) for span in voice],
    )
    connection.executemany(
        "INSERT INTO loudness(media_id, start_us, hop_us, levels_db) VALUES (?, ?, ?, ?)",
        [(media_id, to_us(row.start_s), to_us(HOP_S), row.levels_db.tobytes()) for row in loudness],
    )


def write_signal(
    connection: sqlite3.Connection, media_id: int, name: str, values: Iterable[tuple[float, float]]
) -> None:
    """(second, value) of something that speaks for a boundary."""
    connection.executemany(
        "INSERT OR REPLACE INTO signal(media_id, name, t_us, value) VALUES (?, ?, ?, ?)",
        [(media_id, name, to_us(time_s), value) for time_s, value in values],
    )


def write_marks(connection: sqlite3.Connection, media_id: int, chapters: Iterable[Chapter]) -> None:
    """The chapters that the author marked."""
    connection.executemany(
        "INSERT INTO mark(media_id, start_us, end_us, title) VALUES (?, ?, ?, ?)",
        [(media_id, *_us(chapter.span), chapter.title or "") for chapter in chapters],
    )


def write_coverage(connection: sqlite3.Connection, media_id: int, coverage: Iterable[Coverage]) -> None:
    """How far each sense looked, in place of what was noted before."""
    connection.execute("DELETE FROM coverage WHERE media_id = ?", (media_id,))
    connection.executemany(
        "INSERT INTO coverage(media_id, sense, engine, share, n_looks, trust) VALUES (?, ?, ?, ?, ?, ?)",
        [(media_id, c.sense, c.engine, c.share, c.n_looks, c.trust) for c in coverage],
    )


def write_lost(connection: sqlite3.Connection, media_id: int, sense: str, lost: Iterable[Span]) -> None:
    """What damage hid from a sense, in place of what was noted before."""
    connection.execute("DELETE FROM lost WHERE media_id = ? AND sense = ?", (media_id, sense))
    connection.executemany(
        "INSERT INTO lost(media_id, sense, start_us, end_us) VALUES (?, ?, ?, ?)",
        [(media_id, sense, *_us(span)) for span in lost],
    )


def _us(span: Span) -> tuple[int, int]:
    return to_us(span.start_s), to_us(span.end_s)

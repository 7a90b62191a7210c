"""Storing one video's findings: everything in one transaction, or nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..tools.clock import Span
from ..tools.passages import Passage
from ..tools.roles import ImageTextEmbedder
from ..tools.subtitles import sidecars
from .fingerprint import fingerprint
from .library import Library
from .listening import HOP_S, Heard
from .looking import Looked
from .records import Coverage, Event, Video, to_stored, to_title, to_us
from .stemming import stems


@dataclass(frozen=True)
class ContentKey:
    """What makes a remembered video the same one: its content, its subtitles' content, its tracks."""

    sha256: str
    sidecar_sha256: str = ""
    tracks: str = ""


@dataclass(frozen=True)
class Findings:
    """All that one ingestion found out about a video."""

    duration_s: float
    size: tuple[int, int]
    embedder: ImageTextEmbedder
    looked: Looked | None
    heard: Heard | None
    passages: list[Passage]
    events: list[Event]
    coverage: list[Coverage]
    notes: list[str]


def sidecar_fingerprint(path: Path, language: str) -> str:
    """The fingerprint of the subtitle file that would be read with a video, empty where there is none.

    A file that vanishes meanwhile counts as none.
    """
    try:
        return next((fingerprint(file) for file in sidecars(path, language=language)), "")
    except OSError:
        return ""


def store(library: Library, path: Path, key: ContentKey, settings: str, findings: Findings) -> Video:
    """Write a video, in place of what was remembered of the same content read in the same way.

    Raises ``LibraryBusyError`` and ``StorageFullError``; then the library is as it was before.
    """
    status = path.stat()
    with library.transaction() as connection:
        for condition, value in (("sidecar_sha256", key.sidecar_sha256), ("path", to_stored(path))):
            connection.execute(
                f"DELETE FROM media WHERE sha256 = ? AND tracks = ? AND {condition} = ?",
                (key.sha256, key.tracks, value),
            )
        row = connection.execute(
            "INSERT INTO media(sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,"
            " duration_us, width, height, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.sha256, to_stored(path), to_title(path), status.st_size, status.st_mtime_ns,
                key.sidecar_sha256, key.tracks, settings,
                to_us(findings.duration_s), *findings.size, json.dumps(findings.notes),
            ),
        )  # fmt: skip
        media_id = int(row.lastrowid or 0)
        _write_samples(connection, media_id, findings)
        _write_texts(connection, media_id, findings)
        _write_sound(connection, media_id, findings)
        _write_events(connection, media_id, findings)
    return Video.from_row(library.rows(f"{Video.SELECT} WHERE id = ?", media_id)[0])


def _write_samples(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    if findings.looked is None:
        return
    embedder = findings.embedder
    connection.execute(
        "INSERT OR IGNORE INTO model(name, dimension) VALUES (?, ?)", (embedder.name, embedder.dimension)
    )
    (model_id,) = connection.execute("SELECT id FROM model WHERE name = ?", (embedder.name,)).fetchone()
    vectors = findings.looked.vectors.astype(np.float16)
    connection.executemany(
        "INSERT OR IGNORE INTO sample(media_id, model_id, t_us, vec) VALUES (?, ?, ?, ?)",
        (
            (media_id, model_id, to_us(float(t)), v.tobytes())
            for t, v in zip(findings.looked.times_s, vectors, strict=True)
        ),
    )


def _write_texts(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    for passage in findings.passages:
        text_id = _write_text(connection, media_id, "speech", passage.span, passage.text, passage.trust, None)
        connection.executemany(
            "INSERT INTO text_part(text_id, start_us, end_us, body) VALUES (?, ?, ?, ?)",
            [(text_id, *_us(part.span), part.text) for part in passage.parts],
        )
    for line in findings.looked.sightings if findings.looked else []:
        _write_text(
            connection, media_id, "screen", line.span, line.text, line.confidence, json.dumps(line.box)
        )


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
        "INSERT INTO text(media_id, sense, start_us, end_us, body, stems, trust, box) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (media_id, sense, *_us(span), body, " ".join(stems(body)), trust, box),
    )
    return int(row.lastrowid or 0)


def _write_sound(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    heard = findings.heard
    if heard is None:
        return
    connection.executemany(
        "INSERT INTO voice(media_id, start_us, end_us) VALUES (?, ?, ?)",
        [(media_id, *_us(span)) for span in heard.voice],
    )
    connection.executemany(
        "INSERT INTO loudness(media_id, start_us, hop_us, levels_db) VALUES (?, ?, ?, ?)",
        [(media_id, to_us(row.start_s), to_us(HOP_S), row.levels_db.tobytes()) for row in heard.loudness],
    )


def _write_events(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    connection.executemany(
        "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (?, ?, ?, ?, ?)",
        [(media_id, *_us(event.span), event.merge_height, event.gist) for event in findings.events],
    )
    connection.executemany(
        "INSERT INTO coverage(media_id, sense, engine, share, n_looks, trust) VALUES (?, ?, ?, ?, ?, ?)",
        [(media_id, c.sense, c.engine, c.share, c.n_looks, c.trust) for c in findings.coverage],
    )
    lost = [("picture", findings.looked), ("sound", findings.heard)]
    connection.executemany(
        "INSERT INTO lost(media_id, sense, start_us, end_us) VALUES (?, ?, ?, ?)",
        [(media_id, sense, *_us(span)) for sense, found in lost if found for span in found.lost],
    )


def _us(span: Span) -> tuple[int, int]:
    return to_us(span.start_s), to_us(span.end_s)

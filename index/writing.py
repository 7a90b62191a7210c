"""Storing one video's findings: everything in one transaction, or nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..tools.passages import Passage
from ..tools.roles import ImageTextEmbedder
from ..tools.subtitles import sidecars
from .episode_writing import update_events
from .fingerprint import fingerprint
from .library import Library
from .listening import Heard
from .picture_batches import Looked
from .records import ContentKey, Coverage, Event, Video, to_us
from .rows import (
    delete_media,
    model_row,
    write_coverage,
    write_length,
    write_lost,
    write_media,
    write_passages,
    write_samples,
    write_sightings,
    write_sound,
)
from .segmentation import settings_for

__all__ = ["ContentKey", "Findings", "sidecar_fingerprint", "store"]


@dataclass(frozen=True)
class Findings:
    """All that one ingestion found out about a video; its events are cut from the rest where they are None."""

    duration_s: float
    size: tuple[int, int]
    embedder: ImageTextEmbedder
    looked: Looked | None
    heard: Heard | None
    passages: list[Passage]
    events: list[Event] | None
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
    """Write a video at once, in place of what was remembered of the same content read in the same way.

    Raises ``LibraryBusyError`` and ``StorageFullError``; then the library is as it was before.
    """
    with library.transaction() as connection:
        delete_media(connection, path, key, "whole")
        media_id = write_media(connection, path, key, settings, findings.size, "whole")
        write_length(connection, media_id, findings.duration_s, findings.notes)
        _write_senses(connection, media_id, findings)
        write_passages(connection, media_id, findings.passages)
        _write_events(connection, media_id, findings)
        write_coverage(connection, media_id, findings.coverage)
    return library.video(media_id)


def _write_senses(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    if looked := findings.looked:
        model_id = model_row(connection, findings.embedder)
        write_samples(connection, media_id, model_id, looked.times_s, looked.vectors)
        write_sightings(connection, media_id, looked.sightings)
        write_lost(connection, media_id, "picture", looked.lost)
    if heard := findings.heard:
        write_sound(connection, media_id, heard.voice, heard.loudness)
        write_lost(connection, media_id, "sound", heard.lost)


def _write_events(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    if findings.events is None:
        model_id = model_row(connection, findings.embedder) if findings.looked else None
        settings = settings_for(findings.embedder.name if findings.looked else "speech")
        update_events(connection, media_id, model_id, findings.duration_s, True, settings)
        connection.execute("DELETE FROM progress WHERE media_id = ?", (media_id,))
        return
    connection.executemany(
        "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (?, ?, ?, ?, ?)",
        [
            (media_id, to_us(e.span.start_s), to_us(e.span.end_s), e.merge_height, e.gist)
            for e in findings.events
        ],
    )
    connection.execute(
        "INSERT INTO boundary SELECT media_id, start_us, merge_height, 'picture', 1 FROM event"
        " WHERE media_id = ? AND start_us > 0",
        (media_id,),
    )

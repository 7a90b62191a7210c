"""A subtitle file that stands for itself: a timeline of what was said, without picture and sound."""

from __future__ import annotations

import json
from pathlib import Path

from ..tools.container import require_file
from ..tools.errors import MediaError, RequestError
from ..tools.passages import sentences
from ..tools.subtitles import Subtitles, is_subtitle_name, read_transcript
from ..tools.tracks import Tracks
from .episode_writing import update_events
from .fingerprint import fingerprint
from .ingest import LENGTH_S_MAX, Ingested, IngestSettings
from .library import Library
from .records import ContentKey, Coverage, Video
from .rows import delete_media, write_coverage, write_length, write_media, write_passages
from .segmentation import settings_for

_NOTE = "a transcript only: there was no picture to see and no sound to hear"


def ingest_transcript(
    library: Library, path: Path, settings: IngestSettings, afresh: bool = False
) -> Ingested | None:
    """Remember a subtitle file, once, as ``ingest`` does a video; None for a file that is none.

    It is one by its name and by holding a cue that can be read.

    Raises ``UnknownVideoError`` for a missing file, ``MediaError`` for one whose clock cannot be believed,
    ``RequestError`` where tracks are chosen, and ``LibraryError`` where the library cannot be written.
    """
    if not is_subtitle_name(path):
        return None
    require_file(path)
    known = None if afresh else library.video_of_file(path, "")
    if known:
        return Ingested(known, is_new=False)
    subtitles = read_transcript(path)
    if not subtitles.utterances:
        return None
    if settings.tracks != Tracks():
        raise RequestError(f"{path}: a transcript has no tracks to choose from")
    return Ingested(_stored(library, path, subtitles, settings), is_new=True)


def _stored(library: Library, path: Path, subtitles: Subtitles, settings: IngestSettings) -> Video:
    duration_s = _duration_s(path, subtitles)
    key, passages = ContentKey(fingerprint(path)), sentences(subtitles.utterances)
    made_with = json.dumps({"language": settings.language, "engines": []})
    coverage = Coverage("speech", subtitles.origin, 1.0, len(subtitles.utterances), 1.0)
    segmentation = settings.segmentation or settings_for("speech")
    with library.transaction() as connection:
        delete_media(connection, path, key, "whole")
        media_id = write_media(connection, path, key, made_with, (0, 0), "whole")
        write_length(connection, media_id, duration_s, [_NOTE, *_skipped(subtitles.n_skipped)])
        write_passages(connection, media_id, passages)
        write_coverage(connection, media_id, [coverage])
        update_events(connection, media_id, None, duration_s, is_over=True, settings=segmentation)
        connection.execute("DELETE FROM progress WHERE media_id = ?", (media_id,))
    return library.video(media_id)


def _duration_s(path: Path, subtitles: Subtitles) -> float:
    """The end of the last cue; raises ``MediaError`` for one that cannot be believed."""
    duration_s = max(utterance.span.end_s for utterance in subtitles.utterances)
    if not 0 < duration_s <= LENGTH_S_MAX:
        raise MediaError(f"{path}: its clock cannot be believed: it ends after {duration_s / 86400:.0f} days")
    return duration_s


def _skipped(n_skipped: int) -> list[str]:
    lines = "one line" if n_skipped == 1 else f"{n_skipped} lines"
    return [f"{lines} of the transcript could not be read"] if n_skipped else []

"""Cutting a remembered video anew: from what is stored of it, without a model."""

from __future__ import annotations

from .episode_writing import update_events
from .library import Library
from .records import Video
from .segmentation import SegmentationSettings
from .timeline import Timeline


def resegment(library: Library, video: Video, settings: SegmentationSettings) -> None:
    """Replace the events of a whole video by those that other settings give, all at once.

    Raises ``LibraryBusyError`` and ``StorageFullError``; then the events are as they were.
    """
    model_id = Timeline.of(library, video).model_id
    with library.transaction() as connection:
        connection.execute("DELETE FROM event WHERE media_id = ?", (video.id,))
        connection.execute("DELETE FROM boundary WHERE media_id = ?", (video.id,))
        update_events(connection, video.id, model_id, video.duration_s, True, settings)
        connection.execute("DELETE FROM progress WHERE media_id = ?", (video.id,))

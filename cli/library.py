"""``vidagent ls`` and ``vidagent rm``: what is remembered, and forgetting it."""

from __future__ import annotations

from .edge import (
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    VideoArgument,
    library_path,
    say,
    say_json,
)


def list_videos(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the remembered videos."""
    from ..index.library import Library
    from .rendering import video_lines

    with Library(library_path(library)) as opened:
        videos = opened.videos()
    if as_json:
        rows = [
            {
                "id": v.short_id,
                "title": v.title,
                "path": str(v.path),
                "tracks": v.tracks,
                "duration_s": v.duration_s,
                "notes": v.notes,
            }
            for v in videos
        ]
        say_json(rows)
        return
    for line in video_lines(videos):
        say(line)


def remove(
    video: VideoArgument,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    library: LibraryOption = None,
) -> None:
    """Forget a video; the file itself is left alone."""
    from ..index.library import Library
    from ..tools.tracks import Tracks
    from .videos import known

    with Library(library_path(library)) as opened:
        found = known(opened, video, Tracks(picture_track, sound_track))
        opened.remove(found)
    say(f"{found.short_id}  {found.title}  forgotten")

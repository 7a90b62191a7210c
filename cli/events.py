"""``vidagent events``: the timeline of a video."""

from __future__ import annotations

from .edge import (
    DamageOption,
    FromOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    ToOption,
    VideoArgument,
    library_path,
    say,
    say_json,
    stretch,
)


def events(
    video: VideoArgument,
    from_time: FromOption = None,
    to_time: ToOption = None,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print a video's events in order; a video not met before is remembered first."""
    from ..index.ingest import IngestSettings
    from ..index.library import Library
    from ..index.memory import Memory
    from ..tools.tracks import Tracks
    from .rendering import event_lines
    from .videos import remembered

    settings = IngestSettings(tracks=Tracks(picture_track, sound_track), accepts_damage=accept_damage)
    with Library(library_path(library)) as opened:
        memory = Memory(opened, remembered(opened, video, settings))
        within = stretch(from_time, to_time, memory.video.duration_s)
        found = [e for e in memory.events() if within is None or e.span.overlap_s(within) > 0]
    if as_json:
        rows = [
            {"start_s": round(e.span.start_s, 3), "end_s": round(e.span.end_s, 3), "gist": e.gist}
            for e in found
        ]
        say_json(rows)
        return
    for line in event_lines(found):
        say(line)

"""``vidagent events``: the timeline of a video."""

from __future__ import annotations

from .edge import JsonOption, LibraryOption, VideoArgument, library_path, say, say_json


def events(video: VideoArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Print a video's events in order; a video not met before is remembered first."""
    from ..index.library import Library
    from ..index.memory import Memory
    from .rendering import event_lines
    from .videos import remembered

    with Library(library_path(library)) as opened:
        found = Memory(opened, remembered(opened, video)).events()
    if as_json:
        rows = [
            {"start_s": round(e.span.start_s, 3), "end_s": round(e.span.end_s, 3), "gist": e.gist}
            for e in found
        ]
        say_json(rows)
        return
    for line in event_lines(found):
        say(line)

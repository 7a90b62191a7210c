"""``vidagent ingest``: remember videos before anything is asked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from .edge import (
    DamageOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    library_path,
    say,
    say_json,
)


def ingest(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="The files to remember.")],
    force: Annotated[
        bool, typer.Option("--force", help="Forget what is remembered of them and read them again.")
    ] = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Remember videos; one that is remembered already costs nothing."""
    from ..index.ingest import IngestSettings
    from ..index.library import Library
    from ..tools.tracks import Tracks
    from .videos import remember

    settings = IngestSettings(tracks=Tracks(picture_track, sound_track), accepts_damage=accept_damage)
    with Library(library_path(library)) as opened:
        for path in videos:
            begun_s = time.monotonic()
            done = remember(opened, path, settings, force)
            took_s = time.monotonic() - begun_s
            if as_json:
                row = {"id": done.video.short_id, "path": str(done.video.path), "new": done.is_new}
                say_json(row | {"duration_s": done.video.duration_s, "elapsed_s": round(took_s, 3)})
            else:
                how = f"remembered in {took_s:.1f} s" if done.is_new else "already remembered"
                say(f"{done.video.short_id}  {done.video.title}  {how}")

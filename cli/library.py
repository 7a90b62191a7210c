"""What is remembered: ``vidagent ls`` and ``rm``, and ``vidagent library`` to look after the file that holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from .options import settings_from

if TYPE_CHECKING:
    from ..index.exchange import Merged
    from ..index.records import Video

_UNSOUND = 1

app = typer.Typer(
    help="Look after the library file: check, compact, export, import, merge.",
    no_args_is_help=True,
    rich_markup_mode=None,
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
                "whole": v.is_whole,
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
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Forget a video; the file itself is left alone."""
    from ..index.library import Library
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import Videos

    settings = settings_from(library=library).settings
    with Library(settings.library) as opened:
        found = Videos(opened, Models(settings), Tracks(picture_track, sound_track)).known(video)
        opened.remove(found)
    if as_json:
        say_json(_row(found))
    else:
        say(f"{found.short_id}  {found.title}  forgotten")


@app.command()
def check(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Look for anything wrong with the library, and alter nothing; ends with code 1 where there is something."""
    from ..index.upkeep import check as check_library

    path = library_path(library)
    found = check_library(path)
    if as_json:
        say_json([asdict(finding) for finding in found])
    else:
        for line in [f"{finding.what}; {finding.remedy}" for finding in found] or [f"{path}: sound"]:
            say(line)
    if found:
        raise typer.Exit(_UNSOUND)


@app.command()
def compact(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Give back room that the library does not need; others may read it meanwhile."""
    from ..index.upkeep import compact as compact_library

    done = compact_library(library_path(library))
    if as_json:
        say_json(asdict(done))
    else:
        say(f"{done.before_bytes:,} bytes before, {done.after_bytes:,} bytes after")


@app.command()
def export(
    videos: Annotated[list[str], typer.Argument(metavar="VIDEO", help="The remembered videos to write.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to make.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Write a library file that holds only these videos."""
    from ..index.exchange import export as export_videos
    from ..index.library import Library
    from ..tools.models.making import Models
    from .videos import Videos

    settings = settings_from(library=library).settings
    with Library(settings.library) as opened:
        known = Videos(opened, Models(settings))
        chosen = {video.id: video for video in map(known.known, videos)}
        export_videos(opened, list(chosen.values()), target, force)
    if as_json:
        say_json({"path": str(target), "written": [_row(video) for video in chosen.values()]})
        return
    for video in chosen.values():
        say(f"{video.short_id}  {video.title}  written to {target}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A library file, as export writes it.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Put the videos of another library file into this library."""
    _merge([file], as_json, library)


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Other library files.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Put the videos of several library files into this library, all of them or none."""
    _merge(files, as_json, library)


def _merge(files: list[Path], as_json: bool, library: Path | None) -> None:
    from ..index.exchange import merge as merge_files
    from ..index.library import Library

    with Library(library_path(library)) as opened:
        merged = merge_files(opened, files)
    fates = _fates(merged)
    if as_json:
        say_json({name: [_row(video) for video in videos] for name, _, videos in fates})
        return
    for _, told, videos in fates:
        for video in videos:
            say(f"{video.short_id}  {video.title}  {told}")


def _fates(merged: Merged) -> Iterable[tuple[str, str, list[Video]]]:
    return (
        ("added", "added", merged.added),
        ("kept", "there already, kept", merged.kept),
        ("replaced", "there already, replaced by a closer reading", merged.replaced),
        ("left_out", "left out: not read to its end", merged.left_out),
    )


def _row(video: Video) -> dict[str, str]:
    return {"id": video.short_id, "title": video.title, "tracks": video.tracks}

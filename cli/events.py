"""``vidagent events``: the timeline of a video."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import RequestError
from .edge import (
    DamageOption,
    FromOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    ToOption,
    VideoArgument,
    is_narrow,
    json_text,
    library_path,
    say_text,
    stretch,
)

if TYPE_CHECKING:
    from ..index.library import Library
    from ..index.records import Event, Level, Video

_FINER, _COARSER = 0.5, 2.0


class LevelName(StrEnum):
    """How finely the timeline is cut."""

    moments = "moments"
    events = "events"
    chapters = "chapters"

    @property
    def level(self) -> Level:
        """The level as the memory calls it."""
        levels: dict[str, Level] = {"moments": "moment", "events": "event", "chapters": "chapter"}
        return levels[self.value]


class Grain(StrEnum):
    """How a remembered video is cut anew."""

    finer = "finer"
    usual = "usual"
    coarser = "coarser"


def events(
    video: VideoArgument,
    level: Annotated[LevelName, typer.Option("--level", help="How finely it is cut.")] = LevelName.events,
    from_time: FromOption = None,
    to_time: ToOption = None,
    cut_anew: Annotated[
        Grain | None,
        typer.Option(
            "--cut-anew", help="Cut the remembered video into other events first; reads nothing again."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    as_vtt: Annotated[bool, typer.Option("--vtt", help="Print WebVTT instead of text.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")
    ] = None,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print a video's timeline in order; a video not met before is remembered first."""
    from ..index.ingest import IngestSettings
    from ..index.library import Library
    from ..index.memory import Memory
    from ..tools.tracks import Tracks
    from .videos import remembered

    if sum((as_csv, as_vtt, as_json)) > 1:
        raise RequestError("--json, --csv and --vtt are three forms of one timeline: choose one")
    settings = IngestSettings(tracks=Tracks(picture_track, sound_track), accepts_damage=accept_damage)
    with Library(library_path(library)) as opened:
        found = remembered(opened, video, settings)
        if cut_anew:
            _cut(opened, found, cut_anew)
        stretches = Memory(opened, found).events(level.level)
        within = stretch(from_time, to_time, found.duration_s)
    shown = [e for e in stretches if within is None or e.span.overlap_s(within) > 0]
    form = "csv" if as_csv else "vtt" if as_vtt else "json" if as_json else "text"
    if output is None:
        say_text(_text(shown, stretches, level.level, form, not is_narrow()))
    else:
        _write(output, _text(shown, stretches, level.level, form))


def _text(shown: list[Event], among: list[Event], level: Level, form: str, is_unicode: bool = True) -> str:
    from ..tools.plain import plain
    from .rendering import event_lines
    from .timelines import csv_text, event_rows, vtt_text

    if form == "text":
        return "".join(f"{plain(line)}\n" for line in event_lines(shown, among))
    rows = event_rows(shown, level, among)
    if form == "json":
        return json_text(rows, is_unicode) + "\n"
    return csv_text(rows) if form == "csv" else vtt_text(rows)


def _write(path: Path, text: str) -> None:
    """Put a file in place of what is there, whole or not at all; a device takes it as it comes."""
    is_plain = path.is_file() or not path.exists()
    target = path.with_name(f".{path.name}.part") if is_plain else path
    try:
        target.write_bytes(text.encode("utf-8", "backslashreplace"))
        if is_plain:
            target.replace(path)
    except OSError as error:
        if is_plain:
            with suppress(OSError):
                target.unlink()
        raise RequestError(f"{path}: {error.strerror}") from error


def _cut(library: Library, video: Video, grain: Grain) -> None:
    from ..index.resegmentation import resegment
    from ..index.segmentation import settings_for, with_grain
    from ..index.timeline import Timeline

    if not video.is_whole:
        raise RequestError(f"{video.title}: still being read; it can be cut anew when it is whole")
    factor = {Grain.finer: _FINER, Grain.usual: 1.0, Grain.coarser: _COARSER}[grain]
    usual = settings_for(Timeline.of(library, video).model or "speech")
    resegment(library, video, with_grain(usual, factor))

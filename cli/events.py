"""``vidagent events``: the timeline of a video."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
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
    json_output,
    say_text,
    stretch,
)
from .options import DeviceOption, LanguageOption, ModelsOption, SpeechModelOption, settings_from

if TYPE_CHECKING:
    from ..index.library import Library
    from ..index.records import Event, Level, Video
    from ..index.segmentation import SegmentationSettings, Surprise

_FINER, _COARSER = 0.5, 2.0
_IMPLIES = "Cuts anew; what is not named is as usual, or makes room."


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


class SurpriseName(StrEnum):
    """What a change is measured against when a remembered video is cut anew."""

    previous = "previous"
    mean = "mean"
    contrast = "contrast"

    @property
    def surprise(self) -> Surprise:
        """The surprise as the memory calls it."""
        names: dict[str, Surprise] = {"previous": "previous", "mean": "mean", "contrast": "contrast"}
        return names[self.value]


class Grain(StrEnum):
    """How a remembered video is cut anew."""

    finer = "finer"
    usual = "usual"
    coarser = "coarser"


@dataclass(frozen=True)
class Cut:
    """How a remembered video is cut anew; what is None is as usual."""

    grain: Grain | None
    min_event_s: float | None
    max_event_s: float | None
    surprise: SurpriseName | None

    @property
    def is_wanted(self) -> bool:
        """Whether anything was asked for."""
        return self != Cut(None, None, None, None)

    def settings(self, usual: SegmentationSettings) -> SegmentationSettings:
        """The usual settings with what was asked for; raises ``RequestError`` for lengths that cannot be."""
        from ..index.segmentation import with_grain, with_lengths, with_surprise

        factor = {Grain.finer: _FINER, Grain.coarser: _COARSER}.get(self.grain or Grain.usual, 1.0)
        settings = with_lengths(with_grain(usual, factor), self.min_event_s, self.max_event_s)
        return with_surprise(settings, self.surprise.surprise) if self.surprise else settings


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
    min_event: Annotated[
        float | None,
        typer.Option("--min-event", metavar="SECONDS", help=f"The shortest event. {_IMPLIES}"),
    ] = None,
    max_event: Annotated[
        float | None,
        typer.Option(
            "--max-event",
            metavar="SECONDS",
            help=f"The longest event, twice the shortest or more. {_IMPLIES}",
        ),
    ] = None,
    surprise: Annotated[
        SurpriseName | None,
        typer.Option(
            "--surprise",
            help="Look for changes from one picture to the next, from the mean of those before, or, as usual,"
            " between those before and those after. Cuts anew.",
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
    speech_model: SpeechModelOption = None,
    language: LanguageOption = None,
    device: DeviceOption = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print a video's timeline in order; a video not met before is remembered first."""
    from ..index.library import Library
    from ..index.memory import Memory
    from ..index.segmentation import SegmentationSettings
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import Videos

    if sum((as_csv, as_vtt, as_json)) > 1:
        raise RequestError("--json, --csv and --vtt are three forms of one timeline: choose one")
    anew = Cut(cut_anew, min_event, max_event, surprise)
    # A slip is told before a long video is read.
    anew.settings(SegmentationSettings())
    settings = settings_from(
        library=library, models=models, device=device, language=language, speech_model=speech_model
    ).settings
    with Library(settings.library) as opened:
        videos = Videos(opened, Models(settings), Tracks(picture_track, sound_track), accept_damage)
        found = videos.remembered(video)
        if anew.is_wanted:
            _cut(opened, found, anew)
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
        return json_output(rows, is_unicode)
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


def _cut(library: Library, video: Video, anew: Cut) -> None:
    from ..index.resegmentation import resegment
    from ..index.segmentation import settings_for
    from ..index.timeline import Timeline

    if not video.is_whole:
        raise RequestError(f"{video.title}: still being read; it can be cut anew when it is whole")
    usual = settings_for(Timeline.of(library, video).model or "speech")
    resegment(library, video, anew.settings(usual))

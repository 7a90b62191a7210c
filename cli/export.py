"""``vidagent export``: the timeline or a past answer as chapters, playlists and edit lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    complain,
    say,
    say_json,
    stretch,
)
from .events import LevelName
from .exports.forms import Form, form_of
from .options import DeviceOption, LanguageOption, ModelsOption, SpeechModelOption, settings_from
from .output import ForceOption

if TYPE_CHECKING:
    from ..agent.runs.past import Run
    from ..index.library import Library
    from ..index.records import Video
    from ..tools.clock import Span
    from .exports.marks import Mark

_START = "00:00:00:00"


def export(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The file to make; its ending says the form."),
    ],
    video: Annotated[
        str | None,
        typer.Argument(
            metavar="VIDEO",
            help="A file, or the id or title of a remembered video; with --run, that of the run.",
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--form",
            help="mkv, mp4: the video with chapters, nothing encoded again; m3u: a playlist for VLC;"
            " mpv: one for mpv; edl: CMX 3600, and otio: OpenTimelineIO, for editing programs.",
        ),
    ] = None,
    level: Annotated[
        LevelName | None, typer.Option("--level", help="How finely the timeline is cut. Default: chapters.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="What a past answer cites instead; see: vidagent runs."),
    ] = None,
    from_time: FromOption = None,
    to_time: ToOption = None,
    force: ForceOption = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out tracks that an mkv or mp4 cannot hold.")
    ] = False,
    start_timecode: Annotated[
        str,
        typer.Option(
            "--start-timecode",
            metavar="HH:MM:SS:FF",
            help="For edl and otio: the timecode at second 0; with ; before FF, drop-frame.",
        ),
    ] = _START,
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
    """Write the timeline or a past answer for players and editors; a new video is remembered first."""
    from ..index.library import Library
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .output import check_output, refuse_same
    from .videos import Videos

    wanted = _Wanted(form_of(output, form), output, force, leave_out, start_timecode)
    if run is not None and level is not None:
        raise RequestError("--run and --level are two things to export: choose one")
    check_output(output, force, not wanted.form.is_container)
    settings = settings_from(
        library=library, models=models, device=device, language=language, speech_model=speech_model
    ).settings
    past = None if run is None else _past(settings.runs, run)
    with Library(settings.library) as opened:
        videos = Videos(opened, Models(settings), Tracks(picture_track, sound_track), accept_damage)
        found = videos.remembered(_name(video, past))
        refuse_same(output, found.path, settings.library)
        within = stretch(from_time, to_time, found.duration_s) or found.span
        marks = _marks(opened, found, past, level or LevelName.chapters, within)
    left_out = wanted.write(found, marks)
    _tell(wanted, found, marks, left_out, as_json)


@dataclass(frozen=True)
class _Wanted:
    """What is to be written, and where."""

    form: Form
    target: Path
    force: bool
    leaves_out: bool
    start_timecode: str

    def write(self, video: Video, marks: list[Mark]) -> tuple[str, ...]:
        """Write the marks; tells what tracks were left out."""
        from .output import write_text

        if self.form.is_container:
            return self._remuxed(video, marks)
        write_text(self.target, self._text(video, marks), self.force)
        return ()

    def _text(self, video: Video, marks: list[Mark]) -> str:
        from .exports.edl import edl_text
        from .exports.otio import otio_text
        from .exports.playlists import m3u_text, mpv_text
        from .exports.source import source_of
        from .exports.tables import csv_text, vtt_text

        if not self.form.needs_video:
            return csv_text(marks) if self.form == Form.csv else vtt_text(marks)
        source = source_of(video)
        if self.form in (Form.m3u, Form.mpv):
            return m3u_text(marks, source) if self.form == Form.m3u else mpv_text(marks, source)
        to_text = edl_text if self.form == Form.edl else otio_text
        return to_text(marks, source, self.start_timecode)

    def _remuxed(self, video: Video, marks: list[Mark]) -> tuple[str, ...]:
        from ..tools.chapters import tiled
        from ..tools.media_info import Chapter
        from ..tools.remuxing import guarded_remux
        from .exports.source import require_there
        from .output import new_file

        require_there(video)
        chapters = tiled([Chapter(mark.span, mark.title) for mark in marks], video.duration_s)
        with new_file(self.target, self.force) as part:
            return guarded_remux(video.path, part, self.form, chapters, self.leaves_out)


def _past(folder: Path, name: str) -> Run:
    from ..agent.runs.past import Runs

    return Runs(folder).find(name)


def _name(given: str | None, past: Run | None) -> str:
    """What the user calls the video, or the id of the one that a run is about."""
    from ..agent.runs.past import mapping_of, text_of

    name = given or (past and text_of(mapping_of(past.answer.get("video")).get("id")))
    if not name:
        about = f"run {past.id}: has no answer" if past else "no VIDEO is given"
        raise RequestError(f"{about}: name a video, or with --run a run that came to an answer")
    return name


def _marks(library: Library, video: Video, past: Run | None, level: LevelName, within: Span) -> list[Mark]:
    from ..agent.runs.past import mapping_of, text_of
    from ..index.memory import Memory
    from .exports.marks import citation_marks, event_marks

    if past is None:
        marks = event_marks(Memory(library, video).events(level.level), level.level, within)
    else:
        about = text_of(mapping_of(past.answer.get("video")).get("id"))
        if past.answer and about != video.short_id:
            raise RequestError(f"run {past.id} is about another video than {video.title}")
        marks = citation_marks(past, within)
    if not marks:
        raise RequestError(f"{video.title}: there is nothing to export at {within}")
    return marks


def _tell(wanted: _Wanted, video: Video, marks: list[Mark], left_out: Sequence[str], as_json: bool) -> None:
    for note in _notes(video, left_out):
        complain(note)
    if as_json:
        say_json(_written(wanted, video, marks, left_out))
        return
    n_marks = f"{len(marks)} stretch{'es' if len(marks) > 1 else ''}"
    say(f"{n_marks} of {video.title} written to {wanted.target} ({wanted.form})")


def _notes(video: Video, left_out: Sequence[str]) -> Iterator[str]:
    if not video.is_whole:
        yield f"note: {video.title} is still being read; what comes later is not written"
    if left_out:
        yield f"left out: {', '.join(left_out)}"


def _written(
    wanted: _Wanted, video: Video, marks: Sequence[Mark], left_out: Sequence[str]
) -> dict[str, object]:
    """What was written, for programs; times in seconds, rounded to a millisecond."""
    rows = [
        {
            "start_s": round(mark.span.start_s, 3),
            "end_s": round(mark.span.end_s, 3),
            "title": mark.title,
            "source": mark.source,
        }
        for mark in marks
    ]
    about = {"id": video.short_id, "title": video.title, "path": str(video.path)}
    return {
        "path": str(wanted.target),
        "form": wanted.form,
        "video": about,
        "written": rows,
        "left_out": list(left_out),
    }

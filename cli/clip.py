"""``vidagent clip``: stretches of a video as a file of their own, cut exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.clock import TIME_FORMS, Span, format_time, merge_spans
from ..tools.errors import RequestError
from ..tools.tracks import Tracks
from .edge import (
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    complain,
    say,
    say_json,
)
from .options import LanguageOption, settings_from
from .output import ForceOption, new_file, refuse_existing
from .times import check, is_stretch, length, moment, stretch

if TYPE_CHECKING:
    from ..agent.runs.past import Run
    from ..tools.cutting import Piece
    from ..tools.settings import Settings
    from .films import Film

_PAD = "2s"


def clip(
    video: Annotated[
        str | None,
        typer.Argument(
            metavar="VIDEO",
            help="A file, or the id or title of a remembered video; with --run that of the run, if none is named.",
        ),
    ] = None,
    stretches: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FROM-TO",
            help=f"What to cut, like 1:00-2:00, one after the other. Each side is {TIME_FORMS}.",
        ),
    ] = None,
    around: Annotated[
        list[str] | None,
        typer.Option("--around", metavar="TIME", help="Cut what lies around a moment; may be repeated."),
    ] = None,
    pad: Annotated[
        str | None,
        typer.Option(
            "--pad",
            metavar="TIME",
            help=f"So much more before and after. Default: {_PAD} around a moment, else nothing.",
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Cut the evidence of a past run, by its id, or: last."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to: .mp4, .mkv or .webm.")
    ] = None,
    force: ForceOption = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Cut stretches exactly into one file, with the sound in time. They are encoded anew."""
    from .films import film_of

    target = _target(output, force)
    asked = Asked.of(tuple(stretches or ()), tuple(around or ()), pad, run)
    settings = settings_from(library=library, language=language).settings
    found = _run(run, settings) if run else None
    name = video or (_video_of(found) if found else "")
    if not name:
        raise RequestError("name a video, or with --run a run")
    film = film_of(name, settings, Tracks(picture_track, sound_track))
    if found and video and film.sha256 != _sha256_of(found):
        raise RequestError(f"run {found.id} was about another video than {film.title}")
    _say(_cut(film, asked.spans(film, found), target, force), film, target, as_json)


@dataclass(frozen=True)
class Asked:
    """What is to be cut: stretches as they are written, what lies around moments, or the evidence of a run."""

    stretches: tuple[str, ...]
    around: tuple[str, ...]
    pad_s: float | None

    @classmethod
    def of(
        cls, stretches: tuple[str, ...], around: tuple[str, ...], pad: str | None, run: str | None
    ) -> Asked:
        """What a command asks for; raises ``RequestError`` for what makes no sense of any video."""
        check([*stretches, *around])
        for word in stretches:
            if not is_stretch(word):
                raise RequestError(f"not a stretch of time: {word!r} (write 1:00-2:00, or --around {word})")
        if not (stretches or around or run):
            raise RequestError("name what to cut: FROM-TO, --around TIME or --run RUN")
        return cls(stretches, around, None if pad is None else length("--pad", pad))

    def spans(self, film: Film, run: Run | None) -> list[Span]:
        """The spans to cut, in order: as given, then around moments, then the evidence by time.

        Raises ``RequestError`` for what does not lie inside the video, and for a run without evidence.
        """
        around_s = length("--pad", _PAD) if self.pad_s is None else self.pad_s
        moments_s = [moment(word, film.duration_s) for word in self.around]
        spans = [stretch(word, film.duration_s).widened(self.pad_s or 0.0) for word in self.stretches]
        spans += [Span(time_s, time_s).widened(around_s) for time_s in moments_s]
        spans += merge_spans([span.widened(self.pad_s or 0.0) for span in _evidence(run)]) if run else []
        inside = [span.inside(film.span) for span in spans]
        if not all(span.duration_s > 0 for span in inside):
            raise RequestError(
                "there is nothing to cut in a stretch without length: --pad TIME makes it longer"
            )
        return inside


def _target(output: Path | None, is_forced: bool) -> Path:
    """Where the clip is to lie; raises ``RequestError`` where that can be told to be wrong before any work."""
    from ..tools.cut_file import FORMS

    if output is None:
        raise RequestError("name a file to write to: -o FILE, which ends in " + ", ".join(FORMS))
    if output.suffix.lower() not in FORMS:
        raise RequestError(f"{output}: has to end in " + ", ".join(FORMS))
    refuse_existing(output, is_forced)
    return output


def _cut(film: Film, spans: Sequence[Span], target: Path, is_forced: bool) -> list[Piece]:
    from ..tools.cutting import cut

    with new_file(target, is_forced) as part:
        return cut(film.path, spans, part, target.suffix.lower(), film.tracks)


def _say(pieces: Sequence[Piece], film: Film, target: Path, as_json: bool) -> None:
    if as_json:
        rows = [_row(piece) for piece in pieces]
        seconds = round(pieces[-1].end_s, 6)
        say_json({"file": str(target), "duration_s": seconds, "video": film.to_json(), "pieces": rows})
        return
    for piece in pieces:
        begin, end = format_time(piece.span.start_s, 3), format_time(piece.span.end_s, 3)
        at = f", from {format_time(piece.at_s, 3)} of it on" if len(pieces) > 1 else ""
        say(f"{target}: {begin}–{end}, {piece.n_pictures} picture(s){at}")
    for line in lost_lines(pieces):
        complain(line)


def lost_lines(pieces: Sequence[Piece]) -> Iterator[str]:
    """What damage hid from eye or ear in the stretches that were to be cut, a line for each part of it."""
    for lost in merge_spans([span for piece in pieces for span in piece.lost]):
        begin, end = format_time(lost.start_s, 3), format_time(lost.end_s, 3)
        yield f"damaged, so it cannot be seen or heard: {begin}–{end}"


def _row(piece: Piece) -> dict[str, object]:
    return {
        "start_s": round(piece.span.start_s, 6),
        "end_s": round(piece.span.end_s, 6),
        "clip_start_s": round(piece.at_s, 6),
        "n_pictures": piece.n_pictures,
        "lost": [[round(span.start_s, 3), round(span.end_s, 3)] for span in piece.lost],
    }


def _run(name: str, settings: Settings) -> Run:
    from ..agent.runs.past import Runs

    return Runs(settings.runs).find(name)


def _sha256_of(run: Run) -> str:
    from ..agent.runs.past import text_of

    return text_of(run.question.get("video"))


def _video_of(run: Run) -> str:
    sha256 = _sha256_of(run)
    if not sha256:
        raise RequestError(f"run {run.id}: does not tell its video; name it, too")
    return sha256


def _evidence(run: Run) -> list[Span]:
    """The citations of a run; what is damaged in its trace is left out. Raises ``RequestError`` without any."""
    from ..agent.runs.past import list_of, mapping_of, span_between

    rows = [mapping_of(row) for row in list_of(run.answer.get("citations"))]
    told = [span_between(row.get("start_s"), row.get("end_s")) for row in rows]
    spans = [span for span in told if span and span.duration_s > 0]
    if not spans:
        raise RequestError(f"run {run.id}: has no evidence to cut")
    return spans

"""``vidagent frames``: pictures of a video as files, named by their own seconds, or on one contact sheet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.clock import TIME_FORMS, Span, format_time
from ..tools.errors import RequestError
from .edge import JsonOption, LibraryOption, PictureTrackOption, VideoArgument, say, say_json
from .options import LanguageOption, settings_from
from .output import ForceOption, PlainOption, new_file, new_folder, refuse_existing
from .times import When, check, length

if TYPE_CHECKING:
    from .films import Film
    from .stills import Still

_N, _N_MAX = 12, 1000


def frames(
    video: VideoArgument,
    when: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TIME|FROM-TO",
            help=f"Moments, and stretches like 1:00-2:00; without any, all of the video. TIME is {TIME_FORMS}.",
        ),
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", metavar="TIME", help="One picture of a stretch in so much time.")
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("--n", metavar="N", min=1, max=_N_MAX, help=f"So many of each stretch. Default: {_N}."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write each as a PNG file in here."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Write one PNG file with all of them, small."),
    ] = None,
    force: ForceOption = False,
    plain: PlainOption = False,
    picture_track: PictureTrackOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Take pictures out of a video; without -o or --sheet they are listed, and drawn where the terminal can."""
    from ..tools.tracks import Tracks
    from .films import film_of

    wanted = Wanted.of(tuple(when or ()), every, n)
    if output is not None and sheet is not None:
        raise RequestError("-o writes a file for each picture and --sheet one for all: choose one")
    if sheet is not None:
        refuse_existing(sheet, force)
    film = film_of(video, settings_from(library=library, language=language).settings, Tracks(picture_track))
    stills = wanted.stills(film)
    if sheet is not None:
        _on_a_sheet(stills, sheet, force, as_json)
    elif output is not None:
        _in_files(stills, output, force, as_json)
    else:
        _on_the_terminal(stills, plain, as_json)


@dataclass(frozen=True)
class Wanted:
    """Which pictures are wanted: at moments, and of each stretch so many or one in so much time."""

    words: tuple[str, ...]
    every_s: float | None
    n: int

    @classmethod
    def of(cls, words: tuple[str, ...], every: str | None, n: int | None) -> Wanted:
        """What a command asks for; raises ``RequestError`` for what makes no sense of any video."""
        check(words)
        if every is not None and n is not None:
            raise RequestError("--every and --n are two ways to say how many pictures: choose one")
        every_s = None if every is None else length("--every", every)
        if every_s == 0:
            raise RequestError("--every: has to be longer than 0 s")
        return cls(words, every_s, n or _N)

    def stills(self, film: Film) -> Iterator[Still]:
        """The pictures, in order of time within each stretch, those of moments first; raises what reading raises."""
        from .stills import shown_at

        when = When.of(self.words, film.duration_s)
        stretches = when.stretches if self.words else (film.span,)
        moments = shown_at(film.seeker, when.moments_s) if when.moments_s else iter(())
        return chain(moments, *(self._of_stretch(film, span) for span in stretches))

    def _of_stretch(self, film: Film, span: Span) -> Iterator[Still]:
        from .stills import every, spread

        return every(film, span, self.every_s) if self.every_s else spread(film.seeker, span, self.n)


def file_name(pts_s: float) -> str:
    """What a picture's file is called: its second with six decimals, so that names stand in order of time."""
    return f"frame-{pts_s:013.6f}s.png"


def _in_files(stills: Iterator[Still], folder: Path, is_forced: bool, as_json: bool) -> None:
    from PIL import Image

    new_folder(folder)
    written: dict[Path, float] = {}
    for still in stills:
        path = folder / file_name(still.pts_s)
        if path not in written:
            with new_file(path, is_forced) as part:
                Image.fromarray(still.pixels).save(part, "PNG")
            written[path] = still.pts_s
            if not as_json:
                say(f"{format_time(still.pts_s, 3)}  {path}")
    if as_json:
        say_json([_row(pts_s, path) for path, pts_s in written.items()])


def _on_a_sheet(stills: Iterator[Still], path: Path, is_forced: bool, as_json: bool) -> None:
    from .sheet import write_sheet

    times_s = write_sheet(stills, path, is_forced)
    if as_json:
        say_json([_row(pts_s, path) for pts_s in times_s])
    else:
        say(f"{path}: {len(times_s)} picture(s), {format_time(min(times_s))} to {format_time(max(times_s))}")


def _on_the_terminal(stills: Iterator[Still], is_plain: bool, as_json: bool) -> None:
    from .pictures.terminal import Terminal

    if as_json:
        say_json([_row(still.pts_s, None) for still in stills])
        return
    terminal = Terminal.of_output(is_plain)
    for still in stills:
        say(format_time(still.pts_s, 3))
        sys.stdout.write(terminal.drawn(still.pixels))


def _row(pts_s: float, path: Path | None) -> dict[str, object]:
    return {"pts_s": round(pts_s, 6), "file": None if path is None else str(path)}

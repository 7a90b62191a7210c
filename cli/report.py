"""``vidagent report``: a page about a video or a past question, which any browser shows without a connection."""

from __future__ import annotations

import os.path
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import RequestError, UnknownVideoError
from .edge import JsonOption, LibraryOption, PictureTrackOption, SoundTrackOption, say, say_json
from .options import settings_from
from .output import ForceOption, new_file, refuse_existing

if TYPE_CHECKING:
    from ..agent.runs.past import Run, Runs
    from ..index.library import Library
    from ..index.records import Video
    from ..tools.tracks import Tracks

_ENDINGS = (".html", ".htm")


def report(
    name: Annotated[
        str,
        typer.Argument(
            metavar="VIDEO|RUN", help="A remembered video: its file, id or title; or a run: its id, or last."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page to write, FILE.html.")
    ],
    force: ForceOption = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Write one HTML file about a video or a past question; it needs no connection and runs no script."""
    from ..agent.runs.past import Runs
    from ..index.library import Library
    from ..tools.tracks import Tracks

    _check(output, force)
    settings = settings_from(library=library).settings
    with Library(settings.library) as opened:
        names = _Names(opened, Runs(settings.runs), Tracks(picture_track, sound_track), settings.language)
        data = _html(names.find(name), names, output).encode("utf-8")
    with new_file(output, force) as part:
        part.write_bytes(data)
    if as_json:
        say_json({"path": str(output), "bytes": len(data)})
    else:
        say(f"{output}  {len(data) / 1000:.0f} kB")


@dataclass(frozen=True)
class _Names:
    """What a name may mean: a video of a library, by its tracks and language, or a run."""

    library: Library
    runs: Runs
    tracks: Tracks
    language: str

    def find(self, name: str) -> Video | Run:
        """The video or the run of a name; a file is a video.

        Raises ``UnknownVideoError`` where it is neither, or fits several, and ``RequestError`` where it may be both.
        """
        from ..agent.runs.past import UnknownRunError

        if os.path.exists(name):
            return self._video(name)
        try:
            run = self.runs.find(name)
        except UnknownRunError as no_run:
            try:
                return self._video(name)
            except UnknownVideoError as no_video:
                raise UnknownVideoError(f"{no_video}; {no_run}") from no_video
        if run.id != name:
            self._refuse_twin(name, run)
        return run

    def _video(self, name: str) -> Video:
        from ..index.videos import known

        return known(self.library, name, self.tracks, self.language)

    def _refuse_twin(self, name: str, run: Run) -> None:
        with suppress(UnknownVideoError):
            video = self._video(name)
            raise RequestError(
                f"{name!r} fits the run {run.id} and the video {video.short_id} {video.title}; write the whole id"
            )


def _html(found: Video | Run, names: _Names, output: Path) -> str:
    from ..index.memory import Memory
    from ..index.records import Video
    from .pages.rendering import run_html, video_html
    from .pages.run_page import run_page
    from .pages.video_page import video_page

    if isinstance(found, Video):
        return video_html(video_page(Memory(names.library, found), names.runs, output))
    return run_html(run_page(found, names.library, output))


def _check(output: Path, is_forced: bool) -> None:
    """Nothing for a page that may be written; raises ``RequestError`` before a long video is looked at."""
    # What is no page, a video for one, is never overwritten.
    if output.suffix.lower() not in _ENDINGS:
        raise RequestError(f"{output}: a page is named FILE.html")
    refuse_existing(output, is_forced)

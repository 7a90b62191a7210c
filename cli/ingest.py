"""``vidagent ingest``: remember videos before anything is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import MediaError, UnknownVideoError
from .edge import (
    DamageOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    complain,
    say,
    say_json,
)
from .options import (
    DeviceOption,
    LanguageOption,
    ModelsOption,
    OfflineOption,
    PictureModelOption,
    SoundModelOption,
    SpeechModelOption,
    TextVectorsOption,
    settings_from,
)

if TYPE_CHECKING:
    from ..index.ingest import Ingested
    from .videos import Videos

_SOME_FAILED = 6


def ingest(
    videos: Annotated[
        list[Path],
        typer.Argument(metavar="VIDEO", help="The files to remember; a folder is the videos in it."),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Forget what is remembered of them and read them again.")
    ] = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    picture_model: PictureModelOption = None,
    speech_model: SpeechModelOption = None,
    sound_model: SoundModelOption = None,
    text_vectors: TextVectorsOption = None,
    language: LanguageOption = None,
    device: DeviceOption = None,
    models: ModelsOption = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Remember videos; one that is remembered already costs nothing.

    Of several, one that cannot be read does not stop the others, and the end is code 6.
    """
    from ..index.library import Library
    from ..tools.folders import files_of
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import Videos, required

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors,
    ).settings  # fmt: skip
    engines = Models(chosen)
    required(engines, "picture", "speech", "sound", "text-vectors")
    with Library(chosen.library) as opened:
        known = Videos(opened, engines, Tracks(picture_track, sound_track), accept_damage)
        paths = [Path(name) for name in files_of(map(str, videos))]
        n_failed = _remember_each(known, paths, force, as_json)
    if n_failed:
        raise typer.Exit(_SOME_FAILED)


def _remember_each(known: Videos, paths: Sequence[Path], afresh: bool, as_json: bool) -> int:
    """How many could not be read; a single one raises what ``Videos.remember`` does."""
    from ..index.learning import all_learnt

    n_failed = 0
    for path in paths:
        begun_s = time.monotonic()
        try:
            done = known.remember(path, afresh)
        except (MediaError, UnknownVideoError) as error:
            if len(paths) == 1:
                raise
            n_failed += 1
            complain(str(error))
            continue
        all_learnt(known.library, known.models, done.video, known.watch)
        _say(done, time.monotonic() - begun_s, as_json)
    return n_failed


def _say(done: Ingested, took_s: float, as_json: bool) -> None:
    if as_json:
        row = {"id": done.video.short_id, "path": str(done.video.path), "new": done.is_new}
        say_json(row | {"duration_s": done.video.duration_s, "elapsed_s": round(took_s, 3)})
    else:
        how = f"remembered in {took_s:.1f} s" if done.is_new else "already remembered"
        say(f"{done.video.short_id}  {done.video.title}  {how}")

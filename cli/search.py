"""``vidagent search``: words across all remembered videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..tools.errors import UnknownVideoError
from .edge import JsonOption, LibraryOption, complain, say, say_json
from .options import DeviceOption, ModelsOption, TextVectorsOption, settings_from

if TYPE_CHECKING:
    from ..index.records import Video
    from ..index.search import Found
    from .videos import Videos

_SENSES = {"speech": "speech", "screen": "words on screen"}


def search(
    words: Annotated[
        str, typer.Argument(metavar="WORDS", help="Any words; those in quotes have to stand as written.")
    ],
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many hits.")] = 20,
    videos: Annotated[
        list[str] | None,
        typer.Option(
            "--video",
            metavar="VIDEO",
            help="Only in this remembered video, or those of a folder; repeat it for more.",
        ),
    ] = None,
    sense: Annotated[
        Literal["speech", "screen"] | None, typer.Option("--sense", help="Only what was said, or shown.")
    ] = None,
    text_vectors: TextVectorsOption = None,
    models: ModelsOption = None,
    device: DeviceOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Find words in everything that was said or stood on screen, in all remembered videos."""
    from ..index.learning import texts_learnt
    from ..index.library import Library
    from ..index.meaning import search_by_both
    from ..tools.models.making import Models
    from .progress import progress
    from .videos import Videos

    settings = settings_from(
        library=library, models=models, device=device, text_vectors=text_vectors
    ).settings
    engines = Models(settings)
    with Library(settings.library) as opened:
        known = Videos(opened, engines)
        chosen = [*_chosen(known, videos)] if videos else None
        meaning = texts_learnt(opened, engines, progress)
        found = search_by_both(opened, meaning, words, limit, videos=chosen, sense=sense)
    if as_json:
        say_json([_row(hit) for hit in found])
        return
    for line in [*_lines(found)] or ["nothing found"]:
        say(line)


def _chosen(known: Videos, names: list[str]) -> Iterator[Video]:
    """The remembered videos of the names; which files of a folder are not remembered is told on stderr.

    Raises ``UnknownVideoError`` where none of a folder is, and what ``Videos.known`` raises.
    """
    from ..tools.folders import videos_in

    for name in names:
        if not os.path.isdir(name):
            yield known.known(name)
            continue
        missing = []
        for path in (paths := videos_in(Path(name))):
            try:
                yield known.known(str(path))
            except UnknownVideoError:
                missing.append(path)
        told = (
            f"{name}: {len(missing)} of {len(paths)} videos not remembered yet; run: vidagent ingest {name}"
        )
        if len(missing) == len(paths):
            raise UnknownVideoError(told)
        if missing:
            complain(told)


def _lines(found: list[Found]) -> Iterator[str]:
    """The hits, those of one video together; the video with the best hit comes first."""
    by_video: dict[int, list[Found]] = {}
    for hit in found:
        by_video.setdefault(hit.video.id, []).append(hit)
    for hits in by_video.values():
        for hit in hits:
            sense, video = _SENSES[hit.text.sense], hit.video
            yield f"{video.short_id} {video.title}  {hit.text.span}  “{hit.excerpt}” ({sense})"


def _row(hit: Found) -> dict[str, object]:
    return {
        "id": hit.video.short_id,
        "title": hit.video.title,
        "start_s": round(hit.text.span.start_s, 3),
        "end_s": round(hit.text.span.end_s, 3),
        "sense": hit.text.sense,
        "text": hit.text.body,
        "score": round(hit.score, 4),
        "trust": hit.text.trust,
    }

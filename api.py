"""The Python interface: what ``vidagent ask``, ``ingest`` and ``search`` do, as functions that return values.

Nothing is printed, and no process ends: what a command says on stderr is the text of a ``VidagentError``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from .agent.answer import Answer
from .agent.asking import Asking
from .agent.runs.recording import Asked
from .agent.searching import SEARCHING, Searching
from .index.learning import all_learnt, texts_learnt
from .index.library import Library
from .index.meaning import search_by_both
from .index.records import Video
from .index.search import Found
from .index.videos import Videos
from .tools.clock import Span, format_time
from .tools.errors import RequestError
from .tools.models.catalog import ROLES
from .tools.models.making import Models
from .tools.settings import Settings, settled

Name = str | os.PathLike[str]
"""A file, or the id or the beginning of the title of a remembered video."""


def settings(
    *,
    library: Name | None = None,
    models: Name | None = None,
    runs: Name | None = None,
    offline: bool | None = None,
    device: str | None = None,
    language: str | None = None,
    picture_model: str | None = None,
    speech_model: str | None = None,
    sound_model: str | None = None,
    text_vectors: str | None = None,
    detector: str | None = None,
    reader: str | None = None,
) -> Settings:
    """The settings that hold here: what is given, else the environment, else the user's file, else the default.

    Raises ``RequestError`` for a value of a wrong kind, in the file or the environment too.
    """
    places = {"library": library, "models": models, "runs": runs}
    return settled(
        {name: None if place is None else Path(place) for name, place in places.items()}
        | {"offline": offline, "device": device, "language": language, "detector": detector, "reader": reader}
        | {"picture_model": picture_model, "speech_model": speech_model, "sound_model": sound_model}
        | {"text_vectors": text_vectors}
    ).settings


def ask(
    video: Name,
    question: str,
    options: Sequence[str] = (),
    *,
    within: Span | None = None,
    min_confidence: float | None = None,
    session: str | None = None,
    settings: Settings | None = None,
    searching: Searching | None = None,
) -> Answer:
    """The answer to one question about one video, which is read first where it is not remembered.

    ``options`` are those of a multiple choice. ``within`` limits the search, in seconds of the video. Below
    ``min_confidence`` the answer abstains. A ``session`` goes on from the last answer of its name. For many
    questions use ``asking``, which loads models once.

    Raises ``RequestError`` for a question that is none and a stretch beyond the end, ``MediaError`` for a file that
    is no video, ``UnknownVideoError`` for a name that is nobody's, ``CapabilityError`` and ``ModelError`` where a
    model cannot be had or fails, and ``LibraryError`` where the library cannot be used.
    """
    with asking(settings, searching) as asked_of:
        memory = asked_of.memory(os.fspath(video))
        if within is not None:
            _refuse_beyond(within, memory.video.duration_s)
        return asked_of.answer(memory, Asked(question, tuple(options), min_confidence, within, session))


@contextmanager
def asking(settings: Settings | None = None, searching: Searching | None = None) -> Iterator[Asking]:
    """What many questions are answered with, while the library is open: ``memory`` of a video, then ``answer``.

    Raises ``CapabilityError`` for a model that is set and not there, and ``RequestError`` for a way of ``searching``
    where no video LLM looks.
    """
    models = _models(settings)
    for role in ROLES:
        models.choice(role.name)
    if searching is not None and models.reader() is None:
        raise RequestError("a way of searching is for a video LLM: name one by the setting reader")
    with Library(models.settings.library) as library:
        yield Asking(library, models, searching or SEARCHING)


def remember(video: Name, *, afresh: bool = False, settings: Settings | None = None) -> Video:
    """Read a file, a video or a transcript, so that questions about it are quick; one that is remembered costs nothing.

    What is remembered of it is forgotten first where it is to be read ``afresh``. Raises ``UnknownVideoError`` where
    there is no such file, and else what ``ask`` raises.
    """
    models = _models(settings)
    for role in ("picture", "speech", "sound", "text-vectors"):
        models.choice(role)
    with Library(models.settings.library) as library:
        known = Videos(library, models).remember(Path(video), afresh).video
        all_learnt(library, models, known)
        return known


def search(
    words: str,
    *,
    videos: Sequence[Name] | None = None,
    sense: Literal["speech", "screen"] | None = None,
    limit: int = 20,
    settings: Settings | None = None,
) -> list[Found]:
    """What was said or stood on screen with any of these words, the best first, in all ``videos`` or in these.

    Words in quotes have to stand as written. Raises ``UnknownVideoError`` for a video that is not remembered.
    """
    models = _models(settings)
    with Library(models.settings.library) as library:
        known = Videos(library, models)
        chosen = None if videos is None else [known.known(os.fspath(name)) for name in videos]
        meaning = texts_learnt(library, models)
        return search_by_both(library, meaning, words, limit, videos=chosen, sense=sense)


def _refuse_beyond(within: Span, duration_s: float) -> None:
    if within.start_s >= duration_s:
        raise RequestError(f"{within} lies beyond the end of the video at {format_time(duration_s)}")


def _models(chosen: Settings | None) -> Models:
    return Models(chosen or settings())

"""Bringing a library up to the models that a user has chosen, with progress on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

from ..index.library import Library
from ..index.records import Video
from ..tools.plain import plain
from .progress import progress

if TYPE_CHECKING:
    from ..index.meaning import Meaning
    from ..index.picture_meaning import PictureMeaning
    from ..index.sample_learning import SampleLearning
    from ..index.sound_meaning import SoundMeaning
    from ..tools.models.making import Models

Learning = TypeVar("Learning", bound="SampleLearning[Any, Any]")


def texts_learnt(library: Library, models: Models) -> Meaning | None:
    """Texts by meaning, None where no model is chosen; texts that are new to the model are read first.

    Raises ``CapabilityError`` where the model cannot be had, and ``ModelError`` where it fails.
    """
    embedder = models.texts()
    if embedder is None:
        return None
    from ..index.meaning import Meaning

    meaning = Meaning(library, embedder)
    n_new = meaning.n_new()
    if not n_new or not sys.stderr.isatty():
        meaning.learn()
        return meaning
    from rich.console import Console
    from rich.progress import track

    n_batches = -(-n_new // meaning.BATCH)
    for _ in track(meaning.batches(), f"{n_new:,} texts", n_batches, console=Console(stderr=True)):
        pass
    return meaning


def pictures_learnt(library: Library, models: Models, video: Video) -> PictureMeaning | None:
    """Pictures by meaning, None where no model is chosen; a video that is new to the model is looked at first.

    Raises what ``texts_learnt`` raises.
    """
    embedder = models.pictures()
    if embedder is None:
        return None
    from ..index.picture_meaning import PictureMeaning

    return _learnt(PictureMeaning(library, embedder), video)


def sounds_learnt(library: Library, models: Models, video: Video) -> SoundMeaning | None:
    """Sounds by meaning, None where no model is chosen; a video that is new to the model is listened to first.

    Raises what ``texts_learnt`` raises.
    """
    embedder = models.sounds()
    if embedder is None:
        return None
    from ..index.sound_meaning import SoundMeaning

    return _learnt(SoundMeaning(library, embedder), video)


def _learnt(meaning: Learning, video: Video) -> Learning:
    if not meaning.is_learnt(video):
        with progress(plain(video.title)) as report:
            meaning.learn(video, report)
    return meaning

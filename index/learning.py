"""Bringing a library up to the models that a user has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..tools.plain import plain
from .library import Library
from .records import Video
from .watching import Watch, unwatched

if TYPE_CHECKING:
    from ..tools.models.making import Models
    from .meaning import Meaning
    from .picture_meaning import PictureMeaning
    from .sample_learning import SampleLearning
    from .sound_meaning import SoundMeaning

Learning = TypeVar("Learning", bound="SampleLearning[Any, Any]")


def all_learnt(library: Library, models: Models, video: Video, watch: Watch = unwatched) -> None:
    """Have every model that is chosen read, look at or listen to a video, so that no question has to wait for it.

    Raises what ``texts_learnt`` raises.
    """
    pictures_learnt(library, models, video, watch)
    sounds_learnt(library, models, video, watch)
    texts_learnt(library, models, watch)


def texts_learnt(library: Library, models: Models, watch: Watch = unwatched) -> Meaning | None:
    """Texts by meaning, None where no model is chosen; texts that are new to the model are read first.

    Raises ``CapabilityError`` where the model cannot be had, and ``ModelError`` where it fails.
    """
    embedder = models.texts()
    if embedder is None:
        return None
    from .meaning import Meaning

    meaning = Meaning(library, embedder)
    if n_new := meaning.n_new():
        with watch(f"{n_new:,} texts") as report:
            meaning.learn(report)
    return meaning


def pictures_learnt(
    library: Library, models: Models, video: Video, watch: Watch = unwatched
) -> PictureMeaning | None:
    """Pictures by meaning, None where no model is chosen; a video that is new to the model is looked at first.

    Raises what ``texts_learnt`` raises.
    """
    embedder = models.pictures()
    if embedder is None:
        return None
    from .picture_meaning import PictureMeaning

    return _learnt(PictureMeaning(library, embedder), video, watch)


def sounds_learnt(
    library: Library, models: Models, video: Video, watch: Watch = unwatched
) -> SoundMeaning | None:
    """Sounds by meaning, None where no model is chosen; a video that is new to the model is listened to first.

    Raises what ``texts_learnt`` raises.
    """
    embedder = models.sounds()
    if embedder is None:
        return None
    from .sound_meaning import SoundMeaning

    return _learnt(SoundMeaning(library, embedder), video, watch)


def _learnt(meaning: Learning, video: Video, watch: Watch) -> Learning:
    if not meaning.is_learnt(video):
        with watch(plain(video.title)) as report:
            meaning.learn(video, report)
    return meaning

"""From what a user names to a remembered video, read now where that is needed, with progress on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..index import videos
from ..index.library import Library
from ..index.memory import Memory
from ..index.watching import Watch
from ..tools.tracks import Tracks
from .progress import progress

if TYPE_CHECKING:
    from ..tools.models.making import Models


@dataclass(frozen=True)
class Videos(videos.Videos):
    """The videos of a library as a command asks for them."""

    watch: Watch = progress


@contextmanager
def memory_of(name: str, models: Models, tracks: Tracks, accepts_damage: bool) -> Iterator[Memory]:
    """The memory of a video in the user's library, which is open meanwhile; read first where it is new.

    Raises what ``Videos.remembered`` raises.
    """
    with Library(models.settings.library) as library:
        yield Memory(library, Videos(library, models, tracks, accepts_damage).remembered(name))


def required(models: Models, *roles: str) -> None:
    """Raises ``CapabilityError`` or ``RequestError`` where a model that is set for one of the roles cannot be had."""
    for role in roles:
        models.choice(role)

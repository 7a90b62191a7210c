"""Where the pictures of a remembered video come from: its file, or whoever stands in for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..index.library import Library
from ..index.memory import Memory
from ..index.records import Video
from ..tools.guarded import GuardedSeeker
from ..tools.roles import Pixels
from ..tools.tracks import Tracks


class Shot(Protocol):
    """One picture, shown from ``pts_s`` on."""

    @property
    def pts_s(self) -> float:
        """Its own second on the container's clock."""
        ...

    def rgb(self) -> Pixels:
        """Its colours, shape (height, width, 3)."""
        ...


class Seeker(Protocol):
    """Reads the pictures that are shown at some seconds."""

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Shot]]:
        """Each second with the picture shown then, in order; raises ``SeekError`` where one cannot be had."""
        ...


class FilmedMemory(Memory):
    """A memory whose pictures a given seeker reads."""

    def __init__(self, library: Library, video: Video, seeker: Seeker) -> None:
        super().__init__(library, video)
        self.seeker = seeker


def seeker_of(memory: Memory) -> Seeker:
    """What reads the pictures of a memory's video: its own file where nothing else is named."""
    if isinstance(memory, FilmedMemory):
        return memory.seeker
    return GuardedSeeker(memory.video.path, Tracks.parse(memory.video.tracks).picture)

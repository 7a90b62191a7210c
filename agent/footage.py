"""Where the pictures of a remembered video come from: its file, or whoever stands in for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Protocol

from ..index.library import Library
from ..index.memory import Memory
from ..index.records import Video
from ..tools.clock import Span
from ..tools.errors import SeekError
from ..tools.guarded import GuardedSeeker, GuardedSound
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


def each_shown(
    seeker: Seeker, times_s: Sequence[float], n_failures_max: float = inf
) -> Iterator[tuple[float, Shot]]:
    """Each second with the picture shown then, in order; those at which none can be had are left out.

    After so many of those nothing more is read.
    """
    waiting, n_failures = sorted(times_s), 0
    while waiting and n_failures < n_failures_max:
        try:
            for time_s, shot in seeker.at_each(waiting):
                waiting = [other_s for other_s in waiting if other_s > time_s]
                yield time_s, shot
        except SeekError:
            # The first of those that wait is the one that cannot be shown.
            waiting, n_failures = waiting[1:], n_failures + 1


def seeker_of(memory: Memory) -> Seeker:
    """What reads the pictures of a memory's video: its own file where nothing else is named."""
    if isinstance(memory, FilmedMemory):
        return memory.seeker
    return GuardedSeeker(memory.video.path, Tracks.parse(memory.video.tracks).picture)


def sound_of(memory: Memory, spans: Sequence[Span]) -> GuardedSound:
    """The sound of a memory's video in some stretches, from its file; nothing is read before it is listened to."""
    video = memory.video
    return GuardedSound(video.path, Tracks.parse(video.tracks).sound, tuple(spans))

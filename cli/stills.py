"""Single pictures of a video, each with the second from which on it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tools.clock import Span
from ..tools.errors import SeekError
from ..tools.roles import Pixels

if TYPE_CHECKING:
    from ..agent.footage import Seeker
    from .films import Film


@dataclass(frozen=True)
class Still:
    """One picture, shape (height, width, 3), shown from ``pts_s`` on."""

    pts_s: float
    pixels: Pixels


def shown_at(seeker: Seeker, times_s: Sequence[float]) -> Iterator[Still]:
    """The pictures shown at some seconds, in order, each once.

    Raises ``SeekError`` at the first second at which none is shown, or none undamaged.
    """
    last_s: float | None = None
    for _, shot in seeker.at_each(times_s):
        if shot.pts_s != last_s:
            last_s = shot.pts_s
            yield Still(shot.pts_s, shot.rgb())


def spread(seeker: Seeker, span: Span, n: int) -> Iterator[Still]:
    """At most ``n`` pictures from the middles of as many equal parts of a span; what cannot be shown is left out."""
    yield from leniently(seeker, [span.start_s + (place + 0.5) * span.duration_s / n for place in range(n)])


def leniently(seeker: Seeker, times_s: Sequence[float]) -> Iterator[Still]:
    """``shown_at``, but seconds at which nothing can be shown are left out."""
    waiting, last_s = sorted(times_s), float("-inf")
    while waiting:
        try:
            for time_s, shot in seeker.at_each(waiting):
                waiting = [other_s for other_s in waiting if other_s > time_s]
                if shot.pts_s > last_s:
                    last_s = shot.pts_s
                    yield Still(shot.pts_s, shot.rgb())
            return
        except SeekError:
            waiting = waiting[1:]


def every(film: Film, span: Span, step_s: float) -> Iterator[Still]:
    """The picture shown at the start of a span, and the first one at or after each step inside it."""
    from ..tools.guarded import GuardedPictures

    reader = GuardedPictures(film.path, film.tracks.picture, (span,), every_s=step_s)
    with closing(iter(reader)) as pictures:
        for picture in pictures:
            yield Still(picture.pts_s, picture.rgb())

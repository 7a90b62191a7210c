"""Single pictures of a video, each with the second from which on it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tools.clock import Span
from ..tools.errors import RequestError
from ..tools.roles import Pixels

if TYPE_CHECKING:
    from ..agent.footage import Seeker, Shot
    from ..index.memory import Memory
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
    yield from _each_once(seeker.at_each(times_s))


def spread(seeker: Seeker, span: Span, n: int) -> Iterator[Still]:
    """At most ``n`` pictures from the middles of as many equal parts of a span; what cannot be shown is left out."""
    yield from leniently(seeker, [span.start_s + (place + 0.5) * span.duration_s / n for place in range(n)])


def _each_once(shots: Iterator[tuple[float, Shot]]) -> Iterator[Still]:
    last_s: float | None = None
    for _, shot in shots:
        if shot.pts_s != last_s:
            last_s = shot.pts_s
            yield Still(shot.pts_s, shot.rgb())


def leniently(seeker: Seeker, times_s: Sequence[float]) -> Iterator[Still]:
    """``shown_at``, but seconds at which nothing can be shown are left out."""
    from ..agent.footage import each_shown

    yield from _each_once(each_shown(seeker, times_s))


def picture_of(memory: Memory, time_s: float) -> tuple[Still | None, str]:
    """The picture of a moment of a remembered video, or None and the reason."""
    from ..agent.footage import seeker_of
    from ..index.fingerprint import is_there

    video = memory.video
    if not video.width:
        return None, f"{video.title}: has no picture"
    if not is_there(video):
        return None, f"{video.path}: is gone, or another file by now, so there is no picture"
    try:
        return next(shown_at(seeker_of(memory), [time_s])), ""
    except RequestError as error:
        return None, str(error)


def every(film: Film, span: Span, step_s: float) -> Iterator[Still]:
    """The picture shown at the start of a span, and the first one at or after each step inside it."""
    from ..tools.guarded import GuardedPictures

    reader = GuardedPictures(film.path, film.tracks.picture, (span,), every_s=step_s)
    with closing(iter(reader)) as pictures:
        for picture in pictures:
            yield Still(picture.pts_s, picture.rgb())

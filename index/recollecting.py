"""Recall across the library: events that fit the words and the vector asked for, and those around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.roles import Vectors
from .contiguity import Reason, recall_places
from .fusion import fused
from .library import Library
from .meaning import Meaning
from .records import Video, to_span, to_us
from .search import Found, search_library
from .session import Session
from .vectors import VectorCache

GAP_MAX_S = 30.0
_CANDIDATES = 60


@dataclass(frozen=True)
class Wanted:
    """What to recall by: words, also by their ``meaning``, a vector of a model, and where to look.

    ``moments`` are where the words stand, the best first, where that is known: a video's id and a second.
    """

    words: str = ""
    vector: Vectors | None = None
    model: str = ""
    meaning: Meaning | None = None
    videos: tuple[Video, ...] | None = None
    within: Span | None = None
    moments: tuple[tuple[int, float], ...] | None = None


@dataclass(frozen=True)
class Recalled:
    """An event with the reason it came to mind; ``origin`` is the id of the event that it was found by."""

    media_id: int
    event_id: int
    span: Span
    reason: Reason
    score: float
    origin: int


def recall(
    library: Library, wanted: Wanted, budget_s: float, session: Session | None = None
) -> list[Recalled]:
    """Events that fit, and their neighbours, for about ``budget_s`` seconds of footage, in order of time.

    A neighbour lies at most ``GAP_MAX_S`` away in the same video. With a session, events of the last
    questions come back where room is left, and those found are kept for the next ones.
    """
    scores = fused([_by_words(library, wanted), _by_meaning(library, wanted), _by_vector(library, wanted)])
    events = _Events(library, wanted)
    ranked = [i for i in sorted(scores, key=lambda i: (-scores[i], i)) if events.is_allowed(i)]
    carried = [i for i in session.carried() if events.is_allowed(i)] if session else []
    chosen = recall_places(ranked, events.neighbour, events.length_s, budget_s, carried)
    if session:
        session.keep([c.place for c in chosen if c.reason != "carried"])
    found = [Recalled(*events.place(c.place), c.reason, scores.get(c.origin, 0.0), c.origin) for c in chosen]
    return sorted(found, key=lambda r: (r.media_id, r.span, r.event_id))


class _Events:
    """Events by id, as far as they lie where one may look."""

    def __init__(self, library: Library, wanted: Wanted) -> None:
        self._library, self._wanted = library, wanted
        self._known: dict[int, tuple[int, int, Span]] = {}

    def place(self, event_id: int) -> tuple[int, int, Span]:
        """The video's id, the event's id and its span."""
        if event_id not in self._known:
            row = self._library.rows("SELECT media_id, start_us, end_us FROM event WHERE id = ?", event_id)[0]
            self._known[event_id] = int(str(row[0])), event_id, to_span(row[1], row[2])
        return self._known[event_id]

    def length_s(self, event_id: int) -> float:
        """Seconds of footage."""
        return self.place(event_id)[2].duration_s

    def is_allowed(self, event_id: int) -> bool:
        """Whether an event lies in the videos and the seconds asked for."""
        media_id, _, span = self.place(event_id)
        videos, within = self._wanted.videos, self._wanted.within
        is_of_them = videos is None or media_id in {video.id for video in videos}
        return is_of_them and (within is None or span.overlap_s(within) > 0)

    def neighbour(self, event_id: int, step: int) -> int | None:
        """The event behind or before one in its video, unless too much time lies between."""
        media_id, _, span = self.place(event_id)
        side, order = (">", "ASC") if step > 0 else ("<", "DESC")
        rows = self._library.rows(
            f"SELECT id FROM event WHERE media_id = ? AND start_us {side} ? ORDER BY start_us {order} LIMIT 1",
            media_id,
            to_us(span.start_s),
        )
        if not rows or not self.is_allowed(found := int(str(rows[0][0]))):
            return None
        return found if span.gap_s(self.place(found)[2]) <= GAP_MAX_S else None


def _by_words(library: Library, wanted: Wanted) -> list[int]:
    if wanted.moments is not None:
        return events_at(library, wanted.moments[:_CANDIDATES])
    hits = search_library(library, wanted.words, _CANDIDATES, videos=wanted.videos, within=wanted.within)
    return _events_of(library, hits)


def _by_meaning(library: Library, wanted: Wanted) -> list[int]:
    if wanted.meaning is None or not wanted.words:
        return []
    hits = wanted.meaning.nearest(wanted.words, _CANDIDATES, videos=wanted.videos, within=wanted.within)
    return _events_of(library, hits)


def _events_of(library: Library, hits: list[Found]) -> list[int]:
    return events_at(library, [(hit.video.id, hit.text.span.middle_s) for hit in hits])


def _by_vector(library: Library, wanted: Wanted) -> list[int]:
    model = library.rows("SELECT id, dimension FROM model WHERE name = ?", wanted.model)
    if wanted.vector is None or not model:
        return []
    limited = wanted.videos is not None or wanted.within is not None
    cache = VectorCache(library, int(str(model[0][0])), int(str(model[0][1])))
    hits = cache.nearest(wanted.vector, _sample_ids(library, wanted) if limited else None, _CANDIDATES)
    rows = [library.rows("SELECT media_id, t_us FROM sample WHERE id = ?", i)[0] for i, _ in hits]
    return events_at(library, [(int(str(row[0])), int(str(row[1])) / 1e6) for row in rows])


def _sample_ids(library: Library, wanted: Wanted) -> npt.NDArray[np.int64]:
    """Ids of the pictures in the videos and the seconds asked for."""
    videos = library.videos() if wanted.videos is None else wanted.videos
    ids: list[object] = []
    for video in videos:
        within = wanted.within or video.span.widened(1.0)
        rows = library.rows(
            "SELECT id FROM sample WHERE media_id = ? AND t_us >= ? AND t_us < ?",
            video.id, to_us(within.start_s), to_us(within.end_s),
        )  # fmt: skip
        ids += [row[0] for row in rows]
    return np.array(sorted(int(str(i)) for i in ids), np.int64)


def events_at(library: Library, moments: Iterable[tuple[int, float]]) -> list[int]:
    """Ids of the events that moments lie in, each once, in the order of the moments.

    A moment is a video's id and a second; behind the end it lies in the last event.
    """
    ids = (_event_at(library, media_id, time_s) for media_id, time_s in moments)
    return list(dict.fromkeys(i for i in ids if i is not None))


def _event_at(library: Library, media_id: int, time_s: float) -> int | None:
    rows = library.rows(
        "SELECT id FROM event WHERE media_id = ? AND start_us <= ? ORDER BY start_us DESC LIMIT 1",
        media_id,
        to_us(time_s),
    )
    return int(str(rows[0][0])) if rows else None

"""The timeline of a video, finer or coarser: moments, events and chapters, from one height a boundary."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..tools.clock import Span
from .gist import SHOWN, SPOKEN, gist_of, shortened
from .library import Library
from .records import Event, Level, Video, to_span
from .segmentation import SegmentationSettings
from .timeline import Timeline

_Title = tuple[Span, str]


def events_at(library: Library, video: Video, level: Level) -> list[Event]:
    """The video's stretches at one level, in order; they tile it as far as it was read.

    Each boundary of a chapter is one of an event, and each of an event one of a moment.
    """
    rows = library.rows(f"{Event.SELECT} WHERE media_id = ? ORDER BY start_us", video.id)
    events = [Event.from_row(row) for row in rows]
    if level == "moment":
        return list(_moments(library, video, events))
    return _chapters(library, video, events) if level == "chapter" else events


def _moments(library: Library, video: Video, events: Sequence[Event]) -> Iterator[Event]:
    rows = library.rows("SELECT t_us, height FROM boundary WHERE media_id = ? ORDER BY t_us", video.id)
    cuts = [(int(str(t_us)) / 1e6, float(str(height))) for t_us, height in rows]
    cuts_s = [time_s for time_s, _ in cuts]
    timeline = Timeline.of(library, video)
    for event in events:
        first, last = bisect_right(cuts_s, event.span.start_s), bisect_left(cuts_s, event.span.end_s)
        edges = [(event.span.start_s, event.merge_height), *cuts[first:last], (event.span.end_s, 0.0)]
        for (start_s, height), (end_s, _) in pairwise(edges):
            yield _moment(timeline, event, Span(start_s, end_s), height)


def _moment(timeline: Timeline, event: Event, span: Span, height: float) -> Event:
    """A part of an event, told by its own words or, where it has none, as the whole event is."""
    gist = event.gist
    if span != event.span:
        content = timeline.content(span, timeline.samples(span))
        gist = gist_of(content) if content.has_words else gist
    return Event(span, height, gist, salience=event.salience, is_final=event.is_final)


def _chapters(library: Library, video: Video, events: Sequence[Event]) -> list[Event]:
    ((stored,),) = library.rows("SELECT segmentation FROM media WHERE id = ?", video.id)
    chapter_at = SegmentationSettings.from_json(str(stored)).chapter_at
    groups: list[list[Event]] = []
    for event in events:
        if groups and event.merge_height < chapter_at:
            groups[-1].append(event)
        else:
            groups.append([event])
    titles = _titles(library, video)
    return [_chapter(group, titles) for group in groups]


def _titles(library: Library, video: Video) -> list[_Title]:
    rows = library.rows(
        "SELECT start_us, end_us, title FROM mark WHERE media_id = ? AND title <> '' ORDER BY start_us",
        video.id,
    )
    return [(to_span(start_us, end_us), str(title)) for start_us, end_us, title in rows]


def _chapter(events: Sequence[Event], titles: Sequence[_Title]) -> Event:
    """One chapter, under its author's title where most of it has one, else told by what stands out in it."""
    span = events[0].span.hull(events[-1].span)
    own = [title for marked, title in titles if marked.overlap_s(span) > span.duration_s / 2]
    best = max(_telling(events), key=_tells)
    return Event(
        span,
        events[0].merge_height,
        shortened(own[0]) if own else best.gist,
        salience=max(event.salience for event in events),
        is_final=all(event.is_final for event in events),
    )


def _telling(events: Sequence[Event]) -> Sequence[Event]:
    """Those with speech, if there are any; else those that show words or those that do not, whichever fill more."""
    kinds: dict[str, list[Event]] = {}
    for event in events:
        first = event.gist[:1]
        kinds.setdefault(first if first in SPOKEN + SHOWN else "", []).append(event)
    spoken = kinds.get(SPOKEN)
    return spoken or max(kinds.values(), key=lambda kind: sum(event.span.duration_s for event in kind))


def _tells(event: Event) -> tuple[bool, float]:
    """What was there before tells less than what is there for the first time, and the short less than the long."""
    return event.duplicate_of is None, event.salience * math.sqrt(event.span.duration_s)

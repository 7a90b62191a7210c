"""A video as its page shows it: chapters and events with pictures, what was looked at, and past questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...agent.ledger import ledger
from ...agent.runs.past import Run, Runs, number_of, text_of
from ...index.memory import Memory
from ...index.records import Event, Video
from ...tools.clock import Span
from .lanes import Timeline, lane, tiled_lane, timeline
from .links import VideoLink
from .looked import LookedRow, looked_rows
from .thumbnails import Thumbnail, Thumbnails, thumbnails_at

CHAPTERS_MAX, EVENTS_MAX, PICTURES_MAX = 120, 1200, 48
_RUNS_READ_MAX, _RUNS_MAX = 200, 50


@dataclass(frozen=True)
class EventCard:
    """A stretch with its gist; ``like_s`` is where an earlier one begins that looks the same."""

    span: Span
    address: str
    gist: str
    is_final: bool
    like_s: float | None
    picture: Thumbnail | None


@dataclass(frozen=True)
class ChapterCard:
    """A chapter and its events, none where it is but one."""

    head: EventCard
    events: tuple[EventCard, ...]


@dataclass(frozen=True)
class PastRow:
    """A question that was asked about the video, and what came of it."""

    id: str
    when: str
    question: str
    outcome: str
    confidence: float | None


@dataclass(frozen=True)
class VideoPage:
    """All that the page of a video shows; chapters, events and pictures that are left out are counted."""

    video: Video
    address: str
    timeline: Timeline | None
    chapters: tuple[ChapterCard, ...]
    n_chapters_left_out: int
    n_events: int
    n_events_left_out: int
    n_pictures_left_out: int
    looked: tuple[LookedRow, ...]
    notes: tuple[str, ...]
    runs: tuple[PastRow, ...]

    @property
    def heading(self) -> str:
        """What the page is called."""
        return self.video.title


def video_page(memory: Memory, runs: Runs, page: Path) -> VideoPage:
    """What the page of a video shows, for a page that is to lie at a place; pictures are read from the video's file."""
    chapters, events = memory.events("chapter"), memory.events("event")
    kept_chapters, kept_events = _telling(chapters, CHAPTERS_MAX), _telling(events, EVENTS_MAX)
    groups = [(chapter, _within(chapter, events)) for chapter in kept_chapters]
    wanted = _pictured(groups, kept_events)
    pictures = thumbnails_at(memory, wanted[:PICTURES_MAX])
    link = VideoLink.of(memory.video, page)
    cards = _Cards(events, set(kept_events), pictures, link)
    return VideoPage(
        video=memory.video,
        address=link.address,
        timeline=_timeline(memory, chapters),
        chapters=tuple(cards.chapter(chapter, inside) for chapter, inside in groups),
        n_chapters_left_out=len(chapters) - len(kept_chapters),
        n_events=len(events),
        n_events_left_out=len(events) - len(kept_events),
        n_pictures_left_out=max(0, len(wanted) - PICTURES_MAX) if pictures.by_time_s else 0,
        looked=looked_rows([entry.to_json() for entry in ledger(memory)], link),
        notes=tuple(_notes(memory.video, pictures)),
        runs=tuple(_past(memory.video, runs)),
    )


@dataclass(frozen=True)
class _Cards:
    """Makes cards of stretches ``among`` those of the video, for the events that are ``kept``."""

    among: Sequence[Event]
    kept: set[Event]
    pictures: Thumbnails
    link: VideoLink

    def chapter(self, chapter: Event, inside: Sequence[Event]) -> ChapterCard:
        events = [self._card(e, e.span.middle_s) for e in inside if e in self.kept and len(inside) > 1]
        return ChapterCard(self._card(chapter, _best_s(chapter, inside)), tuple(events))

    def _card(self, event: Event, picture_s: float) -> EventCard:
        twin = (
            next((e for e in self.among if e.id == event.duplicate_of), None) if event.duplicate_of else None
        )
        return EventCard(
            event.span,
            self.link.at(event.span),
            event.gist,
            event.is_final,
            twin.span.start_s if twin else None,
            self.pictures.at(picture_s),
        )


def _telling(events: Sequence[Event], n_max: int) -> list[Event]:
    """So many at most of those that stand out most, in order of time."""
    best = sorted(events, key=lambda event: event.salience, reverse=True)[:n_max]
    return sorted(best, key=lambda event: event.span)


def _within(chapter: Event, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if chapter.span.start_s <= event.span.start_s < chapter.span.end_s]


def _best_s(chapter: Event, inside: Sequence[Event]) -> float:
    """The second of the picture that stands for a chapter: the middle of what stands out in it."""
    return max(inside, key=lambda event: event.salience, default=chapter).span.middle_s


def _pictured(groups: Sequence[tuple[Event, list[Event]]], kept: Sequence[Event]) -> list[float]:
    """The seconds of the pictures that would be shown: one for each chapter, then those that stand out most."""
    chapters = sorted(groups, key=lambda group: group[0].salience, reverse=True)
    inside = {event for _, events in groups if len(events) > 1 for event in events} & set(kept)
    others = sorted(inside, key=lambda event: (-event.salience, event.span))
    times_s = [*(_best_s(*group) for group in chapters), *(event.span.middle_s for event in others)]
    return list(dict.fromkeys(times_s))


def _timeline(memory: Memory, chapters: Sequence[Event]) -> Timeline | None:
    whole_s = memory.video.duration_s
    said, shown = ([text.span for text in memory.texts(sense)] for sense in ("speech", "screen"))
    lost = [*memory.lost("picture"), *memory.lost("sound")]
    return timeline(
        whole_s,
        [
            tiled_lane("Chapters", "chapter", [chapter.span for chapter in chapters], whole_s),
            lane("Speech", "speech", said, whole_s),
            lane("Words on screen", "screen", shown, whole_s),
            lane("Damaged", "gap", lost, whole_s),
        ],
    )


def _notes(video: Video, pictures: Thumbnails) -> Iterator[str]:
    yield from video.notes
    if pictures.note:
        yield pictures.note


def _past(video: Video, runs: Runs) -> Iterator[PastRow]:
    """The newest questions about the video."""
    about = [run for run in runs.newest(_RUNS_READ_MAX) if run.question.get("video") == video.sha256]
    for run in about[:_RUNS_MAX]:
        yield PastRow(run.id, run.when, text_of(run.question.get("text")), run.outcome, _confidence(run))


def _confidence(run: Run) -> float | None:
    return number_of(run.answer.get("confidence")) if run.answer else None

"""Answers and tables as plain lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..agent.answer import Answer, Moment
from ..agent.ledger import Looked
from ..agent.reading import NAME as EXTRACTIVE
from ..index.records import LOW_TRUST, Event, Video
from ..tools.clock import Span, format_time
from .wording import SENSES, percent, quoted

_MOMENTS_MAX = 8


def answer_lines(answer: Answer, within: Span | None = None) -> Iterator[str]:
    """The answer, its proof, how sure it is, and what was looked at; ``within`` is what the search was limited to."""
    yield from found_lines(answer, within)
    yield from note_lines(answer)


def found_lines(answer: Answer, within: Span | None = None) -> Iterator[str]:
    """The same without what a reader ought to know besides; see ``note_lines``."""
    yield f"{answer.option}) {answer.text}" if answer.option else answer.text
    if answer.abstained and answer.moments:
        yield "nearest:"
    for moment in answer.moments[:_MOMENTS_MAX]:
        yield f"  {_moment_line(moment)}"
    if len(answer.moments) > _MOMENTS_MAX:
        yield f"  and {len(answer.moments) - _MOMENTS_MAX} more"
    yield f"confidence {answer.confidence:.2f}{_counted(answer)}"
    if within is not None:
        yield f"looked only at {within}"
    yield "looked at: " + "; ".join(_coverage_phrase(entry) for entry in answer.coverage)


def note_lines(answer: Answer) -> Iterator[str]:
    """What a reader of the answer ought to know besides, which may be the same for other videos."""
    for note in answer.notes:
        yield f"note: {note}"
    if answer.reader == EXTRACTIVE:
        why = "no video LLM found it" if answer.is_looked_at else "no video LLM looked"
        yield f"{why}: the answer is put together from what was heard, read and seen"


def _counted(answer: Answer) -> str:
    """What became of other answers that were as sure, where that was counted."""
    others = answer.as_sure
    return (
        f" (of {others.n} test answers as sure, {others.n_right} were right)" if others and others.n else ""
    )


def _moment_line(moment: Moment) -> str:
    trust = ", low trust" if moment.trust < LOW_TRUST else ""
    return f"{moment.span}  {quoted(moment.quote, moment.source)} ({SENSES[moment.source]}{trust})"


def _coverage_phrase(entry: Looked) -> str:
    row = entry.row
    trust = ", low trust" if row.trust < LOW_TRUST else ""
    looks = f", {row.n_looks} looks" if row.sense in ("picture", "screen") else ""
    gap = f", not at {entry.gap}" if entry.gap else ""
    return f"{SENSES[row.sense]} {percent(row.share)} ({row.engine}{looks}{gap}{trust})"


def video_lines(videos: Iterable[Video]) -> Iterator[str]:
    """One line a video: id, length, title, and where it lay last."""
    for video in videos:
        missing = "" if video.path.exists() else " [missing]"
        missing += "" if video.is_whole else " [unfinished]"
        tracks = f" [{video.tracks}]" if video.tracks else ""
        length = format_time(video.duration_s)
        yield f"{video.short_id}  {length:>9}  {video.title}{tracks}  {video.path}{missing}"


def event_lines(events: Iterable[Event], among: Iterable[Event]) -> Iterator[str]:
    """One line an event, its span and its gist; ``among`` all of its video, one that it looks like is named."""
    begins_s = {event.id: event.span.start_s for event in among if event.duplicate_of is None}
    for event in events:
        twin_s = begins_s.get(event.duplicate_of or 0) if event.duplicate_of else None
        like = f"  (looks like {format_time(twin_s)})" if twin_s is not None else ""
        yield f"{event.span}  {event.gist}{like}{'' if event.is_final else '  (provisional)'}"

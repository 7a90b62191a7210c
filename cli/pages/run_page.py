"""A run as its page shows it: question, answer, moments, what was looked at, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ...agent.reading import NAME as EXTRACTIVE
from ...agent.runs.past import Run, Values, list_of, mapping_of, number_of, span_between, span_of, text_of
from ...index.library import Library
from ...index.memory import Memory
from ...index.records import LOW_TRUST, Video
from ...tools.clock import Span
from ..run_lines import run_lines
from ..wording import SENSES
from .lanes import Timeline, lane, numbered_lane, tiled_lane, timeline
from .links import VideoLink
from .looked import LookedRow, looked_rows
from .thumbnails import Thumbnail, Thumbnails, thumbnails_at

MOMENTS_MAX = 24
LINES_MAX = 1500
_NOTES_MAX = 60
_LOOKS_MAX = 400
_WORDS = ("speech", "screen")


@dataclass(frozen=True)
class MomentCard:
    """A moment with its proof; ``is_quote`` where this is words of the video."""

    span: Span
    address: str
    sense: str
    quote: str
    is_quote: bool
    score: float
    is_low_trust: bool
    picture: Thumbnail | None


@dataclass(frozen=True)
class RunPage:
    """All that the page of a run shows; ``n_moments`` and ``n_lines`` count those that are left out, too."""

    run: Run
    title: str
    duration_s: float
    address: str
    question: str
    options: tuple[str, ...]
    answer: str
    is_answered: bool
    is_found: bool
    confidence: float
    reader: str
    within: Span | None
    moments: tuple[MomentCard, ...]
    n_moments: int
    timeline: Timeline | None
    looked: tuple[LookedRow, ...]
    notes: tuple[str, ...]
    lines: tuple[str, ...]
    n_lines: int

    @property
    def heading(self) -> str:
        """What the page is called."""
        return self.question or f"Run {self.run.id}"


def run_page(run: Run, library: Library, page: Path) -> RunPage:
    """What the page of a run shows, for a page that is to lie at a place; pictures are read from the video's file."""
    video = video_of(run, library)
    memory = Memory(library, video) if video else None
    link = VideoLink.of(video, page) if video else VideoLink()
    rows = list(_moment_rows(run))
    shown = rows[:MOMENTS_MAX]
    pictures = thumbnails_at(memory, [span.middle_s for span, _ in shown]) if memory else Thumbnails()
    within = span_of(run.asked.get("within"))
    looked = looked_rows(list_of(run.answer.get("coverage")), link)
    lines = list(run_lines(run))
    then = mapping_of(run.answer.get("video"))
    return RunPage(
        run=run,
        title=video.title if video else text_of(then.get("title")),
        duration_s=video.duration_s if video else number_of(then.get("duration_s")),
        address=link.address,
        question=text_of(run.question.get("text")) or text_of(run.answer.get("question")),
        options=tuple(text for text in list_of(run.asked.get("options"))[:_NOTES_MAX] if text_of(text)),
        answer=_answer(run),
        is_answered=bool(run.answer),
        is_found=bool(run.answer) and run.answer.get("abstained") is not True,
        confidence=min(1.0, max(0.0, number_of(run.answer.get("confidence")))),
        reader=text_of(run.answer.get("reader")),
        within=within,
        moments=tuple(_card(span, row, link, pictures) for span, row in shown),
        n_moments=len(rows),
        timeline=_timeline(run, memory, [span for span, _ in shown], within, looked),
        looked=looked,
        notes=tuple(_notes(run, video, pictures)),
        lines=tuple(lines[:LINES_MAX]),
        n_lines=len(lines),
    )


def video_of(run: Run, library: Library) -> Video | None:
    """The video of a run as the library remembers it, a whole one first; None where it does not.

    A trace says what the video contained and by which tracks it was read; where it says is never a path to open.
    """
    sha256 = text_of(run.question.get("video"))
    same = [video for video in library.videos() if video.sha256 == sha256]
    asked = run.asked.get("sidecar"), run.asked.get("tracks")
    exact = [video for video in same if (video.sidecar_sha256, video.tracks) == asked]
    return min(exact or ([] if run.asked else same), key=lambda video: not video.is_whole, default=None)


def _answer(run: Run) -> str:
    option = text_of(run.answer.get("option"))
    # The heading says that already.
    text = run.outcome.removeprefix("not found: ") if run.answer.get("abstained") is True else run.outcome
    return f"{option}) {text}" if option else text


def _moment_rows(run: Run) -> Iterator[tuple[Span, Values]]:
    for row in map(mapping_of, list_of(run.answer.get("moments"))):
        span = span_between(row.get("start_s"), row.get("end_s"))
        if row and span:
            yield span, row


def _card(span: Span, row: Values, link: VideoLink, pictures: Thumbnails) -> MomentCard:
    sense = text_of(row.get("source"))
    return MomentCard(
        span,
        link.at(span),
        SENSES.get(sense, sense),
        text_of(row.get("quote")),
        sense in _WORDS,
        number_of(row.get("score")),
        number_of(row.get("trust")) < LOW_TRUST,
        pictures.at(span.middle_s),
    )


def _timeline(
    run: Run,
    memory: Memory | None,
    moments: Sequence[Span],
    within: Span | None,
    looked: Sequence[LookedRow],
) -> Timeline | None:
    then = mapping_of(run.answer.get("video"))
    whole_s = memory.video.duration_s if memory else number_of(then.get("duration_s"))
    chapters = memory.events("chapter") if memory else []
    parts = [chapter.span for chapter in chapters] if len(chapters) > 1 else []
    gaps = [row.gap for row in looked if row.gap]
    name = "Moments" if run.answer.get("abstained") is not True else "Nearest moments"
    return timeline(
        whole_s,
        [
            numbered_lane(name, "moment", moments, whole_s),
            lane("Asked about", "limit", [within] if within else [], whole_s),
            lane("Shown to the video LLM", "look", _shown(run), whole_s),
            lane("Not seen or heard", "gap", gaps, whole_s),
            tiled_lane("Chapters", "chapter", parts, whole_s),
        ],
    )


def _shown(run: Run) -> Iterator[Span]:
    """The seconds of the pictures that stand in prompts."""
    parts = (part for step in run.steps for part in list_of(step.values.get("parts")))
    times_s = (mapping_of(part).get("time_s") for part in parts)
    for time_s in islice((number_of(each) for each in times_s if each is not None), _LOOKS_MAX):
        if time_s >= 0:
            yield Span(time_s, time_s)


def _notes(run: Run, video: Video | None, pictures: Thumbnails) -> Iterator[str]:
    yield from (text for text in map(text_of, list_of(run.answer.get("notes"))[:_NOTES_MAX]) if text)
    if run.answer.get("reader") == EXTRACTIVE:
        yield "No video LLM looked: the answer is put together from what was heard, read and seen."
    if video is None:
        yield "The library does not remember the video any more, so there are no pictures and no links here."
    if pictures.note:
        yield pictures.note
    if run.n_damaged:
        yield f"Lines of the trace that are damaged and left out: {run.n_damaged}."

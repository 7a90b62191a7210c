"""What is exported, whatever the form: stretches of a video, each with a title."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...tools.chapters import NAMELESS
from ...tools.clock import Span
from ...tools.errors import RequestError
from ...tools.plain import plain
from ..wording import quoted

if TYPE_CHECKING:
    from ...agent.runs.past import Run
    from ...index.records import Event, Level

# No form can hold a stretch without length.
_SHORTEST_S = 0.001
_TEXTS = ("speech", "screen")


@dataclass(frozen=True)
class Mark:
    """A stretch on the player's clock; its ``title`` is one line of characters to be seen.

    ``source`` is the level of the timeline or the sense that it comes from.
    """

    span: Span
    title: str
    source: str


def event_marks(events: Iterable[Event], level: Level, within: Span) -> list[Mark]:
    """The parts of events that lie within a stretch, in order of time."""
    return _inside([Mark(event.span, _line(event.gist), level) for event in events], within)


def citation_marks(run: Run, within: Span) -> list[Mark]:
    """The parts of the moments that a past answer cites that lie within a stretch, in order of time.

    A trace can be damaged or made by anybody: what is no moment is left out. Raises ``RequestError`` where
    nothing is cited.
    """
    from ...agent.runs.past import list_of, mapping_of

    cited = [mark for row in list_of(run.answer.get("citations")) if (mark := _cited(mapping_of(row)))]
    if not cited:
        raise RequestError(f"run {run.id}: its answer cites no moment")
    return _inside(cited, within)


def _cited(row: Any) -> Mark | None:
    from ...agent.runs.past import span_between, text_of

    span, source = span_between(row.get("start_s"), row.get("end_s")), text_of(row.get("source"))
    if span is None:
        return None
    quote = _line(text_of(row.get("quote")))
    title = quoted(quote, "speech") if source in _TEXTS and quote != NAMELESS else quote
    return Mark(span, title, _line(source))


def _inside(marks: Iterable[Mark], within: Span) -> list[Mark]:
    """The marks as far as they lie within a stretch; each lasts a millisecond at least."""
    lasting = [Mark(_lasting(mark.span, within), mark.title, mark.source) for mark in marks]
    parts = [
        Mark(mark.span.inside(within), mark.title, mark.source)
        for mark in lasting
        if mark.span.overlap_s(within) >= _SHORTEST_S / 2
    ]
    return sorted(parts, key=lambda mark: mark.span)


def _lasting(span: Span, within: Span) -> Span:
    start_s = min(span.start_s, max(within.end_s - _SHORTEST_S, 0.0)) if not span.duration_s else span.start_s
    return Span(start_s, max(span.end_s, start_s + _SHORTEST_S))


def _line(text: str) -> str:
    return " ".join(plain(text).split()) or NAMELESS

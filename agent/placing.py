"""Where to look for what a question places before, after or during another moment, or between two."""

from __future__ import annotations

from dataclasses import replace

from ..index.memory import Memory
from ..tools.clock import Span
from ..tools.errors import RequestError
from .evidence import Evidence
from .inquiry import Inquiry
from .languages.choice import by_code
from .languages.english import ENGLISH
from .question import Question, understand
from .relation import Relation
from .words import content_words, phrases_in

# The other moment has to be found at least this surely.
_SURE = 0.4
_CLOSE_S = 30.0
# Of moments that fit this nearly as well the first one is meant.
_AS_GOOD = 0.95
# What these ask for lies between moments, or is no moment.
_MEASURES = ("order", "duration", "summary")


def placed(memory: Memory, question: Question, last: Span | None) -> Question:
    """The question limited to the side of the moment that it names; as it was where that is not found.

    ``last`` is what the last answer was about, which "after that" means. A question with options, and one for
    an order, a length or a summary, stays as it was.
    """
    relation = question.relation
    if relation is None or question.options or question.kind in _MEASURES:
        return question
    if relation.until:
        stretch = _between(memory, question, relation)
        return _limited(memory, question, relation, *stretch) if stretch else question
    anchor = _anchor(memory, question, relation, last)
    if anchor is None:
        return question
    return _limited(memory, question, relation, anchor, _window(relation, anchor, memory.video.duration_s))


def _limited(memory: Memory, question: Question, relation: Relation, anchor: Span, window: Span) -> Question:
    """What is asked for beside an anchor, inside a window and the seconds that the question names."""
    rest = _rest(question, relation, memory.video.duration_s)
    nearest = None if relation.until else {"before": -1, "after": 1}.get(relation.side)
    asked = replace(
        rest,
        text=question.text,
        kind=question.kind,
        ordinal=rest.ordinal if rest.kind != "when" else rest.ordinal or nearest,
        beside=(relation.side, anchor),
        is_every=question.is_every,
        is_follow_up=question.is_follow_up,
    )
    return (asked.within(question.window) if question.window else asked).within(window)


def _anchor(memory: Memory, question: Question, relation: Relation, last: Span | None) -> Span | None:
    if not relation.anchor:
        return last
    found = _moments(memory, question, relation.anchor)
    return min(e.span for e in found) if found else None


def _between(memory: Memory, question: Question, relation: Relation) -> tuple[Span, Span] | None:
    """The earlier one of two moments and what lies between them; None where one is not found."""
    anchor = _anchor(memory, question, relation, None)
    others = [e.span for e in _moments(memory, question, relation.until)]
    others = [span for span in others if anchor and not span.overlap_s(anchor)]
    if anchor is None or not others:
        return None
    # "Between the end and the beginning" means the same stretch.
    later = [span for span in others if span >= anchor]
    first, second = (anchor, min(later)) if later else (max(others), anchor)
    return first, Span(min(first.end_s, second.start_s), second.start_s)


def _moments(memory: Memory, question: Question, words: str) -> list[Evidence]:
    """The moments that fit a description about as well as any; none where nothing fits well."""
    language = by_code(question.language)
    if language is not ENGLISH:
        # Descriptions are read as English, in which words that shape other languages would be content.
        words = " ".join([*(f'"{phrase}"' for phrase in phrases_in(words)), *content_words(words, language)])
    # The sense that is asked for need not be that of the moment.
    found = Inquiry(memory, replace(question, senses=frozenset())).evidence_for(words)
    if not found or found[0].confidence < _SURE:
        return []
    return [e for e in found if e.confidence >= _AS_GOOD * found[0].confidence]


def _rest(question: Question, relation: Relation, duration_s: float) -> Question:
    """What is asked for beside the moment; a follow-up of two words asks for whatever is there."""
    try:
        return understand(relation.rest, duration_s, language=by_code(question.language))
    except RequestError:
        return replace(question, words=(), asides=(), phrases=(), colours=(), senses=frozenset())


def _window(relation: Relation, anchor: Span, duration_s: float) -> Span:
    if relation.side == "during":
        return anchor
    reach_s = _CLOSE_S if relation.is_close else duration_s
    if relation.side == "before":
        return Span(max(0.0, anchor.start_s - reach_s), anchor.start_s)
    return Span(min(anchor.end_s, duration_s), max(anchor.end_s, min(duration_s, anchor.end_s + reach_s)))

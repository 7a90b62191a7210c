"""Where to look for what a question places before, after or during another moment."""

from __future__ import annotations

from dataclasses import replace

from ..index.memory import Memory
from ..tools.clock import Span
from ..tools.errors import RequestError
from .inquiry import Inquiry
from .question import Question, understand
from .relation import Relation

# The other moment has to be found at least this surely.
_SURE = 0.4
_CLOSE_S = 30.0
# Of moments that fit this nearly as well the first one is meant.
_AS_GOOD = 0.95


def placed(memory: Memory, question: Question, last: Span | None) -> Question:
    """The question limited to the side of the moment that it names; as it was where that is not found.

    ``last`` is what the last answer was about, which "after that" means.
    """
    relation = question.relation
    anchor = _anchor(memory, question, relation, last) if relation else None
    if relation is None or anchor is None:
        return question
    rest = _rest(question, relation, memory.video.duration_s)
    ordinal = (
        rest.ordinal if rest.kind != "when" else rest.ordinal or {"before": -1, "after": 1}.get(relation.side)
    )
    window = _window(relation, anchor, memory.video.duration_s)
    asked = replace(
        rest, text=question.text, kind=question.kind, ordinal=ordinal, beside=(relation.side, anchor)
    )
    return (asked.within(question.window) if question.window else asked).within(window)


def _anchor(memory: Memory, question: Question, relation: Relation, last: Span | None) -> Span | None:
    if not relation.anchor:
        return last
    # The sense that is asked for need not be that of the moment.
    found = Inquiry(memory, replace(question, senses=frozenset())).evidence_for(relation.anchor)
    if not found or found[0].confidence < _SURE:
        return None
    return min(e.span for e in found if e.confidence >= _AS_GOOD * found[0].confidence)


def _rest(question: Question, relation: Relation, duration_s: float) -> Question:
    """What is asked for beside the moment; a follow-up of two words asks for whatever is there."""
    try:
        return understand(relation.rest, duration_s)
    except RequestError:
        return replace(question, words=(), asides=(), phrases=(), colours=(), senses=frozenset())


def _window(relation: Relation, anchor: Span, duration_s: float) -> Span:
    if relation.side == "during":
        return anchor
    reach_s = _CLOSE_S if relation.is_close else duration_s
    if relation.side == "before":
        return Span(max(0.0, anchor.start_s - reach_s), anchor.start_s)
    return Span(min(anchor.end_s, duration_s), max(anchor.end_s, min(duration_s, anchor.end_s + reach_s)))

"""The loop: plan, recall, read, reflect; and look again more widely where that was not enough."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from ..index.completion import Seed, complete
from ..index.memory import Memory
from ..tools.clock import Span
from . import reading
from .answer import Answer, Moment
from .evidence import Evidence, best_first
from .inquiry import NOT_FOUND, Draft, Inquiry
from .question import Question, understand
from .sensing import resembling

# Below this an answer is more likely wrong than right, so none is given.
ABSTAIN_BELOW = 0.25
_NEAREST = 3
_HINT = 0.9


def ask(
    memory: Memory,
    text: str,
    options: tuple[str, ...] = (),
    min_confidence: float | None = None,
    within: Span | None = None,
) -> Answer:
    """The answer to a question about a remembered video, from the memory alone.

    ``within`` limits where to look, as if the question had named these seconds. Abstains below
    ``min_confidence``, or below ``ABSTAIN_BELOW`` where that is None. Raises ``RequestError`` for a
    question that cannot be understood as one.
    """
    begun_s = time.perf_counter()
    question = understand(text, memory.video.duration_s, options)
    if within is not None:
        question = question.within(within)
    enough = ABSTAIN_BELOW if min_confidence is None else min_confidence
    draft = _search(memory, question, enough)
    accepted = bool(draft.text) and draft.confidence >= enough
    support = draft.support if accepted else _nearest(memory, question)
    return Answer(
        video=memory.video,
        question=question.text,
        kind="choice" if question.options else question.kind,
        text=draft.text if accepted else _not_found(question),
        option=draft.option if accepted else None,
        abstained=not accepted,
        confidence=draft.confidence,
        moments=tuple(Moment.of(e, memory.video) for e in support),
        coverage=tuple(memory.coverage()),
        reader=reading.NAME,
        elapsed_s=time.perf_counter() - begun_s,
    )


def _search(memory: Memory, question: Question, enough: float) -> Draft:
    """The first draft that is sure enough, else the surest of all."""
    best = NOT_FOUND
    for attempt in _attempts(question):
        inquiry = Inquiry(memory, attempt)
        draft = _within_limits(inquiry, reading.read(inquiry))
        if draft.text and draft.confidence > best.confidence:
            best = draft
        if best.confidence >= enough and best.text:
            break
    return best


def _within_limits(inquiry: Inquiry, draft: Draft) -> Draft:
    """The draft with the support that lies where one may look; none where its first support does not."""
    support = tuple(e for e in draft.support if inquiry.is_wanted(e.span))
    return replace(draft, support=support) if support[:1] == draft.support[:1] else NOT_FOUND


def _attempts(question: Question) -> Iterator[Question]:
    """The question as understood, then without the hint at a sense, which may have misled."""
    yield question
    if question.senses & {"speech", "screen"} and question.kind != "yesno":
        yield replace(question, senses=frozenset())


def _nearest(memory: Memory, question: Question) -> list[Evidence]:
    """What came closest, for a person to look at, where there is no answer."""
    wider = replace(question, senses=question.senses - {"speech", "screen"}, phrases=())
    inquiry = Inquiry(memory, wider)
    alike = [e for e in resembling(memory, question.text) if inquiry.is_wanted(e.span)]
    return best_first([*inquiry.evidence(), *alike, *_around(inquiry, alike)])[:_NEAREST]


def _around(inquiry: Inquiry, alike: list[Evidence]) -> list[Evidence]:
    """What was said where the picture looks most like it, as a hint that is weaker than the picture's."""
    seeds = [Seed(e.span, e.sense, e.fit) for e in alike]
    return [
        Evidence(
            c.text.span, c.text.sense, c.text.body, round(_HINT * c.score, 4), c.text.trust, (c.text.id,)
        )
        for c in complete(inquiry.memory, seeds, "speech")
        if inquiry.is_wanted(c.text.span)
    ]


def _not_found(question: Question) -> str:
    sought = "the words" if question.senses <= {"speech", "screen"} else "it"
    return f"not found: nothing that was heard, read or seen supports an answer ({sought} asked for did not come up)"

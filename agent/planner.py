"""The loop: plan, recall, read, reflect; and what came closest where that gives no answer."""

from __future__ import annotations

import time
from dataclasses import replace

from ..index.completion import Seed, complete
from ..index.meaning import Meaning
from ..index.memory import Memory
from ..index.recollecting import event_at
from ..index.session import Session
from ..tools.clock import Span
from ..tools.roles import ImageTextEmbedder
from . import reading
from .answer import Answer, Moment, Recall
from .evidence import Evidence, best_first
from .inquiry import Inquiry
from .placing import placed
from .question import Question, understand
from .search import Search, search
from .sensing import resembling
from .trace import UNTRACED, Trace
from .viewer import Viewer

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
    *,
    meaning: Meaning | None = None,
    session: Session | None = None,
    pictures: ImageTextEmbedder | None = None,
    viewer: Viewer | None = None,
    trace: Trace = UNTRACED,
) -> Answer:
    """The answer to a question about a remembered video, from the memory, and from a look where there is a viewer.

    ``within`` limits where to look, as if the question had named these seconds. With a ``meaning`` texts
    that say it in other words count too, and with a ``session`` a question may go on from the last one.
    With an embedder for ``pictures`` they are found by what they show, and not by their colours alone. A
    ``viewer`` is shown what the memory leads to, and answers; where it finds nothing the memory's answer stands.
    Abstains below ``min_confidence``, or below ``ABSTAIN_BELOW`` where that is None. Raises
    ``RequestError`` for a question that cannot be understood as one.
    """
    begun_s = time.perf_counter()
    question = understand(text, memory.video.duration_s, options)
    if within is not None:
        question = question.within(within)
    enough = ABSTAIN_BELOW if min_confidence is None else min_confidence
    beside = placed(memory, question, session.last(memory.video) if session else None)
    trace.note("question", text=question.text, kind=question.kind, video=memory.video.sha256)
    done = search(memory, beside, enough, meaning, session)
    if not done.draft.is_sure(enough) and _may_be_told_together(beside):
        done = search(memory, question, enough, meaning, session)
    near = (
        list(done.draft.support) if done.draft.is_sure(enough) else _nearest(memory, question, done, pictures)
    )
    found = [
        {"start_s": e.span.start_s, "end_s": e.span.end_s, "sense": e.sense, "quote": e.quote} for e in near
    ]
    trace.note("recall", fast=done.is_fast, chance=done.chance, text=done.draft.text, moments=found)
    look = viewer.look(memory, beside, [e.span for e in near], trace) if viewer else None
    is_viewed = look is not None and bool(look.draft.text)
    draft = look.draft if look and is_viewed else done.draft
    is_a_guess = is_viewed and viewer is not None and viewer.is_untrained
    accepted = draft.is_sure(enough) or (is_a_guess and min_confidence is None)
    support = draft.support if accepted else near
    if session:
        _note(session, memory, done, draft.support if accepted else ())
    answer = Answer(
        video=memory.video,
        question=question.text,
        kind="choice" if question.options else question.kind,
        text=draft.text if accepted else _not_found(question),
        option=draft.option if accepted else None,
        abstained=not accepted,
        confidence=draft.confidence,
        moments=tuple(Moment.of(e, memory.video) for e in support),
        coverage=tuple(memory.coverage()),
        reader=viewer.model.name if viewer and is_viewed else reading.NAME,
        notes=(*memory.video.notes, *(look.notes if look else ())),
        recall=Recall("fast" if done.is_fast else "detailed", done.chance, done.mind.events),
        elapsed_s=time.perf_counter() - begun_s,
    )
    trace.note("answer", **answer.to_json())
    return answer


def _may_be_told_together(question: Question) -> bool:
    """Whether the answer may stand in the same sentence as the moment before or after which it was looked for."""
    is_beside = question.beside is not None and question.beside[0] != "during"
    return is_beside and question.kind in ("what", "when", "count")


def _note(session: Session, memory: Memory, done: Search, support: tuple[Evidence, ...]) -> None:
    """Keep what the answer was about for the next question; a closer look has kept what it recalled."""
    if support:
        session.cite(memory.video, support[0].span)
    if done.is_fast:
        ids = (event_at(memory.library, memory.video.id, e.span.middle_s) for e in support)
        session.keep(list(dict.fromkeys(i for i in ids if i is not None)))


def _nearest(
    memory: Memory, question: Question, done: Search, pictures: ImageTextEmbedder | None
) -> list[Evidence]:
    """What came closest, for a person to look at, where there is no answer."""
    wider = replace(question, senses=question.senses - {"speech", "screen"}, phrases=())
    inquiry = Inquiry(memory, wider, done.mind)
    alike = [e for e in resembling(memory, question.text, pictures) if inquiry.is_wanted(e.span)]
    hints = done.mind.hints(memory, question.senses)
    return best_first(_once([*inquiry.evidence(), *alike, *_around(inquiry, alike), *hints]))[:_NEAREST]


def _once(found: list[Evidence]) -> list[Evidence]:
    """Evidence without what says the same of the same seconds."""
    return list({(e.span, e.sense, e.quote): e for e in reversed(best_first(found))}.values())


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

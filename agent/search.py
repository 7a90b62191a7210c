"""The search for one answer: the fast path over what the words find, and a closer look where that is not enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..index.gate import FAST_FROM, Features, probability
from ..index.meaning import Meaning
from ..index.memory import Memory
from ..index.recollecting import events_at
from ..index.search import Found
from ..index.session import Session
from ..tools.clock import Span
from . import reading
from .association import NOTHING, Association, associate, meant
from .inquiry import NOT_FOUND, Draft, Inquiry, cues_of
from .question import Question
from .recollection import Recollection

_RANKED = 20


@dataclass(frozen=True)
class Search:
    """What a search came to.

    ``chance`` in (0, 1) is how likely the fast path was right, as the gate puts it; where it was not enough,
    ``mind`` is what was recalled for the closer look.
    """

    draft: Draft
    chance: float
    mind: Association = NOTHING

    @property
    def is_fast(self) -> bool:
        """Whether the fast path was enough."""
        return self.mind is NOTHING


def search(
    memory: Memory,
    question: Question,
    enough: float,
    meaning: Meaning | None,
    session: Session | None,
    recollection: Recollection | None = None,
) -> Search:
    """The draft of the fast path where the gate opens and it is sure ``enough``, else the surest of all.

    Searches of one question may share a ``recollection``, which finds each thing once.

    Source: HippoMM (arXiv 2504.10739), fast retrieval and detailed recall.
    """
    inquiry = Inquiry(memory, question, recollection=recollection)
    fast = _draft(inquiry)
    near = meant(memory, question, meaning)
    chance = probability(features(inquiry, near))
    if fast.is_sure(enough) and chance >= FAST_FROM:
        return Search(fast, chance)
    texts = inquiry.recollection.texts(cues_of(question))
    mind = associate(memory, question, meaning, texts, near, session)
    best = fast
    for attempt in _attempts(question):
        best = _surer(best, _draft(Inquiry(memory, attempt, mind, inquiry.recollection)))
        if best.is_sure(enough):
            break
    return Search(best, chance, mind)


def features(inquiry: Inquiry, near: Sequence[Found]) -> Features:
    """What the gate goes by; ``near`` are the texts that mean what is asked, the nearest first."""
    found = inquiry.evidence()
    senses = inquiry.question.senses or {e.sense for e in found[:1]}
    return Features.of(
        [e.fit for e in found],
        _events(inquiry.memory, [e.span for e in found]),
        _events(inquiry.memory, [hit.text.span for hit in near]),
        min((inquiry.share_looked_at(sense) for sense in senses), default=0.0),
    )


def _events(memory: Memory, spans: Sequence[Span]) -> list[int]:
    return events_at(memory.library, [(memory.video.id, span.middle_s) for span in spans[:_RANKED]])


def _draft(inquiry: Inquiry) -> Draft:
    """The draft with the support that lies where one may look; none where its first support does not."""
    draft = reading.read(inquiry)
    support = tuple(e for e in draft.support if inquiry.is_wanted(e.span))
    return replace(draft, support=support) if support[:1] == draft.support[:1] else NOT_FOUND


def _surer(one: Draft, other: Draft) -> Draft:
    return other if other.text and other.confidence > one.confidence else one


def _attempts(question: Question) -> Iterator[Question]:
    """The question as understood, then without the hint at a sense, which may have misled."""
    yield question
    # Where only a place is given, the sense is all that says what is asked for.
    is_worded = question.beside is None or bool(question.words or question.phrases)
    if question.senses & {"speech", "screen"} and question.kind != "yesno" and is_worded:
        yield replace(question, senses=frozenset())

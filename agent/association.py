"""What a question brings to mind besides texts that hold its words: what means the same, and what stood beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..index.meaning import Meaning
from ..index.memory import Memory
from ..index.recollecting import Recalled, Wanted, recall
from ..index.records import Sense, Text
from ..index.search import Found
from ..index.session import Session
from .evidence import Evidence
from .question import Question
from .words import content_words

BUDGET_S = 120.0
_TEXTS_MAX = 40
# Meaning alone proves nothing: it makes more of what holds some of the words, and is a hint by itself.
_RAISED, _HINT = 0.3, 0.5
# Of evidence that fits equally well, that counts for more which lies in an event that was recalled.
_ELSEWHERE = 0.97


@dataclass(frozen=True)
class Association:
    """Events that were recalled, in order of time, and how much texts mean the same, in (0, 1], by their ids."""

    events: tuple[Recalled, ...] = ()
    likeness: Mapping[int, float] = field(default_factory=dict)

    def raised(self, evidence: Evidence) -> Evidence:
        """The evidence, worth more the more its text means what was asked."""
        if self is NOTHING:
            return evidence
        likeness = max((self.likeness.get(i, 0.0) for i in evidence.text_ids), default=0.0)
        fit = evidence.fit + (1 - evidence.fit) * _RAISED * likeness
        is_recalled = not self.events or any(e.span.overlap_s(evidence.span) > 0 for e in self.events)
        return replace(evidence, fit=round(fit if is_recalled else fit * _ELSEWHERE, 4))

    def hints(self, memory: Memory, senses: frozenset[Sense]) -> list[Evidence]:
        """Texts that mean what was asked, too little to be an answer each."""
        return [
            Evidence(t.span, t.sense, t.body, round(_HINT * self.likeness[t.id], 4), t.trust, (t.id,))
            for t in memory.texts_by_id(sorted(self.likeness))
            if not senses & {"speech", "screen"} or t.sense in senses
        ]


NOTHING = Association()


def meant(memory: Memory, question: Question, meaning: Meaning | None) -> list[Found]:
    """Texts within a question's seconds that mean what it asks, the nearest first; none without a ``meaning``."""
    if meaning is None:
        return []
    return meaning.nearest(question.text, _TEXTS_MAX, videos=(memory.video,), within=question.window)


def associate(
    memory: Memory,
    question: Question,
    meaning: Meaning | None,
    texts: Sequence[Text],
    near: Sequence[Found],
    session: Session | None,
) -> Association:
    """What a question brings to mind within its seconds, ``BUDGET_S`` of footage at most; a turn of the session.

    ``texts`` hold words of the question, the best first, and ``near`` are those that are ``meant``.
    """
    wanted = Wanted(
        question.text, None, "", meaning, (memory.video,), question.window, _moments(memory, texts)
    )
    if question.phrases:
        # Those texts hold words of a phrase, and only one that holds it as it stands brings it to mind.
        words = " ".join((*content_words(question.text), *(f'"{phrase}"' for phrase in question.phrases)))
        wanted = replace(wanted, words=words, moments=None)
    events = recall(memory.library, wanted, BUDGET_S, session)
    return Association(tuple(events), {hit.text.id: hit.score for hit in near})


def _moments(memory: Memory, texts: Sequence[Text]) -> tuple[tuple[int, float], ...]:
    return tuple((memory.video.id, text.span.middle_s) for text in texts)

"""One question put to one memory: where the readers of every kind get their evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from ..index.memory import Memory
from ..tools.clock import Span
from .association import NOTHING, Association
from .evidence import Evidence, best_first
from .question import Question, understand
from .recollection import Cues, Recollection
from .sensing import beside, coloured, silent


@dataclass(frozen=True)
class Draft:
    """What a reader makes of the evidence; an empty ``text`` means that nothing supports an answer.

    ``support`` is best first and lies inside what was remembered; ``option`` is a letter.
    """

    text: str
    confidence: float
    support: tuple[Evidence, ...] = ()
    option: str | None = None

    def is_sure(self, enough: float) -> bool:
        """Whether there is an answer of at least this confidence."""
        return bool(self.text) and self.confidence >= enough


NOT_FOUND = Draft("", 0.0)


class Inquiry:
    """A question with the memory it is put to, and what it brought to ``mind``.

    Inquiries of one question may share a ``recollection``, which finds each thing once.
    """

    def __init__(
        self,
        memory: Memory,
        question: Question,
        mind: Association = NOTHING,
        recollection: Recollection | None = None,
    ) -> None:
        self.memory = memory
        self.question = question
        self.recollection = recollection or Recollection(memory)
        self.mind = mind

    def evidence(self) -> list[Evidence]:
        """All that may answer the question, best first, within the seconds that it names."""
        return list(self._found)

    @cached_property
    def _found(self) -> list[Evidence]:
        return self._evidence(self.question)

    def evidence_for(self, words: str) -> list[Evidence]:
        """All that fits a description, as if its moment had been asked for."""
        about = understand(f"when is {words}", self.memory.video.duration_s)
        if self.question.window is not None:
            about = about.within(self.question.window)
        return self._evidence(
            replace(about, senses=about.senses or self.question.senses & {"speech", "screen"})
        )

    def is_wanted(self, span: Span) -> bool:
        """Whether a stretch lies in the seconds that the question names, if it names any."""
        window, beside_ = self.question.window, self.question.beside
        if window is None:
            return True
        if beside_ and beside_[0] != "during":
            # What began before a moment and goes on does not lie behind it.
            return window.start_s <= span.middle_s < window.end_s
        return span.overlap_s(window) > 0

    def share_looked_at(self, sense: str) -> float:
        """How much of the video was looked at, listened to or read, in [0, 1]."""
        return max((c.share for c in self.memory.coverage() if c.sense == sense), default=0.0)

    def trust_in(self, sense: str) -> float:
        """How far the words of a sense may be believed, in [0, 1]."""
        return max((c.trust for c in self.memory.coverage() if c.sense == sense), default=0.0)

    def _evidence(self, question: Question) -> list[Evidence]:
        if "picture" in question.senses:
            found = coloured(self.memory, question.colours)
        elif question.senses == {"sound"}:
            found = silent(self.memory)
        elif question.beside and not (question.words or question.phrases or question.asides):
            found = beside(self.memory, question.senses, *question.beside)
        else:
            found = self.recollection.find(cues_of(question))
            found = best_first([self.mind.raised(e) for e in found])
        return [e for e in found if self.is_wanted(e.span)]


def cues_of(question: Question) -> Cues:
    """What to look for in texts, as a question says it."""
    wants_moment = question.kind in ("when", "order")
    return Cues(
        question.words, question.asides, question.phrases, question.senses, question.window, wants_moment
    )

"""Finding every moment that fits a description, and knowing whether not finding it means that it is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from ..index.meaning import Meaning
from ..index.memory import Memory
from ..index.recall import search_texts
from ..index.records import LOW_TRUST, Sense, Text
from ..index.sound_meaning import SoundMeaning
from ..index.stemming import stems
from ..tools.clock import Span
from ..tools.roles import ImageTextEmbedder
from .association import NOTHING, Association, meant
from .corroboration import lettered, texts_beside
from .evidence import Evidence
from .hearing import Hearing, heard_alike, sound_asked
from .inquiry import Inquiry
from .languages.choice import language_of
from .question import Question, understand
from .recollection import Recollection
from .sensing import resembling
from .temporal import Occurrence, occurrences

TEXTS_MAX = 200
"""Of more texts that hold some of the words those are weighed that fit best."""
# A recollection weighs a few dozen texts at a time.
_TEXTS_EACH = 30
# What is not found counts as absent where at least this share of the video was looked at.
_ENOUGH = 0.95
_LEADS = {"de": "wann ist"}
_SHOWN_BY: dict[Sense, Literal["picture", "sound"]] = {
    "speech": "sound", "sound": "sound", "screen": "picture", "picture": "picture",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What was found of a description; not all of it where too many texts hold some of its words.

    ``n_faint`` pieces of evidence were not likely enough. ``looked`` are the senses that would have shown it, none
    where they looked at too little to know; ``hidden`` is what damage hid from them.
    """

    words: str
    occurrences: list[Occurrence]
    n_faint: int = 0
    is_all: bool = True
    looked: frozenset[Sense] = frozenset()
    hidden: tuple[Span, ...] = ()

    def is_absent_from(self, spans: Sequence[Span]) -> bool:
        """Whether stretches in which it was not found were looked at well enough to say that it is not there."""
        is_hidden = any(span.overlap_s(lost) > 0 for span in spans for lost in self.hidden)
        return bool(self.looked) and self.is_all and not is_hidden


@dataclass(frozen=True)
class Finder:
    """Finds what is described in one memory, inside ``within`` where that is given.

    By words, colours and silence; with a ``meaning`` by other words that mean the same, with ``pictures`` by what
    they show, and with ``sounds`` that were learnt by what they sound like.
    """

    memory: Memory
    within: Span | None = None
    meaning: Meaning | None = None
    pictures: ImageTextEmbedder | None = None
    sounds: SoundMeaning | None = None

    def find(self, words: str, least: float = 0.0) -> Finding:
        """All that fits a description and is at least so likely; of several that it counts, the one it means."""
        question = self._question(words)
        evidence = self._evidence(question)
        looked = self._looked(question)
        return Finding(
            words,
            _picked(occurrences(evidence, least), question.ordinal),
            n_faint=sum(e.confidence < least for e in evidence),
            is_all=len(self._texts(question, TEXTS_MAX + 1)) <= TEXTS_MAX,
            looked=looked,
            hidden=tuple(span for sense in sorted(looked) for span in self.memory.lost(_SHOWN_BY[sense])),
        )

    def _question(self, words: str) -> Question:
        lead = _LEADS.get(language_of(words).code, "when is")
        understood = understand(f"{lead} {words}", self.memory.video.duration_s)
        question = replace(understood, text=words, kind="when")
        return question.within(self.within) if self.within else question

    def _evidence(self, question: Question) -> list[Evidence]:
        near = meant(self.memory, question, self.meaning)
        mind = Association((), {hit.text.id: hit.score for hit in near}) if near else NOTHING
        told = self._told(question, mind)
        inquiry = Inquiry(self.memory, question)
        alike = [*mind.hints(self.memory, question.senses), *self._seen(question), *self._heard(question)]
        found = dict.fromkeys([*told, *(e for e in alike if inquiry.is_wanted(e.span))])
        return [replace(e, span=e.span.inside(self.memory.video.span)) for e in found]

    def _told(self, question: Question, mind: Association) -> Iterator[Evidence]:
        recollection = Recollection(self.memory)
        for window in self._windows(question):
            yield from Inquiry(self.memory, question.within(window), mind, recollection).evidence()

    def _seen(self, question: Question) -> list[Evidence]:
        # How it looks says nothing of what was said or written.
        if self.pictures is None or question.senses:
            return []
        alike = resembling(self.memory, question.text, self.pictures)
        return lettered(alike, question, texts_beside(self.memory, alike))

    def _heard(self, question: Question) -> list[Evidence]:
        if self.sounds is None or not sound_asked(question):
            return []
        sure = Hearing(self.memory, question, self.sounds).evidence()
        return [*sure, *heard_alike(self.memory, question, self.sounds)]

    def _windows(self, question: Question) -> list[Span]:
        """Stretches one after the other in which a few dozen texts each hold some of the words."""
        texts = self._texts(question, TEXTS_MAX)
        starts_s = sorted({text.span.start_s for text in texts})[_TEXTS_EACH::_TEXTS_EACH]
        whole = question.window or self.memory.video.span
        bounds_s = [whole.start_s, *(s for s in starts_s if whole.start_s < s < whole.end_s), whole.end_s]
        return [Span(*pair) for pair in pairwise(bounds_s)]

    def _texts(self, question: Question, limit: int) -> list[Text]:
        """Texts that hold some of the words, those that fit best first, at most ``limit``."""
        if question.senses & {"picture", "sound"}:
            return []
        wanted = stems(" ".join((*question.words, *question.asides, *question.phrases)))
        return search_texts(self.memory, sorted(set(wanted)), limit)

    def _looked(self, question: Question) -> frozenset[Sense]:
        """The senses that would have shown it, if they looked at enough; none where models would have to tell."""
        told = question.senses or (question.modalities & {"speech", "screen"}) or self._worded()
        is_for_models = bool(
            sound_asked(question) or (question.modalities - question.senses) & {"picture", "sound"}
        )
        if is_for_models or not self.memory.video.is_whole:
            return frozenset()
        rows = self.memory.coverage()
        enough = {row.sense for row in rows if row.share >= _ENOUGH and row.trust >= LOW_TRUST}
        return told if told <= enough else frozenset()

    def _worded(self) -> frozenset[Sense]:
        """The senses by which this video has words; a transcript has no screen."""
        return frozenset({"speech", "screen"} if self.memory.video.width else {"speech"})


def _picked(found: list[Occurrence], ordinal: int | None) -> list[Occurrence]:
    if ordinal is None:
        return found
    place = ordinal - 1 if ordinal > 0 else len(found) + ordinal
    return found[place : place + 1] if place >= 0 else []

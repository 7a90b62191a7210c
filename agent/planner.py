"""The loop: plan, recall, look, reflect; and what came closest where that gives no answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from ..index.meaning import Meaning
from ..index.memory import Memory
from ..index.recollecting import events_at
from ..index.session import Session
from ..index.sound_meaning import SoundMeaning
from ..tools.clock import Span
from ..tools.engines import Maker
from ..tools.roles import (
    Detector,
    FrameBudget,
    ImageTextEmbedder,
    PhraseSpotter,
    SpeechRecognizer,
    TextReader,
)
from . import reading
from .acts.act import Act
from .acts.kit import Kit
from .answer import Answer, Moment, Recall
from .calibration import Bin, calibrated, calibration_of, uncalibrated
from .caption import caption_of
from .corroboration import lettered, texts_beside, weighed
from .evidence import Evidence, best_first
from .hearing import heard
from .inquiry import NOT_FOUND, Draft
from .ledger import ledger
from .model_question import understood
from .nearest import hints, nearest
from .placing import placed
from .question import Question, understand
from .recollection import Recollection
from .relevance import relevance
from .search import Search, search
from .second_look import second_look
from .sensing import resembling
from .spotting import NOTHING_SPOTTED, Spotting, spotted
from .trace import UNTRACED, Trace
from .viewer import Look, Viewer

# Below this an answer is more likely wrong than right, so none is given.
ABSTAIN_BELOW = 0.25
# Confidences are told with four digits, and what is told as enough is enough.
_HALF_A_DIGIT = 5e-5


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
    sounds: SoundMeaning | None = None,
    spotter: PhraseSpotter | None = None,
    text_reader: Maker[TextReader] | None = None,
    recognizer: Maker[SpeechRecognizer] | None = None,
    viewer: Viewer | None = None,
    trace: Trace = UNTRACED,
) -> Answer:
    """The answer to a question about a remembered video, from the memory, and from a look where there is a viewer.

    ``within`` limits where to look, as if the question had named these seconds. With a ``meaning`` texts
    that say it in other words count too, and with a ``session`` a question may go on from the last one.
    With an embedder for ``pictures`` they are found by what they show, and not by their colours alone; with
    ``sounds`` that were learnt a question that asks for a sound is answered by them. A ``spotter`` listens again
    for words that a transcript of low trust may have missed, and where that is not enough pictures are read again by
    a ``text_reader``, and speech is written down again by a ``recognizer``. A ``viewer`` understands the question, is
    shown what the memory leads to, and answers; where it finds nothing the memory's answer stands.
    Abstains below ``min_confidence``, or below ``ABSTAIN_BELOW`` where that is None. Raises
    ``RequestError`` for a question that cannot be understood as one.
    """
    begun_s = time.perf_counter()
    question = _understood(memory, text, options, viewer, trace)
    kit = Kit(meaning, pictures, sounds, spotter, text_reader, recognizer)
    question = question.within(within) if within else question
    run = _Run(memory, question, min_confidence, session, kit, viewer, trace)
    answer = run.answer(begun_s)
    trace.note("answer", **answer.to_json())
    return answer


def _understood(
    memory: Memory, text: str, options: tuple[str, ...], viewer: Viewer | None, trace: Trace
) -> Question:
    """The question by the viewer's model where there is one, else by rules."""
    question = understand(text, memory.video.duration_s, options)
    trace.note("question", text=question.text, kind=question.kind, video=memory.video.sha256)
    return understood(text, memory.video.duration_s, options, viewer.model, trace) if viewer else question


@dataclass(frozen=True)
class _Run:
    """One question on its way to an answer, with all that it may be answered by."""

    memory: Memory
    question: Question
    min_confidence: float | None
    session: Session | None
    kit: Kit
    viewer: Viewer | None
    trace: Trace

    def answer(self, begun_s: float) -> Answer:
        """The answer of the viewer where it finds one, else that of the memory, else what came closest."""
        beside, recalled = self._recalled()
        done, near = self._listened(beside, recalled)
        look = self._looked(beside, near, done)
        is_viewed = look is not None and bool(look.draft.text)
        draft = look.draft if look and is_viewed else done.draft
        if not (is_viewed and self._is_guessing):
            draft = weighed(
                self.memory, beside, draft, self.kit.pictures, self.kit.sounds, self._recollection
            )
        reader = self.viewer.model.name if self.viewer and is_viewed else reading.NAME
        # What was spotted, or found in a second look, is none of the answers that were counted.
        counted = reader if is_viewed or (done.draft is recalled.draft and self._is_worded(draft)) else ""
        accepted = draft.is_sure(self._least(counted)) or (is_viewed and self._may_be_a_guess)
        support = list(draft.support) if accepted else self._lettered(near)
        self._note(done, support if accepted else [])
        question, video = self.question, self.memory.video
        return Answer(
            video=video,
            question=question.text,
            kind=self._kind,
            text=draft.text if accepted else _not_found(question),
            option=draft.option if accepted else None,
            abstained=not accepted,
            confidence=self._probability(draft.confidence, counted),
            moments=tuple(Moment.of(e, video) for e in support),
            coverage=(*ledger(self.memory), *(look.ledger(self.memory) if look else ())),
            reader=reader,
            recall=Recall("fast" if done.is_fast else "detailed", done.chance, done.mind.events),
            elapsed_s=time.perf_counter() - begun_s,
            notes=(*video.notes, *(look.notes if look else ())),
            as_sure=self._as_sure(draft.confidence, counted) if accepted else None,
            is_cut_short=look is not None and look.is_cut_short,
            is_looked_at=look is not None,
        )

    @cached_property
    def _recollection(self) -> Recollection:
        """What the memory's texts hold of the question, found once."""
        return Recollection(self.memory)

    @property
    def _enough(self) -> float:
        """As sure as a draft of the memory has to be, in what its reader tells and not as a probability."""
        if self.min_confidence is None:
            return ABSTAIN_BELOW
        return uncalibrated(max(0.0, self.min_confidence - _HALF_A_DIGIT), self._kind, reading.NAME)

    def _probability(self, told: float, reader: str) -> float:
        """How likely a draft is right; below where answers are given nothing was fitted, so it is no more than told."""
        fitted = calibrated(told, self._kind, reader)
        return round(fitted if told >= ABSTAIN_BELOW else min(told, fitted), 4)

    def _least(self, reader: str) -> float:
        """The same for a draft of a reader; those that nothing was counted of are taken at their word."""
        return self._enough if reader == reading.NAME or self.min_confidence is None else self.min_confidence

    def _as_sure(self, told: float, reader: str) -> Bin | None:
        """What became of other answers that were as sure, None where none were counted."""
        calibration = calibration_of(reader)
        return calibration.as_sure(self._probability(told, reader)) if calibration else None

    def _is_worded(self, draft: Draft) -> bool:
        """Whether a draft goes by words, and by few of them: pictures, sounds and summaries were not counted."""
        return self._kind != "summary" and all(e.sense in ("speech", "screen") for e in draft.support)

    @property
    def _kind(self) -> str:
        return "choice" if self.question.options else self.question.kind

    @property
    def _is_guessing(self) -> bool:
        """Whether the viewer only guesses."""
        return self.viewer is not None and self.viewer.is_untrained

    @property
    def _may_be_a_guess(self) -> bool:
        """Whether a guess is given; that is said with it. None is where a confidence was asked for."""
        return self._is_guessing and self.min_confidence is None

    def _lettered(self, near: list[Evidence]) -> list[Evidence]:
        """What came closest, where pictures in which the words are written say so; colours cannot be fooled."""
        if self.kit.pictures is None:
            return near
        return best_first(lettered(near, self.question, texts_beside(self.memory, near)))

    def _recalled(self) -> tuple[Question, Search]:
        """The question as it was placed in time, and what the memory makes of it."""
        memory, question = self.memory, self.question
        beside = placed(memory, question, self.session.last(memory.video) if self.session else None)
        done = search(memory, beside, self._enough, self.kit.meaning, self.session, self._recollection)
        if not done.draft.is_sure(self._enough) and _may_be_told_together(beside):
            done = search(memory, question, self._enough, self.kit.meaning, self.session, self._recollection)
        return beside, done

    def _listened(self, question: Question, done: Search) -> tuple[Search, list[Evidence]]:
        """The search with what the sound makes of it, and what supports its answer or came closest to one."""
        if self.kit.sounds:
            done = replace(
                done, draft=heard(self.memory, question, self.kit.sounds, done.draft, self._enough)
            )
        # A "no" for want of words has no support, and may be for want of a good transcript.
        if done.draft.is_sure(self._enough) and (done.draft.support or self.kit.spotter is None):
            return done, list(done.draft.support)
        near = self._hints(self.question, done)
        spotting = self._spotted(question, done, near)
        if spotting.found:
            draft = spotting.draft if spotting.draft.is_sure(self._enough) else NOT_FOUND
            done = replace(done, draft=draft)
        if done.draft.is_sure(self._enough):
            return done, list(done.draft.support)
        found, draft = self._looked_again(question, near)
        if draft.is_sure(self._enough):
            return replace(done, draft=draft), list(draft.support)
        return done, nearest([*near, *spotting.found, *found])

    def _looked_again(self, question: Question, near: Sequence[Evidence]) -> tuple[list[Evidence], Draft]:
        """What is read and heard in a second look, where nobody else will look."""
        if self.viewer is not None:
            return [], NOT_FOUND
        acts = self.kit.acts(self.memory, question, FrameBudget(0, 0))
        return second_look(self.memory, question, near, acts, self.trace)

    def _spotted(self, question: Question, done: Search, near: Sequence[Evidence]) -> Spotting:
        if self.kit.spotter is None:
            return NOTHING_SPOTTED
        # Colours say nothing of what was spoken.
        others = [e for e in near if self.kit.pictures or e.sense != "picture"]
        spotting = spotted(self.memory, question, done, self.kit.spotter, others)
        self.trace.note(
            "spotted",
            moments=[
                {"start_s": e.span.start_s, "end_s": e.span.end_s, "quote": e.quote} for e in spotting.found
            ],
        )
        return spotting

    def _looked(self, question: Question, near: Sequence[Evidence], done: Search) -> Look | None:
        moments = [
            {"start_s": e.span.start_s, "end_s": e.span.end_s, "sense": e.sense, "quote": e.quote}
            for e in near
        ]
        self.trace.note(
            "recall", fast=done.is_fast, chance=done.chance, text=done.draft.text, moments=moments
        )
        if self.viewer is None:
            return None
        every = [*near, *self._hints(question, done), *self._captioned(question)]
        what = relevance(self.memory, question, every, self.kit.pictures.name if self.kit.pictures else "")
        return self.viewer.look(
            self.memory, question, [e.span for e in near], what, partial(self._acts, question), self.trace
        )

    def _hints(self, question: Question, done: Search) -> list[Evidence]:
        kit = self.kit
        return hints(self.memory, question, done.mind, kit.pictures, kit.sounds, self._recollection)

    def _captioned(self, question: Question) -> list[Evidence]:
        """Pictures that look like what the viewer's model expects to see, where a model can find them."""
        viewer, pictures = self.viewer, self.kit.pictures
        if viewer is None or pictures is None or viewer.is_untrained:
            return []
        caption = caption_of(question, viewer.model, self.trace)
        return resembling(self.memory, caption, pictures) if caption else []

    def _acts(self, question: Question, budget: FrameBudget, detector: Detector | None) -> Sequence[Act]:
        return replace(self.kit, detector=detector).acts(self.memory, question, budget)

    def _note(self, done: Search, support: Sequence[Evidence]) -> None:
        """Keep what the answer was about for the next question; a closer look has kept what it recalled."""
        if self.session is None:
            return
        if support:
            self.session.cite(self.memory.video, support[0].span)
        if done.is_fast:
            moments = [(self.memory.video.id, e.span.middle_s) for e in support]
            self.session.keep(events_at(self.memory.library, moments))


def _may_be_told_together(question: Question) -> bool:
    """Whether the answer may stand in the same sentence as the moment before or after which it was looked for."""
    is_beside = question.beside is not None and question.beside[0] != "during"
    return is_beside and question.kind in ("what", "when", "count")


def _not_found(question: Question) -> str:
    sought = "the words" if question.senses <= {"speech", "screen"} else "it"
    return f"not found: nothing that was heard, read or seen supports an answer ({sought} asked for did not come up)"

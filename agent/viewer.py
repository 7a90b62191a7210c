"""A video LLM at work on one memory: what it looked at, what it answers, and what to think of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..index.fingerprint import is_there
from ..index.memory import Memory
from ..tools.clock import Span
from ..tools.roles import Detector, FrameBudget, VideoModel
from .acts.act import Act, Observation, Order
from .inquiry import NOT_FOUND, Draft
from .investigation import Step, investigate
from .ledger import Looked, viewed
from .methods.spending import Purse
from .model_chooser import ModelChooser
from .question import Question
from .relevance import Relevance
from .searching import SEARCHING, Search, Searching
from .showing import Shown, shown
from .trace import UNTRACED, Trace
from .trial import is_untrained
from .verification import verified
from .viewing import Tell, tell_nobody, view

_MOMENTS_MAX = 8
# Below this an answer is worth another look; a half is what a model has that does not tell how sure it is.
_SURE_FROM = 0.5
_N_TEXTS = 20


def _no_acts(budget: FrameBudget, detector: Detector | None) -> Sequence[Act]:
    """Nothing can be done but to look once."""
    return ()


@dataclass(frozen=True)
class Look:
    """A draft with what was shown for it, and what a reader of it ought to know.

    A search that ``is_cut_short`` ended at the budget that the user has set.
    """

    reader: str
    draft: Draft
    what: Shown
    notes: tuple[str, ...]
    trust: float
    is_cut_short: bool = False

    def ledger(self, memory: Memory) -> list[Looked]:
        """What was looked at for this draft; nothing where there was no picture."""
        frames = self.what.frames
        return [viewed(memory, self.reader, self.what.seen(), len(frames), self.trust)] if frames else []


class Viewer:
    """Answers questions with a video LLM; whether that knows anything is found out once.

    ``budget`` tells of a model how much it is shown, first when it looks; None takes the model at its word.
    ``trial`` tells whether it is untrained. ``searching`` says how the pictures are found that it is shown. An
    open answer is told to ``tell`` as the model writes it.
    """

    def __init__(
        self,
        model: VideoModel,
        budget: Callable[[VideoModel], FrameBudget] | None = None,
        trial: Callable[[VideoModel], bool] = is_untrained,
        searching: Searching = SEARCHING,
        tell: Tell = tell_nobody,
    ) -> None:
        self.model, self._budget, self._trial = model, budget, trial
        self._searching, self._tell = searching, tell

    @cached_property
    def is_untrained(self) -> bool:
        """Whether its answers are no better than guesses; such answers have no confidence."""
        return self._trial(self.model)

    def look(
        self,
        memory: Memory,
        question: Question,
        moments: Sequence[Span],
        what: Relevance | None = None,
        acts: Callable[[FrameBudget, Detector | None], Sequence[Act]] = _no_acts,
        trace: Trace = UNTRACED,
    ) -> Look:
        """What the model makes of a question when it is shown these moments, the best first.

        With ``what`` the memory knows of pictures that have to do with it, they are picked by a search; without,
        they are spread over the moments. What the model cites is looked at once more, and is withdrawn where it
        does not hold. Where its answer is not sure the model chooses what else to do, among ``acts`` for what it can
        be shown and the detector there is, and is shown what that leads to. Raises ``ModelError`` where the model
        fails.
        """
        budget = self._budget(self.model) if self._budget else self.model.budget
        search = self._searching.of(memory, question, self.model, budget, trace)
        # Of a film that is gone there are words to show, for which nothing has to be searched.
        picked = search.pick(what) if what and is_there(memory.video) else None
        shown_ = shown(memory, question, moments[:_MOMENTS_MAX], budget, picked.times_s if picked else None)
        is_shown = bool(shown_.frames or shown_.texts)
        draft = self._draft(memory, question, shown_, search.checks, trace) if is_shown else NOT_FOUND
        look = Look(
            self.model.name,
            draft,
            shown_,
            tuple(search.notes(picked)),
            0.0 if self.is_untrained else 1.0,
            search.is_cut_short(picked),
        )
        look = self._further(search, look, acts(budget, self._searching.detector))
        return replace(look, notes=(*self._notes(memory, look.what), *look.notes))

    def _further(self, search: Search, look: Look, acts: Sequence[Act]) -> Look:
        """The look, or where its answer is not sure what comes of going on from there."""
        purse = search.further()
        if self.is_untrained or not acts or purse is None or look.draft.is_sure(_SURE_FROM):
            return look
        memory, question, trace = search.memory, search.question, search.trace
        chooser = ModelChooser(self.model, question, acts, question.window or memory.video.span, trace=trace)
        done = investigate(chooser, acts, purse, begun=[_first_step(look)], trace=trace)
        times_s = done.worth_showing(search.n_frames)
        if not times_s and not done.texts:
            return look
        moments = [evidence.span for evidence in done.found[:_MOMENTS_MAX]]
        what = shown(memory, question, moments, search.shows, times_s).with_words(done.texts)
        draft = self._draft(memory, question, what, search.checks, trace)
        best = draft if draft.text and draft.confidence > look.draft.confidence else look.draft
        steps = ", ".join(s.order.act for s in done.steps[1:] if s.order)
        notes = (*look.notes, f"{self.model.name} looked further: {steps}") if steps else look.notes
        return replace(look, draft=best, what=look.what.with_also(what, done.frames), notes=notes)

    def _draft(self, memory: Memory, question: Question, what: Shown, checks: Purse, trace: Trace) -> Draft:
        draft = view(self.model, question, what, trace, self._tell)
        if not self.is_untrained:
            return verified(self.model, question, draft, memory, checks, trace)
        worthless = tuple(replace(evidence, fit=0.0) for evidence in draft.support)
        return replace(draft, confidence=0.0, support=worthless)

    def _notes(self, memory: Memory, what: Shown) -> list[str]:
        notes = [
            f"{self.model.name} was shown {len(what.frames)} picture(s) and {len(what.texts)} line(s) of words"
        ]
        if what.is_gone:
            notes.append(f"{memory.video.path} is gone or another file by now, so no picture could be shown")
        if self.is_untrained:
            notes.append(f"{self.model.name} answers like a model that was never trained: do not believe it")
        return notes


def _first_step(look: Look) -> Step:
    """What was shown for an answer that was not sure, as a step of the search that goes on from there."""
    what = look.what
    said = f"{len(what.frames)} pictures were shown, and gave no sure answer"
    return Step(
        Order("look", (), tuple(what.stretches()[:3])),
        Observation(said, texts=what.texts[:_N_TEXTS], frames=what.frames),
    )

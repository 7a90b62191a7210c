"""A video LLM at work on one memory: what it looked at, what it answers, and what to think of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..index.fingerprint import is_there
from ..index.memory import Memory
from ..tools.clock import Span
from ..tools.roles import FrameBudget, VideoModel
from .inquiry import NOT_FOUND, Draft
from .ledger import Looked, viewed
from .methods.spending import Purse
from .question import Question
from .relevance import Relevance
from .searching import SEARCHING, Searching
from .showing import Shown, shown
from .trace import UNTRACED, Trace
from .trial import is_untrained
from .verification import verified
from .viewing import view

_MOMENTS_MAX = 8


@dataclass(frozen=True)
class Look:
    """A draft with what was shown for it, and what a reader of it ought to know."""

    reader: str
    draft: Draft
    what: Shown
    notes: tuple[str, ...]
    trust: float

    def ledger(self, memory: Memory) -> list[Looked]:
        """What was looked at for this draft; nothing where there was no picture."""
        frames = self.what.frames
        return [viewed(memory, self.reader, self.what.seen(), len(frames), self.trust)] if frames else []


class Viewer:
    """Answers questions with a video LLM; whether that knows anything is found out once.

    ``budget`` tells of a model how much it is shown, first when it looks; None takes the model at its word.
    ``trial`` tells whether it is untrained. ``searching`` says how the pictures are found that it is shown.
    """

    def __init__(
        self,
        model: VideoModel,
        budget: Callable[[VideoModel], FrameBudget] | None = None,
        trial: Callable[[VideoModel], bool] = is_untrained,
        searching: Searching = SEARCHING,
    ) -> None:
        self.model, self._budget, self._trial = model, budget, trial
        self._searching = searching

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
        trace: Trace = UNTRACED,
    ) -> Look:
        """What the model makes of a question when it is shown these moments, the best first.

        With ``what`` the memory knows of pictures that have to do with it, they are picked by a search; without,
        they are spread over the moments. What the model cites is looked at once more, and is withdrawn where it
        does not hold. Raises ``ModelError`` where the model fails.
        """
        budget = self._budget(self.model) if self._budget else self.model.budget
        search = self._searching.of(memory, question, self.model, budget, trace)
        # Of a film that is gone there are words to show, for which nothing has to be searched.
        picked = search.pick(what) if what and is_there(memory.video) else None
        shown_ = shown(memory, question, moments[:_MOMENTS_MAX], budget, picked.times_s if picked else None)
        draft = (
            self._draft(memory, question, shown_, search.checks, trace)
            if shown_.frames or shown_.texts
            else NOT_FOUND
        )
        notes = (*self._notes(memory, shown_), *search.notes(picked))
        return Look(self.model.name, draft, shown_, notes, 0.0 if self.is_untrained else 1.0)

    def _draft(self, memory: Memory, question: Question, what: Shown, checks: Purse, trace: Trace) -> Draft:
        draft = view(self.model, question, what, trace)
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

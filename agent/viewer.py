"""A video LLM at work on one memory: what it looked at, what it answers, and what to think of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..index.memory import Memory
from ..tools.clock import Span
from ..tools.roles import FrameBudget, VideoModel
from .inquiry import NOT_FOUND, Draft
from .question import Question
from .showing import Shown, shown
from .trace import UNTRACED, Trace
from .trial import is_untrained
from .viewing import view

_MOMENTS_MAX = 8


@dataclass(frozen=True)
class Look:
    """A draft with what was shown for it, and what a reader of it ought to know."""

    draft: Draft
    what: Shown
    notes: tuple[str, ...]


class Viewer:
    """Answers questions with a video LLM; whether that knows anything is found out once.

    ``budget`` tells of a model how much it is shown, first when it looks; None takes the model at its word.
    ``trial`` tells whether it is untrained.
    """

    def __init__(
        self,
        model: VideoModel,
        budget: Callable[[VideoModel], FrameBudget] | None = None,
        trial: Callable[[VideoModel], bool] = is_untrained,
    ) -> None:
        self.model, self._budget, self._trial = model, budget, trial

    @cached_property
    def is_untrained(self) -> bool:
        """Whether its answers are no better than guesses; such answers have no confidence."""
        return self._trial(self.model)

    def look(
        self, memory: Memory, question: Question, moments: Sequence[Span], trace: Trace = UNTRACED
    ) -> Look:
        """What the model makes of a question when it is shown these moments, the best first.

        Raises ``ModelError`` where the model fails.
        """
        budget = self._budget(self.model) if self._budget else self.model.budget
        what = shown(memory, question, moments[:_MOMENTS_MAX], budget)
        if not what.frames and not what.texts:
            return Look(NOT_FOUND, what, tuple(self._notes(memory, what)))
        draft = view(self.model, question, what, trace)
        if self.is_untrained:
            worthless = tuple(replace(evidence, fit=0.0) for evidence in draft.support)
            draft = replace(draft, confidence=0.0, support=worthless)
        return Look(draft, what, tuple(self._notes(memory, what)))

    def _notes(self, memory: Memory, what: Shown) -> list[str]:
        notes = [
            f"{self.model.name} was shown {len(what.frames)} picture(s) and {len(what.texts)} line(s) of words"
        ]
        if what.is_gone:
            notes.append(f"{memory.video.path} is gone or another file by now, so no picture could be shown")
        if self.is_untrained:
            notes.append(f"{self.model.name} answers like a model that was never trained: do not believe it")
        return notes

"""A guide of a spotlight that asks a video LLM: which windows it proposes, and how surely each answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...index.memory import Memory
from ...tools.clock import Span
from ...tools.roles import FrameBudget, Prompt, VideoModel
from ..question import Question
from ..showing import N_FRAMES_MAX, Shown, shown
from ..trace import UNTRACED, Trace, prompt_row
from ..viewing import prompt_of
from .guide import Price
from .intervals import N_WINDOWS_MAX
from .reflection import DATA_RULE, N_VOTE_TOKENS, Reflection
from .replied_windows import windows_in

Look = Callable[[Span, FrameBudget], Shown]
"""What there is to be shown of a span, within a budget."""

_N_TOKENS_MAX = 256
_RULES = (
    f"You find where in a video a question is answered. {DATA_RULE} You reply with JSON and nothing else."
)


def looking(memory: Memory, question: Question) -> Look:
    """What a memory has to show of a span for a question: true pictures, and the words around them."""

    def look(span: Span, budget: FrameBudget) -> Shown:
        return shown(memory, question.within(span), (), budget)

    return look


@dataclass(frozen=True)
class ModelGuide:
    """Asks ``model`` about a question, showing it what ``look`` has of a span: ``looking(memory, question)``.

    Confidences are those of ``Reflection``. Every method raises ``ModelError`` where the model fails.
    """

    model: VideoModel
    question: Question
    look: Look
    trace: Trace = UNTRACED

    @property
    def n_frames(self) -> int:
        """As many pictures as a prompt may hold and can be shown."""
        return min(self.model.budget.n_frames, N_FRAMES_MAX)

    def price_of_proposing(self) -> Price:
        """One prompt and a reply."""
        return Price(1, self.n_frames, _N_TOKENS_MAX)

    def price_of_reflecting(self, n_spans: int) -> Price:
        """A prompt for each span, or for each vote on it."""
        n_prompts = n_spans * self._reflection.n_prompts
        n_tokens = N_VOTE_TOKENS * n_prompts if self._reflection.n_prompts > 1 else 0
        return Price(n_prompts, n_prompts * self.n_frames, n_tokens)

    def proposes(self, span: Span) -> list[Span]:
        """The windows that the model names, as it names them; none where there is nothing to show."""
        what = self._shown(span)
        if not what.frames and not what.texts:
            return []
        prompt = self._prompt(span, what)
        reply = "".join(self.model.stream(prompt, _N_TOKENS_MAX))
        self.trace.note("windows", model=self.model.name, **prompt_row(prompt), reply=reply)
        return windows_in(reply)

    def reflects(self, spans: Sequence[Span]) -> list[float]:
        """How sure the model is of each span, in [0, 1]."""
        return [self._reflection.confidence(self._shown(span)) for span in spans]

    @cached_property
    def _reflection(self) -> Reflection:
        return Reflection(self.model, self.question, self.trace)

    def _shown(self, span: Span) -> Shown:
        return self.look(span, FrameBudget(self.n_frames, self.model.budget.n_pixels))

    def _prompt(self, span: Span, what: Shown) -> Prompt:
        *before, asked = prompt_of(replace(self.question, options=()), what).parts
        options = "".join(f"\nIt may be: {option}" for option in self.question.options)
        wanted = (
            f"You are shown {span} of the video. Where does it show what answers the question? Name at most"
            f' {N_WINDOWS_MAX} stretches, the likeliest first, as JSON: [{{"start": "mm:ss", "end": "mm:ss"}}, ...].'
            " Reply [] where it shows none."
        )
        return Prompt((*before, f"{asked}{options}\n{wanted}"), _RULES)

"""Looking: pictures of a stretch, closer together than before, with the words around them."""

from __future__ import annotations

from dataclasses import dataclass

from ...index.memory import Memory
from ...tools.roles import FrameBudget
from ..question import Question
from ..showing import shown, spread
from .act import Observation, Order

N_FRAMES_EACH = 8
_N_TEXTS = 20


@dataclass(frozen=True)
class Look:
    """Shows a few pictures of each stretch."""

    memory: Memory
    question: Question
    budget: FrameBudget
    name: str = "look"
    about: str = "shows pictures of a stretch, closer together the shorter it is; needs from and to"
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """Pictures spread over the stretches, and what was said and written around them."""
        times_s = spread(order.spans, min(self.budget.n_frames, N_FRAMES_EACH))
        what = shown(self.memory, self.question, order.spans, self.budget, times_s)
        said = f"{len(what.frames)} pictures" if what.frames else "no picture can be shown"
        return Observation(said, texts=what.texts[:_N_TEXTS], frames=what.frames)

"""A chooser that asks a video LLM what to do next, and shows it what came of the steps before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..tools.clock import Span
from ..tools.roles import Prompt, StampedFrame, VideoModel
from .acts.act import Act, Order
from .investigation import LIMITS, Limits, Step
from .methods.guide import Price
from .methods.reflection import DATA_RULE
from .orders import ANSWER, order_in
from .question import Question
from .trace import UNTRACED, Trace, prompt_row
from .viewing import harmless

_N_TOKENS = 200
_N_FRAMES = 16
_N_LINES = 60


@dataclass(frozen=True)
class ModelChooser:
    """Asks ``model`` which of some ``acts`` helps to answer a question about what lies ``within`` a stretch.

    Words of the video stand in one marked place of the prompt, and what the model itself has said before stands
    there as strings of JSON.
    """

    model: VideoModel
    question: Question
    acts: Sequence[Act]
    within: Span
    limits: Limits = LIMITS
    trace: Trace = UNTRACED

    def price(self, steps: Sequence[Step]) -> Price:
        """One prompt with the last pictures, and a short reply."""
        return Price(1, len(self._frames(steps)), _N_TOKENS)

    def next(self, steps: Sequence[Step]) -> Order | None:
        """What the model orders."""
        prompt = self.prompt(steps)
        reply = "".join(self.model.stream(prompt, _N_TOKENS))
        self.trace.note("choose", model=self.model.name, **prompt_row(prompt), reply=reply)
        return order_in(reply, [act.name for act in self.acts], self.within)

    def prompt(self, steps: Sequence[Step]) -> Prompt:
        """The rules, what was found and shown so far, and the question."""
        words = "\n".join(["<words>", *self._lines(steps), "</words>"])
        asked = [f"Question: {self.question.text}"]
        asked += [f"It may be: {option}" for option in self.question.options]
        done = [*_told(steps)] or ["Nothing has been done so far."]
        left = self.limits.n_steps - len(steps)
        ending = [*asked, *done, f"{left} step(s) are left. What next?"]
        return Prompt((words, *self._frames(steps), "\n".join(ending)), self._rules())

    def _rules(self) -> str:
        acts = "\n".join(f'"{act.name}": {act.about}' for act in self.acts)
        return (
            f"You look for what answers a question about a video of which you see {self.within}. {DATA_RULE} You reply"
            ' with one object of JSON and nothing else: {"act": NAME, "words": [...], "from": "mm:ss", "to": "mm:ss"}.'
            f' The acts are:\n{acts}\n"{ANSWER}": ends the search; needs nothing'
        )

    def _lines(self, steps: Sequence[Step]) -> list[str]:
        """What the video says and holds by the steps so far, the last ones where there is too much."""
        lines: list[str] = []
        for number, step in enumerate(steps, 1):
            seen = step.observation
            lines += [f"{number}. {e.span} ({e.sense}) {harmless(e.quote)}" for e in seen.found]
            lines += [f"{number}. {t.span} ({t.sense}) {harmless(t.body)}" for t in seen.texts]
        return list(dict.fromkeys(lines))[-_N_LINES:]

    def _frames(self, steps: Sequence[Step]) -> tuple[StampedFrame, ...]:
        """The pictures of the last step that had any, as many as fit."""
        shown = next((s.observation.frames for s in reversed(steps) if s.observation.frames), ())
        return shown[: min(_N_FRAMES, self.model.budget.n_frames)]


def _told(steps: Sequence[Step]) -> Iterator[str]:
    """What was ordered and what came of it, in words that no video has chosen."""
    for number, step in enumerate(steps, 1):
        order = step.order
        told = (
            f"{order.act} {harmless(json.dumps(order.words))} {', '.join(map(str, order.spans))}"
            if order
            else "?"
        )
        yield f"{number}. {told}: {harmless(step.observation.said)}"

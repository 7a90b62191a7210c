"""A video LLM that says what a script tells it to: for trying a pipeline without weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..roles import FrameBudget, Prompt

Script = Callable[[Prompt], str]
Chances = Callable[[Prompt, Sequence[str]], "list[float] | None"]


def _no_idea(prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
    return None


@dataclass
class ScriptedModel:
    """Replies by ``script``, is as sure as ``chances`` says, and keeps the ``prompts`` it was given."""

    script: Script
    chances: Chances = _no_idea
    budget: FrameBudget = field(default_factory=lambda: FrameBudget(8, 1 << 20))
    name: str = "scripted"
    prompts: list[Prompt] = field(default_factory=list)

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Iterator[str]:
        """The reply word by word, so many words at most."""
        self.prompts.append(prompt)
        words = self.script(prompt).split(" ")[:n_tokens_max]
        for place, word in enumerate(words):
            yield word if place == 0 else f" {word}"

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """What the script says."""
        return self.chances(prompt, answers)

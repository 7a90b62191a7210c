"""Whether a video LLM knows anything: a handful of questions that every trained one answers."""

from __future__ import annotations

import numpy as np

from ..tools.roles import Pixels, Prompt, StampedFrame, VideoModel

_SIDE = 112
_ANSWERS = ("yes", "no")
# Guessing gives a half to each; what was trained, however small, is surer than this of what is right.
_KNOWS_FROM = 0.6


def is_untrained(model: VideoModel) -> bool:
    """Whether a model answers plain questions no better than by guessing; false where it does not tell how sure it is.

    Each question is asked in a way that is answered by yes and in one that is answered by no, so that a model
    which always says the same gains nothing.
    """
    chances = []
    for prompt, right in _questions():
        told = model.probabilities(prompt, _ANSWERS)
        if told is None:
            return False
        chances.append(told[_ANSWERS.index(right)])
    return float(np.mean(chances)) < _KNOWS_FROM


def _questions() -> list[tuple[Prompt, str]]:
    """Prompts with what is right."""
    white, black = (StampedFrame(0.0, _filled(value)) for value in (255, 0))
    ending = "Answer yes or no."
    return [
        (Prompt((white, f"Is this picture white? {ending}")), "yes"),
        (Prompt((black, f"Is this picture white? {ending}")), "no"),
        (Prompt((f"Is a dog an animal? {ending}",)), "yes"),
        (Prompt((f"Is a stone an animal? {ending}",)), "no"),
        (Prompt((f"Is 7 more than 3? {ending}",)), "yes"),
        (Prompt((f"Is 2 more than 9? {ending}",)), "no"),
    ]


def _filled(value: int) -> Pixels:
    return np.full((_SIDE, _SIDE, 3), value, np.uint8)

"""Whether a video LLM knows anything: a handful of questions that every trained one answers."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..tools.models.measuring import remember_trial, remembered_trial
from ..tools.models.shelf import state_of
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


@dataclass(frozen=True)
class KeptTrial:
    """The trial of the model in a folder, held once: what came out holds while its files are as they were.

    It is kept in ``records``, the folder of models, for each ``device``, as numbers differ among devices.
    """

    records: Path
    folder: Path
    device: str

    def is_untrained(self, model: VideoModel) -> bool:
        """What ``is_untrained`` says, now or when it was asked before."""
        state = f"{state_of(self.folder)} {_edition()}"
        known = remembered_trial(self.records, model.name, self.device, state)
        if known is not None:
            return known
        found = is_untrained(model)
        # Where nothing can be kept, the next process asks again.
        with suppress(OSError):
            remember_trial(self.records, model.name, self.device, state, found)
        return found


def _edition() -> str:
    """Another one for other questions, so that what came out of these is not taken for what those would tell."""
    asked = [(str(prompt.parts[-1]), prompt.times_s, right) for prompt, right in _questions()]
    return hashlib.sha256(repr((asked, _SIDE, _KNOWS_FROM)).encode()).hexdigest()[:12]


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

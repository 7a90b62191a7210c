"""How sure a video LLM is, made true by a temperature: one that is too sure of itself is believed less.

Source: Guo et al., On Calibration of Modern Neural Networks (arXiv 1706.04599).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from ..roles import FrameBudget, Prompt, VideoModel

AS_TOLD = 1.0
"""The temperature of a model that is taken at its word."""

_COLDEST, _HOTTEST = 0.1, 10.0
_HALVINGS = 60
# A model that tells 0 or 1 is no surer than one that nearly does.
_NEVER_QUITE = 1e-4


def tempered(shares: Sequence[float], temperature: float) -> list[float]:
    """Shares that sum to 1, at another temperature: above 1 they come closer together, below 1 they part.

    Their order stays. Raises ``ValueError`` for a temperature that is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature has to be above 0, not {temperature}")
    largest = max(shares)
    # Relative to the largest, since a small share to a high power would be 0 for each of them.
    weights = [(share / largest) ** (1 / temperature) for share in shares]
    return [weight / sum(weights) for weight in weights]


def fitted_temperature(chances: Sequence[float], truths: Sequence[bool]) -> float:
    """The temperature at which chances that a model gave tell best what was true, in [0.1, 10]; 1 without any.

    ``truths`` are whether that was so of which the model gave the chance. Log loss is convex in the inverse
    temperature, so its slope is followed to zero. Truths are taken for a little less than certain, so that a few
    right answers do not make a model sure of all (Platt 1999). Raises ``ValueError`` where lengths differ.
    """
    odds = [_log_odds(chance) for chance, _ in zip(chances, truths, strict=True)]
    if not any(odds):
        return AS_TOLD
    n_true = sum(truths)
    certain = {True: (n_true + 1) / (n_true + 2), False: 1 / (len(truths) - n_true + 2)}

    def slope(inverse: float) -> float:
        return sum((_sigmoid(inverse * x) - certain[y]) * x for x, y in zip(odds, truths, strict=True))

    coldest, hottest = _COLDEST, _HOTTEST
    for _ in range(_HALVINGS):
        middle = math.sqrt(coldest * hottest)
        # Too hot where a larger inverse would lose less.
        coldest, hottest = (coldest, middle) if slope(1 / middle) < 0 else (middle, hottest)
    return math.sqrt(coldest * hottest)


class TemperedModel:
    """A ``VideoModel`` whose chances are those of another one at a ``temperature``, which is found out when needed."""

    def __init__(self, model: VideoModel, temperature: Callable[[], float]) -> None:
        self._model, self._found = model, temperature

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    @property
    def budget(self) -> FrameBudget:
        """That of the model."""
        return self._model.budget

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Iterator[str]:
        """The model's reply."""
        return self._model.stream(prompt, n_tokens_max)

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """How likely the answers are at the temperature; None where the model does not tell."""
        told = self._model.probabilities(prompt, answers)
        return None if told is None else tempered(told, self._temperature)

    @cached_property
    def _temperature(self) -> float:
        return self._found()


def _log_odds(chance: float) -> float:
    inner = min(max(chance, _NEVER_QUITE), 1 - _NEVER_QUITE)
    return math.log(inner / (1 - inner))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))

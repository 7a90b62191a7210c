"""From how likely a reply begins with some tokens to how likely each of a few answers is."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, isfinite

from ..errors import ModelError

Tokens = tuple[int, ...]


def told_apart(spelled: Sequence[Sequence[Tokens]]) -> list[list[Tokens]]:
    """The spellings of each answer, cut to their first token where no two answers share one."""
    firsts = [{tokens[0] for tokens in answer} for answer in spelled]
    if len(set().union(*firsts)) < sum(len(first) for first in firsts):
        return [list(answer) for answer in spelled]
    return [[(first,) for first in sorted(answer)] for answer in firsts]


def shares(likelihoods: Sequence[dict[Tokens, float]]) -> list[float]:
    """Each answer's share of 1, from natural logarithms of how likely a reply begins with each of its spellings.

    A reply that begins with a longer spelling also begins with a shorter one that it goes on from; it counts for
    the longer only. Raises ``ModelError`` for what is no number.
    """
    every = {tokens: log for answer in likelihoods for tokens, log in answer.items()}
    if not all(isfinite(log) for log in every.values()):
        raise ModelError("the model gives no likelihoods for these answers: its numbers are not finite")
    largest = max(every.values())
    own = _own({tokens: exp(log - largest) for tokens, log in every.items()})
    weights = [sum(own[tokens] for tokens in answer) for answer in likelihoods]
    return [weight / sum(weights) for weight in weights]


def _own(weights: dict[Tokens, float]) -> dict[Tokens, float]:
    """What is left of each weight without those of the spellings that go on from it."""
    own: dict[Tokens, float] = {}
    for tokens in sorted(weights, key=len, reverse=True):
        longer = sum(weight for other, weight in own.items() if other[: len(tokens)] == tokens)
        own[tokens] = max(0.0, weights[tokens] - longer)
    return own

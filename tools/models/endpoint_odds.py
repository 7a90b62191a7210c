"""How likely each of some answers is, by the words that a server says could come first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_AROUND = " \t\r\n▁Ġ\"'*()[].:,"


def first_words(answer: Any) -> list[tuple[str, float]] | None:
    """The likeliest first tokens of an answer of the chat API, each with its probability; None where none are told."""
    try:
        rows = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        words = [(str(row["token"]), min(math.exp(float(row["logprob"])), 1.0)) for row in rows]
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        return None
    return None if any(math.isnan(probability) for _, probability in words) else words or None


def odds(words: Sequence[tuple[str, float]], answers: Sequence[str]) -> list[float] | None:
    """How likely each answer is, summing to 1; None where no answer is among the words.

    Tokens count for the answer that they are or begin, whatever their case and the spaces before them. An answer
    that is not among the words gets no more than the least of them, nor than its share of what they all leave over.
    """
    found = [0.0] * len(answers)
    for token, probability in words:
        number = _meant(token, answers)
        if number is not None:
            found[number] += probability
    if not any(found):
        return None
    left = max(0.0, 1.0 - sum(probability for _, probability in words))
    least = min(probability for _, probability in words)
    missing = min(least, left / max(1, found.count(0.0)))
    filled = [probability or missing for probability in found]
    return [probability / sum(filled) for probability in filled]


def _meant(token: str, answers: Sequence[str]) -> int | None:
    word = _bare(token)
    if not word:
        return None
    bare = [_bare(answer) for answer in answers]
    if word in bare:
        return bare.index(word)
    begun = [number for number, answer in enumerate(bare) if answer.startswith(word)]
    return begun[0] if len(begun) == 1 else None


def _bare(text: str) -> str:
    return text.strip(_AROUND).casefold()

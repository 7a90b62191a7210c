"""Short answers: which one a reply gives, and shares of answers made less sure of themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence


def answer_in(reply: str, answers: Sequence[str]) -> int | None:
    """The place of the answer that a reply gives first, None where it gives none of them.

    A single letter counts with a mark or nothing behind it, so that an article is not taken for an option.
    """
    names = "|".join(re.escape(answer) for answer in answers)
    is_lettered = all(len(answer) == 1 for answer in answers)
    ending = r"(?:[).:,]|\s*$)" if is_lettered else r"(?!\w)"
    match = re.search(rf"(?<!\w)({names}){ending}", reply, 0 if is_lettered else re.I)
    return [answer.lower() for answer in answers].index(match[1].lower()) if match else None


def tempered(shares: Sequence[float], temperature: float) -> list[float]:
    """Shares that sum to 1, at another temperature: above 1 they come closer together, below 1 they part.

    Source: Guo et al., On Calibration of Modern Neural Networks (arXiv 1706.04599). Raises ``ValueError`` for a
    temperature that is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature has to be above 0, not {temperature}")
    largest = max(shares)
    # Relative to the largest, since a small share to a high power would be 0 for each of them.
    weights = [(share / largest) ** (1 / temperature) for share in shares]
    return [weight / sum(weights) for weight in weights]

"""Short answers: which one a reply gives."""

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

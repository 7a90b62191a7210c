"""One line of a text, cut around the words that were asked for."""

from __future__ import annotations

import re

from .folding import folded, folds
from .stemming import stems
from .wording import Wording

_WIDTH = 160
_SPACED = re.compile(r"\S+")


def excerpt(body: str, wording: Wording, width: int = _WIDTH) -> str:
    """At most ``width`` characters of a text in one line, around the first word asked for.

    What is left out shows as an ellipsis beside them.
    """
    line = " ".join(body.split())
    if len(line) <= width:
        return line
    start = max(0, min(_place(line, wording) - width // 3, len(line) - width))
    start = _after_space(line, start)
    end = _before_space(line, start, start + width)
    return ("… " if start else "") + line[start:end].strip() + (" …" if end < len(line) else "")


def _place(line: str, wording: Wording) -> int:
    """The first place of a word that was asked for, 0 where there is none."""
    wanted, parts = set(wording.stems), set(wording.parts)
    for word in _SPACED.finditer(line):
        if not wanted.isdisjoint(stems(word[0])):
            return word.start()
        if not parts.isdisjoint(folds(word[0])) or any(part in folded(word[0]) for part in parts):
            return word.start() + _within(word[0], parts)
    return 0


def _within(word: str, parts: set[str]) -> int:
    """Where in a run without spaces a part begins."""
    return min((place for part in parts if (place := word.casefold().find(part)) >= 0), default=0)


def _after_space(line: str, start: int) -> int:
    space = line.find(" ", start, start + 20)
    return space + 1 if start and space >= 0 else start


def _before_space(line: str, start: int, end: int) -> int:
    space = line.rfind(" ", max(start + 1, end - 20), end)
    return space if end < len(line) and space >= 0 else min(end, len(line))
